"""What an appointment may be, and what may become of it."""

from datetime import UTC, datetime, timedelta

import pytest

from carebook.appointments.model import Appointment, AppointmentDetails, Status, refuse_past
from carebook.errors import Conflict, Invalid

NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def details(start: timedelta = HOUR, length: timedelta = HOUR) -> AppointmentDetails:
    return AppointmentDetails(starts_at=NOW + start, ends_at=NOW + start + length)


def appointment() -> Appointment:
    return Appointment(
        id="apt_1", account="a", client_id="cli_1", version=1, details=details(), created_at=NOW, updated_at=NOW
    )


@pytest.mark.parametrize(
    ("length", "code"),
    [(timedelta(0), "end_before_start"), (-HOUR, "end_before_start"), (timedelta(hours=24, seconds=1), "too_long")],
)
def test_an_appointment_ends_after_it_starts_within_a_day(length: timedelta, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        details(length=length).check_times()
    assert [(one.field, one.code) for one in refused.value.errors] == [("ends_at", code)]


@pytest.mark.parametrize("start", [timedelta(0), -HOUR])
def test_nobody_is_booked_into_the_past(start: timedelta) -> None:
    with pytest.raises(Invalid) as refused:
        refuse_past(details(start), NOW)
    assert [(one.field, one.code) for one in refused.value.errors] == [("starts_at", "in_the_past")]


def test_canceling_twice_changes_nothing_the_second_time() -> None:
    canceled = appointment().canceled(NOW)
    assert (canceled.status, canceled.version) == (Status.CANCELED, 2)
    assert canceled.canceled(NOW + HOUR) == canceled


def test_what_is_canceled_is_not_moved() -> None:
    with pytest.raises(Conflict) as refused:
        appointment().canceled(NOW).changed(details(2 * HOUR), now=NOW)
    assert refused.value.code == "appointment_canceled"


@pytest.mark.parametrize(("later", "held"), [(HOUR, False), (2 * HOUR, True)])
def test_an_appointment_was_held_when_it_is_over(later: timedelta, held: bool) -> None:
    assert appointment().was_held(NOW + later) is held
    assert not appointment().canceled(NOW).was_held(NOW + later)
