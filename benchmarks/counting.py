"""Capacity units by DynamoDB's documented rules, out of requests and the items that they touch.

The rules are those of the developer guide: "Item sizes and formats", "Read and write operations", "Transactions" and
"Global secondary indexes". Items are in DynamoDB's JSON: ``{"PK": {"S": "…"}, "version": {"N": "3"}}``.
"""

import base64
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from typing import Any, Final

Item = Mapping[str, Mapping[str, Any]]
LookUp = Callable[[Mapping[str, Any]], Item | None]

_READ_BLOCK: Final = 4096
_WRITE_BLOCK: Final = 1024


class NoRule(Exception):
    """A request that no documented rule is known for here: it must not be guessed."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """Read and write request units."""

    reads: float = 0.0
    writes: float = 0.0

    def __add__(self, other: "Capacity") -> "Capacity":
        return Capacity(self.reads + other.reads, self.writes + other.writes)


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index that projects all attributes, by the names of its key's two attributes."""

    pk: str
    sk: str

    def key_of(self, item: Item | None) -> tuple[Any, Any] | None:
        """Where *item* stands in the index; None when it is not in it."""
        if item is None or self.pk not in item or self.sk not in item:
            return None
        return item[self.pk], item[self.sk]


def item_size(item: Item | None) -> int:
    """Bytes that count: names and values of all attributes."""
    return sum(len(name.encode()) + _value_size(value) for name, value in (item or {}).items())


def read_capacity(operation: str, body: Mapping[str, Any], answer: Mapping[str, Any], look_up: LookUp) -> Capacity:
    """What a read took. A missing item costs as much as the smallest one."""
    if operation == "GetItem":
        return Capacity(reads=_read_units([item_size(look_up(body["Key"]))], consistent=_consistent(body)))
    if operation == "BatchGetItem":
        return Capacity(
            reads=sum(
                _read_units([item_size(look_up(key)) for key in request["Keys"]], consistent=_consistent(request))
                for request in body["RequestItems"].values()
            )
        )
    if operation in {"Query", "Scan"}:
        together = sum(item_size(item) for item in _read_together(body, answer, look_up))
        return Capacity(reads=_read_units([together], consistent=_consistent(body)))
    raise NoRule(f"{operation} is not counted yet.")


def unfiltered(body: Mapping[str, Any]) -> dict[str, Any]:
    """A query that reads what *body* reads, whole: without its filter, which drops only what has been read and paid."""
    plain = {name: value for name, value in body.items() if name not in {"FilterExpression", "ProjectionExpression"}}
    condition = body["KeyConditionExpression"]
    for names in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
        used = {name: value for name, value in body.get(names, {}).items() if re.search(rf"{name}\b", condition)}
        plain |= {names: used} if used else {}
    return plain


@dataclass(frozen=True, slots=True)
class Write:
    """One write of a request: the key, and the item that a put sends."""

    key: Mapping[str, Any]
    put: Item | None = None


def writes_of(operation: str, body: Mapping[str, Any], key_names: Sequence[str]) -> list[Write]:
    """The single writes that a request is made of; none when it is a read."""
    return list(_writes_of(operation, body, key_names))


def write_capacity(
    write: Write,
    before: Item | None,
    after: Item | None,
    *,
    transactional: bool,
    indexes: Sequence[Index],
) -> Capacity:
    """What one write took: the larger of the item before and after, in started kilobytes, twice in a transaction.

    A write whose condition fails is charged for the larger of what is there and what was sent. An index is charged for
    each entry that is added, changed or removed; a changed index key is one removed and one added.
    """
    largest = max(item_size(before), item_size(after), item_size(write.put))
    units = _write_units(largest) * (2 if transactional else 1)
    return Capacity(writes=units + sum(_index_units(index, before, after) for index in indexes))


def _writes_of(operation: str, body: Mapping[str, Any], key_names: Sequence[str]) -> Iterator[Write]:
    if operation == "PutItem":
        yield _put(body["Item"], key_names)
    elif operation in {"UpdateItem", "DeleteItem"}:
        yield Write(body["Key"])
    elif operation == "BatchWriteItem":
        for requests in body["RequestItems"].values():
            for request in requests:
                put = request.get("PutRequest")
                yield _put(put["Item"], key_names) if put else Write(request["DeleteRequest"]["Key"])
    elif operation == "TransactWriteItems":
        for action in body["TransactItems"]:
            ((kind, details),) = action.items()
            if kind == "Put":
                yield _put(details["Item"], key_names)
            else:
                yield Write(details["Key"])


def _read_together(body: Mapping[str, Any], answer: Mapping[str, Any], look_up: LookUp) -> list[Item | None]:
    """The items that a query or scan read, whole even where it gave out parts of them."""
    if body.keys() & {"FilterExpression", "Select"}:
        raise NoRule("What is read and not given out is not counted yet.")
    items = list(answer.get("Items", ()))
    if "ProjectionExpression" not in body:
        return items
    names = body.get("ExpressionAttributeNames", {})
    equal = re.search(r"([#\w]+)\s*=\s*(:\w+)", body.get("KeyConditionExpression", ""))
    if equal is None or "IndexName" in body or any("SK" not in item for item in items):
        raise NoRule("The keys of what was read are not known.")
    pk, value = names.get(equal[1], equal[1]), body["ExpressionAttributeValues"][equal[2]]
    return [look_up({pk: value, "SK": item["SK"]}) for item in items]


def _put(item: Item, key_names: Sequence[str]) -> Write:
    return Write({name: item[name] for name in key_names}, put=item)


def _index_units(index: Index, before: Item | None, after: Item | None) -> int:
    was, is_now = index.key_of(before), index.key_of(after)
    if was == is_now:
        changed = was is not None and before != after
        return _write_units(max(item_size(before), item_size(after))) if changed else 0
    removed = 0 if was is None else _write_units(item_size(before))
    added = 0 if is_now is None else _write_units(item_size(after))
    return removed + added


def _consistent(request: Mapping[str, Any]) -> bool:
    return bool(request.get("ConsistentRead", False))


def _read_units(sizes: Sequence[int], *, consistent: bool) -> float:
    return sum(max(1, ceil(size / _READ_BLOCK)) for size in sizes) * (1.0 if consistent else 0.5)


def _write_units(size: int) -> int:
    return max(1, ceil(size / _WRITE_BLOCK))


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return number_size(content)
        case "B":
            return len(base64.b64decode(content))
        case "BOOL" | "NULL":
            return 1
        case "L":
            return 3 + sum(1 + _value_size(element) for element in content)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _value_size(element) for name, element in content.items())
        case _:  # SS, NS, BS
            return sum(_value_size({kind[0]: element}) for element in content)


def number_size(text: str) -> int:
    """One byte, and one for two significant digits; zeros at both ends do not count."""
    digits = "".join(str(digit) for digit in Decimal(text).as_tuple().digits).strip("0")
    return 1 + ceil(len(digits) / 2)
