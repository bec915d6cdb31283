"""People, moments and contacts to test with."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from hypothesis import strategies as st

from carebook.clients.model import Client, ClientDetails
from carebook.contacts.history import changes_between, made
from carebook.contacts.model import Address, Contact, ContactDetails, Phone
from carebook.contacts.service import ContactStore
from carebook.identity import Person
from carebook.ids import CLIENT, CONTACT, new_id

TABLE: Final = "carebook-test"  # one name in all tests: PynamoDB keeps it on the model, for the whole process
ACCOUNT: Final = "acc_lakeside"
OTHER_ACCOUNT: Final = "acc_hillside"
ANA: Final = Person("usr_ana", "Ana Müller")
BEN: Final = Person("usr_ben", "بن עמי")
NOW: Final = datetime(2026, 11, 23, 10, 15, 30, 250_000, tzinfo=UTC)
CELL: Final = Phone("+13105550123", "cell", None, "(310) 555-0123")

ANY_TEXT: Final = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40)
ACCOUNTS: Final = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
CONTACT_IDS: Final = st.from_regex(r"con_[0-7][0-9A-HJKMNP-TV-Z]{25}", fullmatch=True)


def details(**fields: Any) -> ContactDetails:
    """A physician called Ana Müller, but for what *fields* say."""
    usual: dict[str, Any] = {
        "type": "physician",
        "first_name": "Ana",
        "last_name": "Müller",
        "messaging_methods": ("email",),
        "address": Address(country="US"),
    }
    return ContactDetails(**(usual | fields))


def contact(*, account: str = ACCOUNT, now: datetime = NOW, **fields: Any) -> Contact:
    """A new contact with :func:`details`."""
    return Contact(
        id=new_id(CONTACT, now), account=account, version=1, details=details(**fields), created_at=now, updated_at=now
    )


def client(*, account: str = ACCOUNT, now: datetime = NOW, **fields: Any) -> Client:
    """A new client called Mia Müller, but for what *fields* say."""
    usual: dict[str, Any] = {"first_name": "Mia", "last_name": "Müller", "messaging_methods": ("email",)}
    return Client(
        id=new_id(CLIENT, now),
        account=account,
        version=1,
        details=ClientDetails(**(usual | fields)),
        created_at=now,
        updated_at=now,
    )


def add(contacts: ContactStore, new: Contact, *, by: Person = ANA, request: str | None = None) -> Contact:
    """Keep a contact, with the entry that says so."""
    return contacts.add(new, made("created", new, by=by), request=request)


def save(
    contacts: ContactStore, before: Contact, after: Contact, *, action: str = "updated", by: Person = ANA
) -> Contact:
    """Keep *after* in place of *before*, with the entry that says so."""
    changes = changes_between(before.details, after.details)
    contacts.replace(before, after, made(action, after, by=by, changes=changes))
    return after


def edit(contacts: ContactStore, before: Contact, *, now: datetime = NOW, by: Person = ANA, **fields: Any) -> Contact:
    """Keep the contact with other *fields*."""
    return save(contacts, before, before.edited(replace(before.details, **fields), now), by=by)


def archive(contacts: ContactStore, before: Contact, *, now: datetime = NOW) -> Contact:
    """Put the contact away."""
    return save(contacts, before, before.archived(now), action="archived")


def restore(contacts: ContactStore, before: Contact, *, now: datetime = NOW) -> Contact:
    """Bring the contact back."""
    return save(contacts, before, before.restored(now), action="restored")
