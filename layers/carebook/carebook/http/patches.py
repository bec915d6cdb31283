"""Merge patches as request bodies: any JSON object, documented by the shape that the outcome must have."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, GetJsonSchemaHandler, RootModel, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from carebook.errors import FieldError, Invalid
from carebook.validation import unknown_field


class MergePatch[Whole: BaseModel](RootModel[dict[str, Any]]):
    """A JSON Merge Patch (RFC 7396) on a *Whole*.

    Only the outcome is checked, so a field's rules stand in one place. The documentation shows the fields of
    *Whole*, none of them required and each open to ``null``.
    """

    @model_validator(mode="after")
    def _names_are_known(self) -> "MergePatch[Whole]":
        """A name that does not exist is refused even with ``null``, which would vanish in the merge."""
        errors = list(_unknown_names(self.root, _whole(type(self)), ""))
        if errors:
            raise Invalid(errors)
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The schema of *Whole* as a patch."""
        schema = handler(core_schema)
        whole = _whole(cls)
        if whole is BaseModel:
            return schema
        inner = handler(whole.__pydantic_core_schema__)
        shape = handler.resolve_ref_schema(inner)
        return {
            "type": "object",
            "title": f"{whole.__name__}Patch",
            "description": "A JSON Merge Patch (RFC 7396): what is absent stays, null clears.",
            "additionalProperties": False,
            "properties": {name: _nullable(field) for name, field in shape["properties"].items()},
        }


def _whole(patch: type[RootModel[Any]]) -> type[BaseModel]:
    arguments: tuple[type[BaseModel], ...] = patch.__pydantic_generic_metadata__["args"]
    return arguments[0] if arguments else BaseModel


def _unknown_names(patch: Mapping[str, Any], whole: type[BaseModel], path: str) -> Iterator[FieldError]:
    for name, value in patch.items():
        place = f"{path}.{name}" if path else name
        field = whole.model_fields.get(name)
        if field is None:
            yield unknown_field(place, name)
        elif isinstance(value, dict) and isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _unknown_names(value, field.annotation, place)


def _nullable(field: JsonSchemaValue) -> JsonSchemaValue:
    without_default = {key: value for key, value in field.items() if key not in {"default", "title"}}
    if {"type": "null"} in field.get("anyOf", ()):
        return without_default
    return {"anyOf": [without_default, {"type": "null"}]}
