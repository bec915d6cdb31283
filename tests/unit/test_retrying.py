"""Trying again: a few times, with growing pauses between, and never for long."""

import pytest

from carebook.retrying import attempts, attempts_past_five_seconds


def test_pauses_lie_between_attempts_and_not_behind_the_last(pauses: list[float]) -> None:
    made = list(attempts())
    assert made == list(range(len(made)))
    assert len(made) >= 5
    assert len(pauses) == len(made) - 1


def test_who_succeeds_at_once_does_not_wait(pauses: list[float]) -> None:
    for _ in attempts():
        break
    assert pauses == []


@pytest.mark.parametrize("run", range(5))
def test_all_pauses_together_are_short_enough_for_a_request(pauses: list[float], run: int) -> None:
    list(attempts())
    assert all(0 < pause < 0.5 for pause in pauses)
    assert sum(pauses) < 3


def test_two_that_met_once_do_not_meet_again(pauses: list[float]) -> None:
    list(attempts())
    first = list(pauses)
    list(attempts())
    assert first != pauses[len(first) :]


def test_what_ends_after_five_seconds_is_tried_before_and_after(pauses: list[float]) -> None:
    waited = [sum(pauses) for _ in attempts_past_five_seconds()]
    assert waited[0] == 0
    assert waited[1] < 1
    assert 5 < waited[-1] < 7
