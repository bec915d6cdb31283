"""From what a caller sent to appointments and bills."""

from datetime import UTC, date
from typing import Any

from carebook.appointments.model import AppointmentDetails
from carebook.bills.model import BillDetails
from carebook.errors import FieldError, Invalid
from carebook.ids import REFERRAL, is_id
from carebook.reminders.schemas import NewAppointment, NewBill
from carebook.settings.model import AccountSettings
from carebook.validation import validated


def appointment_of(new: NewAppointment) -> AppointmentDetails:
    """Details out of input of the right shape.

    Raises:
        Invalid: when the referral's id is none.
    """
    if new.referral_id is not None and not is_id(new.referral_id, REFERRAL):
        raise no_such_referral("This is no id of a referral.")
    return AppointmentDetails(
        starts_at=new.starts_at.astimezone(UTC),
        ends_at=new.ends_at.astimezone(UTC),
        practitioner=new.practitioner or None,
        location=new.location or None,
        kind=new.kind or None,
        referral_id=new.referral_id,
    )


def no_such_referral(message: str) -> Invalid:
    """The refusal of a referral that is not there."""
    return Invalid([FieldError("referral_id", "no_such_referral", f"{message} Name one of this client's, or none.")])


def read_appointment(document: Any) -> AppointmentDetails:
    """Details out of a whole JSON document."""
    return appointment_of(validated(NewAppointment, document))


def bill_of(new: NewBill, settings: AccountSettings) -> BillDetails:
    """Details out of input of the right shape."""
    return BillDetails(
        number=new.number,
        amount=new.amount,
        currency=new.currency or str(settings.values["currency"]),
        issued_on=date.fromisoformat(new.issued_on),
        due_on=date.fromisoformat(new.due_on),
    )


def read_bill(document: Any, settings: AccountSettings) -> BillDetails:
    """Details out of a whole JSON document."""
    return bill_of(validated(NewBill, document), settings)
