"""The search index kept in memory: sorted lists in place of partitions. The table's index passes the same tests."""

import json
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from carebook.contacts.claims import Claim
from carebook.contacts.history import HistoryEntry
from carebook.contacts.model import Contact
from carebook.contacts.searchable import searchable
from carebook.identity import Person
from carebook.keys import HIGHEST
from carebook.search.entries import Entry, document_of, entries_of, entry_from
from carebook.search.plan import KeyRange
from carebook.search.service import Slice
from carebook.search.tokens import Searchable
from tests.fakes.contacts import MemoryContacts

type Kept = tuple[str, str, str]  # words, type and document, as the table keeps them


class MemoryEntries:
    """An account's ``SearchIndex`` without a table.

    Keys are ordered by code point, which is the order of their UTF-8 bytes in which DynamoDB keeps them. What is kept
    is text: an entry that is read has gone through the same writing and reading as one of the table.
    """

    def __init__(self) -> None:
        self.reads: list[int] = []  # how many ranges each round read
        self._keys: defaultdict[str, list[str]] = defaultdict(list)
        self._kept: dict[tuple[str, str], Kept] = {}

    def replace(self, before: Searchable | None, after: Searchable | None) -> None:
        """Index *after* in place of *before*."""
        old, new = _entries(before), _entries(after)
        for shard, key in old.keys() - new.keys():
            self._keys[shard].pop(bisect_left(self._keys[shard], key))
            del self._kept[shard, key]
        for (shard, key), entry in new.items():
            if (shard, key) not in old:
                insort(self._keys[shard], key)
            self._kept[shard, key] = _text(entry)

    def read(self, key_range: KeyRange, *, record_type: str | None, after: str | None, limit: int) -> Slice:
        self.reads.append(1)
        return self._read(key_range, record_type, after, limit)

    def read_together(self, ranges: Sequence[KeyRange], *, record_type: str | None, limit: int) -> list[Slice]:
        self.reads.append(len(ranges))
        return [self._read(key_range, record_type, None, limit) for key_range in ranges]

    def _read(self, key_range: KeyRange, record_type: str | None, after: str | None, limit: int) -> Slice:
        shard, prefix = key_range.shard, key_range.prefix
        keys = self._keys[shard]
        start = bisect_left(keys, prefix) if after is None else bisect_right(keys, after)
        if after is not None and not after.startswith(prefix):
            raise ValueError("DynamoDB refuses to start outside of the range.")
        looked_at = keys[start : min(start + limit, bisect_right(keys, prefix + HIGHEST))]
        kept = [(key, *self._kept[shard, key]) for key in looked_at]
        entries = [
            entry_from(*fields)
            for fields in kept
            if record_type in {None, fields[2]} and all(f" {word}" in fields[1] for word in key_range.words)
        ]
        # DynamoDB stops at the limit without a look at whether anything follows.
        last = looked_at[-1] if len(looked_at) == limit else None
        return Slice([entry for entry in entries if entry.token.kind in key_range.kinds], len(looked_at), last)


def indexed(records: Iterable[Searchable]) -> MemoryEntries:
    """An index of *records*."""
    entries = MemoryEntries()
    for record in records:
        entries.replace(None, record)
    return entries


def _entries(record: Searchable | None) -> dict[tuple[str, str], Entry]:
    return {} if record is None else {(entry.token.shard, entry.key): entry for entry in entries_of(record)}


def _text(entry: Entry) -> Kept:
    return entry.words, entry.record.type, json.dumps(document_of(entry), ensure_ascii=False)


class IndexedContacts(MemoryContacts):
    """Contacts in memory, with the search index that the table's store keeps beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.indexes: defaultdict[str, MemoryEntries] = defaultdict(MemoryEntries)

    def add(
        self, contact: Contact, entry: HistoryEntry, *, request: str | None = None, claim: Claim | None = None
    ) -> Contact:
        added = super().add(contact, entry, request=request, claim=claim)
        self.indexes[contact.account].replace(None, searchable(added))
        return added

    def replace(self, before: Contact, after: Contact, entry: HistoryEntry) -> None:
        super().replace(before, after, entry)
        self.indexes[after.account].replace(searchable(before), searchable(after))

    def purge(self, contact: Contact, *, by: Person, now: datetime) -> None:
        super().purge(contact, by=by, now=now)
        self.indexes[contact.account].replace(searchable(contact), None)
