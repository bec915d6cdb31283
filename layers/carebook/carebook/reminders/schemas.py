"""Appointments, bills and automated messages as callers send and see them."""

from typing import Annotated, Literal, TypedDict

from pydantic import BaseModel, ConfigDict, Field

from carebook.channels import Method
from carebook.fields import NOT_EMPTY, Day, Label, LongName, Moment
from carebook.settings.schemas import Currency

AutomatedKind = Literal["appointment_notice", "appointment_reminder", "bill_reminder", "late_payment_notice"]
Amount = Annotated[int, Field(ge=0, le=10**12)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class NewAppointment(_Input):
    """An appointment to be made. Instants carry their offset from UTC."""

    starts_at: Moment
    ends_at: Moment
    practitioner: LongName | None = None
    location: LongName | None = None
    kind: LongName | None = None
    referral_id: Label | None = Field(default=None, description="The referral against whose limit it counts.")


class PutAppointment(NewAppointment):
    """An appointment as another system has it. Canceled for good; a new one needs another id."""

    status: Literal["scheduled", "canceled"] | None = Field(default=None, description="As it is when left out.")


class NewBill(_Input):
    """A bill. The amount counts minor units, such as cents."""

    number: Annotated[Label, Field(min_length=1), NOT_EMPTY]
    amount: Amount
    currency: Currency | None = Field(default=None, description="The account's when left out.")
    issued_on: Day
    due_on: Day


class PutBill(NewBill):
    """A bill as another system has it."""

    status: Literal["open", "paid", "void"] | None = Field(default=None, description="As it is when left out.")


class PreviewInput(_Input):
    """Which kind of automated message."""

    kind: AutomatedKind


class ReminderView(TypedDict):
    """A message to come, or what became of it.

    `lead` counts minutes before an appointment, days before or after the last day of a bill. A notice is here when it
    is still to go to more contacts than one transaction holds.
    """

    kind: AutomatedKind
    lead: int
    due_at: str
    state: Literal["waiting", "sent", "dropped"]
    reason: (
        Literal[
            "too_late",
            "turned_off",
            "appointment_canceled",
            "appointment_moved",
            "bill_closed",
            "bill_moved",
            "client_gone",
        ]
        | None
    )
    handled_at: str | None


class AppointmentView(TypedDict):
    """An appointment."""

    id: str
    version: int
    client_id: str
    external_id: str | None
    status: Literal["scheduled", "canceled"]
    starts_at: str
    ends_at: str
    practitioner: str | None
    location: str | None
    kind: str | None
    referral_id: str | None
    canceled_at: str | None
    reminders: list[ReminderView]
    created_at: str
    updated_at: str


class AppointmentPage(TypedDict):
    """Appointments of a client, the latest first."""

    items: list[AppointmentView]
    next_cursor: str | None


class BillView(TypedDict):
    """A bill. Late: its last day has passed, and it is open."""

    id: str
    version: int
    client_id: str
    external_id: str | None
    status: Literal["open", "paid", "void"]
    late: bool
    number: str
    amount: int
    currency: str
    issued_on: str
    due_on: str
    closed_at: str | None
    reminders: list[ReminderView]
    created_at: str
    updated_at: str


class BillPage(TypedDict):
    """Bills of a client, the latest first."""

    items: list[BillView]
    next_cursor: str | None


class OutcomeView(TypedDict):
    """What one person gets by one method, or why not."""

    method: Method
    to: str | None
    status: str
    reason: str | None
    subject: str
    body: str


class PersonView(TypedDict):
    """What one person gets: nothing, for a reason that holds for all methods, or something by each of their methods."""

    id: str
    name: str
    is_client: bool
    reason: str | None
    messages: list[OutcomeView]


class PreviewOfDecision(TypedDict):
    """Who would get what by which method, and who not and why.

    `subject_id` is the appointment or bill it speaks of: the next one; without one the text holds examples.
    """

    kind: AutomatedKind
    subject_id: str | None
    people: list[PersonView]


class DecidedMessage(TypedDict):
    """A message that was decided about."""

    id: str
    kind: str
    method: Method
    status: str
    reason: str | None


class DecidedPerson(TypedDict):
    """What was decided for one person."""

    id: str
    reason: str | None
    messages: list[DecidedMessage]


class DecidedBy(TypedDict):
    """Who caused it."""

    id: str
    name: str


class DecisionView(TypedDict):
    """An automated message: what was decided for whom. `lead` is of which reminder.

    `continues` is the decision before it, when more people than one transaction holds were decided about in several.
    """

    id: str
    kind: AutomatedKind
    subject_id: str | None
    lead: int | None
    at: str
    by: DecidedBy
    continues: str | None
    people: list[DecidedPerson]


class DecisionPage(TypedDict):
    """Decisions about a client's automated messages, newest first."""

    items: list[DecisionView]
    next_cursor: str | None
