"""What counts as kept, and as missed."""

import pytest

from benchmarks.queries import BUDGET, KINDS, ONE_ROUND, Ceiling, Kind
from benchmarks.report_search import misses, percentile
from benchmarks.searching import Taken


@pytest.mark.parametrize(("share", "value"), [(0.5, 2), (0.75, 3), (0.95, 4), (1, 4), (0.01, 1)])
def test_a_percentile_is_a_value_that_was_measured(share: float, value: int) -> None:
    assert percentile([4, 1, 3, 2], share) == value


def taken(ceiling: Ceiling, reads: list[float], rounds: list[int]) -> Taken:
    return Taken(Kind("some", "some", ceiling, lambda _chance, _contact: "some"), 20_000, reads, rounds)


@pytest.mark.parametrize(
    ("ceiling", "reads", "rounds", "missed"),
    [
        (ONE_ROUND, [2.0] * 19 + [50.0], [1] * 20, []),
        (ONE_ROUND, [2.5] * 19 + [50.0], [1] * 20, ["p50"]),
        (ONE_ROUND, [2.0] * 18 + [8.5] * 2, [1] * 18 + [2] * 2, ["p95", "rounds"]),
        (BUDGET, [50.0] * 20, [4] * 20, []),
        (BUDGET, [1.0] * 19 + [50.5], [1] * 20, ["max"]),
    ],
)
def test_a_goal_is_missed_when_more_is_taken(
    ceiling: Ceiling, reads: list[float], rounds: list[int], missed: list[str]
) -> None:
    assert misses(taken(ceiling, reads, rounds)) == missed


def test_kinds_of_queries_are_told_apart_by_name() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)
