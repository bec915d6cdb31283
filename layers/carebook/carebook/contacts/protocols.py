"""What the contacts' use cases need of those who keep contacts."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from carebook.contacts.claims import Claim
from carebook.contacts.history import HistoryEntry, Passed
from carebook.contacts.model import Contact, ContactSummary
from carebook.identity import Person
from carebook.settings.model import AccountSettings

Found = tuple[Contact, AccountSettings]


class ContactStore(Protocol):
    """Where contacts are kept. A contact, its places in lists and its history are written together or not at all."""

    def find(self, account: str, contact_id: str) -> Found:
        """The contact as last written, with the account's settings; of a merged one, that into which it was merged.

        Raises:
            NotFound: when the account has no such contact.
        """
        ...

    def find_exactly(self, account: str, contact_id: str) -> Found:
        """Like :meth:`find`, but a contact that was merged into another is given as it is.

        Raises:
            NotFound: when the account has no such contact.
        """
        ...

    def find_many(self, account: str, contact_ids: Sequence[str]) -> list[Contact]:
        """Those of the contacts that are in use, in the order asked for."""
        ...

    def led_to(self, account: str, contact_ids: Collection[str]) -> dict[str, Contact]:
        """For each id the contact that it leads to, archived or not; without those that are not there any more."""
        ...

    def merged_in(self, account: str, contact_id: str) -> list[str]:
        """The ids of all contacts that were merged into this one, those that others had taken in before included."""
        ...

    def in_use(self, account: str, contact_ids: Collection[str]) -> tuple[dict[str, Contact], AccountSettings]:
        """For each of the ids the contact in use that it leads to, where there is one; and the account's settings."""
        ...

    def view(self, account: str, contact_id: str, *, viewer: Person, now: datetime) -> Found:
        """Like :meth:`find`, and recorded as a view: one a person, contact and hour.

        Raises:
            NotFound: when the account has no such contact.
        """
        ...

    def add(
        self, contact: Contact, entry: HistoryEntry, *, request: str | None = None, claim: Claim | None = None
    ) -> Contact:
        """Keep a new contact; when this *request* has added one before, that one is returned.

        Raises:
            AlreadyExists: when the id is taken.
            AddedMeanwhile: when the *claim* does not hold.
        """
        ...

    def made_by(self, account: str, request: str, *, now: datetime) -> Contact | None:
        """The contact that a request has added within the last 24 hours, if it has and it is still there."""
        ...

    def replace(self, before: Contact, after: Contact, entry: HistoryEntry) -> None:
        """Keep *after* in place of *before*.

        Raises:
            Conflict: when *before* is not what is kept any more.
        """
        ...

    def purge(self, contact: Contact, *, by: Person, now: datetime) -> None:
        """Remove the contact and everything that hangs on it; what is left says only who did it and when.

        Raises:
            Conflict: when *contact* is not what is kept any more.
        """
        ...

    def due_for_purge(self, *, now: datetime, limit: int) -> list[tuple[str, str]]:
        """Account and id of up to *limit* records to purge now: their time has come, or a purge was cut short.

        Also of those purged an hour ago, which are to be looked at once more. Clients are among them.
        """
        ...

    def finish_purge(self, account: str, contact_id: str) -> bool:
        """Go on with a purge that was cut short; False when there is none to go on with.

        Of a contact that is purged, delete what somebody was writing at that very moment.
        """
        ...

    def page(
        self, account: str, *, archived: bool, contact_type: str | None, after: str | None, limit: int
    ) -> list[tuple[str, ContactSummary]]:
        """Up to *limit* contacts by name behind the position *after*, each with its own position."""
        ...

    def history(
        self,
        account: str,
        contact_id: str,
        *,
        before: tuple[datetime, str] | None,
        limit: int,
        seen_by: Person | None = None,
    ) -> list[HistoryEntry]:
        """Up to *limit* entries, newest first, older than the given moment and entry id.

        With *seen_by*, only those that this person may be shown.
        """
        ...

    def histories(
        self,
        account: str,
        contact_ids: Sequence[str],
        *,
        before: Passed | None,
        limit: int,
        seen_by: Person | None = None,
    ) -> list[tuple[str, HistoryEntry]]:
        """Up to *limit* entries of several contacts, newest first, each with the contact's id.

        Entries of one moment and id come by the contacts' ids, in falling order too.
        """
        ...
