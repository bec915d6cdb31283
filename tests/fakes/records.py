"""Records of one kind kept in memory, as far as contacts and clients are alike."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from carebook.contacts.history import HistoryEntry, viewed
from carebook.errors import AlreadyExists, Conflict, NotFound
from carebook.identity import Person
from carebook.record import Record
from carebook.settings.model import AccountSettings
from carebook.settings.service import SettingsStore
from tests.fakes.settings import MemorySettings

_REQUESTS_REMEMBERED = timedelta(hours=24)


class OneByOne:
    """Reads, one after the other."""

    def together(self, *reads: Callable[[], Any]) -> Any:
        return tuple(read() for read in reads)


class MemoryRecords[R: Record[Any]]:
    """What every store of records does, without a table."""

    def __init__(self, settings: SettingsStore | None = None) -> None:
        self._settings = settings or MemorySettings()
        self._kept: dict[tuple[str, str], R] = {}
        self._entries: dict[tuple[str, str], dict[str, HistoryEntry]] = {}
        self._requests: dict[tuple[str, str], R] = {}

    def find(self, account: str, record_id: str, /) -> tuple[R, AccountSettings]:
        return self.find_exactly(account, record_id)

    def find_exactly(self, account: str, record_id: str, /) -> tuple[R, AccountSettings]:
        record = self._kept.get((account, record_id))
        if record is None:
            raise NotFound("There is no such record.")
        return record, self._settings.current(account)

    def find_together(self, account: str, record_ids: Sequence[str]) -> dict[str, R]:
        found = {record_id: self._kept.get((account, record_id)) for record_id in record_ids}
        return {record_id: record for record_id, record in found.items() if record is not None}

    def made_by(self, account: str, request: str, *, now: datetime) -> R | None:
        first = self._requests.get((account, request))
        if first is None or now > first.created_at + _REQUESTS_REMEMBERED:
            return None
        return self._kept.get((account, first.id))

    def view(self, account: str, record_id: str, /, *, viewer: Person, now: datetime) -> tuple[R, AccountSettings]:
        found = self.find(account, record_id)
        entry = viewed(by=viewer, now=now)
        self._entries[account, found[0].id].setdefault(entry.id, entry)
        return found

    def add(self, record: R, entry: HistoryEntry, /, *, request: str | None = None) -> R:
        if request is not None:
            first = self._requests.get((record.account, request))
            if first is not None and record.created_at <= first.created_at + _REQUESTS_REMEMBERED:
                return self.find(first.account, first.id)[0]
        if (record.account, record.id) in self._kept:
            raise AlreadyExists(f"Record {record.id} already exists.")
        if request is not None:
            self._requests[record.account, request] = record
        self._kept[record.account, record.id] = record
        self._entries[record.account, record.id] = {entry.id: entry}
        return record

    def replace(self, before: R, after: R, entry: HistoryEntry, /) -> None:
        self.refuse_outdated(before)
        self._kept[after.account, after.id] = after
        self.note(after, entry)

    def note(self, record: R, entry: HistoryEntry) -> None:
        """Something of the record was changed."""
        self._entries[record.account, record.id][entry.id] = entry

    def history(
        self,
        account: str,
        record_id: str,
        /,
        *,
        before: tuple[datetime, str] | None,
        limit: int,
        seen_by: Person | None = None,
    ) -> list[HistoryEntry]:
        entries = self._entries.get((account, record_id), {}).values()
        older = [
            entry
            for entry in entries
            if (before is None or (entry.at, entry.id) < before) and (seen_by is None or entry.concerns(seen_by))
        ]
        return sorted(older, key=lambda entry: (entry.at, entry.id), reverse=True)[:limit]

    def refuse_outdated(self, record: R) -> None:
        kept = self._kept.get((record.account, record.id))
        if kept is None or kept.version != record.version:
            raise Conflict("The record was changed in the meantime.")
