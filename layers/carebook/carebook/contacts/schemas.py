"""Contacts as callers send and see them."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from carebook.channels import Method, Methods, PhoneType
from carebook.fields import ONE_LINE, Country, Label, LongName, Name, OfForm, Text, TimeZone

ContactType = Literal["parent_guardian", "physician", "community_care", "aged_care_facility", "other"]
OtherIdQualifier = Literal["0B", "1G", "G2", "LU"]
MAX_PHONES = 2_000
MAX_EMAILS = 100


def _email_address(text: str) -> str:
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise PydanticCustomError("email_not_valid", "{reason}", {"reason": str(error)}) from error


Extension = Annotated[str, OfForm("[0-9]{0,10}", "Give up to ten digits.", "45"), ONE_LINE]
_LANGUAGE = "([A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4})?"
Language = Annotated[str, OfForm(_LANGUAGE, "Give a language tag (BCP 47) such as en-US.", "es-US")]


class EmailField(BaseModel):
    """An e-mail address."""

    model_config = ConfigDict(extra="forbid", strict=True)

    address: Annotated[str, Field(max_length=254), ONE_LINE, AfterValidator(_email_address)] = Field(
        examples=["ana@example.org"]
    )
    label: Label | None = None


class PhoneInput(BaseModel):
    """A phone number in any format, with area code; national ones are read with the account's country."""

    model_config = ConfigDict(extra="forbid", strict=True)

    number: Annotated[str, Field(max_length=50), ONE_LINE] = Field(examples=["(310) 555-0123"])
    type: PhoneType
    extension: Extension | None = None
    display: Any = Field(default=None, description="Made by us; what is sent is not looked at.")


class AddressField(BaseModel):
    """A postal address."""

    model_config = ConfigDict(extra="forbid", strict=True)

    line1: LongName = ""
    line2: LongName = ""
    city: Name = ""
    region: Name = ""
    postal_code: Annotated[str, Field(max_length=20), ONE_LINE] = ""
    country: Country | None = Field(default=None, description="ISO 3166 alpha-2; the account's when left out.")


NameSuffix = Annotated[str, Field(max_length=20), ONE_LINE]


class Ways(BaseModel):
    """How somebody can be reached."""

    model_config = ConfigDict(extra="forbid", strict=True)

    messaging_methods: Methods | None = Field(default=None, description="The account's default when left out.")
    emails: list[EmailField] = Field(default_factory=list, max_length=MAX_EMAILS)
    phones: list[PhoneInput] = Field(
        default_factory=list, max_length=MAX_PHONES, description="In order: a channel uses the first that fits."
    )
    time_zone: TimeZone | None = None
    language: Language | None = None


class NewContact(Ways):
    """A contact to be made. `type` and a last name or an organization are required."""

    first_name: Name | None = None
    middle_name: Name | None = None
    last_name: Name | None = None
    name_suffix: NameSuffix | None = None
    qualifications: Name | None = Field(default=None, examples=["MD, FACP"])
    organization_name: LongName | None = None
    type: ContactType
    npi: Annotated[str, Field(max_length=30), ONE_LINE] | None = Field(default=None, examples=["1234567893"])
    other_id: Annotated[str, Field(max_length=50), ONE_LINE] | None = None
    other_id_qualifier: OtherIdQualifier | None = None
    address: AddressField = Field(default_factory=AddressField)
    notes: Text = ""


class PhoneView(TypedDict):
    """A phone number in E.164, and as it is shown."""

    number: str
    type: PhoneType
    extension: str | None
    display: str


class EmailView(TypedDict):
    """An e-mail address."""

    address: str
    label: str | None


class AddressView(TypedDict):
    """A postal address."""

    line1: str
    line2: str
    city: str
    region: str
    postal_code: str
    country: str


class ReachView(TypedDict):
    """Whether a channel can reach somebody: at which number, or why not."""

    ok: bool
    to: NotRequired[str]
    reason: NotRequired[str]


class ContactView(TypedDict):
    """A contact."""

    id: str
    version: int
    archived_at: str | None
    created_at: str
    updated_at: str
    first_name: str | None
    middle_name: str | None
    last_name: str | None
    name_suffix: str | None
    qualifications: str | None
    organization_name: str | None
    type: ContactType
    npi: str | None
    other_id: str | None
    other_id_qualifier: OtherIdQualifier | None
    messaging_methods: list[Method]
    emails: list[EmailView]
    phones: list[PhoneView]
    address: AddressView
    time_zone: str | None
    language: str | None
    notes: str
    reachable: dict[Method, ReachView]


class ContactRow(TypedDict):
    """A contact in a list. `email` and `phone` are the first of each."""

    id: str
    name: str
    first_name: str | None
    middle_name: str | None
    last_name: str | None
    name_suffix: str | None
    qualifications: str | None
    organization_name: str | None
    type: ContactType
    npi: str | None
    email: str | None
    phone: str | None
    archived_at: str | None


class ContactPage(TypedDict):
    """A page of contacts."""

    items: list[ContactRow]
    next_cursor: str | None


class PersonView(TypedDict):
    """A member of staff."""

    id: str
    name: str


class ChangeView(TypedDict):
    """A field before and after. When they are long, both are left out and `abridged` says so."""

    field: str
    before: NotRequired[Any]
    after: NotRequired[Any]
    abridged: NotRequired[bool]


class HistoryEntryView(TypedDict):
    """Who did what and when. `version` is the record's after it; null for a view.

    `merged_from` is the id of the merged contact in whose history it stands; null when it is the contact's own.
    What was done with a task has fields such as `tasks[tsk_…].status`.
    """

    id: str
    at: str
    by: PersonView
    action: Literal[
        "created",
        "updated",
        "archived",
        "restored",
        "merged",
        "unmerged",
        "viewed",
        "messaged",
        "message_retried",
        "shared",
        "share_revoked",
        "noted",
        "reply_received",
        "task_added",
        "task_changed",
        "task_deleted",
        "file_added",
        "file_updated",
        "file_deleted",
        "file_downloaded",
        "file_scanned",
        "file_rescanned",
        "file_expired",
        "document_added",
        "document_changed",
        "document_finalized",
        "document_deleted",
        "linked",
        "link_changed",
        "unlinked",
        "referral_added",
        "referral_changed",
        "referral_deleted",
        "appointment_added",
        "appointment_changed",
        "appointment_canceled",
        "bill_added",
        "bill_changed",
        "bill_closed",
    ]
    version: int | None
    merged_from: str | None
    changes: list[ChangeView]


class HistoryPage(TypedDict):
    """A page of a record's history, newest first; a contact's with the histories of those merged into it."""

    items: list[HistoryEntryView]
    next_cursor: str | None
