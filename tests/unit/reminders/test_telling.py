"""Times and amounts as people read them."""

from datetime import UTC, datetime, timedelta

import pytest

from carebook.appointments.model import Appointment, AppointmentDetails
from carebook.reminders.telling import appointment_values, money

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "currency", "read"),
    [
        (12_000, "USD", "$120.00"),
        (5, "USD", "$0.05"),
        (0, "EUR", "EUR 0.00"),
        (123_456_789, "EUR", "EUR 1,234,567.89"),
        (1_200, "JPY", "JPY 1,200"),
        (1_234, "KWD", "KWD 1.234"),
    ],
)
def test_an_amount_has_as_many_places_as_its_currency(amount: int, currency: str, read: str) -> None:
    assert money(amount, currency) == read


@pytest.mark.parametrize(
    ("zone", "day", "clock"),
    [
        ("America/New_York", "Wednesday, November 25, 2026", "7:00 AM EST"),
        ("Asia/Kathmandu", "Wednesday, November 25, 2026", "5:45 PM UTC+0545"),
        ("Pacific/Kiritimati", "Thursday, November 26, 2026", "2:00 AM UTC+14"),
        ("UTC", "Wednesday, November 25, 2026", "12:00 PM UTC"),
    ],
)
def test_a_moment_is_told_as_the_reader_s_clock_shows_it(zone: str, day: str, clock: str) -> None:
    details = AppointmentDetails(starts_at=NOON, ends_at=NOON + timedelta(minutes=50))
    appointment = Appointment(
        id="apt_1", account="a", client_id="cli_1", version=1, details=details, created_at=NOON, updated_at=NOON
    )
    values = appointment_values(appointment, zone)
    assert (values["appointment.date"], values["appointment.time"]) == (day, clock)
