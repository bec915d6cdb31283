"""Reads side by side: in one round, in order, and the first error counts."""

from threading import Barrier
from time import sleep
from typing import Any

import pytest

from carebook.side_by_side import Reads


@pytest.fixture
def together() -> Any:
    return Reads(lambda: None, name="test")


def fail(message: str) -> None:
    raise ValueError(message)


def test_they_come_in_the_order_they_were_asked_for(together: Any) -> None:
    assert together(lambda: 1, lambda: "two", lambda: [3]) == (1, "two", [3])


def test_they_run_at_the_same_time(together: Any) -> None:
    """None of them goes on before the others are there."""
    barrier = Barrier(3, timeout=5)
    assert sorted(together(barrier.wait, barrier.wait, barrier.wait)) == [0, 1, 2]


def test_the_first_may_ask_for_more_itself(together: Any) -> None:
    assert together(lambda: together(lambda: 1, lambda: 2), lambda: 3) == ((1, 2), 3)


def test_of_several_errors_the_first_counts(together: Any) -> None:
    with pytest.raises(ValueError, match="one"):
        together(lambda: fail("one"), lambda: fail("two"))
    with pytest.raises(ValueError, match="two"):
        together(lambda: 1, lambda: fail("two"), lambda: fail("three"))


def test_nothing_goes_on_behind_an_error(together: Any) -> None:
    done: list[str] = []

    def slow() -> None:
        sleep(0.05)
        done.append("slow")

    with pytest.raises(ValueError, match="at once"):
        together(lambda: fail("at once"), slow, slow)
    assert done == ["slow", "slow"]


def test_the_client_is_made_before_the_threads_begin() -> None:
    made: list[str] = []
    together = Reads(lambda: made.append("client"), name="test")
    assert together(lambda: list(made), lambda: list(made)) == (["client"], ["client"])
