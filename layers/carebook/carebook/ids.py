"""Record ids: a prefix that says the kind, and a ULID."""

import re
from datetime import datetime
from typing import Final

APPOINTMENT: Final = "apt"
BILL: Final = "bil"
CLIENT: Final = "cli"
CONTACT: Final = "con"
FILE: Final = "fil"
DOCUMENT: Final = "doc"
HISTORY: Final = "his"
TEMPLATE: Final = "tpl"
MESSAGE: Final = "msg"
REFERRAL: Final = "ref"
SHARE: Final = "shr"
TASK: Final = "tsk"

# Crockford's base 32 as the ULID specification fixes it; the first digit of 48 bits in base 32 is at most 7.
_ULID: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


def new_id(prefix: str, now: datetime) -> str:
    """A fresh id whose order follows *now*."""
    return f"{prefix}_{new_ulid(now)}"


def new_ulid(now: datetime) -> str:
    """A fresh ULID of the given instant."""
    from ulid import ULID  # loads package metadata, so only when a record is made

    return str(ULID.from_datetime(now))


def ulid_of(now: datetime, randomness: bytes) -> str:
    """The ULID of an instant with chosen *randomness* (10 bytes), so that repeats meet in one key."""
    from ulid import ULID

    milliseconds = int(now.timestamp() * 1000)
    return str(ULID.from_bytes(milliseconds.to_bytes(6, "big") + randomness))


def is_id(text: str, prefix: str) -> bool:
    """Whether *text* has the form of an id of this kind."""
    return text.startswith(f"{prefix}_") and _ULID.fullmatch(text, len(prefix) + 1) is not None
