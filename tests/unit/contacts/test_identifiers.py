"""Provider numbers: the NPI's check digit, and the form of a UPIN."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carebook.contacts.identifiers import is_valid_npi, is_valid_upin, tidy_npi


def luhn_total(digits: str) -> int:
    """Luhn's sum as its inventor wrote it down: from the right, every second digit doubled and its digits added."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + position % 2)
        total += doubled if doubled < 10 else doubled - 9
    return total


@st.composite
def npis(draw: st.DrawFn) -> str:
    """Valid NPIs: the check digit makes Luhn's sum over 80840 and the number a multiple of ten."""
    nine = draw(st.sampled_from("12")) + draw(st.text("0123456789", min_size=8, max_size=8))
    return next(nine + check for check in "0123456789" if luhn_total("80840" + nine + check) % 10 == 0)


def test_the_example_of_the_rule_is_valid() -> None:
    """45 CFR 162.406 is explained with the number 123456789, whose check digit is 3."""
    assert [digit for digit in "0123456789" if is_valid_npi(f"123456789{digit}")] == ["3"]


@given(npis())
def test_every_number_with_the_right_check_digit_is_valid(npi: str) -> None:
    assert is_valid_npi(npi)


@given(npis())
def test_every_change_of_a_single_digit_is_caught(npi: str) -> None:
    for at, digit in enumerate(npi):
        for other in "0123456789":
            assert is_valid_npi(npi[:at] + other + npi[at + 1 :]) == (other == digit)


@given(npis())
def test_every_swap_of_two_neighbours_is_caught_but_for_0_and_9(npi: str) -> None:
    for at in range(9):
        one, two = npi[at], npi[at + 1]
        swapped = npi[:at] + two + one + npi[at + 2 :]
        if one != two and {one, two} != {"0", "9"}:
            assert not is_valid_npi(swapped)


@pytest.mark.parametrize(
    "text",
    ["", "123456789", "12345678930", "3234567891", "0123456789", "123456789X", "1234567893\n", " 1234567893",
     "１２３４５６７８９３", "١٢٣٤٥٦٧٨٩٣", "-234567893", "+1234567893", "1_34567893"],
)  # fmt: skip
def test_what_is_not_ten_plain_digits_beginning_with_1_or_2_is_not_valid(text: str) -> None:
    assert not is_valid_npi(text)


@given(st.text(max_size=12) | st.text("0123456789", max_size=11))
def test_any_text_gets_an_answer(text: str) -> None:
    assert is_valid_npi(text) in {True, False}


@pytest.mark.parametrize("typed", ["123-456-7893", "123 456 7893", "1234 567‑893", " 1234567893 ", "123–456—7893"])
def test_spaces_and_hyphens_group_digits_and_mean_nothing(typed: str) -> None:
    assert tidy_npi(typed) == "1234567893"


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("A12345", True),
        ("ABC123", True),
        ("Z99999", True),
        ("a12345", False),
        ("AB1234", False),
        ("ABCD12", False),
        ("A1234", False),
        ("A123456", False),
        ("ABC12", False),
        ("123456", False),
        ("A12345\n", False),
        ("Ä12345", False),
        ("A１２３４５", False),
        ("", False),
    ],
)
def test_a_upin_is_a_letter_and_five_digits_or_three_and_three(text: str, valid: bool) -> None:
    assert is_valid_upin(text) == valid
