"""List cursors: a position that only the account and query which got it can use."""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Final

from carebook.errors import BadCursor

_MAC_LENGTH: Final = 16
_LONGEST: Final = 4096


def seal(secret: bytes, scope: Sequence[str], position: Sequence[str]) -> str:
    """A cursor for *position*, bound to *scope*: account, route and everything that selects and orders the list."""
    payload = json.dumps(list(position), ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_mac(secret, scope, payload) + payload).decode().rstrip("=")


def unseal(secret: bytes, scope: Sequence[str], cursor: str) -> list[str]:
    """The position in *cursor*.

    Raises:
        BadCursor: when it was not sealed with this secret for this scope.
    """
    try:
        if len(cursor) > _LONGEST or not cursor.isascii():
            raise BadCursor(_REFUSAL)
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise BadCursor(_REFUSAL) from error
    mac, payload = raw[:_MAC_LENGTH], raw[_MAC_LENGTH:]
    if not hmac.compare_digest(mac, _mac(secret, scope, payload)):
        raise BadCursor(_REFUSAL)
    position: list[str] = json.loads(payload)
    return position


_REFUSAL: Final = "The cursor does not belong to this list. Start again without a cursor."


def _mac(secret: bytes, scope: Sequence[str], payload: bytes) -> bytes:
    message = json.dumps(list(scope)).encode() + b"\n" + payload
    return hmac.new(secret, message, hashlib.sha256).digest()[:_MAC_LENGTH]
