"""The search index kept in memory: sorted lists in place of partitions. The table's index passes the same tests."""

import json
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from math import ceil

from carebook.contacts.history import HistoryEntry
from carebook.contacts.model import Contact
from carebook.contacts.searchable import BOOK, searchable
from carebook.identity import Person
from carebook.keys import HIGHEST, search_pk
from carebook.search.entries import Entry, Kept, document_of, entries_from, entries_of
from carebook.search.plan import KeyRange
from carebook.search.service import Slice
from carebook.search.tokens import Searchable
from tests.fakes.contacts import MemoryContacts
from tests.fakes.examples import ACCOUNT


class MemoryEntries:
    """An account's ``SearchIndex`` without a table.

    Keys are ordered by code point, which is the order of their UTF-8 bytes in which DynamoDB keeps them. What is kept
    is text: an entry that is read has gone through the same writing and reading as one of the table.
    """

    def __init__(self, account: str = ACCOUNT) -> None:
        self._account = account
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
        return [self._read(each, record_type, None, min(limit, each.beside or limit)) for each in ranges]

    def _read(self, key_range: KeyRange, record_type: str | None, after: str | None, limit: int) -> Slice:
        shard, prefix = key_range.shard, key_range.prefix
        keys = self._keys[shard]
        start = bisect_left(keys, prefix) if after is None else bisect_right(keys, after)
        if after is not None and not after.startswith(prefix):
            raise ValueError("DynamoDB refuses to start outside of the range.")
        looked_at = keys[start : min(start + limit, bisect_right(keys, prefix + HIGHEST))]
        kept = [self._kept[shard, key] for key in looked_at]
        passing = [
            fields
            for fields in kept
            if record_type in {None, fields[2]} and all(f" {word}" in fields[1] for word in key_range.words)
        ]
        # DynamoDB stops at the limit without a look at whether anything follows.
        last = looked_at[-1] if len(looked_at) == limit else None
        units = max(1, ceil(sum(self._size(shard, *fields) for fields in kept) / 4096)) / 2
        return Slice(entries_from(passing, key_range.kinds), units, last)

    def _size(self, shard: str, *values: str) -> int:
        """The bytes of an entry in a table: those of its partition's key too, and of the attributes' names."""
        named = ("PK", "SK", "w", "t", "doc", search_pk(self._account, BOOK, 1, shard), *values)
        return sum(len(text.encode()) for text in named)


def indexed(records: Iterable[Searchable]) -> MemoryEntries:
    """An index of *records*."""
    entries = MemoryEntries()
    for record in records:
        entries.replace(None, record)
    return entries


def _entries(record: Searchable | None) -> dict[tuple[str, str], Entry]:
    return {} if record is None else {(entry.token.shard, entry.key): entry for entry in entries_of(record)}


def _text(entry: Entry) -> Kept:
    document = json.dumps(document_of(entry), ensure_ascii=False, separators=(",", ":"))
    return entry.key, entry.words, entry.record.type, document


class _Indexes(dict[str, MemoryEntries]):
    """One of each account."""

    def __missing__(self, account: str) -> MemoryEntries:
        return self.setdefault(account, MemoryEntries(account))


class IndexedContacts(MemoryContacts):
    """Contacts in memory, with the search index that the table's store keeps beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.indexes = _Indexes()

    def add(self, contact: Contact, entry: HistoryEntry, *, request: str | None = None) -> Contact:
        added = super().add(contact, entry, request=request)
        self.indexes[contact.account].replace(None, searchable(added))
        return added

    def replace(self, before: Contact, after: Contact, entry: HistoryEntry) -> None:
        super().replace(before, after, entry)
        self.indexes[after.account].replace(searchable(before), searchable(after))

    def purge(self, contact: Contact, *, by: Person, now: datetime) -> None:
        super().purge(contact, by=by, now=now)
        self.indexes[contact.account].replace(searchable(contact), None)
