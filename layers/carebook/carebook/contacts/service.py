"""What staff do with contacts, as functions. Collaborators come first, facts by name."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from carebook.contacts.history import Change, HistoryEntry, changes_between, made
from carebook.contacts.model import Contact, ContactDetails, ContactSummary
from carebook.errors import Conflict, NotFound, StaleVersion, Unavailable
from carebook.identity import Person
from carebook.ids import CONTACT, is_id, new_id
from carebook.instants import instant
from carebook.merge_patch import merge_patch
from carebook.retrying import attempts
from carebook.settings.model import AccountSettings

_HISTORY_LOOKED_AT: Final = 100

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

    def in_use(self, account: str, contact_ids: Collection[str]) -> tuple[dict[str, Contact], AccountSettings]:
        """For each of the ids the contact in use that it leads to, where there is one; and the account's settings."""
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

    def edit(contact: Contact, settings: AccountSettings) -> tuple[Contact, HistoryEntry] | None:
        patched = merge_patch(contact.details.to_document(), patch)
        edited = contact.edited(read_details(patched, settings, contact.details), now)
        changes = changes_between(contact.details, edited.details)
        return (edited, made("updated", edited, by=by, changes=changes)) if changes else None

    act = Act(account, contact_id, by, now, expected_version)
    return _write(contacts, act, edit, contacts.find)


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

    def archive(contact: Contact, _: AccountSettings) -> tuple[Contact, HistoryEntry] | None:
        if contact.archived_at is not None:
            return None
        return _moved("archived", contact, contact.archived(now), by)

    act = Act(account, contact_id, by, now, expected_version)
    return _write(contacts, act, archive, one_of_its_own(contacts))[0]


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

    def restore(contact: Contact, _: AccountSettings) -> tuple[Contact, HistoryEntry] | None:
        if contact.archived_at is None:
            return None
        return _moved("restored", contact, contact.restored(now), by)

    act = Act(account, contact_id, by, now, expected_version)
    return _write(contacts, act, restore, one_of_its_own(contacts))


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
    whole: bool = False,
) -> tuple[Sequence[HistoryEntry], tuple[datetime, str] | None]:
    """A page of a contact's history, newest first, and where the next one begins. Reading it is a view.

    Args:
        whole: show also what concerns only others.

    Raises:
        NotFound: when the account has no such contact.
    """
    found = contacts.find(account, checked_id(contact_id))[0].id
    seen_by = None if whole else viewer
    entries = contacts.history(account, found, before=before, limit=limit + 1, seen_by=seen_by)
    contacts.view(account, found, viewer=viewer, now=now)  # after the page was read: it does not show itself
    page = entries[:limit]
    return page, (page[-1].at, page[-1].id) if len(entries) > limit else None


TOO_BUSY: Final = "The contact is being changed by others. Try again in a moment."


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something to which contact, when, and which version of it they mean."""

    account: str
    contact_id: str
    by: Person
    now: datetime
    expected_version: int | None


def _write(
    contacts: ContactStore,
    act: Act,
    next_version: Callable[[Contact, AccountSettings], tuple[Contact, HistoryEntry] | None],
    find: Callable[[str, str], Found],
) -> Found:
    """Read, decide, write; and again when somebody else wrote in between.

    When there is nothing to write, the caller has looked at the contact, and that is recorded.
    """
    for _ in attempts():
        before, settings = find(act.account, checked_id(act.contact_id))
        refuse_stale(contacts, before, act)
        decided = next_version(before, settings)
        if decided is None:
            return contacts.view(act.account, before.id, viewer=act.by, now=act.now)
        after, entry = decided
        try:
            contacts.replace(before, after, entry)
        except Conflict:
            continue
        return after, settings
    raise Unavailable(TOO_BUSY)


def _moved(action: str, before: Contact, after: Contact, by: Person) -> tuple[Contact, HistoryEntry]:
    was, is_now = (moment and instant(moment) for moment in (before.archived_at, after.archived_at))
    change = Change("archived_at", was, is_now)
    return after, made(action, after, by=by, changes=(change,))


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


def refuse_stale(contacts: ContactStore, contact: Contact, act: Act) -> None:
    """Refuse when the caller means another version, with the fields that have changed since that one.

    What the refusal shows was seen, and is recorded as a view.
    """
    expected = act.expected_version
    if expected is None or expected == contact.version:
        return
    current = _changed_since(contacts, contact, expected) if 0 < expected < contact.version else {}
    if current:
        contacts.view(contact.account, contact.id, viewer=act.by, now=act.now)
    raise StaleVersion(version=contact.version, expected=expected, current=current)


def _changed_since(contacts: ContactStore, contact: Contact, version: int) -> dict[str, Any]:
    now = contact.details.to_document() | {"archived_at": contact.archived_at and instant(contact.archived_at)}
    entries = contacts.history(contact.account, contact.id, before=None, limit=_HISTORY_LOOKED_AT)
    changed = {change.field for entry in entries if entry.version > version for change in entry.changes}
    seen_far_enough = any(0 < entry.version <= version for entry in entries)
    return {name: value for name, value in now.items() if name in changed or not seen_far_enough}


def checked_id(contact_id: str) -> str:
    """*contact_id*, if it has the form of one; what has not is not found without asking."""
    if not is_id(contact_id, CONTACT):
        raise NotFound("There is no such contact.")
    return contact_id
