"""Deleting contacts for good by hand, and what is to be deleted now."""

from datetime import datetime

from carebook.contacts.protocols import ContactStore
from carebook.contacts.service import checked_id, one_of_its_own
from carebook.identity import Person
from carebook.purging import purge_record
from carebook.rewriting import Act


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
    act = Act(account, checked_id(contact_id), by, now, expected_version)
    purge_record(contacts, act, one_of_its_own(contacts))
