"""The search index in the table: entries in shards by their first character."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from pynamodb.expressions.condition import Condition

from carebook.items import Item, make_item
from carebook.keys import HIGHEST, Key, search_pk
from carebook.search.entries import Entry, document_of, entries_from
from carebook.search.plan import KeyRange
from carebook.search.service import Slice
from carebook.search.state import IndexState, TableIndexStates
from carebook.table import Table

_AT_ONCE: Final = 8


class TableEntries:
    """An account's index entries on DynamoDB."""

    def __init__(self, table: Table, account: str, book: str, *, version: int, pool: ThreadPoolExecutor) -> None:
        self._table = table
        self._where = (account, book, version)
        self._pool = pool

    def read(self, key_range: KeyRange, *, record_type: str | None, after: str | None, limit: int) -> Slice:
        """One query."""
        account, book, version = self._where
        low = key_range.prefix if after is None else f"{after} "  # nothing lies between a key and the key with a space
        raws, units, last = self._table.page(
            search_pk(account, book, version, key_range.shard),
            low=low,
            high=key_range.prefix + HIGHEST,
            limit=limit,
            filters=_filters(key_range, record_type),
        )
        kept = [(raw["SK"]["S"], raw["w"]["S"], raw["t"]["S"], raw["doc"]["S"]) for raw in raws]
        return Slice(entries_from(kept, key_range.kinds), units, last)

    def read_together(self, ranges: Sequence[KeyRange], *, record_type: str | None, limit: int) -> list[Slice]:
        """One query for each range, side by side."""

        def read(key_range: KeyRange) -> Slice:
            most = min(limit, key_range.beside or limit)
            return self.read(key_range, record_type=record_type, after=None, limit=most)

        if len(ranges) == 1:
            return [read(ranges[0])]
        self._table.connect()
        return list(self._pool.map(read, ranges))


class AccountIndex:
    """The indexes of all accounts, for one warm environment."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._states = TableIndexStates(table)
        self._pool = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="search")

    def state(self, account: str) -> IndexState:
        """The account's state, at most half a minute old."""
        return self._states.of(account)

    def entries(self, account: str, book: str) -> TableEntries:
        """The entries of one book of an account, in the version that is in use."""
        return TableEntries(self._table, account, book, version=self.state(account).version, pool=self._pool)


def items_of(entries: Iterable[Entry], account: str, book: str, *, version: int) -> dict[Key, Item]:
    """The items of index entries by their keys."""
    items: dict[Key, Item] = {}
    for entry in entries:
        key = Key(search_pk(account, book, version, entry.token.shard), entry.key)
        item = make_item(key, None, document_of(entry))
        item.words, item.type = entry.words, entry.record.type
        items[key] = item
    return items


def _filters(key_range: KeyRange, record_type: str | None) -> Condition | None:
    condition: Condition | None = None
    for word in key_range.words:
        begins_a_word = Item.words.contains(f" {word}")
        condition = begins_a_word if condition is None else condition & begins_a_word
    if record_type is not None:
        of_type = Item.type == record_type
        condition = of_type if condition is None else condition & of_type
    return condition
