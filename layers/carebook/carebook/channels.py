"""Channels and the phones that they may use: the words that contacts and settings share."""

from typing import Annotated, Literal

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

Method = Literal["email", "sms", "fax", "voice"]
PhoneType = Literal["cell", "home", "work", "after_hours", "fax"]


def all_different[T](values: list[T]) -> list[T]:
    """The values, when none of them is there twice."""
    for index, value in enumerate(values):
        if value in values[:index]:
            raise PydanticCustomError("listed_twice", "{value} is listed twice.", {"value": value})
    return values


Methods = Annotated[list[Method], AfterValidator(all_different)]
PhoneTypes = Annotated[list[PhoneType], AfterValidator(all_different)]
