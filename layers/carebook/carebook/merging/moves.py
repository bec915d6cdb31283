"""Giving what hangs on one contact to another: items change their partition and nothing else."""

from typing import Any, Final

from botocore.exceptions import ClientError

from carebook.errors import Unavailable
from carebook.table import Table

_CAME_FROM: Final = "came_from"
_TELLING: Final = ("version", "doc")  # what differs when somebody has edited an item
_MOVED_TOGETHER: Final = 5  # an item has up to 400 KB, a transaction up to 4 MB
_ROUNDS_WITHOUT_PROGRESS: Final = 5


def move_items(
    table: Table, source: str, target: str, prefix: str, *, came_from: str | None = None, only_from: str | None = None
) -> None:
    """Move the items of a partition whose sort key begins with *prefix*, a few in each transaction, until none is left.

    Moved items say where they came from, and behind a slash where they had come from before that.

    Args:
        came_from: note that they came from there.
        only_from: move back only those that came from there last, and take that word away.

    Raises:
        Unavailable: when others keep changing the same items.
    """
    client: Any = table.connection.client
    futile = 0
    while futile < _ROUNDS_WITHOUT_PROGRESS:
        items = _found(client, table.name, source, prefix, only_from)
        if not items:
            return
        try:
            for start in range(0, len(items), _MOVED_TOGETHER):
                together = items[start : start + _MOVED_TOGETHER]
                steps = [step for item in together for step in _steps(table.name, item, target, came_from)]
                client.transact_write_items(TransactItems=steps)
        except ClientError as error:
            # Somebody else moves or edits them: look again at what is left.
            if error.response["Error"]["Code"] != "TransactionCanceledException":
                raise
            futile += 1
    raise Unavailable("The contact is being changed by others. Try again in a moment.")


def _found(client: Any, name: str, pk: str, prefix: str, only_from: str | None) -> list[dict[str, Any]]:
    request: dict[str, Any] = {
        "TableName": name,
        "ConsistentRead": True,
        "KeyConditionExpression": "PK = :pk AND begins_with(SK, :sk)",
        "ExpressionAttributeValues": {":pk": {"S": pk}, ":sk": {"S": prefix}},
    }
    if only_from is not None:
        request["FilterExpression"] = "begins_with(#from, :from)"
        request["ExpressionAttributeNames"] = {"#from": _CAME_FROM}
        request["ExpressionAttributeValues"][":from"] = {"S": f"{only_from}/"}
    for page in client.get_paginator("query").paginate(**request):
        if page["Items"]:
            found: list[dict[str, Any]] = page["Items"]
            return found
    return []


def _steps(name: str, item: dict[str, Any], target: str, came_from: str | None) -> list[dict[str, Any]]:
    trail = item.get(_CAME_FROM, {}).get("S", "")
    trail = f"{came_from}/{trail}" if came_from is not None else trail.partition("/")[2]
    moved = {key: value for key, value in item.items() if key != _CAME_FROM} | {"PK": {"S": target}}
    if trail:
        moved[_CAME_FROM] = {"S": trail}
    source = {"PK": item["PK"], "SK": item["SK"]}
    # Only what was read is moved: an edit in between must not be lost, nor what another run has moved come back.
    same = [f"#{number} = :{number}" for number, key in enumerate(_TELLING) if key in item]
    unchanged: dict[str, Any] = {"ConditionExpression": " AND ".join(["attribute_exists(PK)", *same])}
    if same:
        unchanged["ExpressionAttributeNames"] = {f"#{n}": key for n, key in enumerate(_TELLING) if key in item}
        unchanged["ExpressionAttributeValues"] = {f":{n}": item[key] for n, key in enumerate(_TELLING) if key in item}
    return [
        {"Put": {"TableName": name, "Item": moved, "ConditionExpression": "attribute_not_exists(PK)"}},
        {"Delete": {"TableName": name, "Key": source, **unchanged}},
    ]
