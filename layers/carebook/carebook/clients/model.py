"""A client: somebody whom the practice looks after. Thin: who they are and how to reach them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from carebook.contacts.model import Contact, Email, Phone, shown_name, ways_document, ways_from
from carebook.folding import name_key
from carebook.instants import instant
from carebook.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientDetails:
    """What staff may write about a client. ``date_of_birth`` is an ISO 8601 day."""

    first_name: str | None = None
    middle_name: str | None = None
    last_name: str
    name_suffix: str | None = None
    date_of_birth: str | None = None
    messaging_methods: tuple[str, ...] = ()
    emails: tuple[Email, ...] = ()
    phones: tuple[Phone, ...] = ()
    time_zone: str | None = None
    language: str | None = None

    organization_name: ClassVar[None] = None  # a client is a person

    def to_document(self) -> dict[str, Any]:
        """The details in the shape of the API and of storage: what JSON knows, nothing else."""
        return {name: getattr(self, name) for name in self.__slots__} | ways_document(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "ClientDetails":
        """The details out of :meth:`to_document`'s shape."""
        return cls(**{**document, **ways_from(document)})

    @property
    def display_name(self) -> str:
        """First, middle and last name with suffix."""
        return shown_name(self)

    @property
    def list_name_key(self) -> str:
        """Where the client stands in a list: by last, first and middle name."""
        return name_key((self.last_name, self.first_name, self.middle_name)) or "\U0010fffd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client(Record[ClientDetails]):
    """A client's record."""

    noun: ClassVar[str] = "client"

    @property
    def in_use(self) -> bool:
        """Whether it is in the list and in search."""
        return self.archived_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSummary:
    """A client as a row of a list. ``email`` and ``phone`` are the first of each, the phone as it is shown."""

    id: str
    first_name: str | None
    middle_name: str | None
    last_name: str
    name_suffix: str | None
    date_of_birth: str | None
    email: str | None
    phone: str | None
    archived_at: str | None

    organization_name: ClassVar[None] = None

    @property
    def display_name(self) -> str:
        """First, middle and last name with suffix."""
        return shown_name(self)


def summary_of(client: Client) -> ClientSummary:
    """The row by which lists show *client*."""
    details = client.details
    return ClientSummary(
        id=client.id,
        first_name=details.first_name,
        middle_name=details.middle_name,
        last_name=details.last_name,
        name_suffix=details.name_suffix,
        date_of_birth=details.date_of_birth,
        email=details.emails[0].address if details.emails else None,
        phone=details.phones[0].display if details.phones else None,
        archived_at=None if client.archived_at is None else instant(client.archived_at),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownClient:
    """What rows of other things show of a client; they keep a copy. ``version`` is the client's when it was taken."""

    id: str
    version: int
    name: str
    date_of_birth: str | None
    archived_at: str | None

    @property
    def in_use(self) -> bool:
        """Whether the client is not put away."""
        return self.archived_at is None


def shown_of(client: Client) -> ShownClient:
    """What is shown of *client* elsewhere."""
    return ShownClient(
        id=client.id,
        version=client.version,
        name=client.details.display_name,
        date_of_birth=client.details.date_of_birth,
        archived_at=None if client.archived_at is None else instant(client.archived_at),
    )


# What is sent by itself, and may be copied to a linked contact.
AUTOMATED_KINDS: Final = ("appointment_notice", "appointment_reminder", "bill_reminder", "late_payment_notice")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTerms:
    """What a contact is to a client, and what it gets copies of.

    Attributes:
        relationship: in the practice's own words, such as ``mother``.
        cc: for single kinds of automated messages whether they are copied; without a word they go as the switch says.
    """

    relationship: str | None = None
    cc_all_automated_messages: bool = False
    cc: Mapping[str, bool] = field(default_factory=dict)

    def to_document(self) -> dict[str, Any]:
        """The terms in the shape of the API and of storage."""
        return {
            "relationship": self.relationship,
            "cc_all_automated_messages": self.cc_all_automated_messages,
            "cc": dict(self.cc),
        }

    @property
    def copied(self) -> tuple[str, ...]:
        """The kinds of automated messages that are copied: none without the switch, and none that ``cc`` takes out."""
        if not self.cc_all_automated_messages:
            return ()
        return tuple(kind for kind in AUTOMATED_KINDS if self.cc.get(kind, True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """That a contact belongs to a client. The contact may have been merged into another since.

    Attributes:
        changed_in: the version in which each of its terms that was ever changed got its value.
        client: what is shown of the client; no part of the link itself. None: not kept with it.
    """

    account: str
    client_id: str
    contact_id: str
    version: int
    terms: LinkTerms
    created_at: datetime
    updated_at: datetime
    changed_in: Mapping[str, int] = field(default_factory=dict)
    client: ShownClient | None = field(default=None, compare=False)

    def changed_since(self, version: int) -> dict[str, Any]:
        """The terms that have changed since a version, as they are now."""
        now = self.terms.to_document()
        return {name: now[name] for name, at in self.changed_in.items() if at > version}

    def succeeded(self, contact_id: str, terms: LinkTerms, now: datetime) -> "Link":
        """The next version, for the contact as it is known today."""
        moment = max(now, self.updated_at + timedelta(milliseconds=1))
        old, new, version = self.terms.to_document(), terms.to_document(), self.version + 1
        changed_in = {**self.changed_in, **{name: version for name, value in new.items() if value != old[name]}}
        return replace(
            self, contact_id=contact_id, version=version, terms=terms, updated_at=moment, changed_in=changed_in
        )


@dataclass(frozen=True, slots=True)
class LinkedContact:
    """A contact of a client, by which link, and every link by which it is one.

    There are several when contacts that were linked to the same client have been merged.
    """

    contact: Contact
    links: tuple[Link, ...]

    @property
    def link(self) -> Link:
        """The one that counts."""
        return which_counts(self.links, self.contact.id)

    @property
    def known_as(self) -> frozenset[str]:
        """Its id, and those of the contacts that were linked and have been merged into it."""
        return frozenset((self.contact.id, *(link.contact_id for link in self.links)))

    @property
    def copied(self) -> tuple[str, ...]:
        """The kinds of automated messages that it gets copies of; none while it is archived."""
        return self.link.terms.copied if self.contact.in_use else ()


def which_counts(links: Iterable[Link], contact_id: str) -> Link:
    """Of several links between a client and what is one contact today: its own, else the one changed last."""
    return max(links, key=lambda link: (link.contact_id == contact_id, link.updated_at, link.contact_id))


def linked_contacts(links: Iterable[Link], led_to: Mapping[str, Contact]) -> list[LinkedContact]:
    """The contacts to which *links* lead today, by name; *led_to* knows where each linked id leads."""
    together: dict[str, list[Link]] = {}
    contacts: dict[str, Contact] = {}
    for link in links:
        contact = led_to.get(link.contact_id)
        if contact is not None:
            contacts[contact.id] = contact
            together.setdefault(contact.id, []).append(link)
    found = [LinkedContact(contacts[contact_id], tuple(several)) for contact_id, several in together.items()]
    return sorted(found, key=lambda linked: (linked.contact.details.list_name_key, linked.contact.id))
