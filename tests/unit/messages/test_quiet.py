"""Quiet hours by the recipient's clock, on every day of the year."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carebook.messages.quiet import released_at

HOURS = {"start": "20:00", "end": "09:00"}
ZONES = st.sampled_from(
    [
        "America/New_York",
        "America/Phoenix",
        "America/St_Johns",
        "Asia/Kolkata",
        "Asia/Tokyo",
        "Australia/Lord_Howe",  # turns its clocks by half an hour
        "Europe/Dublin",
        "Pacific/Apia",
        "Africa/Casablanca",  # turns them for Ramadan
    ]
)
CLOCKS = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))


def local(text: str, zone: str = "America/New_York") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "released"),
    [
        ("2026-11-25T19:59:59", None),
        ("2026-11-25T20:00:00", "2026-11-26T09:00:00"),
        ("2026-11-25T23:30:00", "2026-11-26T09:00:00"),
        ("2026-11-26T08:59:59", "2026-11-26T09:00:00"),
        ("2026-11-26T09:00:00", None),
        ("2026-03-07T21:00:00", "2026-03-08T09:00:00"),  # the night that is an hour short
        ("2026-10-31T21:00:00", "2026-11-01T09:00:00"),  # and the one that is an hour longer
    ],
)
def test_texts_wait_for_the_morning(now: str, released: str | None) -> None:
    found = released_at(local(now), method="sms", time_zone="America/New_York", hours=HOURS)
    assert found == (None if released is None else local(released))


def test_quiet_ends_with_the_jump_where_the_clock_jumps_over_its_end() -> None:
    hours = {"start": "20:00", "end": "02:30"}
    found = released_at(local("2026-03-08T00:00:00"), method="sms", time_zone="America/New_York", hours=hours)
    assert found == datetime(2026, 3, 8, 7, 0, tzinfo=UTC)  # 02:00 is 03:00


def test_an_hour_that_comes_twice_is_looked_at_each_time() -> None:
    hours = {"start": "20:00", "end": "01:30"}
    second = datetime(2026, 11, 1, 6, 10, tzinfo=UTC)  # 01:10 again, after 01:30 was there once
    found = released_at(second, method="voice", time_zone="America/New_York", hours=hours)
    assert found == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize("method", ["email", "fax"])
def test_what_rings_nowhere_never_waits(method: str) -> None:
    assert released_at(local("2026-11-25T23:00:00"), method=method, time_zone="America/New_York", hours=HOURS) is None


def test_equal_times_are_no_quiet_at_all() -> None:
    hours = {"start": "08:00", "end": "08:00"}
    for hour in range(24):
        now = local(f"2026-11-25T{hour:02}:00:00")
        assert released_at(now, method="sms", time_zone="America/New_York", hours=hours) is None


@settings(max_examples=150)
@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    ZONES,
    CLOCKS,
    CLOCKS,
)
def test_by_the_clock_every_minute_until_then_is_quiet_and_that_one_is_not(
    now: datetime, zone: str, start: str, end: str
) -> None:
    def is_quiet(moment: datetime) -> bool:
        clock = moment.astimezone(ZoneInfo(zone)).time()
        first, last = time.fromisoformat(start), time.fromisoformat(end)
        return first <= clock < last if first <= last else not last <= clock < first

    found = released_at(now, method="sms", time_zone=zone, hours={"start": start, "end": end})
    if found is None:
        assert not is_quiet(now)
        return
    assert now < found <= now + timedelta(hours=25)
    assert not is_quiet(found)
    minute = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    while minute < found:
        assert is_quiet(minute)
        minute += timedelta(minutes=7)
    assert is_quiet(found - timedelta(minutes=1)) or found - timedelta(minutes=1) < now
