"""Tokens and codes: enough of them, and nothing of them to be found in what is kept."""

import base64

import pytest

from carebook.shares.codes import (
    DIGITS,
    NO_LOCK,
    digits_of,
    fits,
    hash_of,
    locked_with,
    new_code,
    new_token,
    spoken,
    written,
)

PEPPER = b"s" * 64


def test_a_token_has_more_bits_than_anybody_guesses_and_only_signs_that_urls_take() -> None:
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    for token in tokens:
        assert len(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))) * 8 >= 128


def test_a_code_has_always_as_many_digits() -> None:
    codes = {new_code() for _ in range(1000)}
    assert len(codes) > 990
    assert {len(code) for code in codes} == {DIGITS}
    assert all(code.isascii() and code.isdigit() for code in codes)


def test_a_code_fits_its_own_lock_and_no_other() -> None:
    lock = locked_with("48291037", share_id="shr_1", pepper=PEPPER)
    assert "48291037" not in lock.salt + lock.proof
    assert fits("48291037", lock, share_id="shr_1", pepper=PEPPER)
    assert not fits("48291038", lock, share_id="shr_1", pepper=PEPPER)
    assert not fits("48291037", lock, share_id="shr_2", pepper=PEPPER)
    assert not fits("48291037", lock, share_id="shr_1", pepper=b"another")
    assert not fits("48291037", NO_LOCK, share_id="", pepper=PEPPER)


def test_the_same_code_is_kept_differently_each_time() -> None:
    one, other = (locked_with("48291037", share_id="shr_1", pepper=PEPPER) for _ in range(2))
    assert (one.salt, one.proof) != (other.salt, other.proof)
    assert one.proof != other.proof


def test_a_token_is_kept_as_its_hash() -> None:
    token = new_token()
    assert token not in hash_of(token)
    assert len(hash_of(token)) == 64


@pytest.mark.parametrize("typed", ["48291037", "4829 1037", " 4829-1037 ", "4829\u00a01037", "48 29 10 37"])
def test_a_code_is_read_however_it_is_typed(typed: str) -> None:
    assert digits_of(typed) == "48291037"


@pytest.mark.parametrize("typed", ["", "4829103", "482910377", "4829103a", "٤٨٢٩١٠٣٧", "4829103²"])
def test_what_has_not_the_form_of_a_code_is_none(typed: str) -> None:
    assert digits_of(typed) is None


def test_a_code_is_written_in_two_groups_and_said_digit_by_digit() -> None:
    assert written("04829103") == "0482 9103"
    assert spoken("04829103") == "0, 4, 8, 2, 9, 1, 0, 3"
    assert digits_of(written("04829103")) == "04829103"
