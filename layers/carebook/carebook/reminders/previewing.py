"""Who would get what, asked beforehand: decided by the same code, about what comes next."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from carebook.appointments.model import Appointment
from carebook.bills.model import Bill
from carebook.clients.model import Client
from carebook.identity import Person
from carebook.message_templates.merge_names import Kind, samples_of
from carebook.reminders.deciding import Decision, Occasion
from carebook.reminders.model import reminders_of_appointment, useless_at
from carebook.reminders.protocols import Desk, Subject
from carebook.reminders.service import decide_now, facts_of
from carebook.reminders.standing import about
from carebook.reminders.telling import appointment_values, bill_values
from carebook.settings.model import AccountSettings


class Plans(Protocol):
    """Where a client's appointments and bills are listed."""

    def appointments(self, account: str, client_id: str) -> list[Appointment]:
        """All of a client."""
        ...

    def bills(self, account: str, client_id: str) -> list[Bill]:
        """All of a client."""
        ...


def preview(
    desk: Desk, plans: Plans, *, kind: Kind, client: Client, settings: AccountSettings, by: Person, now: datetime
) -> Decision:
    """What would be decided if it were sent now, with everybody in it. Nothing is written."""
    is_about_bills = kind in ("bill_reminder", "late_payment_notice")
    subject: Subject | None = (
        _next_bill(plans.bills(client.account, client.id))
        if is_about_bills
        else _next_appointment(plans.appointments(client.account, client.id), now)
    )

    def values(zone: str) -> Mapping[str, str | None]:
        if subject is None:
            samples: dict[str, str | None] = {
                name: value for name, value in samples_of(kind).items() if name.startswith(("appointment", "bill"))
            }
            return samples | dict.fromkeys(("appointment.moved", "appointment.canceled"), "")
        return appointment_values(subject, zone) if isinstance(subject, Appointment) else bill_values(subject)

    occasion = Occasion(
        kind=kind,
        subject_id=subject.id if subject else None,
        values=values,
        about=about(subject, _useless_at(kind, subject, settings, now)) if subject else None,
    )
    return decide_now(desk, facts_of(desk, client, settings), occasion, by=by, now=now, room=None)


def _useless_at(kind: Kind, subject: Subject, settings: AccountSettings, now: datetime) -> datetime:
    """From when on the message is of no use; a reminder is the one that is to go next."""
    if kind == "appointment_reminder" and isinstance(subject, Appointment):
        to_come = reminders_of_appointment(subject, settings, now=now - timedelta(seconds=1))  # what is due now, too
        if to_come:
            return to_come[0].useless_at
    return useless_at(kind, subject, settings)


def _next_appointment(appointments: list[Appointment], now: datetime) -> Appointment | None:
    to_come = [one for one in appointments if one.canceled_at is None and one.details.starts_at > now]
    return min(to_come, key=lambda one: (one.details.starts_at, one.id), default=None)


def _next_bill(bills: list[Bill]) -> Bill | None:
    """The bill that is to be paid first."""
    still_open = [one for one in bills if one.is_owed]
    return min(still_open, key=lambda one: (one.details.due_on, one.id), default=None)
