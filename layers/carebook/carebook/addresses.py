"""Under which channel and address it is kept who may be written to, and who has written."""

from collections.abc import Iterable, Mapping
from typing import Final

# Mobile and home numbers are one person's line: who says STOP to a text does not want the call either.
CONSENT_CHANNELS: Final[Mapping[str, str]] = {"email": "email", "sms": "tel", "voice": "tel"}


def consent_address(method: str, to: str) -> tuple[str, str] | None:
    """Channel and address under which consent for a method is kept; None where none is needed."""
    channel = CONSENT_CHANNELS.get(method)
    return None if channel is None else (channel, to.casefold())


def is_among(to: str, addresses: Iterable[str]) -> bool:
    """Whether a number or an address is one of those, however it is written."""
    return to.casefold() in {address.casefold() for address in addresses}
