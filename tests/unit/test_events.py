"""Runs over many items: one that fails must not keep the others waiting, and must not be forgotten."""

import pytest

from carebook.events import PartlyFailed, each


def always() -> bool:
    return True


def test_every_item_is_handled_and_those_that_were_due_are_counted() -> None:
    seen: list[int] = []

    def handle(item: int) -> bool:
        seen.append(item)
        return item % 2 == 0

    assert each([1, 2, 3, 4, 5], handle, go_on=always) == 2
    assert seen == [1, 2, 3, 4, 5]


def test_one_that_fails_does_not_keep_the_others_waiting_and_is_told_at_the_end() -> None:
    seen: list[int] = []

    def handle(item: int) -> bool:
        seen.append(item)
        return 1 // (item - 2) != 7

    with pytest.raises(PartlyFailed) as failure:
        each([1, 2, 3], handle, go_on=always)
    assert seen == [1, 2, 3]
    assert (failure.value.failed, failure.value.handled) == (1, 2)


def test_a_run_stops_between_items_when_its_time_is_up() -> None:
    seen: list[int] = []
    assert each([1, 2, 3], lambda item: not seen.append(item), go_on=lambda: len(seen) < 2) == 2  # type: ignore[func-returns-value]
    assert seen == [1, 2]


def test_nothing_to_do_is_no_failure() -> None:
    assert each([], lambda _: True, go_on=always) == 0
