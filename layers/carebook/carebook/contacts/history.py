"""A record's history: who did what and when, views included."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from carebook.identity import Person
from carebook.ids import HISTORY, new_id, ulid_of
from carebook.record import Documented


@dataclass(frozen=True, slots=True)
class Change:
    """A field of a record before and after. ``abridged``: too long to be kept twice, so left out."""

    field: str
    before: Any = None
    after: Any = None
    abridged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """Who did what and when. ``version`` is the record's after it; 0 when the record itself did not change."""

    id: str
    at: datetime
    by: Person
    action: str
    version: int = 0
    changes: tuple[Change, ...] = ()


class Versioned(Protocol):
    """The outcome of what somebody did."""

    @property
    def version(self) -> int: ...  # noqa: D102
    @property
    def updated_at(self) -> datetime: ...  # noqa: D102


def changes_between(before: Documented, after: Documented) -> tuple[Change, ...]:
    """The fields that differ, in the order of the record."""
    old, new = before.to_document(), after.to_document()
    return tuple(_change(name, old[name], new[name]) for name in old if old[name] != new[name])


_LONGEST_KEPT: Final = 1000


def _change(name: str, before: Any, after: Any) -> Change:
    if max(len(repr(before)), len(repr(after))) > _LONGEST_KEPT:
        return Change(name, abridged=True)
    return Change(name, before, after)


def made(action: str, outcome: Versioned, *, by: Person, changes: tuple[Change, ...] = ()) -> HistoryEntry:
    """The entry for what somebody just did to a record, of which *outcome* is the next version."""
    at = outcome.updated_at
    return HistoryEntry(id=new_id(HISTORY, at), at=at, by=by, action=action, version=outcome.version, changes=changes)


def noted(action: str, *, by: Person, now: datetime, changes: tuple[Change, ...]) -> HistoryEntry:
    """The entry for what somebody just did to something that hangs on a record; its version stays as it is."""
    return HistoryEntry(id=new_id(HISTORY, now), at=now, by=by, action=action, changes=changes)


def viewed(*, by: Person, now: datetime) -> HistoryEntry:
    """The entry for a look at a record. Within a clock hour a person's views share one id.

    The id carries the end of that hour, so that reading newest first meets a view before anything of its hour.
    """
    randomness = hashlib.sha256(by.id.encode()).digest()[:10]
    return HistoryEntry(id=f"{HISTORY}_{ulid_of(end_of_hour(now), randomness)}", at=now, by=by, action="viewed")


def end_of_hour(moment: datetime) -> datetime:
    """The last millisecond of the clock hour of *moment*."""
    start = moment.replace(minute=0, second=0, microsecond=0)
    return start + timedelta(hours=1) - timedelta(milliseconds=1)
