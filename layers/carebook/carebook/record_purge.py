"""Deleting a record for good: out of sight at once, then piece by piece. It can be cut anywhere, and run twice."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from carebook import keys
from carebook.identity import Person
from carebook.instants import instant, parse_instant
from carebook.items import NOT_THERE, Item, Writes, at_version, make_item
from carebook.objects import StoredObjects
from carebook.record import Record
from carebook.record_store import TableRecords
from carebook.search.rebuild_notes import note_of, purge_notes
from carebook.search.vocabulary_marks import vocabulary_mark
from carebook.table import Row
from carebook.traces import delete_traces

_PAGE: Final = 100
# What somebody began to write when the record was still there has arrived by then: a view, a note of an answer.
_LOOKED_AT_AGAIN: Final = timedelta(hours=1)

type Purging = Mapping[str, str]  # when it began, and by whom


class PurgeableRecords[R: Record[Any]](TableRecords[R]):
    """Records that go for good, with their whole partition; what lies elsewhere, the two hooks take."""

    @abstractmethod
    def _before_purged(self, account: str, record_id: str, purging: Purging) -> None:
        """What goes before anything of the record's partition does."""

    @abstractmethod
    def _beside_purged(self, account: str, rows: Sequence[Row], purging: Purging) -> None:
        """What of *rows*, items of the partition that go next, lies elsewhere."""

    @abstractmethod
    def _after_purged(self, account: str, record_id: str, purging: Purging) -> None:
        """What goes when the partition is empty but for the record itself."""

    def purge(self, record: R, *, by: Person, now: datetime) -> None:
        """First out of sight in one transaction, then piece by piece; :meth:`finish_purge` can go on at any point."""
        writes = Writes()
        doc = {"purging": {"at": instant(now), "by": by.id, "name": by.name}}
        item = make_item(
            self.key(record.account, record.id), f"{self.noun} being purged", doc, version=record.version + 1
        )
        item.gsi2_pk, item.gsi2_sk = keys.PURGE_PK, keys.purge_sk(now, record.account, record.id)
        writes.put(item, at_version(record.version))
        state = self._index.of(record.account)
        for place in self._places(record, state):
            writes.delete(place)
        if state.rebuilding:
            writes.put(note_of(self.searchable(record), replace(record, version=record.version + 1)))
        self._write(writes)
        self.finish_purge(record.account, record.id)

    def finish_purge(self, account: str, record_id: str) -> bool:
        """Delete what hangs on a record that is being purged, and last the record itself; False when it is not.

        An hour later its partition is looked at once more.
        """
        key = self.key(account, record_id)
        row = self._table.get(key)
        if row is None:
            self._look_again(account, record_id)
            return False
        if "purging" not in row.doc:
            return False
        purging = row.doc["purging"]
        self._before_purged(account, record_id, purging)
        purge_notes(self._table, account, self.book, record_id)
        self._delete_all_but(account, key, purging)
        self._after_purged(account, record_id, purging)
        self._forget_names(account, purging)
        writes = Writes()
        writes.put(self._trace(account, record_id, purging, again=True))
        writes.delete(key)
        self._table.write(writes)
        return True

    def due_for_purge(self, *, now: datetime, limit: int) -> list[tuple[str, str]]:
        """One query of GSI2, for records of every kind."""
        rows = self._table.due(keys.PURGE_PK, until=keys.due_until(now), limit=limit)
        return [keys.parse_purge_sk(row) for row in rows]

    def _delete_all_but(self, account: str, kept: keys.Key, purging: Purging) -> None:
        """Empty a record's partition but for one item, with the objects in S3 that its items name."""
        objects = StoredObjects(self._table)
        while rows := [row for row in self._table.query(kept.pk, limit=_PAGE) if row.key != kept]:
            # First what the items lead to: cut short in between, the next run still knows of it.
            objects.delete_named_in(row.doc for row in rows)
            self._beside_purged(account, rows, purging)
            delete_traces(self._table, account, rows)
            rest = [row.key for row in rows]
            self._table.delete_all(rest + _kept_answers(account, rest))
            delete_traces(self._table, account, rows)  # a message may have been claimed in between

    def _forget_names(self, account: str, purging: Purging) -> None:
        """Have the vocabulary built anew: the one that is kept may hold the record's names.

        The mark takes the place of any other, also of one that a run has taken on: that run may have read the names
        before.
        """
        mark = vocabulary_mark(account, self.book, parse_instant(purging["at"]))
        self._table.put_if(mark, NOT_THERE | (Item.gsi2_sk != mark.gsi2_sk))

    def _trace(self, account: str, record_id: str, purging: Purging, *, again: bool) -> Item:
        document: dict[str, Any] = {"at": purging["at"], "by": purging["by"]} | ({"again": True} if again else {})
        item = make_item(keys.purged_key(account, record_id), f"purged {self.noun}", document)
        if again:
            at = parse_instant(purging["at"]) + _LOOKED_AT_AGAIN
            item.gsi2_pk, item.gsi2_sk = keys.PURGE_PK, keys.purge_sk(at, account, record_id)
        return item

    def _look_again(self, account: str, record_id: str) -> None:
        """Delete what came into a purged record's partition at the very moment of its purge."""
        trace = self._table.get(keys.purged_key(account, record_id))
        if trace is None or "again" not in trace.doc:
            return
        self._delete_all_but(account, self.key(account, record_id), trace.doc)
        self._table.put_if(self._trace(account, record_id, trace.doc, again=False), ~NOT_THERE)


def _kept_answers(account: str, beside_record: Sequence[keys.Key]) -> list[keys.Key]:
    """Where answers lie that show the record, and the marks of the requests that got them."""
    requests = [request for key in beside_record if (request := keys.request_of_answer(key.sk))]
    return [key(account, request) for request in requests for key in (keys.answer_key, keys.done_once_key)]
