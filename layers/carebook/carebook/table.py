"""The one table: reads that are one request, writes that are one transaction. PynamoDB stops here and in ``store``s."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from botocore.config import Config
from pynamodb.connection import TableConnection
from pynamodb.connection.base import MetaTable
from pynamodb.expressions.condition import Condition

from carebook import __version__, environment
from carebook.errors import Unavailable
from carebook.expressions import UNTOLD, as_condition, as_key, between
from carebook.items import Item, Writes
from carebook.keys import Key
from carebook.retrying import attempts
from carebook.wire import TIMEOUTS, WireConnection
from carebook.writing import delete_if, put_if, transact

RawItem = Mapping[str, Mapping[str, str]]
_TOLD: Final = "TOTAL"
_BUSY: Final = "The table is busy. Try again in a moment."
_LEAST_LOOKED_AT: Final = 100
_GSI1: Final = "GSI1"
_GSI2: Final = "GSI2"
_DESCRIPTION: Final = {
    "KeySchema": [{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK", "GSI1PK", "GSI1SK", "GSI2PK", "GSI2SK")
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": index,
            "KeySchema": [
                {"AttributeName": f"{index}PK", "KeyType": "HASH"},
                {"AttributeName": f"{index}SK", "KeyType": "RANGE"},
            ],
        }
        for index in (_GSI1, _GSI2)
    ],
}


@dataclass(frozen=True, slots=True)
class Row:
    """An item as read: key, version (0 when it has none), document, and what merges have noted on it.

    Whoever writes an item anew that merges may move must write ``came_from`` with it, or it is not moved back.
    """

    key: Key
    version: int
    doc: Mapping[str, Any]
    came_from: str | None = None


class Table:
    """The table, for one warm environment. The client is made at the first request, not at import."""

    def __init__(self, name: str, *, region: str) -> None:
        Item.Meta.table_name = name
        self.name = name
        self._table = TableConnection(name, region=region)
        connect, read = TIMEOUTS
        self._table.connection = self._wire = WireConnection(
            region=region, connect_timeout_seconds=connect, read_timeout_seconds=read
        )
        self._wire.add_meta_table(MetaTable({**_DESCRIPTION, "TableName": name}))
        # botocore would put the same long line together twice for each request, a quarter of a read's CPU.
        config = Config(user_agent=f"carebook/{__version__}")
        self.connection.session.set_default_client_config(config)

    @property
    def connection(self) -> WireConnection:
        """PynamoDB's connection, whose botocore session other clients share."""
        return self._wire

    def connect(self) -> None:
        """Make now and in this thread what threads started later share."""
        self.connection.connect()

    def get(self, key: Key) -> Row | None:
        """One item, as last written."""
        data = self.connection.get_item(self.name, key.pk, key.sk, consistent_read=True)
        return _row(data["Item"]) if data.get("Item") else None

    def get_together(self, *keys: Key, latest: bool = True) -> list[Row | None]:
        """Up to a hundred items in one request; None where there is none.

        Args:
            latest: each as last written. Without it they cost half, and may be a moment old.
        """
        found: dict[Key, Row] = {}
        wanted = [as_key(key) for key in dict.fromkeys(keys)]
        for _ in attempts():
            asked = {self.name: {"Keys": wanted, "ConsistentRead": latest}}
            data = self.connection.dispatch("BatchGetItem", {"RequestItems": asked, "ReturnConsumedCapacity": UNTOLD})
            for raw in data["Responses"].get(self.name, ()):
                row = _row(raw)
                found[row.key] = row
            wanted = data.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
            if not wanted:
                return [found.get(key) for key in keys]
        raise Unavailable(_BUSY)

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
        """Keys and documents of up to *limit* items of a partition, in order from *low* to *high*, both included.

        One request, unless the items are so large that they exceed the 1 MB of a page, or *filters* drops most of
        them; where it *drops_few*, no more are looked at than are wanted. Fewer than *limit* items mean that there are
        no more.
        """
        rows: list[Row] = []
        start: Any = None
        while True:
            data = self._table.query(
                pk,
                range_key_condition=between(low, high),
                filter_condition=filters,
                exclusive_start_key=start,
                limit=_looked_at(limit - len(rows), None if drops_few else filters),
                scan_index_forward=not newest_first,
                consistent_read=True,
                attributes_to_get=["SK", "doc", "version", "came_from"],
                return_consumed_capacity=UNTOLD,
            )
            rows += [_row_of(pk, raw) for raw in data["Items"]]
            start = data.get("LastEvaluatedKey")
            if start is None or len(rows) >= limit:
                return rows[:limit]

    def whole(self, pk: str, *, low: str, high: str) -> list[Item]:
        """All items from *low* to *high* with all that they have, to be written anew: one request for each 1 MB."""
        items: list[Item] = []
        start: Any = None
        while True:
            data = self._table.query(
                pk,
                range_key_condition=Item.sk.between(low, high),
                exclusive_start_key=start,
                consistent_read=True,
                return_consumed_capacity=UNTOLD,
            )
            items += [Item.from_raw_data(raw) for raw in data["Items"]]
            start = data.get("LastEvaluatedKey")
            if start is None:
                return items

    def page(
        self, pk: str, *, low: str, high: str, limit: int, filters: Condition | None = None
    ) -> tuple[list[RawItem], float, str | None]:
        """One request for *limit* items of a partition, eventually consistent, of which *filters* drops some.

        Returns:
            What is left, raw; the read units that all of it took; and the sort key of the last one when there are more.
        """
        data = self._table.query(
            pk,
            range_key_condition=Item.sk.between(low, high),
            filter_condition=filters,
            limit=limit,
            attributes_to_get=["SK", "w", "t", "doc"],
            return_consumed_capacity=_TOLD,
        )
        last = data.get("LastEvaluatedKey")
        return data["Items"], data["ConsumedCapacity"]["CapacityUnits"], last["SK"]["S"] if last else None

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
        """Up to *limit* items of a partition of GSI1, each with its sort key there, eventually consistent.

        One request, unless the items are so large that they exceed the 1 MB of a page, or *filters* drops most of
        them. Fewer than *limit* items mean that there are no more.
        """
        rows: list[tuple[str, Row]] = []
        start: Any = None
        while True:
            data = self._table.query(
                pk,
                range_key_condition=between(low, high, Item.gsi1_sk),
                filter_condition=filters,
                index_name=_GSI1,
                exclusive_start_key=start,
                limit=_looked_at(limit - len(rows), filters),
                scan_index_forward=not newest_first,
                return_consumed_capacity=UNTOLD,
            )
            rows += [(raw["GSI1SK"]["S"], _row(raw)) for raw in data["Items"]]
            start = data.get("LastEvaluatedKey")
            if start is None or len(rows) >= limit:
                return rows[:limit]

    def due(self, pk: str, *, until: str, limit: int) -> list[str]:
        """Up to *limit* sort keys of GSI2 that are at most *until*, soonest first."""
        data = self._table.query(
            pk,
            range_key_condition=Item.gsi2_sk <= until,
            index_name=_GSI2,
            limit=limit,
            return_consumed_capacity=UNTOLD,
        )
        return [raw["GSI2SK"]["S"] for raw in data["Items"]]

    def due_keys(self, pk: str, *, until: str, limit: int) -> list[Key]:
        """Keys in the table of up to *limit* items of a partition of GSI2 that are due, soonest first.

        One request, unless they are so many that they exceed the 1 MB of a page.
        """
        found: list[Key] = []
        start: Any = None
        while True:
            data = self._table.query(
                pk,
                range_key_condition=Item.gsi2_sk <= until,
                index_name=_GSI2,
                exclusive_start_key=start,
                limit=limit - len(found),
                return_consumed_capacity=UNTOLD,
            )
            found += [Key(raw["PK"]["S"], raw["SK"]["S"]) for raw in data["Items"]]
            start = data.get("LastEvaluatedKey")
            if start is None or len(found) >= limit:
                return found

    def put_if(self, item: Item, condition: Condition) -> bool:
        """Write one item if *condition* holds; whether it did. Costs half of what a transaction does."""
        return put_if(self.connection, self._put(item, condition))

    def delete_if(self, key: Key, condition: Condition) -> bool:
        """Remove one item if *condition* holds for it; whether it did."""
        return delete_if(self.connection, self._at(key, condition))

    def write(self, writes: Writes) -> None:
        """All of *writes*, or none.

        Raises:
            ConditionFailed: for the first condition that does not hold.
            Unavailable: when other writes to the same items would not let it through.
        """
        actions: list[dict[str, Any]] = [
            {"ConditionCheck": self._at(key, condition)} for key, condition in writes.checks
        ]
        actions += [{"Delete": self._at(Key(item.pk, item.sk), condition)} for item, condition in writes.deletes]
        actions += [{"Put": self._put(item, condition)} for item, condition in writes.puts]
        transact(self.connection, actions, writes)

    def delete_all(self, keys: Sequence[Key]) -> None:
        """Remove items, in batches of 25, until none is left over."""
        for start in range(0, len(keys), 25):
            left = [{"DeleteRequest": {"Key": as_key(key)}} for key in keys[start : start + 25]]
            for _ in attempts():
                asked = {"RequestItems": {self.name: left}, "ReturnConsumedCapacity": UNTOLD}
                data = self.connection.dispatch("BatchWriteItem", asked)
                left = data.get("UnprocessedItems", {}).get(self.name, [])
                if not left:
                    break
            else:
                raise Unavailable(_BUSY)

    def _put(self, item: Item, condition: Condition | None) -> dict[str, Any]:
        return {"TableName": self.name, "Item": item.serialize(), **as_condition(condition)}

    def _at(self, key: Key, condition: Condition | None) -> dict[str, Any]:
        return {"TableName": self.name, "Key": as_key(key), **as_condition(condition)}


@lru_cache(maxsize=1)
def open_table() -> Table:
    """The table that the environment names; one object per warm environment."""
    return Table(environment.table_name(), region=environment.region())


def _looked_at(wanted: int, filters: Condition | None) -> int:
    """How many items a request should look at: what is dropped must not make many small requests of one."""
    return wanted if filters is None else max(wanted, _LEAST_LOOKED_AT)


def _row(raw: Mapping[str, Mapping[str, str]]) -> Row:
    return _row_of(raw["PK"]["S"], raw)


def _row_of(pk: str, raw: Mapping[str, Mapping[str, str]]) -> Row:
    doc, version, came_from = raw.get("doc"), raw.get("version"), raw.get("came_from")
    return Row(
        Key(pk, raw["SK"]["S"]),
        int(version["N"]) if version else 0,
        json.loads(doc["S"]) if doc else {},
        came_from["S"] if came_from else None,
    )
