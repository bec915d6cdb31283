"""Text as callers may send it."""

from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from carebook.fields import NOT_EMPTY, ONE_LINE, Country, LongName, Moment, Name, PhoneCountry, Said, Text, TimeZone
from carebook.visible import is_blank

NAME: TypeAdapter[str] = TypeAdapter(Name)
TEXT: TypeAdapter[str] = TypeAdapter(Text)


def accepts(kind: Any, value: object) -> bool:
    try:
        TypeAdapter(kind).validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


@settings(max_examples=300)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=100))
def test_one_line_of_any_script_comes_back_but_for_the_white_space_around_it(text: str) -> None:
    assert NAME.validate_python(text) == ("" if is_blank(text) else text.strip())


@settings(max_examples=300)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\r\t\u2028"), max_size=100))
def test_a_text_of_many_lines_comes_back_to_the_letter(text: str) -> None:
    assert TEXT.validate_python(text) == text


@pytest.mark.parametrize("text", ["", "  ", "\u200b", " \u2060\u00a0\u00ad ", "\ufeff"])
def test_what_shows_nothing_is_empty(text: str) -> None:
    assert NAME.validate_python(text) == ""
    for kind in (Said, Annotated[str, ONE_LINE, NOT_EMPTY]):
        with pytest.raises(ValidationError) as refusal:
            TypeAdapter(kind).validate_python(text)
        assert refusal.value.errors()[0]["type"] == "required"


@pytest.mark.parametrize("character", [*map(chr, range(32)), *map(chr, range(0x7F, 0xA0)), "\u2028", "\u2029"])
def test_a_control_character_within_a_line_is_refused_by_name(character: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        NAME.validate_python(f"a{character}b")
    [error] = refusal.value.errors()
    assert error["type"] == "control_character"
    assert len(error["msg"]) > len("Take out the control character .")


@pytest.mark.parametrize("character", [*map(chr, range(32)), *map(chr, range(0x7F, 0xA0))])
def test_a_text_takes_line_breaks_and_tabs_and_no_other_control_character(character: str) -> None:
    assert accepts(Text, f"a{character}b") == (character in "\t\n\r\x85")


@pytest.mark.parametrize(("kind", "longest"), [(Name, 100), (LongName, 200), (Text, 20_000)])
def test_a_limit_counts_characters_and_not_bytes(kind: Any, longest: int) -> None:
    assert accepts(kind, "𠮷" * longest)
    assert not accepts(kind, "𠮷" * longest + "x")


@pytest.mark.parametrize(
    ("zone", "known"),
    [
        ("America/New_York", True),
        ("UTC", True),
        ("Asia/Kathmandu", True),
        ("america/new_york", False),
        ("EST5EDT4", False),
        ("", False),
        ("../../etc/passwd", False),
        ("America/New_York ", False),
    ],
)
def test_a_time_zone_is_one_of_the_iana_list(zone: str, known: bool) -> None:
    assert accepts(TimeZone, zone) == known


@pytest.mark.parametrize(
    ("country", "for_addresses", "for_phones"),
    [("US", True, True), ("DE", True, True), ("AQ", True, False), ("us", False, False), ("ZZ", False, False),
     ("USA", False, False), ("", False, False), ("001", False, False)],
)  # fmt: skip
def test_a_country_is_two_capital_letters_of_iso_3166(country: str, for_addresses: bool, for_phones: bool) -> None:
    assert accepts(Country, country) == for_addresses
    assert accepts(PhoneCountry, country) == for_phones


@pytest.mark.parametrize("kind", [Name, Text, TimeZone, Country])
@pytest.mark.parametrize("value", [None, 1, 1.5, True, b"x", ["x"], {"x": 1}])
def test_what_is_no_text_is_refused(kind: Any, value: object) -> None:
    assert not accepts(kind, value)


class Note(BaseModel):
    """As bodies of requests are: strict."""

    model_config = ConfigDict(strict=True)

    at: Moment


@pytest.mark.parametrize(
    ("moment", "good"),
    [
        ("2026-11-23T22:47:51Z", True),
        ("2026-11-23T22:47:51.123+05:30", True),
        ("1900-01-01T00:00:00+14:00", True),
        ("2026-11-23T22:47:51", False),
        ("2026-11-23", False),
        ("0001-01-01T00:00:00+14:00", False),
        ("9999-12-31T23:59:59-14:00", False),
        ("1764000000", False),
        (1764000000, False),
        (1764000000.5, False),
        (True, False),
        ("", False),
    ],
)
def test_an_instant_has_an_offset_and_lies_within_the_calendar(moment: object, good: bool) -> None:
    try:
        Note.model_validate({"at": moment})
    except ValidationError:
        assert not good
    else:
        assert good
