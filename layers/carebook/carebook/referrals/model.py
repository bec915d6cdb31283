"""A referral: who sent a client, as what, when, and how far that reaches. Rules and values, nothing else."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

from carebook.claims.model import Provider
from carebook.clients.model import ShownClient
from carebook.contacts.model import Contact, ContactDetails
from carebook.identity import Person

STATUSES: Final = ("waiting_list", "active", "on_hold", "closed")
OPEN: Final = ("active", "waiting_list", "on_hold")
Expiry = Literal["valid", "expiring", "expired"]
_EXPIRES_SOON: Final = timedelta(days=30)
# What is kept of the referrer: what letters and claims need. The rest of a contact is not the referral's business.
SNAPSHOT_FIELDS: Final = (
    "first_name",
    "middle_name",
    "last_name",
    "name_suffix",
    "qualifications",
    "organization_name",
    "type",
    "npi",
    "other_id",
    "other_id_qualifier",
    "emails",
    "phones",
    "address",
)
_KEPT_OF_LISTS: Final = 5
# ICD-10-CM: a letter, a digit, then letters or digits, three to seven in all, a point behind the third (Official
# Guidelines for Coding and Reporting, I.A.2 and the tabular list). Whether a code exists is not asked.
_DIAGNOSIS: Final = re.compile(r"([A-Z][0-9][0-9A-Z])(?:\.?([0-9A-Z]{1,4}))?", re.ASCII)


def tidy_diagnosis(text: str) -> str | None:
    """A diagnosis code in capitals and with its point; None when it does not have the shape of ICD-10-CM."""
    found = _DIAGNOSIS.fullmatch(text.strip().upper())
    return ".".join(part for part in found.groups() if part) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralDetails:
    """What staff may write about a referral. Days are ISO 8601; the limits are of appointments and of their minutes."""

    contact_id: str | None
    role: str
    status: str
    received_on: str
    dated_on: str | None = None
    expires_on: str | None = None
    appointment_limit: int | None = None
    minutes_limit: int | None = None
    diagnosis_codes: tuple[str, ...] = ()
    notes: str = ""

    def to_document(self) -> dict[str, Any]:
        """The details in the shape of the API and of storage."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return values | {"diagnosis_codes": list(self.diagnosis_codes)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "ReferralDetails":
        """The details out of :meth:`to_document`'s shape."""
        return cls(**{**document, "diagnosis_codes": tuple(document["diagnosis_codes"])})

    def expiry(self, today: date) -> Expiry | None:
        """Whether it has expired by *today*, the account's day."""
        return expiry(self.expires_on, today)


def expiry(expires_on: str | None, today: date) -> Expiry | None:
    """Whether something has expired, or will within 30 days. *expires_on* is its last day; None: it does not expire."""
    if expires_on is None:
        return None
    last = date.fromisoformat(expires_on)
    if last < today:
        return "expired"
    return "expiring" if last - today <= _EXPIRES_SOON else "valid"


type Snapshot = Mapping[str, Any]


def snapshot_of(details: ContactDetails) -> Snapshot:
    """What a referral keeps of its referrer."""
    document = details.to_document()
    kept = {name: document[name] for name in SNAPSHOT_FIELDS}
    return kept | {name: document[name][:_KEPT_OF_LISTS] for name in ("emails", "phones")}


def provider_in(snapshot: Snapshot) -> Provider:
    """The provider whom a snapshot shows."""
    return Provider(**{name: snapshot[name] for name in Provider.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """A referral's record.

    Attributes:
        referrer: the referrer as they were when the referral was made, or when it was last taken anew.
        referrer_at: when that was.
        changed_in: the version in which each field that was ever changed got its value.
        client: what is shown of the client; no part of the referral itself. None: not kept with it.
    """

    id: str
    account: str
    client_id: str
    version: int
    details: ReferralDetails
    referrer: Snapshot | None
    referrer_at: datetime | None
    created_at: datetime
    created_by: Person
    updated_at: datetime
    changed_in: Mapping[str, int] = field(default_factory=dict)
    client: ShownClient | None = field(default=None, compare=False)

    def edited(self, details: ReferralDetails, now: datetime) -> "Referral":
        """The next version, with other details."""
        moment = max(now, self.updated_at + timedelta(milliseconds=1))
        return replace(self, version=self.version + 1, details=details, updated_at=moment)

    def referred_by(self, contact: Contact | None, now: datetime) -> "Referral":
        """The same version, with a referrer as they are now."""
        if contact is None:
            return replace(self, details=replace(self.details, contact_id=None), referrer=None, referrer_at=None)
        details = replace(self.details, contact_id=contact.id)
        return replace(self, details=details, referrer=snapshot_of(contact.details), referrer_at=now)

    def knowing_changes(self, before: "Referral") -> "Referral":
        """The same, knowing in which of its fields it differs from the version *before*."""
        old, new = before.to_document(), self.to_document()
        differing = {name: self.version for name, value in new.items() if value != old[name]}
        return replace(self, changed_in={**before.changed_in, **differing})

    def changed_since(self, version: int) -> dict[str, Any]:
        """The fields that have changed since a version, as they are now."""
        now = self.to_document()
        return {name: now[name] for name, at in self.changed_in.items() if at > version}

    def to_document(self) -> dict[str, Any]:
        """What a history tells of it."""
        return self.details.to_document()


@dataclass(frozen=True, slots=True)
class Appointment:
    """What a referral needs to know of an appointment."""

    referral_id: str | None
    starts_at: datetime
    ends_at: datetime
    canceled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used of a referral: appointments that were held, and their minutes."""

    appointments: int = 0
    minutes: int = 0


def usage_of(referral_id: str, appointments: Iterable[Appointment], now: datetime) -> Usage:
    """What was used of a referral: its appointments that are over and were not canceled."""
    held = [
        one for one in appointments if one.referral_id == referral_id and one.canceled_at is None and one.ends_at <= now
    ]
    return Usage(len(held), sum(round((one.ends_at - one.starts_at).total_seconds() / 60) for one in held))


@dataclass(frozen=True, slots=True)
class KnownReferral:
    """A referral with what is known of it today.

    Attributes:
        contact: its referrer today; None when there is none, or none any more.
    """

    referral: Referral
    contact: Contact | None
    usage: Usage
    today: date

    @property
    def changed_fields(self) -> list[str]:
        """In what the referrer differs today from what the referral keeps of them."""
        if self.contact is None or self.referral.referrer is None:
            return []
        now = snapshot_of(self.contact.details)
        return [name for name in SNAPSHOT_FIELDS if now[name] != self.referral.referrer[name]]

    @property
    def referrer_state(self) -> Literal["in_use", "archived", "deleted"] | None:
        """What has become of the referrer; None when there never was one."""
        if self.referral.details.contact_id is None:
            return None
        if self.contact is None:
            return "deleted"
        return "in_use" if self.contact.in_use else "archived"


def left_of(limit: int | None, used: int) -> int | None:
    """What remains of a limit, never less than nothing; None when there is no limit."""
    return None if limit is None else max(0, limit - used)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralRow:
    """A referral in a list of the account's, with what a claim would say of its referrer."""

    id: str
    client_id: str
    contact_id: str | None
    role: str
    status: str
    received_on: str
    dated_on: str | None
    expires_on: str | None
    appointment_limit: int | None
    provider: Provider | None


def row_of(referral: Referral) -> ReferralRow:
    """The row by which lists show *referral*."""
    details = referral.details
    return ReferralRow(
        id=referral.id,
        client_id=referral.client_id,
        contact_id=details.contact_id,
        role=details.role,
        status=details.status,
        received_on=details.received_on,
        dated_on=details.dated_on,
        expires_on=details.expires_on,
        appointment_limit=details.appointment_limit,
        provider=None if referral.referrer is None else provider_in(referral.referrer),
    )
