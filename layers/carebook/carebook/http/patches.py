"""Merge patches as request bodies: any JSON object, documented by the shape that the outcome must have."""

from typing import Any

from pydantic import BaseModel, GetJsonSchemaHandler, RootModel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


class MergePatch[Whole: BaseModel](RootModel[dict[str, Any]]):
    """A JSON Merge Patch (RFC 7396) on a *Whole*.

    Only the outcome is checked, so a field's rules stand in one place. The documentation shows the fields of
    *Whole*, none of them required and each open to ``null``.
    """

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The schema of *Whole* as a patch."""
        schema = handler(core_schema)
        whole: type[BaseModel] | None = next(iter(cls.__pydantic_generic_metadata__["args"]), None)
        if whole is None:
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


def _nullable(field: JsonSchemaValue) -> JsonSchemaValue:
    without_default = {key: value for key, value in field.items() if key not in {"default", "title"}}
    if {"type": "null"} in field.get("anyOf", ()):
        return without_default
    return {"anyOf": [without_default, {"type": "null"}]}
