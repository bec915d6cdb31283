"""What staff do with contacts, as functions. Collaborators come first, facts by name."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from carebook.contacts.history import HistoryEntry, made
from carebook.contacts.model import Contact, ContactDetails, ContactSummary
from carebook.errors import Conflict, NotFound
from carebook.identity import Person
from carebook.ids import CONTACT, is_id, new_id
from carebook.rewriting import Act, brought_back, history_of, patched, put_away, write_next
from carebook.settings.model import AccountSettings

Found = tuple[Contact, AccountSettings]


class Merged(Conflict):
    """The contact was merged into another."""

    code = "merged"

    def __init__(self, survivor_id: str) -> None:
        super().__init__("This contact was merged into another. Unmerge it first, or use that one.")
        self._survivor_id = survivor_id

    @property
    def extra(self) -> Mapping[str, Any]:
        """Which one."""
        return {"merged_into": self._survivor_id}


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

    def view(self, account: str, contact_id: str, *, viewer: Person, now: datetime) -> Found:
        """Like :meth:`find`, and recorded as a view: one a person, contact and hour.

        Raises:
            NotFound: when the account has no such contact.
        """
        ...

    def add(self, contact: Contact, entry: HistoryEntry, *, request: str | None = None) -> Contact:
        """Keep a new contact; when this *request* has added one before, that one is returned.

        Raises:
            AlreadyExists: when the id is taken.
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
        """Account and id of up to *limit* contacts to purge now: their time has come, or a purge was cut short."""
        ...

    def finish_purge(self, account: str, contact_id: str) -> bool:
        """Go on with a purge that was cut short; False when there is none to go on with."""
        ...

    def page(
        self, account: str, *, archived: bool, contact_type: str | None, after: str | None, limit: int
    ) -> list[tuple[str, ContactSummary]]:
        """Up to *limit* contacts by name behind the position *after*, each with its own position."""
        ...

    def history(
        self, account: str, contact_id: str, *, before: tuple[datetime, str] | None, limit: int
    ) -> list[HistoryEntry]:
        """Up to *limit* entries, newest first, older than the given moment and entry id."""
        ...


def create_contact(
    contacts: ContactStore,
    *,
    account: str,
    details: ContactDetails,
    by: Person,
    now: datetime,
    request: str | None = None,
) -> Contact:
    """A new contact. The same *request* again gives the contact that it made the first time."""
    contact = Contact(
        id=new_id(CONTACT, now), account=account, version=1, details=details, created_at=now, updated_at=now
    )
    return contacts.add(contact, made("created", contact, by=by), request=request)


def view_contact(contacts: ContactStore, *, account: str, contact_id: str, viewer: Person, now: datetime) -> Found:
    """The contact and the account's settings; the view goes into the history.

    Raises:
        NotFound: when the account has no such contact.
    """
    return contacts.view(account, checked_id(contact_id), viewer=viewer, now=now)


def change_contact(
    contacts: ContactStore,
    *,
    account: str,
    contact_id: str,
    patch: Mapping[str, Any],
    read_details: Callable[[Any, AccountSettings, ContactDetails], ContactDetails],
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Found:
    """The contact with a merge patch applied. Fields that the patch does not name keep what others wrote.

    Args:
        read_details: makes details of the patched document, knowing what was there before, or refuses it.

    Raises:
        NotFound: when the account has no such contact.
        StaleVersion: when *expected_version* is given and not the current one.
        Conflict: when the contact is archived.
        Invalid: from *read_details*.
    """
    act = Act(account, checked_id(contact_id), by, now, expected_version)
    return write_next(contacts, act, patched(patch, read_details, act), contacts.find)


def archive_contact(
    contacts: ContactStore,
    *,
    account: str,
    contact_id: str,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Contact:
    """The contact, put away: gone from lists and search. Archiving again changes nothing."""
    act = Act(account, checked_id(contact_id), by, now, expected_version)
    return write_next(contacts, act, put_away(act), one_of_its_own(contacts))[0]


def restore_contact(
    contacts: ContactStore,
    *,
    account: str,
    contact_id: str,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Found:
    """The contact, back in use with all that it had. Restoring one in use changes nothing."""
    act = Act(account, checked_id(contact_id), by, now, expected_version)
    return write_next(contacts, act, brought_back(act), one_of_its_own(contacts))


def list_contacts(
    contacts: ContactStore,
    *,
    account: str,
    archived: bool,
    contact_type: str | None,
    after: str | None,
    limit: int,
) -> tuple[Sequence[ContactSummary], str | None]:
    """A page of contacts by name, and the position behind which the next one begins (None: this was the last)."""
    rows = contacts.page(account, archived=archived, contact_type=contact_type, after=after, limit=limit + 1)
    next_after = rows[limit - 1][0] if len(rows) > limit else None
    return [summary for _, summary in rows[:limit]], next_after


def contact_history(
    contacts: ContactStore,
    *,
    account: str,
    contact_id: str,
    viewer: Person,
    now: datetime,
    before: tuple[datetime, str] | None,
    limit: int,
) -> tuple[Sequence[HistoryEntry], tuple[datetime, str] | None]:
    """A page of a contact's history, newest first, and where the next one begins. Reading it is a view.

    Raises:
        NotFound: when the account has no such contact.
    """
    found = contacts.find(account, checked_id(contact_id))[0].id
    return history_of(contacts, Act(account, found, viewer, now), before=before, limit=limit)


TOO_BUSY: Final = "The contact is being changed by others. Try again in a moment."


def one_of_its_own(contacts: ContactStore) -> Callable[[str, str], Found]:
    """A way to find a contact that refuses a merged one: what puts away or deletes must mean that very contact."""

    def find(account: str, contact_id: str) -> Found:
        found = contacts.find_exactly(account, contact_id)
        if found[0].merged_into is not None:
            raise Merged(found[0].merged_into)
        if found[0].merging is not None:
            raise Conflict("A merge with this contact is under way. Try again in a moment.", code="merging")
        return found

    return find


def refuse_unwritable(contact: Contact) -> None:
    """Refuse what would write to something that hangs on a contact which is archived or being merged.

    Raises:
        Conflict: when it is.
    """
    if contact.archived_at is not None:
        raise Conflict("The contact is archived. Restore it first.", code="archived")
    if contact.merging is not None:
        raise Conflict("A merge with this contact is under way. Try again in a moment.", code="merging")


def checked_id(contact_id: str) -> str:
    """*contact_id*, if it has the form of one; what has not is not found without asking."""
    if not is_id(contact_id, CONTACT):
        raise NotFound("There is no such contact.")
    return contact_id
