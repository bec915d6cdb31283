"""Phone numbers: what people type becomes the number they mean, or is refused; never somebody else's number."""

from contextlib import suppress

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from carebook.contacts.phones import PhoneNotValid, PhoneNumber, read_phone_number

COUNTRIES = ["US", "GB", "DE", "IT", "FR", "AU", "IN", "BR", "AR", "MX", "JP", "IL", "RU", "NG", "PR"]
CALIFORNIAN = "+13105550123"


@pytest.mark.parametrize(
    "text",
    [
        "(310) 555-0123",
        "310-555-0123",
        "310.555.0123",
        "310 555 0123",
        "3105550123",
        "1 310 555 0123",
        "+1 310 555 0123",
        "+13105550123",
        "011 1 310 555 0123",
        "  310\u00a0555\u20110123 ",
        "（３１０）５５５－０１２３",
        "٣١٠ ٥٥٥ ٠١٢٣",
        "+13105550123\u200e",
        "tel:+1-310-555-0123",
        "TEL: 310-555-0123",
    ],
)
def test_a_national_number_is_read_with_the_practices_country_in_any_format(text: str) -> None:
    assert read_phone_number(text, "US") == PhoneNumber(CALIFORNIAN, None, "(310) 555-0123")


@pytest.mark.parametrize(
    ("text", "country", "e164", "display"),
    [
        ("020 7946 0958", "GB", "+442079460958", "020 7946 0958"),
        ("011 44 20 7946 0958", "US", "+442079460958", "+44 20 7946 0958"),
        ("+44 (0)20 7946 0958", "US", "+442079460958", "+44 20 7946 0958"),
        ("00 1 310 555 0123", "DE", CALIFORNIAN, "+1 310-555-0123"),
        ("06 6982 0000", "IT", "+390669820000", "06 6982 0000"),
        ("030 123456", "DE", "+4930123456", "030 123456"),
        ("011 15 2345-6789", "AR", "+5491123456789", "011 15-2345-6789"),
        ("098765 43210", "IN", "+919876543210", "098765 43210"),
        ("787 555 0123", "PR", "+17875550123", "(787) 555-0123"),
        ("787 555 0123", "US", "+17875550123", "(787) 555-0123"),
        ("+800 1234 5678", "US", "+80012345678", "+800 1234 5678"),
    ],
)
def test_a_number_is_kept_for_the_world_and_shown_for_the_practice(
    text: str, country: str, e164: str, display: str
) -> None:
    assert read_phone_number(text, country) == PhoneNumber(e164, None, display)


@pytest.mark.parametrize(
    "text",
    [
        "310 555 0123 x17",
        "310 555 0123x17",
        "310 555 0123 ext. 17",
        "310 555 0123 Ext 17",
        "310 555 0123 extension 17",
        "310 555 0123 #17",
        "310 555 0123;ext=17",
        "tel:+1-310-555-0123;ext=17",
    ],
)
def test_an_extension_behind_the_number_is_kept_apart(text: str) -> None:
    read = PhoneNumber(CALIFORNIAN, "17", "(310) 555-0123 ext. 17")
    assert read_phone_number(text, "US") == read
    assert read_phone_number(text, "US", "17") == read
    assert read_phone_number("310 555 0123", "US", "17") == read


def test_two_different_extensions_are_refused() -> None:
    with pytest.raises(PhoneNotValid, match="extension"):
        read_phone_number("310 555 0123 x17", "US", "18")


def test_leading_zeros_of_an_extension_are_kept() -> None:
    assert read_phone_number("310 555 0123 x007", "US").extension == "007"
    assert read_phone_number("310 555 0123", "US", "0").extension == "0"


@pytest.mark.parametrize(
    ("text", "country", "reason"),
    [
        ("555-0123", "US", "area code is missing"),
        ("555-0123 x17", "US", "area code is missing"),
        ("7946 0958", "GB", "area code is missing"),
        ("911", "US", "too short"),
        ("31055501", "US", "too short"),
        ("310 555 01234", "US", "too long"),
        ("+1 310 555 0123 4567 8901", "US", "not a phone number|too long"),
        ("(110) 555-0123", "US", "area code"),
        ("(010) 555-0123", "US", "area code|too long"),
        ("+999 1234567", "US", "not a phone number"),
        ("1-800-FLOWERS", "US", "without letters"),
        ("31O 555 0123", "US", "without letters"),
        ("310 555 O123", "US", "without letters"),
        ("call 310 555 0123", "US", "without letters"),
        ("310 555 0123 (home)", "US", "without letters"),
        ("310 555 0123 доб. 17", "US", "without letters"),
        ("310 555 0123 x", "US", "without letters"),
        ("310 555 0123 / 310 555 0124", "US", "not a phone number"),
        ("310 555 0123, 310 555 0124", "US", "not a phone number"),
        ("310 555 0123/x310 555 0124", "US", "one number|without letters"),
        ("310 555 0123 /x124", "US", "one number"),
        ("*67 310 555 0123", "US", "too long"),
        ("", "US", "not a phone number"),
        ("+", "US", "not a phone number"),
        ("()-", "US", "not a phone number"),
        ("🎉", "US", "not a phone number"),
    ],
)
def test_what_cannot_be_called_is_refused_with_the_reason(text: str, country: str, reason: str) -> None:
    with pytest.raises(PhoneNotValid, match=reason):
        read_phone_number(text, country)


@st.composite
def typed_numbers(draw: st.DrawFn) -> tuple[str, str]:
    """A number of some country's form with any digits at its end, typed in some way, and that country."""
    country = draw(st.sampled_from(COUNTRIES))
    kind = draw(st.sampled_from([phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE]))
    example = phonenumbers.example_number_for_type(country, kind)
    assert example is not None
    national = phonenumbers.national_significant_number(example)
    kept = draw(st.integers(0, len(national)))
    digits = national[:kept] + draw(st.text("0123456789", min_size=len(national) - kept, max_size=len(national) - kept))
    prefix = draw(st.sampled_from(["", f"+{example.country_code}", f"+{example.country_code} (0)", "0", "1"]))
    gap = draw(st.integers(0, len(digits)))
    typed = f"{prefix}{digits[:gap]}{draw(st.sampled_from(['', ' ', '-', '.', ') ', '/']))}{digits[gap:]}"
    return typed, country


@settings(max_examples=400)
@given(typed_numbers(), st.sampled_from(COUNTRIES), st.sampled_from([None, "7", "0017"]))
def test_reading_a_number_again_changes_nothing(typed: tuple[str, str], other: str, extension: str | None) -> None:
    text, country = typed
    try:
        read = read_phone_number(text, country, extension)
    except PhoneNotValid:
        return
    assert read_phone_number(read.e164, country, extension) == read
    assert read_phone_number(read.e164, other, extension).e164 == read.e164
    assert read.extension == extension
    assert read.e164[0] == "+"
    assert read.e164[1:].isascii()
    assert read.e164[1:].isdigit()
    assert 8 <= len(read.e164) <= 16


@settings(max_examples=300)
@given(st.text(max_size=25) | st.text("0123456789 ()+-.x#*;,/", max_size=25), st.sampled_from(COUNTRIES))
def test_any_text_is_a_number_or_refused_and_nothing_worse(text: str, country: str) -> None:
    try:
        read = read_phone_number(text, country)
    except PhoneNotValid:
        return
    assert read_phone_number(read.e164, country, read.extension) == read


@given(at=st.integers(0, 9), letter=st.characters(categories=["Lu", "Ll", "Lo"]))
@example(at=0, letter="x")
def test_a_letter_in_place_of_a_digit_is_never_read_as_a_digit(at: int, letter: str) -> None:
    digits = CALIFORNIAN.removeprefix("+1")
    with pytest.raises(PhoneNotValid):
        read_phone_number(digits[:at] + letter + digits[at + 1 :], "US")


@given(at=st.integers(0, 10), letter=st.characters(categories=["Lu", "Ll", "Lo"]))
@example(at=0, letter="x")
def test_a_letter_more_is_refused_or_means_nothing(at: int, letter: str) -> None:
    digits = CALIFORNIAN.removeprefix("+1")
    with suppress(PhoneNotValid):
        assert read_phone_number(digits[:at] + letter + digits[at:], "US").e164 == CALIFORNIAN
