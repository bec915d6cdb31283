"""Keys and conditions as requests of DynamoDB's API have them."""

from typing import Any, Final, cast

from pynamodb.expressions.condition import Condition

from carebook.items import Item
from carebook.keys import Key

UNTOLD: Final = "NONE"  # PynamoDB would ask for the capacity that each call consumed, and few read it


def as_key(key: Key) -> dict[str, dict[str, str]]:
    """A key as a request of the API has it."""
    return {"PK": {"S": key.pk}, "SK": {"S": key.sk}}


def as_condition(condition: Condition | None) -> dict[str, Any]:
    """A condition as a request of the API has it. PynamoDB's own way to it asks each attribute of the model."""
    if condition is None:
        return {}
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    expression = condition.serialize(names, values)
    named = {placeholder: name for name, placeholder in names.items()}
    told = {"ConditionExpression": expression, "ExpressionAttributeNames": named}
    return told | {"ExpressionAttributeValues": values} if values else told


def between(low: str | None, high: str | None, sk: Any = Item.sk) -> Condition | None:
    """The condition for sort keys from *low* to *high*, both included; None stands for no end."""
    if low is not None and high is not None:
        return cast("Condition", sk.between(low, high))
    if low is not None:
        return cast("Condition", sk >= low)
    return None if high is None else cast("Condition", sk <= high)
