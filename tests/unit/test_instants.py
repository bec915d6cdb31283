from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carebook.instants import instant, parse_instant, utcnow

MOMENTS = st.datetimes(timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)


@given(MOMENTS)
def test_an_instant_is_read_as_it_was_written(moment: datetime) -> None:
    assert parse_instant(instant(moment)) == moment


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 23, 22, 47, 51, tzinfo=UTC), "2026-11-23T22:47:51Z"),
        (datetime(2026, 11, 23, 22, 47, 51, 5_000, tzinfo=UTC), "2026-11-23T22:47:51.005Z"),
        (datetime(2026, 11, 23, 22, 47, 51, tzinfo=timezone(timedelta(hours=-5))), "2026-11-24T03:47:51Z"),
    ],
)
def test_an_instant_is_written_in_utc(moment: datetime, text: str) -> None:
    assert instant(moment) == text


def test_now_is_to_the_millisecond_so_that_nothing_is_lost_when_it_is_written() -> None:
    now = utcnow()
    assert now.microsecond % 1000 == 0
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)
