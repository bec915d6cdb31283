"""List cursors: a position that only the account and query which got it can use, and that nobody can read.

A position holds a piece of a name, and cursors stand in URLs. So a cursor is the position's authentication code and the
position under a key stream that the code selects: what RFC 5297 calls a synthetic initialization vector, here with
HMAC-SHA-256 and SHAKE-256.
"""

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
    mac = _mac(secret, scope, payload)
    return base64.urlsafe_b64encode(mac + _under_key_stream(secret, mac, payload)).decode().rstrip("=")


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
    mac = raw[:_MAC_LENGTH]
    payload = _under_key_stream(secret, mac, raw[_MAC_LENGTH:])
    if not hmac.compare_digest(mac, _mac(secret, scope, payload)):
        raise BadCursor(_REFUSAL)
    position: list[str] = json.loads(payload)
    return position


_REFUSAL: Final = "The cursor does not belong to this list. Start again without a cursor."


def _mac(secret: bytes, scope: Sequence[str], payload: bytes) -> bytes:
    message = json.dumps(list(scope)).encode() + b"\n" + payload
    return hmac.new(secret, message, hashlib.sha256).digest()[:_MAC_LENGTH]


def _under_key_stream(secret: bytes, mac: bytes, payload: bytes) -> bytes:
    key = hmac.new(secret, b"key stream", hashlib.sha256).digest()
    stream = hashlib.shake_256(key + mac).digest(len(payload))
    return bytes(one ^ other for one, other in zip(payload, stream, strict=True))
