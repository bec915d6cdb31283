"""Text as callers may send it: the types from which schemas are made."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from carebook.visible import is_blank

_CONTROL: Final = re.compile("[\u0000-\u001f\u007f-\u009f\u2028\u2029]")
_CONTROL_IN_TEXT: Final = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f]")


def _line(text: str) -> str:
    stripped = text.strip()
    found = _CONTROL.search(stripped)
    if found:
        raise _control_character(found.group())
    return "" if not stripped.isascii() and is_blank(stripped) else stripped


def _text(text: str) -> str:
    found = _CONTROL_IN_TEXT.search(text)
    if found:
        raise _control_character(found.group())
    return text


def _said(text: str) -> str:
    if is_blank(text):
        raise PydanticCustomError("required", "Say something.")
    return text


def _control_character(character: str) -> PydanticCustomError:
    name = unicodedata.name(character, f"U+{ord(character):04X}")
    return PydanticCustomError(
        "control_character", "Take out the control character {name}.", {"name": name.capitalize()}
    )


# One line: outer white space goes, control characters are refused, what shows nothing at all is empty; everything else
# comes back as it was sent.
# It stands behind limits and patterns, which pydantic can only check and document on a plain string.
ONE_LINE: Final = AfterValidator(_line)
# Behind it: something must be left. A least length counts white space as well.
NOT_EMPTY: Final = AfterValidator(_said)
Name = Annotated[str, Field(max_length=100), ONE_LINE]
LongName = Annotated[str, Field(max_length=200), ONE_LINE]
Label = Annotated[str, Field(max_length=50), ONE_LINE]
# Many lines, kept to the letter.
MANY_LINES: Final = AfterValidator(_text)
Text = Annotated[str, Field(max_length=20_000), MANY_LINES]
# The same, with something in it to be read.
Said = Annotated[Text, NOT_EMPTY]


@dataclass(frozen=True, slots=True)
class OfForm:
    """Text of a fixed form: the pattern for programs, a sentence for people."""

    pattern: str
    message: str
    example: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check the whole text against the pattern."""
        compiled = re.compile(self.pattern)

        def check(text: str) -> str:
            if not compiled.fullmatch(text):
                raise PydanticCustomError("wrong_form", "{message}", {"message": self.message})
            return text

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Show pattern and example."""
        return handler(schema) | {"pattern": f"^(?:{self.pattern})$", "examples": [self.example]}


def _day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError as error:
        raise PydanticCustomError("day_not_valid", "There is no such day in the calendar.") from error
    return text


# A day as text: what callers send is checked as JSON has it, and read with ``date.fromisoformat``.
Day = Annotated[
    str,
    OfForm("[0-9]{4}-[0-9]{2}-[0-9]{2}", "Give a day as year, month and day, such as 2026-11-23.", "2026-11-23"),
    AfterValidator(_day),
]


def _as_text(given: Any) -> Any:
    if not isinstance(given, str) or ":" not in given:  # a number would be read as seconds since 1970
        raise PydanticCustomError("wrong_form", _MOMENT)
    return given


def _within_calendar(moment: datetime) -> datetime:
    # At both ends of the calendar an instant can be written with an offset and not without.
    if not 1900 <= moment.year < 9999:
        raise PydanticCustomError("moment_not_valid", "Give a year from 1900 to 9998.")
    # As it is kept: what is sent again is the same then, however finely it was given.
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _in_our_words(given: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(given)
    except ValidationError as error:
        raise PydanticCustomError("moment_not_valid", _MOMENT) from error


_MOMENT: Final = "Give an instant with its offset from UTC, such as 2026-11-23T22:47:51Z."
Moment = Annotated[
    AwareDatetime,
    Field(strict=False),
    WrapValidator(_in_our_words),
    BeforeValidator(_as_text),
    AfterValidator(_within_calendar),
]


def _time_zone(text: str) -> str:
    if text not in _time_zones():
        raise PydanticCustomError("time_zone_not_valid", "Use a name of the IANA list, for example America/New_York.")
    return text


@lru_cache(maxsize=1)
def _time_zones() -> frozenset[str]:
    from importlib.resources import files

    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


def _country(text: str) -> str:
    import phonenumbers

    if text not in phonenumbers.SUPPORTED_REGIONS and text not in _WITHOUT_PHONES:
        raise PydanticCustomError("country_not_valid", _COUNTRY)
    return text


_COUNTRY: Final = "Use a country's ISO 3166 code of two capital letters, for example US, or GB for the United Kingdom."
# ISO 3166 territories that have no telephone numbering of their own.
_WITHOUT_PHONES: Final = frozenset({"AQ", "BV", "GS", "HM", "PN", "TF", "UM"})


def _phone_country(text: str) -> str:
    import phonenumbers

    if text not in phonenumbers.SUPPORTED_REGIONS:
        raise PydanticCustomError("country_not_valid", _COUNTRY)
    return text


TimeZone = Annotated[str, AfterValidator(_time_zone)]
Country = Annotated[str, AfterValidator(_country)]
PhoneCountry = Annotated[str, AfterValidator(_phone_country)]
