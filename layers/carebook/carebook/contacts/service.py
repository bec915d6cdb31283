"""What staff do with contacts, as functions. Collaborators come first, facts by name."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from carebook.contacts.history import Change, HistoryEntry, changes_between, made
from carebook.contacts.model import Contact, ContactDetails, ContactSummary
from carebook.errors import Conflict, NotFound, StaleVersion, Unavailable
from carebook.identity import Person
from carebook.ids import CONTACT, is_id, new_id
from carebook.instants import instant
from carebook.merge_patch import merge_patch
from carebook.settings.model import AccountSettings

_ATTEMPTS: Final = 5
_HISTORY_LOOKED_AT: Final = 100

Found = tuple[Contact, AccountSettings]


class ContactStore(Protocol):
    """Where contacts are kept. A contact, its places in lists and its history are written together or not at all."""

    def find(self, account: str, contact_id: str) -> Found:
        """The contact as last written, with the account's settings.

        Raises:
            NotFound: when the account has no such contact.
        """
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
    return contacts.add(contact, made("created", contact, by=by, now=now), request=request)


def view_contact(contacts: ContactStore, *, account: str, contact_id: str, viewer: Person, now: datetime) -> Found:
    """The contact and the account's settings; the view goes into the history.

    Raises:
        NotFound: when the account has no such contact.
    """
    return contacts.view(account, _checked(contact_id), viewer=viewer, now=now)


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
        return (edited, made("updated", edited, by=by, now=now, changes=changes)) if changes else None

    return _write(contacts, account, contact_id, expected_version, edit)


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

    return _write(contacts, account, contact_id, expected_version, archive)[0]


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

    return _write(contacts, account, contact_id, expected_version, restore)


def purge_contact(
    contacts: ContactStore,
    *,
    account: str,
    contact_id: str,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> None:
    """Delete the contact and everything that hangs on it, for good."""
    for _ in range(_ATTEMPTS):
        contact, _settings = contacts.find(account, _checked(contact_id))
        _refuse_stale(contacts, contact, expected_version)
        try:
            contacts.purge(contact, by=by, now=now)
        except Conflict:
            continue
        return
    raise Unavailable(_TOO_BUSY)


def due_for_purge(contacts: ContactStore, *, now: datetime, limit: int) -> list[tuple[str, str]]:
    """Account and id of contacts that are to be purged now, in any account."""
    return contacts.due_for_purge(now=now, limit=limit)


def purge_when_due(contacts: ContactStore, *, account: str, contact_id: str, by: Person, now: datetime) -> bool:
    """Purge a contact if it is still due: archived long enough, or half purged. Whether it was."""
    if contacts.finish_purge(account, contact_id):
        return True
    try:
        contact, _ = contacts.find(account, contact_id)
    except NotFound:
        return False
    if contact.purge_at is None or contact.purge_at > now:
        return False
    contacts.purge(contact, by=by, now=now)
    return True


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
    before: tuple[datetime, str] | None,
    limit: int,
) -> tuple[Sequence[HistoryEntry], tuple[datetime, str] | None]:
    """A page of a contact's history, newest first, and where the next one begins.

    Raises:
        NotFound: when the account has no such contact.
    """
    if before is None:  # a later page's cursor is proof enough
        contacts.find(account, _checked(contact_id))
    entries = contacts.history(account, contact_id, before=before, limit=limit + 1)
    page = entries[:limit]
    return page, (page[-1].at, page[-1].id) if len(entries) > limit else None


_TOO_BUSY: Final = "The contact is being changed by others. Try again in a moment."


def _write(
    contacts: ContactStore,
    account: str,
    contact_id: str,
    expected_version: int | None,
    next_version: Callable[[Contact, AccountSettings], tuple[Contact, HistoryEntry] | None],
) -> Found:
    """Read, decide, write; and again when somebody else wrote in between."""
    for _ in range(_ATTEMPTS):
        before, settings = contacts.find(account, _checked(contact_id))
        _refuse_stale(contacts, before, expected_version)
        decided = next_version(before, settings)
        if decided is None:
            return before, settings
        after, entry = decided
        try:
            contacts.replace(before, after, entry)
        except Conflict:
            continue
        return after, settings
    raise Unavailable(_TOO_BUSY)


def _moved(action: str, before: Contact, after: Contact, by: Person) -> tuple[Contact, HistoryEntry]:
    was, is_now = (moment and instant(moment) for moment in (before.archived_at, after.archived_at))
    change = Change("archived_at", was, is_now)
    return after, made(action, after, by=by, now=after.updated_at, changes=(change,))


def _refuse_stale(contacts: ContactStore, contact: Contact, expected_version: int | None) -> None:
    if expected_version is None or expected_version == contact.version:
        return
    now = contact.details.to_document() | {"archived_at": contact.archived_at and instant(contact.archived_at)}
    entries = contacts.history(contact.account, contact.id, before=None, limit=_HISTORY_LOOKED_AT)
    newer = [entry for entry in entries if entry.version > expected_version]
    seen_far_enough = any(0 < entry.version <= expected_version for entry in entries)
    changed = {change.field for entry in newer for change in entry.changes} if seen_far_enough else set(now)
    raise StaleVersion(version=contact.version, current={name: now[name] for name in now if name in changed})


def _checked(contact_id: str) -> str:
    if not is_id(contact_id, CONTACT):
        raise NotFound("There is no such contact.")
    return contact_id
