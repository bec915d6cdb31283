"""Reading a history newest first, although a view's key carries the end of its hour and not its moment."""

from datetime import datetime

from carebook import keys
from carebook.contacts.documents import history_from
from carebook.contacts.history import HistoryEntry, end_of_hour
from carebook.ids import ulid_of
from carebook.table import Table

_READ_AHEAD = 20


def history_page(table: Table, pk: str, *, before: tuple[datetime, str] | None, limit: int) -> list[HistoryEntry]:
    """Up to *limit* entries of a record's partition older than *before*, newest first.

    Keys come in falling order, and an entry is never newer than its key says. So whatever is newer than the last
    key read can be given out; the rest waits until older keys are known.
    """
    high = keys.HISTORY_LAST
    if before is not None:
        high = keys.history_sk(ulid_of(end_of_hour(before[0]), b"\xff" * 10))
    waiting: list[HistoryEntry] = []
    seen: set[str] = set()
    while True:
        asked = limit + _READ_AHEAD
        rows = table.query(pk, low=keys.HISTORY_FIRST, high=high, limit=asked, newest_first=True)
        entries = [history_from(keys.ulid_of_history(row.key.sk), row.doc) for row in rows]
        waiting += [
            entry for entry in entries if entry.id not in seen and (before is None or (entry.at, entry.id) < before)
        ]
        seen.update(entry.id for entry in entries)
        waiting.sort(key=lambda entry: (entry.at, entry.id), reverse=True)
        if len(rows) < asked:
            return waiting[:limit]
        floor = _moment_of_key(entries[-1])
        if sum(entry.at > floor for entry in waiting) >= limit:
            return waiting[:limit]
        high = rows[-1].key.sk


def _moment_of_key(entry: HistoryEntry) -> datetime:
    return end_of_hour(entry.at) if entry.action == "viewed" else entry.at
