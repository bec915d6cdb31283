"""Referrals as callers send and see them."""

from typing import Annotated, Literal, TypedDict

from pydantic import BaseModel, ConfigDict, Field

from carebook.claims.schemas import FindingView
from carebook.clients.schemas import LinkedClientRow
from carebook.contacts.schemas import AddressView, ContactType, EmailView, OtherIdQualifier, PersonView, PhoneView
from carebook.fields import ONE_LINE, Day, Label, Text

RoleName = Literal["referring", "ordering", "supervising"]
PayerName = Literal["nucc", "medicare"]
Status = Literal["waiting_list", "active", "on_hold", "closed"]
MOST_DIAGNOSES = 12  # as many as item 21 holds
Code = Annotated[str, Field(max_length=10), ONE_LINE]


class NewReferral(BaseModel):
    """A referral to be made. Without a `contact_id` the client came by themselves."""

    model_config = ConfigDict(extra="forbid", strict=True)

    contact_id: Label | None = Field(default=None, description="The referrer.")
    role: RoleName = "referring"
    status: Status = "active"
    received_on: Day | None = Field(default=None, description="Today when left out.")
    dated_on: Day | None = Field(default=None, description="The day that the referral itself bears.")
    expires_on: Day | None = Field(default=None, description="The last day on which it holds.")
    appointment_limit: Annotated[int, Field(ge=1, le=1000)] | None = None
    minutes_limit: Annotated[int, Field(ge=1, le=100_000)] | None = None
    diagnosis_codes: list[Code] = Field(
        default_factory=list, max_length=MOST_DIAGNOSES, description="ICD-10-CM.", examples=[["E11.9", "Z71.3"]]
    )
    notes: Text = ""


class SnapshotView(TypedDict):
    """The referrer as they were when the referral was made, or when this copy was last taken anew."""

    name: str
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
    emails: list[EmailView]
    phones: list[PhoneView]
    address: AddressView
    taken_at: str


class ReferralView(TypedDict):
    """A referral. `…_used` counts appointments that were held, `…_left` what remains of a limit."""

    id: str
    client_id: str
    contact_id: str | None
    version: int
    created_at: str
    created_by: PersonView
    updated_at: str
    role: RoleName
    status: Status
    received_on: str
    dated_on: str | None
    expires_on: str | None
    expiry: Literal["valid", "expiring", "expired"] | None
    appointment_limit: int | None
    appointments_used: int
    appointments_left: int | None
    minutes_limit: int | None
    minutes_used: int
    minutes_left: int | None
    diagnosis_codes: list[str]
    notes: str
    referrer_snapshot: SnapshotView | None
    referrer_state: Literal["in_use", "archived", "deleted"] | None
    referrer_changed: bool
    referrer_changed_fields: list[str]


class ReferralPage(TypedDict):
    """A page of a client's referrals, the latest first."""

    items: list[ReferralView]
    next_cursor: str | None


class ReferrerRow(TypedDict):
    """A referrer in a row. The id is that of the contact today, the name as the referral keeps it."""

    id: str
    name: str


class ReferralListRow(TypedDict):
    """A referral in a list that spans clients: without diagnoses and notes, which are for who looks at the client."""

    id: str
    client: LinkedClientRow
    referrer: ReferrerRow | None
    role: RoleName
    status: Status
    received_on: str
    dated_on: str | None
    expires_on: str | None
    expiry: Literal["valid", "expiring", "expired"] | None
    appointment_limit: int | None


class ReferralListPage(TypedDict):
    """A page of referrals, those received last first."""

    items: list[ReferralListRow]
    next_cursor: str | None


class SummaryRow(TypedDict):
    """How many referrals came from a referrer; null: clients who came by themselves."""

    referrer: ReferrerRow | None
    count: int


class SummaryView(TypedDict):
    """Referrals received in a period by referrer, the most first. `from` and `to` are days, both included."""

    items: list[SummaryRow]
    next_cursor: str | None
    total: int
    period: dict[Literal["from", "to"], str]


class ProblemReferral(TypedDict):
    """A referral that a problem concerns."""

    id: str
    client_id: str


class ClaimProblemRow(TypedDict):
    """A referrer of open referrals whose claim would fail, and why.

    `contact_is_in_order`: the contact was put right since; take the referrals' copies anew.
    """

    referrer: ReferrerRow | None
    role: RoleName
    findings: list[FindingView]
    referrals: list[ProblemReferral]
    count: int
    contact_is_in_order: bool


class ClaimProblems(TypedDict):
    """A page of referrers whose claim would fail."""

    items: list[ClaimProblemRow]
    next_cursor: str | None


JsonOrPdf = Literal["json", "pdf"]
