"""What counts as empty although it has characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carebook.visible import is_blank


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t",
        "\u200b",
        "\u2060\ufeff",
        "\u00ad",
        "\u00a0",
        "\u3000",
        "\u3164",
        "\u2800",
        "\ufe0f",
        "\u200d\u200e\u202e",
    ],
)
def test_nothing_is_to_be_seen(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", [".", "👍", "❤️", "क्", "한", "\u200bx", "נ", "\u0301", "\U000e0100x"])
def test_something_is_to_be_seen(text: str) -> None:
    assert not is_blank(text)


@given(st.text(st.characters(categories=["L", "N", "P"], exclude_characters="\u115f\u1160\u3164\uffa0"), min_size=1))
def test_letters_digits_and_signs_are_seen(text: str) -> None:
    assert not is_blank(text)
