"""The sweep that finishes merges which were cut short: one that fails does not keep the others waiting."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from carebook.contacts.store import TableContacts
from carebook.events import PartlyFailed
from carebook.instants import utcnow
from carebook.merging import service
from carebook.merging.store import TableMerges
from carebook.table import open_table
from functions.duplicates import finish_merges
from tests.builders import Caller, Context
from tests.integration.merges import add, merge


def cut_short(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> str:
    """Two contacts whose merge was cut at its beginning; the survivor."""
    one, two = (add(caller)["id"] for _ in range(2))
    with monkeypatch.context() as patch:
        patch.setattr("carebook.merging.steps._rewrite", lambda *_: 1 / 0)
        assert merge(caller, one, two).status == 500
    return str(one)


@pytest.fixture
def clock(aws: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    now = utcnow()

    def later(minutes: int) -> datetime:
        moment = now + timedelta(minutes=minutes)
        monkeypatch.setattr(finish_merges, "utcnow", lambda: moment)
        return moment

    return later


def fail_for(monkeypatch: pytest.MonkeyPatch, survivors: set[str]) -> list[str]:
    """Let the merges of some survivors fail; a list of those that were tried, as it grows."""
    tried: list[str] = []
    finish = service.finish_merge

    def finish_or_fail(*args: Any, **kwargs: Any) -> bool:
        tried.append(kwargs["survivor_id"])
        if kwargs["survivor_id"] in survivors:
            raise RuntimeError("broken")
        return finish(*args, **kwargs)

    monkeypatch.setattr(service, "finish_merge", finish_or_fail)
    return tried


def test_those_behind_many_that_fail_are_finished_in_the_same_run(
    director: Caller, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    survivors = [cut_short(director, monkeypatch) for _ in range(5)]
    monkeypatch.setattr(finish_merges, "_AT_ONCE", 2)
    broken = set(survivors) - {max(survivors)}
    fail_for(monkeypatch, broken)
    clock(3)
    with pytest.raises(PartlyFailed) as failure:
        finish_merges.handler({}, Context())
    assert (failure.value.failed, failure.value.handled) == (4, 1)


class TimeForOne(Context):
    """A run whose time is up after one merge."""

    def __init__(self) -> None:
        super().__init__()
        self._asked = 0

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]
        self._asked += 1
        return 30_000 if self._asked == 1 else 0


def test_what_failed_comes_last_the_next_time(director: Caller, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    both = {cut_short(director, monkeypatch) for _ in range(2)}
    tried = fail_for(monkeypatch, both)
    for minutes in (3, 20, 40):
        clock(minutes)
        with pytest.raises(PartlyFailed):
            finish_merges.handler({}, TimeForOne())
    assert set(tried[:2]) == both
    assert tried[2] == tried[0]


def test_a_merge_that_another_run_has_taken_on_is_left_to_it(
    director: Caller, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_short(director, monkeypatch)
    merges = TableMerges(open_table(), TableContacts(open_table()))
    now = clock(3)
    [left] = [each for each in merges.left_alone(since=now, limit=50) if each.account == director.account]
    assert merges.take_on(left, now=now)
    assert not merges.take_on(left, now=now)
    assert finish_merges.handler({}, Context()) == {"finished": 0}
    clock(20)
    assert finish_merges.handler({}, Context()) == {"finished": 1}
    assert finish_merges.handler({}, Context()) == {"finished": 0}
