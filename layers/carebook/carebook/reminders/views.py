"""Appointments, bills and decisions in the shape that callers see."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, cast

from carebook.appointments.model import Appointment
from carebook.bills.model import Bill
from carebook.clients.model import Client
from carebook.reminders.deciding import Decision, Fate
from carebook.reminders.documents import appointment_document, bill_document, reminder_document
from carebook.reminders.model import Reminder
from carebook.reminders.schemas import (
    AppointmentView,
    BillView,
    DecisionView,
    PersonView,
    PreviewOfDecision,
    ReminderView,
)


def appointment_view(appointment: Appointment, reminders: Sequence[Reminder]) -> AppointmentView:
    """The whole record, with the reminders that are its."""
    view = {
        "id": appointment.id,
        "version": appointment.version,
        "client_id": appointment.client_id,
        "status": appointment.status.value,
        "reminders": _reminder_views(appointment.id, reminders),
    }
    return cast("AppointmentView", view | appointment_document(appointment))


def bill_view(bill: Bill, reminders: Sequence[Reminder], today: date) -> BillView:
    """The whole record, with the reminders that are its; whether it is late on the account's *today*."""
    view = {
        "id": bill.id,
        "version": bill.version,
        "client_id": bill.client_id,
        "late": bill.is_late(today),
        "reminders": _reminder_views(bill.id, reminders),
    }
    return cast("BillView", view | bill_document(bill))


def _reminder_views(subject_id: str, reminders: Sequence[Reminder]) -> list[ReminderView]:
    """Those of an appointment or bill, in the order in which they are due."""
    own = sorted((one for one in reminders if one.subject_id == subject_id), key=lambda one: (one.due_at, one.kind))
    shown = ("kind", "lead", "due_at", "state", "reason", "handled_at")
    return [cast("ReminderView", {name: reminder_document(one)[name] for name in shown}) for one in own]


def preview_view(decision: Decision) -> PreviewOfDecision:
    """What would be sent."""
    view = {
        "kind": decision.kind,
        "subject_id": decision.subject_id,
        "people": [_person(fate, decision.client) for fate in decision.fates],
    }
    return cast("PreviewOfDecision", view)


def decision_view(decision_id: str, document: Mapping[str, Any]) -> DecisionView:
    """What was decided, out of its document."""
    return cast("DecisionView", {"id": decision_id, "continues": None, **document})


def _person(fate: Fate, client: Client) -> PersonView:
    view = {
        "id": fate.recipient.id,
        "name": fate.name,
        "is_client": fate.recipient.id == client.id,
        "reason": fate.reason,
        "messages": [
            {
                "method": one.method,
                "to": one.to,
                "status": one.status.value,
                "reason": one.reason,
                "subject": one.subject,
                "body": one.body,
            }
            for one in fate.messages
        ],
    }
    return cast("PersonView", view)
