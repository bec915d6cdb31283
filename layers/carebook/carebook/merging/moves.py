"""Giving what hangs on one contact to another: items change their partition and nothing else.

Moved items say where they came from, and behind a slash where they had come from before that. Whoever puts a moved item
anew, or another that belongs to it, must keep that word: by it they go back.
"""

from collections.abc import Callable, Sequence
from itertools import batched
from typing import Any, Final

from botocore.exceptions import ClientError

from carebook import keys
from carebook.errors import Conflict, Unavailable
from carebook.items import Item
from carebook.retrying import attempts
from carebook.table import Table

type Raw = dict[str, Any]  # an item, or a step of a transaction, in DynamoDB's own words

_MOVED_TOGETHER: Final = 4  # an item has up to 400 KB, put and deleted, and a transaction up to 4 MB
_KEY: Final = ("PK", "SK")
_CAME_FROM: Final = Item.came_from.attr_name
_OTHERS: Final = frozenset(attribute.attr_name for attribute in Item.get_attributes().values()) - {*_KEY}


class Mover:
    """Moves the items of a duplicate to its survivor, and back.

    Args:
        guard: what must hold of the merge's ledger, as a condition check: with every step of a run that others have
            overtaken, something would go to the wrong contact.
    """

    def __init__(self, table: Table, account: str, *, survivor_id: str, duplicate_id: str, guard: Raw) -> None:
        self._client: Any = table.connection.client
        self._table = table.name
        self._duplicate_id = duplicate_id
        self._survivor = keys.contact_pk(account, survivor_id)
        self._duplicate = keys.contact_pk(account, duplicate_id)
        self._guard = guard

    def move(self, prefix: str) -> None:
        """Give the survivor every item of the duplicate whose sort key begins with *prefix*.

        Raises:
            Conflict: when the guard does not hold any more.
            Unavailable: when others keep changing the same items.
        """

        def moved(item: Raw) -> Raw:
            return item | {"PK": {"S": self._survivor}, _CAME_FROM: {"S": f"{self._duplicate_id}/{_trail(item)}"}}

        self._until_none_is_left(lambda: self._found(self._duplicate, prefix), moved)

    def move_back(self, prefix: str) -> None:
        """Give the duplicate every such item that came from it last, as it is by now.

        Raises:
            Conflict: when the guard does not hold any more.
            Unavailable: when others keep changing the same items.
        """
        came_from = f"{self._duplicate_id}/"

        def moved(item: Raw) -> Raw:
            before = _trail(item).removeprefix(came_from)
            whole = {name: value for name, value in item.items() if name != _CAME_FROM}
            return whole | {"PK": {"S": self._duplicate}} | ({_CAME_FROM: {"S": before}} if before else {})

        self._until_none_is_left(lambda: self._found(self._survivor, prefix, came_from=came_from), moved)

    def _until_none_is_left(self, found: Callable[[], Sequence[Raw]], moved: Callable[[Raw], Raw]) -> None:
        for _ in attempts():
            try:
                while items := found():
                    for together in batched(items, _MOVED_TOGETHER, strict=False):
                        self._write([self._guard, *(step for item in together for step in self._steps(item, moved))])
            except ClientError as error:
                # Somebody else moves or edits them: look again at what is left.
                if error.response["Error"]["Code"] != "TransactionCanceledException":
                    raise
                if _guard_failed(error):
                    raise Conflict("The merge has gone on in the meantime.") from error
            else:
                return
        raise Unavailable("The contact is being changed by others. Try again in a moment.")

    def _write(self, steps: Sequence[Raw]) -> None:
        self._client.transact_write_items(TransactItems=steps)

    def _found(self, pk: str, prefix: str, *, came_from: str | None = None) -> Sequence[Raw]:
        """Some of the items whose sort keys begin with *prefix*; none when there are none."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "ConsistentRead": True,
            "KeyConditionExpression": "PK = :pk AND begins_with(SK, :sk)",
            "ExpressionAttributeValues": {":pk": {"S": pk}, ":sk": {"S": prefix}},
        }
        if came_from is not None:
            request["FilterExpression"] = "begins_with(#from, :from)"
            request["ExpressionAttributeNames"] = {"#from": _CAME_FROM}
            request["ExpressionAttributeValues"][":from"] = {"S": came_from}
        for page in self._client.get_paginator("query").paginate(**request):
            if page["Items"]:
                found: list[Raw] = page["Items"]
                return found
        return []

    def _steps(self, item: Raw, moved: Callable[[Raw], Raw]) -> list[Raw]:
        """Put it there and delete it here, if it is still what was read: nobody's edit must be lost on the way."""
        key = {name: item[name] for name in _KEY}
        there = {"TableName": self._table, "Item": moved(item), "ConditionExpression": "attribute_not_exists(PK)"}
        return [{"Put": there}, {"Delete": {"TableName": self._table, "Key": key, **_unchanged(item)}}]


def _trail(item: Raw) -> str:
    """Where an item came from, the last place first, each with a slash behind it."""
    trail: str = item.get(_CAME_FROM, {}).get("S", "")
    return trail


def _unchanged(item: Raw) -> Raw:
    """The condition that an item is in every attribute what it was."""
    names = sorted(_OTHERS | (item.keys() - {*_KEY}))
    conditions = ["attribute_exists(PK)"]
    conditions += [f"#{n} = :{n}" if name in item else f"attribute_not_exists(#{n})" for n, name in enumerate(names)]
    condition: dict[str, Any] = {
        "ConditionExpression": " AND ".join(conditions),
        "ExpressionAttributeNames": {f"#{n}": name for n, name in enumerate(names)},
    }
    if values := {f":{n}": item[name] for n, name in enumerate(names) if name in item}:
        condition["ExpressionAttributeValues"] = values
    return condition


def _guard_failed(error: ClientError) -> bool:
    """Whether it was the first step of the transaction that did not hold."""
    reasons: Sequence[Any] = error.response.get("CancellationReasons") or [{}]
    return bool(reasons[0].get("Code") == "ConditionalCheckFailed")
