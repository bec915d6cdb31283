"""What lies in the one table, and writes that happen together."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model

from carebook.keys import Key


class Item(Model):
    """Any item: its key, what conditions and indexes need, and one JSON document with the rest.

    Few attributes make small CPU bills: most of a request's time goes into parsing them.
    """

    class Meta:
        """PynamoDB wants a name here; the table that is opened puts the real one in place."""

        table_name = "carebook"

    pk = UnicodeAttribute(hash_key=True, attr_name="PK")
    sk = UnicodeAttribute(range_key=True, attr_name="SK")
    kind = UnicodeAttribute(null=True)  # for people who look at the table; index entries do without
    version = NumberAttribute(null=True)
    doc = UnicodeAttribute(null=True)
    gsi1_pk = UnicodeAttribute(null=True, attr_name="GSI1PK")
    gsi1_sk = UnicodeAttribute(null=True, attr_name="GSI1SK")
    gsi2_pk = UnicodeAttribute(null=True, attr_name="GSI2PK")
    gsi2_sk = UnicodeAttribute(null=True, attr_name="GSI2SK")
    expires_at = NumberAttribute(null=True)
    words = UnicodeAttribute(null=True, attr_name="w")
    type = UnicodeAttribute(null=True, attr_name="t")
    came_from = UnicodeAttribute(null=True)  # from which contacts merges brought it; who puts it anew must keep it

    def __init__(
        self,
        hash_key: str | None = None,
        range_key: str | None = None,
        _user_instantiated: bool = True,  # noqa: FBT001, FBT002
        **attributes: Any,
    ) -> None:
        """Keep what is given. There are no defaults, maps or kinds of items here, for which PynamoDB would look."""
        if unknown := attributes.keys() - self.get_attributes():
            raise ValueError(f"no attributes of an item: {sorted(unknown)}")
        self.attribute_values = {"pk": hash_key, "sk": range_key} | attributes if hash_key else attributes

    def serialize(self, null_check: bool = True) -> dict[str, dict[str, Any]]:  # noqa: FBT001, FBT002
        """As botocore takes it. Text and numbers are all there is here, so this need not ask each attribute how."""
        if type(self) is not Item:  # which may have more
            return super().serialize(null_check)
        values = self.attribute_values
        return {
            stored: {kind: value if kind == "S" else str(value)}
            for name, stored, kind in _ATTRIBUTES
            if (value := values.get(name)) is not None
        }


_ATTRIBUTES: Final = tuple(
    (name, attribute.attr_name, attribute.attr_type) for name, attribute in Item.get_attributes().items()
)
as_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
NOT_THERE: Final = Item.pk.does_not_exist()


@lru_cache(maxsize=256)
def at_version(version: int) -> Condition:
    """The item is still at this version."""
    condition: Condition = Item.version == version
    return condition


class ConditionFailed(Exception):
    """A transaction did not happen because the condition on *key* does not hold (any more)."""

    def __init__(self, key: Key) -> None:
        super().__init__("condition failed")
        self.key = key


def make_item(
    key: Key, kind: str | None, doc: Mapping[str, Any] | Sequence[Any] | None = None, *, version: int | None = None
) -> Item:
    """An item ready to be written."""
    text = None if doc is None else as_json(doc)
    return Item(key.pk, key.sk, kind=kind, doc=text, version=version)


@dataclass(slots=True)
class Writes:
    """Writes that happen together or not at all."""

    puts: list[tuple[Item, Condition | None]] = field(default_factory=list)
    deletes: list[tuple[Item, Condition | None]] = field(default_factory=list)
    checks: list[tuple[Key, Condition]] = field(default_factory=list)

    def check(self, key: Key, condition: Condition) -> None:
        """Write only if *condition* holds for an item that is not written."""
        self.checks.append((key, condition))

    def put(self, item: Item, condition: Condition | None = None) -> None:
        """Add or replace an item."""
        self.puts.append((item, condition))

    def delete(self, key: Key, condition: Condition | None = None) -> None:
        """Remove an item, if it is there."""
        self.deletes.append((Item(key.pk, key.sk), condition))
