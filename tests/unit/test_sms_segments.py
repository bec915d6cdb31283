"""In how many parts a text message goes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carebook.sms_segments import parts_of


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", "GSM", 0, 1),
        ("x" * 160, "GSM", 160, 1),
        ("x" * 161, "GSM", 161, 2),
        ("x" * 306, "GSM", 306, 2),
        ("x" * 307, "GSM", 307, 3),
        ("Grüße à Ñandú"[:8], "GSM", 8, 1),
        ("€" * 80, "GSM", 160, 1),  # an escape and a sign each
        ("€" * 81, "GSM", 162, 2),
        ("é" + "x" * 159, "GSM", 160, 1),
        ("ç", "UCS-2", 1, 1),  # only its capital is in the alphabet
        ("’" + "x" * 69, "UCS-2", 70, 1),
        ("’" + "x" * 70, "UCS-2", 71, 2),
        ("😀" * 35, "UCS-2", 70, 1),
        ("😀" * 36, "UCS-2", 72, 2),
    ],
)
def test_a_text_is_counted_as_the_networks_count_it(text: str, encoding: str, units: int, parts: int) -> None:
    assert parts_of(text) == (encoding, units, parts)


def test_nothing_of_two_places_is_torn_apart() -> None:
    # 152 units and a sign of two: the sign begins the second part, and the rest no longer fits into two.
    assert parts_of("x" * 152 + "€" + "x" * 152).parts == 3
    assert parts_of("x" * 306).parts == 2


@given(st.text(max_size=500))
def test_more_text_never_takes_fewer_parts(text: str) -> None:
    assert parts_of(text).parts <= parts_of(text + "x").parts
    assert parts_of(text).parts >= 1
