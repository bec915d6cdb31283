"""The cover page: a contact, and the beginning of each list that hangs on it."""

from dataclasses import dataclass
from typing import Any, Final

from carebook.contacts.model import Contact
from carebook.settings.model import AccountSettings

SHOWN: Final = 20  # how many of a section are shown
COUNTED: Final = 100  # as far as a section is counted; what is more is only said to be more


@dataclass(frozen=True, slots=True)
class Part:
    """One section as it is shown: the first items, and how many there are.

    ``exact`` is false when there are more than ``count``.
    """

    items: tuple[Any, ...]
    count: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Cover:
    """What the cover page shows."""

    contact: Contact
    settings: AccountSettings
    parts: dict[str, Part]


NOTHING: Final = Part((), 0, exact=True)


def part_of(found: list[Any]) -> Part:
    """The section of which *found* are the first; there may be one more of them than are counted."""
    return Part(tuple(found[:SHOWN]), min(len(found), COUNTED), exact=len(found) <= COUNTED)
