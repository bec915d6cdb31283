"""Changing a record: read, decide, write, and again when somebody was faster; a stale copy is refused."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from carebook.contacts.history import Change, HistoryEntry, changes_between, made
from carebook.errors import Conflict, StaleVersion, Unavailable
from carebook.identity import Person
from carebook.instants import instant
from carebook.merge_patch import merge_patch
from carebook.record import Record
from carebook.retrying import attempts
from carebook.settings.model import AccountSettings

_HISTORY_LOOKED_AT: Final = 100


class RecordStore[R](Protocol):
    """What a change needs of where records are kept."""

    def view(self, account: str, record_id: str, /, *, viewer: Person, now: datetime) -> tuple[R, AccountSettings]:
        """The record with the account's settings; recorded as a view."""
        ...

    def replace(self, before: R, after: R, entry: HistoryEntry, /) -> None:
        """Keep *after* in place of *before*.

        Raises:
            Conflict: when *before* is not what is kept any more.
        """
        ...

    def history(
        self, account: str, record_id: str, /, *, before: tuple[datetime, str] | None, limit: int
    ) -> list[HistoryEntry]:
        """Up to *limit* entries, newest first, older than the given moment and entry id."""
        ...


type Decided[R] = tuple[R, HistoryEntry] | None
type Decision[R] = Callable[[R, AccountSettings], Decided[R]]


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something to which record, when, and which version of it they mean."""

    account: str
    record_id: str
    by: Person
    now: datetime
    expected_version: int | None = None


def write_next[R: Record[Any]](
    records: RecordStore[R],
    act: Act,
    next_version: Decision[R],
    find: Callable[[str, str], tuple[R, AccountSettings]],
) -> tuple[R, AccountSettings]:
    """Read, decide, write; and again when somebody else wrote in between.

    When there is nothing to write, the caller has looked at the record, and that is recorded.

    Raises:
        StaleVersion: when the caller means another version.
        Unavailable: when others are faster all the time.
    """
    for _ in attempts():
        before, settings = find(act.account, act.record_id)
        refuse_stale(records, before, act)
        decided = next_version(before, settings)
        if decided is None:
            return records.view(act.account, before.id, viewer=act.by, now=act.now)
        after, entry = decided
        try:
            records.replace(before, after, entry)
        except Conflict:
            continue
        return after, settings
    raise Unavailable("The record is being changed by others. Try again in a moment.")


def patched[R: Record[Any], D](
    patch: Mapping[str, Any], read_details: Callable[[Any, AccountSettings, D], D], act: Act
) -> Decision[R]:
    """To apply a merge patch. Fields that it does not name keep what others wrote."""

    def edit(record: R, settings: AccountSettings) -> Decided[R]:
        outcome = merge_patch(record.details.to_document(), patch)
        edited = record.edited(read_details(outcome, settings, record.details), act.now)
        changes = changes_between(record.details, edited.details)
        return (edited, made("updated", edited, by=act.by, changes=changes)) if changes else None

    return edit


def put_away[R: Record[Any]](act: Act) -> Decision[R]:
    """To archive a record; one that is archived already stays as it is."""

    def archive(record: R, _: AccountSettings) -> Decided[R]:
        return None if record.archived_at is not None else _moved("archived", record, record.archived(act.now), act.by)

    return archive


def brought_back[R: Record[Any]](act: Act) -> Decision[R]:
    """To restore a record; one in use stays as it is."""

    def restore(record: R, _: AccountSettings) -> Decided[R]:
        return None if record.archived_at is None else _moved("restored", record, record.restored(act.now), act.by)

    return restore


def _moved[R: Record[Any]](action: str, before: R, after: R, by: Person) -> tuple[R, HistoryEntry]:
    was, is_now = (moment and instant(moment) for moment in (before.archived_at, after.archived_at))
    change = Change("archived_at", was, is_now)
    return after, made(action, after, by=by, changes=(change,))


def refuse_stale[R: Record[Any]](records: RecordStore[R], record: R, act: Act) -> None:
    """Refuse when the caller means another version, with the fields that have changed since that one.

    What the refusal shows was seen, and is recorded as a view.
    """
    expected = act.expected_version
    if expected is None or expected == record.version:
        return
    current = _changed_since(records, record, expected) if 0 < expected < record.version else {}
    if current:
        records.view(record.account, record.id, viewer=act.by, now=act.now)
    raise StaleVersion(version=record.version, expected=expected, current=current)


def _changed_since[R: Record[Any]](records: RecordStore[R], record: R, version: int) -> dict[str, Any]:
    now = record.details.to_document() | {"archived_at": record.archived_at and instant(record.archived_at)}
    entries = records.history(record.account, record.id, before=None, limit=_HISTORY_LOOKED_AT)
    changed = {change.field for entry in entries if entry.version > version for change in entry.changes}
    seen_far_enough = any(0 < entry.version <= version for entry in entries)
    return {name: value for name, value in now.items() if name in changed or not seen_far_enough}


def history_of[R](
    records: RecordStore[R], act: Act, *, before: tuple[datetime, str] | None, limit: int
) -> tuple[Sequence[HistoryEntry], tuple[datetime, str] | None]:
    """A page of a record's history, newest first, and where the next one begins. Reading it is a view."""
    entries = records.history(act.account, act.record_id, before=before, limit=limit + 1)
    records.view(act.account, act.record_id, viewer=act.by, now=act.now)  # after the page was read: not in it
    page = entries[:limit]
    return page, (page[-1].at, page[-1].id) if len(entries) > limit else None
