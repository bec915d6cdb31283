"""When a task is overdue, who may see it, and what a change leaves behind."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from carebook.identity import Principal, Role
from carebook.tasks.model import STATUSES, UNFINISHED, Task, TaskDetails, wanted_statuses
from tests.fakes.examples import ACCOUNT, ANA, BEN, NOW

ZONES = sorted(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


def task(**fields: object) -> Task:
    details = TaskDetails(**({"title": "Call", "assignee": ANA.id} | fields))  # type: ignore[arg-type]
    return Task(
        id="tsk_01ARZ3NDEKTSV4RRFFQ69G5FAV",
        account=ACCOUNT,
        contact_id="con_01ARZ3NDEKTSV4RRFFQ69G5FAV",
        version=1,
        details=details,
        assignee_name=ANA.name,
        created_at=NOW,
        created_by=ANA,
        updated_at=NOW,
    )


@given(
    zone=st.sampled_from(ZONES),
    due_on=st.dates(date(1990, 1, 1), date(2037, 12, 30)),
    shift=st.timedeltas(timedelta(hours=-40), timedelta(hours=40)),
)
@example("America/New_York", date(2026, 3, 8), timedelta(0))  # a day of 23 hours
@example("America/New_York", date(2026, 11, 1), timedelta(0))  # a day of 25 hours
@example("America/Sao_Paulo", date(2018, 11, 3), timedelta(0))  # the next day begins at one o'clock
@example("Asia/Beirut", date(2022, 3, 26), timedelta(0))
@example("Africa/Cairo", date(2026, 10, 29), timedelta(0))  # the last hour of the day comes twice
@example("Pacific/Apia", date(2011, 12, 29), timedelta(0))  # the next day never was
@example("Pacific/Kiritimati", date(2026, 1, 1), timedelta(0))
@example("Australia/Lord_Howe", date(2026, 4, 4), timedelta(minutes=30))
def test_overdue_begins_when_the_day_ends_in_the_practices_time_zone(zone: str, due_on: date, shift: timedelta) -> None:
    """The oracle asks zoneinfo for the instant of the midnight; the rule asks it for the day of an instant."""
    midnight = datetime.combine(due_on + timedelta(days=1), time.min, ZoneInfo(zone)).astimezone(UTC)
    for now in (midnight + shift, midnight, midnight - timedelta(milliseconds=1)):
        assert task(due_on=due_on).is_overdue(zone=zone, now=now) == (now >= midnight)


@pytest.mark.parametrize("status", STATUSES)
def test_only_what_is_unfinished_is_overdue(status: str) -> None:
    late = task(due_on=date(2020, 1, 1), status=status)
    assert late.is_overdue(zone="America/New_York", now=NOW) == (status in UNFINISHED)
    assert not task(status=status).is_overdue(zone="America/New_York", now=NOW)


@pytest.mark.parametrize(
    ("role", "theirs", "of_others"),
    [
        (Role.DIRECTOR, True, True),
        (Role.ADMINISTRATIVE, True, True),
        (Role.SUPERVISOR, True, False),
        (Role.CLINICAL, True, False),
    ],
)
def test_clinical_and_supervisor_see_what_is_given_to_them(role: Role, theirs: bool, of_others: bool) -> None:
    caller = Principal(ACCOUNT, BEN.id, BEN.name, frozenset({role}))
    made_by_them = replace(task(assignee=ANA.id), created_by=BEN)
    assert task(assignee=BEN.id).may_be_seen_by(caller) == theirs
    assert made_by_them.may_be_seen_by(caller) == of_others  # who made it does not matter


def test_who_has_two_roles_may_what_either_may() -> None:
    caller = Principal(ACCOUNT, BEN.id, BEN.name, frozenset({Role.CLINICAL, Role.ADMINISTRATIVE}))
    assert task().may_be_seen_by(caller)


def test_a_change_remembers_which_version_changed_what() -> None:
    first = task()
    second = first.edited(replace(first.details, title="Write"), assignee_name=ANA.name, by=BEN, now=NOW)
    third = second.edited(replace(second.details, status="done"), assignee_name=ANA.name, by=BEN, now=NOW)
    assert (third.version, third.completed_by, third.completed_at) == (3, BEN, third.updated_at)
    assert third.changed_since(1) == {"title": "Write", "status": "done"}
    assert third.changed_since(2) == {"status": "done"}
    assert third.changed_since(3) == {}
    assert first.updated_at < second.updated_at < third.updated_at  # although all came at one moment


def test_a_filter_means_statuses() -> None:
    assert wanted_statuses(None) == STATUSES
    assert wanted_statuses("unfinished") == UNFINISHED
    assert wanted_statuses("done") == ("done",)
