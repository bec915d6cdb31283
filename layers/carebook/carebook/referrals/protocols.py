"""What referrals need of where they are kept, and what is asked of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from carebook.clients.model import Client
from carebook.clients.protocols import ClientStore
from carebook.contacts.history import HistoryEntry
from carebook.contacts.model import Contact
from carebook.contacts.protocols import ContactStore
from carebook.identity import Person
from carebook.referrals.model import Appointment, Referral, ReferralRow
from carebook.side_by_side import SideBySide


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralWriting:
    """A referral before and after (None: there was or will be none), and what the histories will say."""

    client: Client
    before: Referral | None
    after: Referral | None
    for_client: HistoryEntry
    for_contacts: tuple[tuple[Contact, HistoryEntry], ...] = ()


class ReferralStore(SideBySide, Protocol):
    """Where referrals are kept. A referral, its rows in lists and the histories are written together or not at all."""

    def find(self, account: str, client_id: str, referral_id: str) -> Referral:
        """The referral as last written.

        Raises:
            NotFound: when the client has no such referral.
        """
        ...

    def of_client(self, account: str, client_id: str, *, before: str | None, limit: int) -> list[Referral]:
        """Up to *limit* referrals of a client, the latest first, older than an id."""
        ...

    def appointments(self, account: str, client_id: str) -> list[Appointment]:
        """The client's appointments."""
        ...

    def of_contact(
        self, account: str, contact_id: str, *, before: str | None, limit: int
    ) -> list[tuple[str, ReferralRow]]:
        """Up to *limit* referrals by a contact and by those merged into it, those received last first.

        Each with its place.
        """
        ...

    def of_this_contact(self, account: str, contact_id: str, *, limit: int) -> list[tuple[str, Referral]]:
        """Up to *limit* referrals that name this very contact, those received last first. Each with its place."""
        ...

    def rows(
        self,
        account: str,
        *,
        status: str | None,
        received_from: str | None,
        received_to: str | None,
        before: str | None,
        limit: int,
    ) -> list[tuple[str, ReferralRow]]:
        """Up to *limit* of the account's referrals, each with its place, those received last first."""
        ...

    def write(self, writing: ReferralWriting, *, request: str | None = None) -> None:
        """Write a referral, or take it away.

        Raises:
            AlreadyMade: when the same *request* has made one before.
            Conflict: when client, contact or referral are not what they were any more.
        """
        ...


class AlreadyMade(Exception):
    """A request has made its referral before."""

    def __init__(self, client_id: str, referral_id: str) -> None:
        super().__init__(referral_id)
        self.client_id = client_id
        self.referral_id = referral_id


@dataclass(frozen=True, slots=True)
class Desk:
    """The stores that a referral stands between."""

    clients: ClientStore
    contacts: ContactStore
    referrals: ReferralStore


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralAct:
    """Who does something to which referral of which client, when, and which version of it they mean."""

    account: str
    client_id: str
    referral_id: str = ""
    by: Person
    now: datetime
    expected_version: int | None = None
