"""Giving what hangs on one contact to another: items change their partition and nothing else.

Beside each moved item lies a note that says where it came from. It is an item of its own, because whoever writes the
moved item anew knows nothing of merges.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import batched
from typing import Any, Final

from botocore.exceptions import ClientError

from carebook import keys
from carebook.errors import Conflict, Unavailable
from carebook.items import Item
from carebook.retrying import attempts
from carebook.table import Table

type Raw = Mapping[str, Any]  # an item, or a step of a transaction, in DynamoDB's own words

_MOVED_TOGETHER: Final = 4  # an item has up to 400 KB, put and deleted, and a transaction up to 4 MB
_KEY: Final = ("PK", "SK")
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
        self._account, self._survivor_id, self._duplicate_id = account, survivor_id, duplicate_id
        self._survivor = keys.contact_pk(account, survivor_id)
        self._duplicate = keys.contact_pk(account, duplicate_id)
        self._guard = guard

    def move(self, prefix: str) -> None:
        """Give the survivor every item of the duplicate whose sort key begins with *prefix*.

        Raises:
            Conflict: when the guard does not hold any more.
            Unavailable: when others keep changing the same items.
        """

        def steps(item: Raw) -> list[Raw]:
            note = {"PK": {"S": self._survivor}, "SK": {"S": self._note(item["SK"]["S"])}}
            put_note = {"Put": {"TableName": self._table, "Item": note | {"kind": {"S": "moved"}}}}
            return [*self._moved(item, self._survivor), put_note]

        self._until_none_is_left(lambda: self._beginning(self._duplicate, prefix), steps)

    def move_back(self) -> None:
        """Give the duplicate everything that came from it and is still there.

        Raises:
            Conflict: when the guard does not hold any more.
            Unavailable: when others keep changing the same items.
        """

        def steps(note: Raw) -> list[Raw]:
            sk = keys.sk_of_moved(note["SK"]["S"])
            wanted = {"PK": {"S": self._survivor}, "SK": {"S": sk}}
            item = self._client.get_item(TableName=self._table, Key=wanted, ConsistentRead=True).get("Item")
            moved = self._moved(item, self._duplicate) if item else []  # what was deleted since stays deleted
            return [*moved, {"Delete": {"TableName": self._table, "Key": {name: note[name] for name in _KEY}}}]

        prefix = keys.moved_prefix(self._duplicate_id)
        self._until_none_is_left(lambda: self._beginning(self._survivor, prefix), steps)

    def _note(self, sk: str) -> str:
        return keys.moved_key(self._account, self._survivor_id, self._duplicate_id, sk).sk

    def _until_none_is_left(self, found: Callable[[], Sequence[Raw]], steps: Callable[[Raw], list[Raw]]) -> None:
        for _ in attempts():
            try:
                while items := found():
                    for together in batched(items, _MOVED_TOGETHER, strict=False):
                        self._write([self._guard, *(step for item in together for step in steps(item))])
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

    def _beginning(self, pk: str, prefix: str) -> Sequence[Raw]:
        """Some of the items whose sort keys begin with *prefix*; none when there are none."""
        data = self._client.query(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="PK = :pk AND begins_with(SK, :sk)",
            ExpressionAttributeValues={":pk": {"S": pk}, ":sk": {"S": prefix}},
        )
        items: list[Raw] = data["Items"]
        return items

    def _moved(self, item: Raw, target: str) -> list[Raw]:
        """Put it there and delete it here, if it is still what was read: nobody's edit must be lost on the way."""
        moved = {**item, "PK": {"S": target}}
        return [
            {"Put": {"TableName": self._table, "Item": moved, "ConditionExpression": "attribute_not_exists(PK)"}},
            {"Delete": {"TableName": self._table, "Key": {name: item[name] for name in _KEY}, **_unchanged(item)}},
        ]


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
    reasons: Iterator[Raw] = iter(error.response.get("CancellationReasons", ()))
    return next(reasons, {}).get("Code") == "ConditionalCheckFailed"
