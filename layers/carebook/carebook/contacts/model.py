"""A contact: somebody the practice talks to who is not its client. Rules and values, nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol

from carebook.folding import name_key
from carebook.instants import instant
from carebook.record import Record
from carebook.settings.model import AccountSettings


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone number: E.164, what kind of line it is, and how it is shown."""

    number: str
    type: str
    extension: str | None
    display: str


@dataclass(frozen=True, slots=True)
class Email:
    """An e-mail address with an optional label such as ``work``."""

    address: str
    label: str | None


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address. ``country`` is an ISO 3166 alpha-2 code."""

    line1: str = ""
    line2: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""


class Named(Protocol):
    """Anything with the parts of a name."""

    @property
    def first_name(self) -> str | None: ...  # noqa: D102
    @property
    def middle_name(self) -> str | None: ...  # noqa: D102
    @property
    def last_name(self) -> str | None: ...  # noqa: D102
    @property
    def name_suffix(self) -> str | None: ...  # noqa: D102
    @property
    def organization_name(self) -> str | None: ...  # noqa: D102


def shown_name(named: Named) -> str:
    """First, middle and last name with suffix; without a last name the organization."""
    if not named.last_name and named.organization_name:
        return named.organization_name
    parts = (named.first_name, named.middle_name, named.last_name, named.name_suffix)
    return " ".join(part for part in parts if part)


class HasWays(Protocol):
    """Anybody with ways to be reached."""

    @property
    def messaging_methods(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def emails(self) -> tuple[Email, ...]: ...  # noqa: D102
    @property
    def phones(self) -> tuple[Phone, ...]: ...  # noqa: D102


def ways_document(person: HasWays) -> dict[str, Any]:
    """How somebody can be reached, in the shape of the API and of storage."""
    return {
        "messaging_methods": list(person.messaging_methods),
        "emails": [{"address": email.address, "label": email.label} for email in person.emails],
        "phones": [
            {"number": phone.number, "type": phone.type, "extension": phone.extension, "display": phone.display}
            for phone in person.phones
        ],
    }


def ways_from(document: Mapping[str, Any]) -> dict[str, Any]:
    """The values out of :func:`ways_document`."""
    return {
        "messaging_methods": tuple(document["messaging_methods"]),
        "emails": tuple(Email(**email) for email in document["emails"]),
        "phones": tuple(Phone(**phone) for phone in document["phones"]),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDetails:
    """What staff may write about a contact. Order matters in ``phones``: a channel uses the first that fits."""

    type: str
    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    name_suffix: str | None = None
    qualifications: str | None = None
    organization_name: str | None = None
    npi: str | None = None
    other_id: str | None = None
    other_id_qualifier: str | None = None
    messaging_methods: tuple[str, ...] = ()
    emails: tuple[Email, ...] = ()
    phones: tuple[Phone, ...] = ()
    address: Address = field(default_factory=Address)
    time_zone: str | None = None
    language: str | None = None
    notes: str = ""

    def to_document(self) -> dict[str, Any]:
        """The details in the shape of the API and of storage: what JSON knows, nothing else."""
        values: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        values |= ways_document(self)
        values["address"] = {name: getattr(self.address, name) for name in Address.__slots__}
        return values

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "ContactDetails":
        """The details out of :meth:`to_document`'s shape."""
        values = dict(document)
        values |= ways_from(values)
        values["address"] = Address(**values["address"])
        return cls(**values)

    @property
    def display_name(self) -> str:
        """The person's name, else the organization's."""
        return shown_name(self)

    @property
    def list_name_key(self) -> str:
        """Where the contact stands in a list: by last and first name, without a last name by organization."""
        person = (self.last_name, self.first_name, self.middle_name)
        return (
            name_key(person if self.last_name or not self.organization_name else (self.organization_name,))
            or "\U0010fffd"  # nothing but signs and emoji: behind all names
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact(Record[ContactDetails]):
    """A contact's record."""

    noun: ClassVar[str] = "contact"

    merged_into: str | None = None
    merged_from: tuple[str, ...] = ()  # who was merged into it, and into those
    merging: str | None = None  # the duplicate whose merge, or its undoing, is under way

    @property
    def in_use(self) -> bool:
        """Whether it is in lists and search: neither archived nor merged into another."""
        return self.archived_at is None and self.merged_into is None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSummary:
    """A contact as a row of a list. ``email`` and ``phone`` are the first of each, the phone as it is shown."""

    id: str
    first_name: str | None
    middle_name: str | None
    last_name: str | None
    name_suffix: str | None
    qualifications: str | None
    organization_name: str | None
    type: str
    npi: str | None
    email: str | None
    phone: str | None
    archived_at: str | None

    @property
    def display_name(self) -> str:
        """The person's name, else the organization's."""
        return shown_name(self)


def summary_of(contact: Contact) -> ContactSummary:
    """The row by which lists show *contact*."""
    details = contact.details
    return ContactSummary(
        id=contact.id,
        first_name=details.first_name,
        middle_name=details.middle_name,
        last_name=details.last_name,
        name_suffix=details.name_suffix,
        qualifications=details.qualifications,
        organization_name=details.organization_name,
        type=details.type,
        npi=details.npi,
        email=details.emails[0].address if details.emails else None,
        phone=details.phones[0].display if details.phones else None,
        archived_at=None if contact.archived_at is None else instant(contact.archived_at),
    )


@dataclass(frozen=True, slots=True)
class Reach:
    """Whether a channel can reach somebody, at which number, and if not, why."""

    ok: bool
    to: str | None = None
    reason: str | None = None


class CanBeReached(Protocol):
    """A record of somebody with ways to be reached."""

    @property
    def archived_at(self) -> datetime | None: ...  # noqa: D102
    @property
    def details(self) -> HasWays: ...  # noqa: D102


def reachable(person: CanBeReached, settings: AccountSettings) -> dict[str, Reach]:
    """For each channel, whether it can reach somebody: the first address or number that is eligible counts."""
    channels = ("email", "sms", "fax", "voice")
    if person.archived_at is not None:
        return dict.fromkeys(channels, Reach(ok=False, reason="archived"))
    details = person.details
    email = Reach(ok=True) if details.emails else Reach(ok=False, reason="no_email")
    types = settings.channel_phone_types
    return {"email": email} | {channel: _by_phone(details.phones, types[channel]) for channel in channels[1:]}


def _by_phone(phones: Iterable[Phone], types: Iterable[str]) -> Reach:
    eligible = next((phone for phone in phones if phone.type in types), None)
    return Reach(ok=True, to=eligible.number) if eligible else Reach(ok=False, reason="no_eligible_phone")
