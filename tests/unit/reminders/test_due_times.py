"""When automated messages are due: in the account's days, right across changes of clocks, never at a silly hour."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carebook.appointments.model import Appointment, AppointmentDetails
from carebook.bills.model import Bill, BillDetails, Status
from carebook.reminders.model import Kind, Reminder, at_local_time, reminders_of_appointment, reminders_of_bill
from carebook.settings.model import DEFAULTS, AccountSettings

NEW_YORK = ZoneInfo("America/New_York")
ZONES = ["America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "UTC"]
NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)


def settings(**rules: dict[str, Any]) -> AccountSettings:
    automated = {**DEFAULTS["automated_messages"], **rules}
    return AccountSettings(values={**DEFAULTS, "automated_messages": automated})


def appointment(starts_at: datetime) -> Appointment:
    details = AppointmentDetails(starts_at=starts_at, ends_at=starts_at + timedelta(minutes=50))
    return Appointment(
        id="apt_1", account="a", client_id="cli_1", version=1, details=details, created_at=NOW, updated_at=NOW
    )


def bill(due_on: date, status: Status = Status.OPEN) -> Bill:
    details = BillDetails(number="1", amount=1000, currency="USD", issued_on=date(2026, 11, 1), due_on=due_on)
    return Bill(
        id="bil_1",
        account="a",
        client_id="cli_1",
        version=1,
        details=details,
        status=status,
        created_at=NOW,
        updated_at=NOW,
    )


@pytest.mark.parametrize(
    ("day", "hour", "zone", "expected"),
    [
        pytest.param(date(2026, 3, 8), time(2, 30), "America/New_York", "2026-03-08T07:00:00", id="skipped hour"),
        pytest.param(date(2026, 11, 1), time(1, 30), "America/New_York", "2026-11-01T05:30:00", id="hour shown twice"),
        pytest.param(date(2026, 3, 29), time(1, 15), "Europe/London", "2026-03-29T01:00:00", id="skipped in London"),
        pytest.param(date(2026, 10, 4), time(2, 15), "Australia/Lord_Howe", "2026-10-03T15:30:00", id="half an hour"),
        pytest.param(date(2011, 12, 30), time(9), "Pacific/Apia", "2011-12-30T10:00:00", id="a day that never was"),
        pytest.param(date(2028, 2, 29), time(9), "Europe/London", "2028-02-29T09:00:00", id="leap day"),
    ],
)
def test_a_local_hour_is_an_instant_also_where_clocks_change(day: date, hour: time, zone: str, expected: str) -> None:
    assert at_local_time(day, hour, ZoneInfo(zone)) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@given(
    day=st.dates(date(2020, 1, 1), date(2035, 12, 31)),
    hour=st.times(),
    zone=st.sampled_from([ZoneInfo(name) for name in ZONES]),
)
def test_clocks_show_the_hour_at_that_instant_unless_they_skip_it(day: date, hour: time, zone: ZoneInfo) -> None:
    hour = hour.replace(microsecond=0)
    moment = at_local_time(day, hour, zone)
    shown = moment.astimezone(zone).replace(tzinfo=None)
    wanted = datetime.combine(day, hour)
    before = (moment - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
    assert shown == wanted or before < wanted < shown


def test_an_appointment_has_a_reminder_for_each_lead_time_still_to_come() -> None:
    found = reminders_of_appointment(appointment(NOW + timedelta(hours=24)), settings(), now=NOW)
    assert [(one.kind, one.lead, one.due_at) for one in found] == [
        (Kind.APPOINTMENT_REMINDER, 120, NOW + timedelta(hours=22))
    ]


def test_leads_are_real_time_across_a_change_of_clocks() -> None:
    starts_at = datetime(2026, 3, 9, 9, 0, tzinfo=NEW_YORK).astimezone(UTC)
    found = reminders_of_appointment(appointment(starts_at), settings(), now=datetime(2026, 1, 1, tzinfo=UTC))
    assert [starts_at - one.due_at for one in found] == [timedelta(hours=48), timedelta(hours=2)]


def test_a_reminder_is_of_use_until_the_next_one_is_due_and_the_last_until_the_appointment_begins() -> None:
    starts_at = NOW + timedelta(days=9)
    rules = settings(appointment_reminder={"enabled": True, "lead_minutes": [120, 10_080, 2_880]})
    found = reminders_of_appointment(appointment(starts_at), rules, now=NOW)
    week, two_days, two_hours = found
    assert (week.useless_at, two_days.useless_at) == (two_days.due_at, two_hours.due_at)
    assert two_hours.useless_at == starts_at


def test_the_same_lead_twice_is_one_reminder() -> None:
    twice = settings(appointment_reminder={"enabled": True, "lead_minutes": [60, 60]})
    assert len(reminders_of_appointment(appointment(NOW + timedelta(days=3)), twice, now=NOW)) == 1


@pytest.mark.parametrize("canceled", [True, False])
def test_no_reminder_of_what_is_canceled_or_when_reminders_are_off(canceled: bool) -> None:
    booked = appointment(NOW + timedelta(days=3))
    rules = settings() if canceled else settings(appointment_reminder={"enabled": False, "lead_minutes": [60]})
    assert reminders_of_appointment(booked.canceled(NOW) if canceled else booked, rules, now=NOW) == ()


def by_kind(reminders: tuple[Reminder, ...]) -> dict[Kind, Reminder]:
    return {one.kind: one for one in reminders}


def test_a_bill_is_reminded_of_and_called_late_at_nine_of_the_accounts_day() -> None:
    found = by_kind(reminders_of_bill(bill(date(2026, 12, 10)), settings(), now=NOW))
    assert found[Kind.BILL_REMINDER].due_at == datetime(2026, 12, 7, 9, tzinfo=NEW_YORK)
    assert found[Kind.LATE_PAYMENT_NOTICE].due_at == datetime(2026, 12, 17, 9, tzinfo=NEW_YORK)


def test_days_are_counted_right_across_a_change_of_clocks() -> None:
    early = datetime(2027, 1, 1, tzinfo=UTC)
    found = by_kind(reminders_of_bill(bill(date(2027, 3, 15)), settings(), now=early))
    assert found[Kind.BILL_REMINDER].due_at == datetime(2027, 3, 12, 14, tzinfo=UTC)
    assert found[Kind.LATE_PAYMENT_NOTICE].due_at == datetime(2027, 3, 22, 13, tzinfo=UTC)


def test_zero_days_after_is_the_last_day_itself() -> None:
    rules = settings(late_payment_notice={"enabled": True, "days_after_due": 0})
    found = by_kind(reminders_of_bill(bill(date(2026, 12, 10)), rules, now=NOW))
    assert found[Kind.LATE_PAYMENT_NOTICE].due_at == datetime(2026, 12, 10, 9, tzinfo=NEW_YORK)


def test_days_are_those_of_the_accounts_time_zone() -> None:
    rules = settings()
    there = AccountSettings(values={**rules.values, "time_zone": "Asia/Tokyo"})
    found = by_kind(reminders_of_bill(bill(date(2026, 12, 10)), there, now=NOW))
    assert found[Kind.BILL_REMINDER].due_at == datetime(2026, 12, 7, 0, tzinfo=UTC)
    assert found[Kind.BILL_REMINDER].useless_at == datetime(2026, 12, 10, 15, tzinfo=UTC)


@pytest.mark.parametrize(("days", "of_use"), [(0, 7), (7, 7), (30, 30)])
def test_a_late_payment_notice_is_of_use_for_a_week_or_as_long_as_it_waited(days: int, of_use: int) -> None:
    rules = settings(late_payment_notice={"enabled": True, "days_after_due": days})
    notice = by_kind(reminders_of_bill(bill(date(2026, 12, 10)), rules, now=NOW))[Kind.LATE_PAYMENT_NOTICE]
    assert notice.useless_at - notice.due_at == timedelta(days=of_use)


def test_a_bill_reminder_is_of_use_until_the_last_day_is_over() -> None:
    reminder = by_kind(reminders_of_bill(bill(date(2026, 12, 10)), settings(), now=NOW))[Kind.BILL_REMINDER]
    assert reminder.useless_at == datetime(2026, 12, 11, 0, tzinfo=NEW_YORK)


@pytest.mark.parametrize("status", [Status.PAID, Status.VOID])
def test_a_closed_bill_has_no_reminders(status: Status) -> None:
    assert reminders_of_bill(bill(date(2026, 12, 10), status), settings(), now=NOW) == ()


def test_what_has_passed_is_not_planned() -> None:
    found = by_kind(reminders_of_bill(bill(date(2026, 11, 26)), settings(), now=NOW))
    assert set(found) == {Kind.LATE_PAYMENT_NOTICE}


@pytest.mark.parametrize(
    ("late", "too_late"),
    [(timedelta(minutes=1), False), (timedelta(minutes=119), False), (timedelta(minutes=120), True)],
)
def test_a_reminder_late_by_more_than_its_lead_is_too_late(late: timedelta, too_late: bool) -> None:
    (last,) = reminders_of_appointment(appointment(NOW + timedelta(hours=3)), settings(), now=NOW)
    assert last.is_due(last.due_at + late)
    assert last.is_too_late(last.due_at + late) is too_late
