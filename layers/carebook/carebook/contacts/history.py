"""A contact's history: who did what and when, views included."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from carebook.contacts.model import Contact, ContactDetails
from carebook.identity import Person
from carebook.ids import HISTORY, new_id, ulid_of


@dataclass(frozen=True, slots=True)
class Change:
    """A field of a contact before and after. ``abridged``: too long to be kept twice, so left out."""

    field: str
    before: Any = None
    after: Any = None
    abridged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """Who did what and when. ``version`` is the contact's after it; for a view, which changes nothing, 0.

    ``only_for`` are the ids of the people whom it concerns; when there are any, others are not shown it but for those
    who may see what concerns anybody.
    """

    id: str
    at: datetime
    by: Person
    action: str
    version: int = 0
    changes: tuple[Change, ...] = ()
    only_for: tuple[str, ...] = ()

    def concerns(self, viewer: Person) -> bool:
        """Whether *viewer* may be shown it, whoever they are."""
        return not self.only_for or viewer.id in self.only_for


def changes_between(before: ContactDetails, after: ContactDetails) -> tuple[Change, ...]:
    """The fields that differ, in the order of the record."""
    old, new = before.to_document(), after.to_document()
    return tuple(change_of(name, old[name], new[name]) for name in old if old[name] != new[name])


_LONGEST_KEPT: Final = 1000


def change_of(name: str, before: Any, after: Any) -> Change:
    """A field before and after, abridged when either is long."""
    if max(len(repr(before)), len(repr(after))) > _LONGEST_KEPT:
        return Change(name, abridged=True)
    return Change(name, before, after)


def made(action: str, contact: Contact, *, by: Person, changes: tuple[Change, ...] = ()) -> HistoryEntry:
    """The entry for what somebody just did to *contact*, which is its outcome."""
    at = contact.updated_at
    return HistoryEntry(id=new_id(HISTORY, at), at=at, by=by, action=action, version=contact.version, changes=changes)


def viewed(*, by: Person, now: datetime) -> HistoryEntry:
    """The entry for a look at a contact. Within a clock hour a person's views share one id.

    The id carries the end of that hour, so that reading newest first meets a view before anything of its hour.
    """
    randomness = hashlib.sha256(by.id.encode()).digest()[:10]
    return HistoryEntry(id=f"{HISTORY}_{ulid_of(end_of_hour(now), randomness)}", at=now, by=by, action="viewed")


def end_of_hour(moment: datetime) -> datetime:
    """The last millisecond of the clock hour of *moment*."""
    start = moment.replace(minute=0, second=0, microsecond=0)
    return start + timedelta(hours=1) - timedelta(milliseconds=1)
