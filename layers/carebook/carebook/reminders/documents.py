"""Appointments, bills, reminders and decisions as JSON documents, and back."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from carebook.appointments.model import Appointment, AppointmentDetails
from carebook.bills.model import Bill, BillDetails
from carebook.bills.model import Status as BillStatus
from carebook.instants import instant, parse_instant
from carebook.messages.model import Message
from carebook.reminders.deciding import Decision
from carebook.reminders.model import Dropped, Kind, News, Reminder, Rest, State

_MOMENTS = ("created_at", "updated_at")


def appointment_details(details: AppointmentDetails) -> dict[str, Any]:
    """What staff wrote, in the shape of the API and of storage."""
    return {
        "starts_at": instant(details.starts_at),
        "ends_at": instant(details.ends_at),
        "practitioner": details.practitioner,
        "location": details.location,
        "kind": details.kind,
        "referral_id": details.referral_id,
    }


def appointment_document(appointment: Appointment) -> dict[str, Any]:
    """All of an appointment but its key and version."""
    return appointment_details(appointment.details) | {
        "external_id": appointment.external_id,
        "canceled_at": _text(appointment.canceled_at),
        "changed_in": dict(appointment.changed_in),
        "created_at": instant(appointment.created_at),
        "updated_at": instant(appointment.updated_at),
    }


def appointment_from(
    account: str, client_id: str, subject_id: str, version: int, doc: Mapping[str, Any]
) -> Appointment:
    """The appointment out of :func:`appointment_document`."""
    details = AppointmentDetails(
        starts_at=parse_instant(doc["starts_at"]),
        ends_at=parse_instant(doc["ends_at"]),
        practitioner=doc["practitioner"],
        location=doc["location"],
        kind=doc["kind"],
        referral_id=doc["referral_id"],
    )
    return Appointment(
        id=subject_id,
        account=account,
        client_id=client_id,
        version=version,
        details=details,
        external_id=doc["external_id"],
        canceled_at=_moment(doc["canceled_at"]),
        changed_in=doc.get("changed_in", {}),
        **{name: parse_instant(doc[name]) for name in _MOMENTS},
    )


def bill_details(details: BillDetails) -> dict[str, Any]:
    """What staff wrote, in the shape of the API and of storage."""
    return {
        "number": details.number,
        "amount": details.amount,
        "currency": details.currency,
        "issued_on": details.issued_on.isoformat(),
        "due_on": details.due_on.isoformat(),
    }


def bill_document(bill: Bill) -> dict[str, Any]:
    """All of a bill but its key and version."""
    return bill_details(bill.details) | {
        "status": bill.status.value,
        "external_id": bill.external_id,
        "closed_at": _text(bill.closed_at),
        "changed_in": dict(bill.changed_in),
        "created_at": instant(bill.created_at),
        "updated_at": instant(bill.updated_at),
    }


def bill_from(account: str, client_id: str, subject_id: str, version: int, doc: Mapping[str, Any]) -> Bill:
    """The bill out of :func:`bill_document`."""
    details = BillDetails(
        number=doc["number"],
        amount=doc["amount"],
        currency=doc["currency"],
        issued_on=date.fromisoformat(doc["issued_on"]),
        due_on=date.fromisoformat(doc["due_on"]),
    )
    return Bill(
        id=subject_id,
        account=account,
        client_id=client_id,
        version=version,
        details=details,
        status=BillStatus(doc["status"]),
        external_id=doc["external_id"],
        closed_at=_moment(doc["closed_at"]),
        changed_in=doc.get("changed_in", {}),
        **{name: parse_instant(doc[name]) for name in _MOMENTS},
    )


def details_document(subject: Appointment | Bill) -> dict[str, Any]:
    """What callers see of an appointment or a bill that changes: its details and its status."""
    details = (
        appointment_details(subject.details) if isinstance(subject, Appointment) else bill_details(subject.details)
    )
    return details | {"status": subject.status.value}


def changed_since(subject: Appointment | Bill, version: int) -> dict[str, Any]:
    """The fields that have changed since *version*, as they are now."""
    now = details_document(subject)
    return {name: now[name] for name, at in subject.changed_in.items() if at > version}


def reminder_document(reminder: Reminder) -> dict[str, Any]:
    """All of a reminder but its version; what its key says stands here too, so that no key is taken apart."""
    return {
        "kind": reminder.kind.value,
        "subject_id": reminder.subject_id,
        "lead": reminder.lead,
        "due_at": instant(reminder.due_at),
        "useless_at": instant(reminder.useless_at),
        "state": reminder.state.value,
        "reason": None if reminder.reason is None else reminder.reason.value,
        "handled_at": _text(reminder.handled_at),
        "rest": None if reminder.rest is None else _rest_document(reminder.rest),
        "news": None
        if reminder.news is None
        else {"moved_from": _text(reminder.news.moved_from), "canceled": reminder.news.canceled},
    }


def reminder_from(account: str, client_id: str, version: int, doc: Mapping[str, Any]) -> Reminder:
    """The reminder out of :func:`reminder_document`."""
    return Reminder(
        kind=Kind(doc["kind"]),
        account=account,
        client_id=client_id,
        subject_id=doc["subject_id"],
        lead=doc["lead"],
        due_at=parse_instant(doc["due_at"]),
        useless_at=parse_instant(doc["useless_at"]),
        state=State(doc["state"]),
        reason=None if doc["reason"] is None else Dropped(doc["reason"]),
        handled_at=_moment(doc["handled_at"]),
        rest=None if doc.get("rest") is None else _rest_from(doc["rest"]),
        news=None
        if doc.get("news") is None
        else News(moved_from=_moment(doc["news"]["moved_from"]), canceled=doc["news"]["canceled"]),
        version=version,
    )


def _rest_document(rest: Rest) -> dict[str, Any]:
    return {
        "people": list(rest.people),
        "used": [[*address, name] for address, name in rest.used.items()],
        "original": rest.original,
        "first": rest.first,
    }


def _rest_from(doc: Mapping[str, Any]) -> Rest:
    return Rest(
        people=tuple(doc["people"]),
        used={(channel, address): name for channel, address, name in doc["used"]},
        original=doc["original"],
        first=doc["first"],
    )


def decision_document(decision: Decision) -> dict[str, Any]:
    """What was decided for whom, without what the messages say: they are kept themselves."""
    return {
        "kind": decision.kind,
        "subject_id": decision.subject_id,
        "lead": decision.lead,
        "at": instant(decision.at),
        "by": {"id": decision.by.id, "name": decision.by.name},
        "continues": decision.continues,
        "people": [
            {
                "id": fate.recipient.id,
                "reason": fate.reason,
                "messages": [_fate_of(message) for message in fate.messages],
            }
            for fate in decision.fates
        ],
    }


def _fate_of(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "kind": message.kind.value,
        "method": message.method,
        "status": message.status.value,
        "reason": message.reason,
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else instant(moment)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else parse_instant(text)
