"""Channels and the phones that they may use: the words that contacts and settings share."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

Method = Literal["email", "sms", "fax", "voice"]
PhoneType = Literal["cell", "home", "work", "after_hours", "fax"]


def all_different[T](values: list[T]) -> list[T]:
    """The values, when none of them is there twice."""
    seen = set()
    for value in values:
        if value in seen:
            raise PydanticCustomError("listed_twice", "{value} is listed twice.", {"value": value})
        seen.add(value)
    return values


Methods = Annotated[list[Method], Field(max_length=4), AfterValidator(all_different)]
PhoneTypes = Annotated[list[PhoneType], Field(max_length=5), AfterValidator(all_different)]
