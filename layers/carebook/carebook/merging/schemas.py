"""Merges as callers ask for them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from carebook.fields import Label

Chosen = Literal["survivor", "duplicate"]
FieldName = Literal[
    "first_name",
    "middle_name",
    "last_name",
    "name_suffix",
    "qualifications",
    "organization_name",
    "type",
    "npi",
    "other_id",
    "other_id_qualifier",
    "messaging_methods",
    "emails",
    "phones",
    "address",
    "time_zone",
    "language",
    "notes",
]


class UnmergeRequest(BaseModel):
    """Which merge to undo."""

    model_config = ConfigDict(extra="forbid", strict=True)

    duplicate_id: Label


class MergeRequest(UnmergeRequest):
    """Which contact to take in, and whose field counts where both have one; the survivor's when nothing is said."""

    fields: Annotated[dict[FieldName, Chosen], Field(default_factory=dict, examples=[{"qualifications": "duplicate"}])]
