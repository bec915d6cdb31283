"""Deleting contacts for good: at once by hand, or when their time has come."""

from datetime import datetime

from carebook.contacts.service import TOO_BUSY, ContactStore, checked_id, one_of_its_own
from carebook.errors import Conflict, NotFound, Unavailable
from carebook.identity import Person
from carebook.retrying import attempts
from carebook.rewriting import Act, refuse_stale


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
    find = one_of_its_own(contacts)
    act = Act(account, contact_id, by, now, expected_version)
    for _ in attempts():
        contact, _settings = find(account, checked_id(contact_id))
        refuse_stale(contacts, contact, act)
        try:
            contacts.purge(contact, by=by, now=now)
        except Conflict:
            continue
        return
    raise Unavailable(TOO_BUSY)


def due_for_purge(contacts: ContactStore, *, now: datetime, limit: int) -> list[tuple[str, str]]:
    """Account and id of contacts that are to be purged now, in any account."""
    return contacts.due_for_purge(now=now, limit=limit)


def purge_when_due(contacts: ContactStore, *, account: str, contact_id: str, by: Person, now: datetime) -> bool:
    """Purge a contact if it is still due: archived long enough, or half purged. Whether it was."""
    if contacts.finish_purge(account, contact_id):
        return True
    try:
        contact, _ = contacts.find_exactly(account, contact_id)
    except NotFound:
        return False
    if contact.purge_at is None or contact.purge_at > now:
        return False
    try:
        contacts.purge(contact, by=by, now=now)
    except Conflict:  # restored or changed at this very moment: not due any more, or due again at the next run
        return False
    return True
