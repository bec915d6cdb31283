"""Clients and their links as callers send and see them."""

from typing import Annotated, Literal, TypedDict

from pydantic import BaseModel, ConfigDict, Field

from carebook.channels import Method
from carebook.contacts.schemas import ContactType, EmailView, NameSuffix, PhoneView, ReachView, Ways
from carebook.fields import Day, Label, Name

MatchedField = Literal["last_name", "first_name", "email", "phone"]


class NewClient(Ways):
    """A client to be made. A last name is required."""

    first_name: Name | None = None
    middle_name: Name | None = None
    last_name: Name | None = Field(default=None, description="Required.")
    name_suffix: NameSuffix | None = None
    date_of_birth: Day | None = Field(default=None, examples=["2019-04-30"])


class ClientView(TypedDict):
    """A client."""

    id: str
    version: int
    archived_at: str | None
    created_at: str
    updated_at: str
    first_name: str | None
    middle_name: str | None
    last_name: str
    name_suffix: str | None
    date_of_birth: str | None
    messaging_methods: list[Method]
    emails: list[EmailView]
    phones: list[PhoneView]
    time_zone: str | None
    language: str | None
    reachable: dict[Method, ReachView]


class ClientMatched(TypedDict):
    """Why a row was found: the field, and what of it."""

    field: MatchedField
    value: str


class ClientRow(TypedDict):
    """A client in a list. `email` and `phone` are the first of each; `matched` says why a search found it."""

    id: str
    name: str
    first_name: str | None
    middle_name: str | None
    last_name: str
    name_suffix: str | None
    date_of_birth: str | None
    email: str | None
    phone: str | None
    archived_at: str | None
    matched: ClientMatched | None


class ClientPage(TypedDict):
    """A page of clients. `partial` and `did_you_mean` are of searches: it stopped at its budget; it was misspelt."""

    items: list[ClientRow]
    next_cursor: str | None
    partial: bool
    did_you_mean: str | None


class Copies(BaseModel):
    """For single kinds of automated messages, whether they are copied. Without a word they go as the switch says."""

    model_config = ConfigDict(extra="forbid", strict=True)

    appointment_notice: bool | None = None
    appointment_reminder: bool | None = None
    bill_reminder: bool | None = None
    late_payment_notice: bool | None = None


class LinkInput(BaseModel):
    """What a contact is to a client, and what it gets copies of. What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", strict=True)

    relationship: Label | None = Field(default=None, examples=["mother"])
    cc_all_automated_messages: bool = Field(default=False, description="The one switch: off, nothing is copied.")
    cc: Annotated[Copies, Field(default_factory=Copies, examples=[{"bill_reminder": False}])]


type AutomatedKind = Literal["appointment_notice", "appointment_reminder", "bill_reminder", "late_payment_notice"]


class LinkView(TypedDict):
    """A link. `copied`: which automated messages are copied now; none while the contact is archived."""

    relationship: str | None
    cc_all_automated_messages: bool
    cc: dict[AutomatedKind, bool]
    copied: list[AutomatedKind]
    version: int
    created_at: str
    updated_at: str


class LinkedContactRow(TypedDict):
    """The contact of a link, as a row."""

    id: str
    name: str
    organization_name: str | None
    type: ContactType
    email: str | None
    phone: str | None
    archived_at: str | None


class ContactOfClient(LinkView):
    """A contact of a client."""

    contact: LinkedContactRow
    reachable: dict[Method, ReachView]


class ContactsOfClient(TypedDict):
    """All contacts of a client, by name."""

    items: list[ContactOfClient]
    next_cursor: None


class LinkedClientRow(TypedDict):
    """The client of a link, as a row."""

    id: str
    name: str
    date_of_birth: str | None
    archived_at: str | None


class ClientOfContact(LinkView):
    """A client of a contact."""

    client: LinkedClientRow


class ClientsOfContact(TypedDict):
    """A page of the clients of a contact, the latest first."""

    items: list[ClientOfContact]
    next_cursor: str | None
