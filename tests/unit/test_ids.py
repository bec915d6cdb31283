from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carebook.ids import CONTACT, HISTORY, is_id, new_id, ulid_of
from tests.fakes.examples import CONTACT_IDS, NOW

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)


@given(MOMENTS, MOMENTS)
def test_ids_stand_in_the_order_of_their_moments(one: datetime, other: datetime) -> None:
    if one != other:
        assert (new_id(CONTACT, one) < new_id(CONTACT, other)) == (one < other)


def test_a_millisecond_is_enough_for_the_order() -> None:
    for second in range(0, 100_000, 997):
        moment = NOW + timedelta(seconds=second, milliseconds=second % 7)
        assert ulid_of(moment, b"\xff" * 10) < ulid_of(moment + timedelta(milliseconds=1), b"\x00" * 10)


def test_ids_of_one_moment_differ() -> None:
    assert len({new_id(CONTACT, NOW) for _ in range(1000)}) == 1000


@given(MOMENTS, st.binary(min_size=10, max_size=10))
def test_a_ulid_with_chosen_randomness_is_always_the_same_and_has_the_form_of_one(
    moment: datetime, randomness: bytes
) -> None:
    assert ulid_of(moment, randomness) == ulid_of(moment, randomness)
    assert is_id(f"{HISTORY}_{ulid_of(moment, randomness)}", HISTORY)


@given(CONTACT_IDS)
def test_every_id_of_the_form_is_one(text: str) -> None:
    assert is_id(text, CONTACT)
    assert not is_id(text, HISTORY)


@given(CONTACT_IDS, st.integers(0, 29), st.characters())
def test_an_id_with_any_character_outside_its_alphabet_is_none(text: str, at: int, character: str) -> None:
    changed = text[:at] + character + text[at + 1 :]
    in_alphabet = at >= 4 and character in ("01234567" if at == 4 else "0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    assert is_id(changed, CONTACT) == (in_alphabet or changed == text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "con_",
        "con_01JDCXA0H9V2M3N4P5Q6R7S8T",
        "con_01JDCXA0H9V2M3N4P5Q6R7S8T90",
        "con_81JDCXA0H9V2M3N4P5Q6R7S8T9",
        "con_01jdcxa0h9v2m3n4p5q6r7s8t9",
        "CON_01JDCXA0H9V2M3N4P5Q6R7S8T9",
        "cli_01JDCXA0H9V2M3N4P5Q6R7S8T9",
        "con_01JDCXA0H9V2M3N4P5Q6R7S8T9\n",
        " con_01JDCXA0H9V2M3N4P5Q6R7S8T9",
        "con_con_01JDCXA0H9V2M3N4P5Q6R7S8T9",
        "01JDCXA0H9V2M3N4P5Q6R7S8T9",
        "con_#CONTACT",
    ],
)
def test_what_looks_like_an_id_but_is_none_is_refused(text: str) -> None:
    assert not is_id(text, CONTACT)
