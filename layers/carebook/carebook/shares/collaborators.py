"""What the use cases of shares are handed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from carebook.contacts.history import HistoryEntry
from carebook.contacts.model import Contact
from carebook.contacts.protocols import ContactStore
from carebook.identity import Person
from carebook.message_templates.model import MessageTemplate
from carebook.messages.consents import Consent
from carebook.messages.planning import Plan
from carebook.messages.service import MessageQueue
from carebook.shares.model import ItemRef, Share, SharedItem


@dataclass(frozen=True, slots=True)
class Secrets:
    """What only the recipient is to know: the link, and the code."""

    link: str
    code: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """Secrets under seal, until when they wait, and which of the two goes by which method."""

    text: str
    until: datetime
    ways: Mapping[str, str]


class Vault(Protocol):
    """What only functions have: a pepper for codes, and a seal."""

    @property
    def pepper(self) -> bytes:
        """What a code's proof is made with, beside its salt."""
        ...

    def seal(self, share: tuple[str, str], secrets: Secrets) -> str:
        """*secrets* for the table, where nobody can read them. *share* is its account and id."""
        ...

    def unseal(self, share: tuple[str, str], sealed: str) -> Secrets:
        """The secrets in what was sealed for this share."""
        ...


class ShareStore(Protocol):
    """Where shares are kept, each with its messages and the contact's history entry, together or not at all."""

    def find(self, account: str, contact_id: str, share_id: str) -> Share:
        """The share as last written.

        Raises:
            NotFound: when the contact has no such share.
        """
        ...

    def add(
        self,
        share: Share,
        sealed: Sealed,
        contact: Contact,
        planned: Plan,
        entry: HistoryEntry,
        *,
        request: str | None = None,
    ) -> None:
        """Keep a new share and its messages.

        Raises:
            Conflict: when the contact or a consent is not what is kept any more, or the *request* has made a share.
        """
        ...

    def made_by(self, account: str, request: str, *, now: datetime) -> tuple[str, str] | None:
        """Contact and share that a request has made within the last 24 hours."""
        ...

    def sealed(self, account: str, contact_id: str, share_id: str) -> Sealed | None:
        """The secrets of a share, while they wait."""
        ...

    def revoke(self, before: Share, after: Share, contact: Contact, entry: HistoryEntry) -> None:
        """Keep *after* in place of *before*, and forget what is sealed.

        Raises:
            Conflict: when *before* or *contact* is not what is kept any more.
        """
        ...

    def page(self, account: str, contact_id: str, *, before: str | None, limit: int) -> list[Share]:
        """Up to *limit* shares of a contact, newest first, older than the one with the id *before*."""
        ...

    def beside[Other, Ours](self, other: Callable[[], Other], ours: Callable[[], Ours]) -> tuple[Other, Ours]:
        """What both give, side by side where that saves time; what *other* raises comes first."""
        ...


class Contents(Protocol):
    """Where files and documents are."""

    def describe(self, account: str, contact_id: str, refs: Sequence[ItemRef]) -> tuple[SharedItem, ...]:
        """What is to be shared, by its names.

        Raises:
            Invalid: naming each that the contact does not have, and each that is not clean or not final.
        """
        ...


class Consents(Protocol):
    """Who has agreed to be written to, and who has not."""

    def consents(self, account: str, addresses: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Consent]:
        """What is known of each channel and address; version 0 when nothing is."""
        ...


class Templates(Protocol):
    """Where the practice's own words are."""

    def changed(self, account: str) -> list[MessageTemplate]:
        """The templates that were ever changed."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """All that sharing needs."""

    contacts: ContactStore
    messages: Consents
    queue: MessageQueue
    configured: Callable[[str], bool]
    shares: ShareStore
    contents: Contents
    templates: Templates
    vault: Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody wants to share, and how.

    Attributes:
        methods: the contact's own when None.
        address: what stands before the token in the link.
    """

    items: tuple[ItemRef, ...]
    methods: tuple[str, ...] | None
    message: str
    days: int
    address: str


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something with which share of which contact, and when."""

    account: str
    contact_id: str
    by: Person
    now: datetime
    share_id: str = ""
    expected_version: int | None = None
