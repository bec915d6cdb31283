"""Appointments, bills and decisions in the shape that callers see."""

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

from carebook.appointments.model import Appointment
from carebook.bills.model import Bill
from carebook.clients.model import Client
from carebook.reminders.deciding import Decision, Fate
from carebook.reminders.documents import appointment_document, bill_document
from carebook.reminders.schemas import AppointmentView, BillView, DecisionView, PersonView, PreviewOfDecision


def appointment_view(appointment: Appointment) -> AppointmentView:
    """The whole record."""
    view = {
        "id": appointment.id,
        "version": appointment.version,
        "client_id": appointment.client_id,
        "status": appointment.status.value,
    }
    return cast("AppointmentView", view | appointment_document(appointment))


def bill_view(bill: Bill, today: date) -> BillView:
    """The whole record; whether it is late on the account's *today*."""
    view = {"id": bill.id, "version": bill.version, "client_id": bill.client_id, "late": bill.is_late(today)}
    return cast("BillView", view | bill_document(bill))


def preview_view(decision: Decision) -> PreviewOfDecision:
    """What would be sent."""
    view = {"kind": decision.kind, "people": [_person(fate, decision.client) for fate in decision.fates]}
    return cast("PreviewOfDecision", view)


def decision_view(decision_id: str, document: Mapping[str, Any]) -> DecisionView:
    """What was decided, out of its document."""
    return cast("DecisionView", {"id": decision_id, **document})


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
