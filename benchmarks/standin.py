"""A table in this process: sorted keys in partitions, and every request charged by DynamoDB's documented rules.

Millions of items fit in, and the stores work on it as on the real one, whose place it takes.
"""

import json
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Final, NamedTuple

from pynamodb.expressions.condition import Condition

from benchmarks.counting import Capacity, number_size
from carebook.items import ConditionFailed, Item, Writes
from carebook.keys import Key
from carebook.table import RawItem, Row, Table

_LARGEST_PAGE: Final = 1 << 20
_MOST_WRITES: Final = 100
_ATTRIBUTES: Final = {name: attribute.attr_name for name, attribute in Item.get_attributes().items()}
_NAME_SIZES: Final = {name: len(stored_as) for name, stored_as in _ATTRIBUTES.items()}
_OFTEN: Final = frozenset({"pk", "sk", "doc", "words", "type"})
_NUMBERS: Final = ("version", "expires_at")


class Stored(NamedTuple):
    """What is kept under a key. The many index entries are these three strings; *rest* is for all other items."""

    size: int
    doc: str | None
    words: str | None
    type: str | None
    rest: Mapping[str, Any] | None

    @property
    def write_units(self) -> int:
        """What it takes to write it outside of a transaction, in place of something that is not larger."""
        return max(1, ceil(self.size / 1024))

    def attribute(self, name: str) -> Any:
        """A value by its attribute's name in the table; None when there is none."""
        match name:
            case "doc":
                return self.doc
            case "w":
                return self.words
            case "t":
                return self.type
            case "PK" | "SK":
                return name  # conditions ask whether there is one
        return (self.rest or {}).get(name)


class Put(NamedTuple):
    """An item on its way into the table."""

    key: Key
    stored: Stored


@dataclass(slots=True)
class _Partition:
    items: dict[str, Stored] = field(default_factory=dict)
    _keys: list[str] = field(default_factory=list)

    @property
    def keys(self) -> list[str]:
        """In the order of their bytes. Sorted anew after changes: loads are long, and nothing reads meanwhile."""
        if len(self._keys) != len(self.items):
            self._keys = sorted(self.items)
        return self._keys

    def remove(self, sk: str) -> None:
        if self.items.pop(sk, None):
            self._keys = []


class StandIn(Table):
    """A table without requests. ``taken`` is what they would have cost."""

    def __init__(self) -> None:
        self.name = "stand-in"
        self.taken = Capacity()
        self._partitions: defaultdict[str, _Partition] = defaultdict(_Partition)

    def connect(self) -> None:
        """There is nothing to connect to."""

    def __len__(self) -> int:
        return sum(len(partition.items) for partition in self._partitions.values())

    def get(self, key: Key) -> Row | None:
        (row,) = self.get_together(key)
        return row

    def get_together(self, *keys: Key, latest: bool = True) -> list[Row | None]:
        found = [self._find(key) for key in keys]
        units = sum(read_units(stored.size if stored else 0) for stored in found)
        self._charge(reads=units if latest else units / 2)
        return [stored and _row(key, stored) for key, stored in zip(keys, found, strict=True)]

    def query(
        self,
        pk: str,
        *,
        low: str | None = None,
        high: str | None = None,
        limit: int,
        newest_first: bool = False,
        filters: Condition | None = None,
        drops_few: bool = False,
    ) -> list[Row]:
        if filters is not None or drops_few:
            raise ValueError("Only pages are filtered here.")
        keys = self._partitions[pk].keys
        chosen = keys[bisect_left(keys, low or "") : len(keys) if high is None else bisect_right(keys, high)]
        chosen = (chosen[::-1] if newest_first else chosen)[:limit]
        items = [(Key(pk, sk), self._partitions[pk].items[sk]) for sk in chosen]
        self._charge(reads=read_units(sum(stored.size for _, stored in items)))
        return [_row(key, stored) for key, stored in items]

    def page(
        self, pk: str, *, low: str, high: str, limit: int, filters: Condition | None = None
    ) -> tuple[list[RawItem], float, str | None]:
        partition, size = self._partitions[pk], 0
        found: list[RawItem] = []
        keys = partition.keys
        start, end = bisect_left(keys, low), bisect_right(keys, high)
        looked_at = start
        while looked_at < min(end, start + limit) and size < _LARGEST_PAGE:
            stored = partition.items[keys[looked_at]]
            size += stored.size
            if filters is None or _holds(filters, stored):
                found.append(_raw(Key(pk, keys[looked_at]), stored))
            looked_at += 1
        units = read_units(size) / 2  # eventually consistent
        self._charge(reads=units)
        # DynamoDB stops without a look at whether anything follows.
        is_cut = looked_at > start and (looked_at - start == limit or size >= _LARGEST_PAGE)
        return found, units, keys[looked_at - 1] if is_cut else None

    def other_way(
        self,
        pk: str,
        *,
        low: str | None = None,
        high: str | None = None,
        limit: int,
        newest_first: bool = False,
        filters: Condition | None = None,
    ) -> list[tuple[str, Row]]:
        """Looks at every item: nobody measures this on a large table."""
        found = [
            (stored.rest["GSI1SK"], key, stored)
            for key, stored in self.scan()
            if stored.rest and stored.rest.get("GSI1PK") == pk and (low or "") <= stored.rest["GSI1SK"]
            if (high is None or stored.rest["GSI1SK"] <= high) and (filters is None or _holds(filters, stored))
        ]
        found = sorted(found, key=lambda one: one[0], reverse=newest_first)[:limit]
        self._charge(reads=read_units(sum(stored.size for _, _, stored in found)) / 2)  # eventually consistent
        return [(sk, _row(key, stored)) for sk, key, stored in found]

    def put_if(self, item: Item, condition: Condition) -> bool:
        put = put_of(item)
        before = self._find(put.key)
        self._charge(writes=_write_units(before, put.stored))
        holds = _holds(condition, before)
        if holds:
            self._store(put)
        return holds

    def write(self, writes: Writes) -> None:
        puts = [(put_of(item), condition) for item, condition in writes.puts]
        deletes = [(Key(item.pk, item.sk), condition) for item, condition in writes.deletes]
        # In the order in which they are sent, and in which DynamoDB answers.
        conditions = [*writes.checks, *deletes, *((put.key, condition) for put, condition in puts)]
        if len({key for key, _ in conditions}) != len(conditions) or len(conditions) > _MOST_WRITES:
            raise ValueError("A transaction holds at most 100 writes, of one item each.")
        self._charge(writes=2 * sum(_write_units(self._find(key), None) for key, _ in (*writes.checks, *deletes)))
        self._charge(writes=2 * sum(_write_units(self._find(put.key), put.stored) for put, _ in puts))
        for key, condition in conditions:
            if condition is not None and not _holds(condition, self._find(key)):
                raise ConditionFailed(key)
        for key, _ in deletes:
            self._partitions[key.pk].remove(key.sk)
        for put, _ in puts:
            self._store(put)

    def delete_all(self, keys: Sequence[Key]) -> None:
        for key in keys:
            self._charge(writes=_write_units(self._find(key), None))
            self._partitions[key.pk].remove(key.sk)

    def put_all(self, puts: Iterable[Put]) -> None:
        """What a batch writes; each item costs half of what it does in a transaction."""
        for put in puts:
            self._charge(writes=_write_units(self._find(put.key), put.stored))
            self._store(put)

    def scan(self, pk_prefix: str = "") -> Iterable[tuple[Key, Stored]]:
        """All items, or those whose partition key begins so; not charged."""
        for pk, partition in self._partitions.items():
            if pk.startswith(pk_prefix):
                yield from ((Key(pk, sk), stored) for sk, stored in partition.items.items())

    def _find(self, key: Key) -> Stored | None:
        partition = self._partitions.get(key.pk)
        return partition.items.get(key.sk) if partition else None

    def _store(self, put: Put) -> None:
        self._partitions[put.key.pk].items[put.key.sk] = put.stored

    def _charge(self, *, reads: float = 0, writes: float = 0) -> None:
        self.taken += Capacity(reads, writes)


def put_of(item: Item) -> Put:
    """An item as it is kept, with the bytes that count."""
    values = item.attribute_values
    size = 0
    for name, value in values.items():
        if value is not None:
            size += _NAME_SIZES[name] + _size(value)
    rest = {_ATTRIBUTES[name]: value for name, value in values.items() if value is not None and name not in _OFTEN}
    stored = Stored(size, values.get("doc"), values.get("words"), values.get("type"), rest or None)
    return Put(Key(values["pk"], values["sk"]), stored)


def read_units(size: int) -> float:
    """Strongly consistent read units of what is *size* bytes together; half of it otherwise."""
    return max(1, ceil(size / 4096))


def _write_units(before: Stored | None, after: Stored | None) -> int:
    return max(1, before.write_units if before else 0, after.write_units if after else 0)


def _size(value: str | int) -> int:
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode())
    return number_size(str(value))


def _row(key: Key, stored: Stored) -> Row:
    version = (stored.rest or {}).get("version", 0)
    return Row(key, version, json.loads(stored.doc) if stored.doc else {})


def _raw(key: Key, stored: Stored) -> dict[str, dict[str, str]]:
    values = {"PK": key.pk, "SK": key.sk, "w": stored.words, "t": stored.type, "doc": stored.doc}
    raw = {name: {"S": value} for name, value in values.items() if value is not None}
    for name, value in (stored.rest or {}).items():
        raw[name] = {"N": str(value)} if name in _NUMBERS else {"S": value}
    return raw


def _holds(condition: Condition, stored: Stored | None) -> bool:
    match condition.operator:
        case "AND":
            return all(_holds(part, stored) for part in condition.values)
        case "OR":
            return any(_holds(part, stored) for part in condition.values)
    value = stored.attribute(condition.values[0].path[0]) if stored else None
    match condition.operator:
        case "attribute_exists":
            return value is not None
        case "attribute_not_exists":
            return value is None
    ((kind, wanted),) = condition.values[1].value.items()
    compared = int(wanted) if kind == "N" else wanted
    if value is None:
        return False
    match condition.operator:
        case "=":
            return bool(value == compared)
        case "<":
            return bool(value < compared)
        case "contains":
            return compared in value
    raise LookupError(f"The condition {condition.operator} is not known here.")
