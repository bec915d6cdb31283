"""What it takes to create and to change a contact, over the synthetic contacts."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from benchmarks.people import contacts_of
from benchmarks.searching import ACCOUNT
from benchmarks.standin import StandIn
from carebook.contacts.history import changes_between, made
from carebook.contacts.model import Contact, Email, Phone
from carebook.contacts.store import TableContacts
from carebook.identity import Person
from carebook.items import Writes

_MANY: Final = 400
_SOMEBODY: Final = Person("usr_director", "Ana Müller")


@dataclass(frozen=True, slots=True)
class Change:
    """What a change of many contacts took: write units of each, and index entries written or removed."""

    name: str
    units: list[float]
    entries: list[int]


class _Watched(StandIn):
    """Knows how many index entries the last transaction wrote or removed."""

    entries = 0

    def write(self, writes: Writes) -> None:
        super().write(writes)
        puts = sum(item.words is not None for item, _ in writes.puts)
        self.entries = puts + sum("#S1#" in item.pk for item, _ in writes.deletes)


def measure_changes() -> list[Change]:
    """Each change on the same contacts, which are as new before each."""
    return [_measured(name, change) for name, change in _CHANGES.items()]


def _measured(name: str, change: Callable[[Contact], Contact | None]) -> Change:
    table = _Watched()
    contacts = TableContacts(table)
    units, entries = [], []
    for contact in contacts_of(ACCOUNT, _MANY):
        after = change(contact)
        if after is None:
            continue
        contacts.add(contact, made("created", contact, by=_SOMEBODY))
        before = table.taken.writes
        changes = changes_between(contact.details, after.details)
        contacts.replace(contact, after, made("updated", after, by=_SOMEBODY, changes=changes))
        units.append(table.taken.writes - before)
        entries.append(table.entries)
    return Change(name, units, entries)


def _edited(**fields: Any) -> Callable[[Contact], Contact]:
    def edited(contact: Contact) -> Contact:
        later = contact.updated_at + timedelta(days=1)
        return contact.edited(replace(contact.details, **fields), later)

    return edited


def _renamed(contact: Contact) -> Contact | None:
    return _edited(last_name="Zimmermann")(contact) if contact.details.last_name else None


def _with_another_address(contact: Contact) -> Contact:
    return _edited(emails=(*contact.details.emails, Email("new@mail.example", None)))(contact)


def _with_another_number(contact: Contact) -> Contact | None:
    first, *others = contact.details.phones or (None,)
    changed = Phone("+12125550188", "cell", None, "(212) 555-0188")
    return _edited(phones=(changed, *others))(contact) if first else None


def _archived(contact: Contact) -> Contact:
    return contact.archived(contact.updated_at + timedelta(days=1))


_CHANGES: Final[dict[str, Callable[[Contact], Contact | None]]] = {
    "notes": _edited(notes="Fax is broken until Monday."),
    "another e-mail address": _with_another_address,
    "a phone number": _with_another_number,
    "type": _edited(type="other"),
    "last name": _renamed,
    "archive": _archived,
}
