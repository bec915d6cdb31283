"""When a share opens, when it is locked, when it ends, and what is remembered of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from carebook.identity import Person
from carebook.shares.model import (
    LOCKED_FOR,
    Lock,
    Outcome,
    Share,
    SharedItem,
    Status,
    Way,
    end_of_last_day,
    last_day,
)

NOW = datetime(2026, 11, 25, 17, tzinfo=UTC)
ANA = Person("usr_ana", "Ana")


def share() -> Share:
    return Share(
        id="shr_1",
        account="acc",
        contact_id="con_1",
        version=1,
        items=(SharedItem("file", "fil_1", "report.pdf"),),
        message="",
        token_hash="t",
        lock=Lock("s", "p"),
        link_way=Way("email", "msg_1"),
        code_way=None,
        created_at=NOW,
        created_by=ANA,
        expires_at=NOW + timedelta(days=14),
    )


def missed(times: int, share: Share, at: datetime = NOW) -> Share:
    for _ in range(times):
        share = share.missed(at)
    return share


def test_four_wrong_codes_lock_nothing_and_the_fifth_locks_for_an_hour() -> None:
    four = missed(4, share())
    assert (four.status(NOW), four.wrong, four.version) == (Status.OPEN, 4, 5)
    five = four.missed(NOW)
    assert five.status(NOW) is Status.LOCKED
    assert five.status(NOW + LOCKED_FOR - timedelta(seconds=1)) is Status.LOCKED
    assert five.status(NOW + LOCKED_FOR) is Status.OPEN
    assert [one.outcome for one in five.accesses] == [Outcome.WRONG_CODE] * 4 + [Outcome.LOCKED]


def test_after_the_hour_it_takes_five_again() -> None:
    later = NOW + LOCKED_FOR
    again = missed(4, missed(5, share()), later)
    assert again.status(later) is Status.OPEN
    assert again.missed(later).status(later) is Status.LOCKED


def test_the_right_code_begins_the_count_anew() -> None:
    opened = missed(4, share()).hit(NOW, ["fil_1"])
    assert (opened.wrong, opened.opened, opened.accesses[-1].items) == (0, 1, ("fil_1",))
    assert missed(4, opened).status(NOW) is Status.OPEN


def test_somebody_who_guesses_does_not_push_out_who_has_opened_it() -> None:
    opened = share().hit(NOW, ["fil_1"])
    for hour in range(30):
        opened = missed(5, opened, NOW + timedelta(hours=hour))
    assert opened.accesses[0].outcome is Outcome.OPENED
    assert len(opened.accesses) == 21
    for _ in range(150):
        opened = opened.hit(NOW, ["fil_1"])
    assert sum(one.outcome is Outcome.OPENED for one in opened.accesses) == 100
    assert opened.opened == 151


def test_what_is_over_is_not_in_use() -> None:
    assert not share().is_in_use(NOW + timedelta(days=14))
    assert share().status(NOW + timedelta(days=14)) is Status.EXPIRED
    revoked = replace(missed(5, share())).revoked(ANA, NOW)
    assert (revoked.status(NOW), revoked.is_in_use(NOW)) == (Status.REVOKED, False)
    assert missed(5, share()).is_in_use(NOW)  # locked, but there


@pytest.mark.parametrize(
    ("now", "zone", "ends", "shown"),
    [
        # New York is five hours behind UTC in winter, four in summer.
        (datetime(2026, 11, 25, 17, tzinfo=UTC), "America/New_York", "2026-12-10T05:00:00", "December 9, 2026"),
        (datetime(2026, 11, 26, 3, tzinfo=UTC), "America/New_York", "2026-12-10T05:00:00", "December 9, 2026"),
        (datetime(2026, 10, 25, 17, tzinfo=UTC), "America/New_York", "2026-11-09T05:00:00", "November 8, 2026"),
        (datetime(2026, 11, 25, 17, tzinfo=UTC), "Asia/Tokyo", "2026-12-10T15:00:00", "December 10, 2026"),
    ],
)
def test_the_last_day_is_over_when_it_is_over_where_the_recipient_lives(
    now: datetime, zone: str, ends: str, shown: str
) -> None:
    expires_at = end_of_last_day(now, days=14, time_zone=zone)
    assert expires_at == datetime.fromisoformat(ends).replace(tzinfo=UTC)
    assert last_day(expires_at, time_zone=zone) == shown
