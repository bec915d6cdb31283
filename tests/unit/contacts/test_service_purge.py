"""Deleting for good: only what is meant, and nothing that was restored or changed in time."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from carebook.contacts.model import Contact
from carebook.contacts.purging import purge_contact
from carebook.contacts.service import (
    archive_contact,
    create_contact,
    restore_contact,
)
from carebook.errors import NotFound, StaleVersion, Unavailable
from carebook.identity import Person
from carebook.purging import purge_when_due
from tests.fakes.contacts import MemoryContacts
from tests.fakes.examples import ACCOUNT, ANA, BEN, NOW, OTHER_ACCOUNT, details, edit

SYSTEM = Person("carebook", "Carebook")
LAST_DAY = NOW + timedelta(days=30)


class Busy(MemoryContacts):
    """A store to which somebody else writes just before a purge."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Callable[[], object]] = []

    def purge(self, contact: Contact, *, by: Person, now: datetime) -> None:
        if self.meanwhile:
            self.meanwhile.pop(0)()
        super().purge(contact, by=by, now=now)


@pytest.fixture
def contacts() -> Busy:
    return Busy()


@pytest.fixture
def kept(contacts: Busy) -> Contact:
    return create_contact(contacts, account=ACCOUNT, details=details(), by=ANA, now=NOW)


@pytest.fixture
def archived(contacts: Busy, kept: Contact) -> Contact:
    return archive_contact(contacts, account=ACCOUNT, contact_id=kept.id, by=ANA, now=NOW)


def is_there(contacts: MemoryContacts, kept: Contact) -> bool:
    try:
        contacts.find(kept.account, kept.id)
    except NotFound:
        return False
    return True


def purge(contacts: MemoryContacts, kept: Contact, *, version: int | None = None) -> None:
    purge_contact(contacts, account=kept.account, contact_id=kept.id, by=BEN, now=NOW, expected_version=version)


def sweep(contacts: MemoryContacts, kept: Contact, *, now: datetime = LAST_DAY) -> bool:
    return purge_when_due(contacts, account=kept.account, record_id=kept.id, by=SYSTEM, now=now)


@pytest.mark.parametrize("version", [None, 1])
def test_a_contact_can_be_purged_at_once(contacts: Busy, kept: Contact, version: int | None) -> None:
    purge(contacts, kept, version=version)
    assert not is_there(contacts, kept)
    with pytest.raises(NotFound):
        purge(contacts, kept)


def test_a_stale_version_is_not_purged(contacts: Busy, kept: Contact) -> None:
    edit(contacts, kept, notes="still needed")
    with pytest.raises(StaleVersion) as refusal:
        purge(contacts, kept, version=1)
    assert refusal.value.current == {"notes": "still needed"}
    assert is_there(contacts, kept)


def test_a_change_at_the_same_moment_makes_an_expected_version_stale(contacts: Busy, kept: Contact) -> None:
    contacts.meanwhile = [lambda: edit(contacts, kept, notes="still needed")]
    with pytest.raises(StaleVersion):
        purge(contacts, kept, version=1)
    assert is_there(contacts, kept)


def test_without_an_expected_version_a_change_at_the_same_moment_does_not_keep_the_contact(
    contacts: Busy, kept: Contact
) -> None:
    contacts.meanwhile = [lambda: edit(contacts, kept, notes="new")]
    purge(contacts, kept)
    assert not is_there(contacts, kept)


def test_a_purge_is_given_up_when_others_write_again_and_again(contacts: Busy, kept: Contact) -> None:
    def write() -> None:
        edit(contacts, contacts.find(ACCOUNT, kept.id)[0], notes="new")

    contacts.meanwhile = [write] * 50
    with pytest.raises(Unavailable):
        purge(contacts, kept)
    assert is_there(contacts, kept)


def test_an_archived_contact_is_purged_when_its_day_has_come(contacts: Busy, archived: Contact) -> None:
    assert contacts.due_for_purge(now=LAST_DAY, limit=9) == [(ACCOUNT, archived.id)]
    assert sweep(contacts, archived)
    assert not is_there(contacts, archived)


def test_an_archived_contact_is_not_purged_before_its_day(contacts: Busy, archived: Contact) -> None:
    just_before = LAST_DAY - timedelta(milliseconds=1)
    assert contacts.due_for_purge(now=just_before, limit=9) == []
    assert not sweep(contacts, archived, now=just_before)
    assert is_there(contacts, archived)


def test_a_contact_that_was_restored_since_it_was_listed_is_not_purged(contacts: Busy, archived: Contact) -> None:
    restore_contact(contacts, account=ACCOUNT, contact_id=archived.id, by=ANA, now=LAST_DAY)
    assert not sweep(contacts, archived)
    assert is_there(contacts, archived)


def test_a_contact_that_was_archived_anew_since_it_was_listed_is_not_purged(contacts: Busy, archived: Contact) -> None:
    restore_contact(contacts, account=ACCOUNT, contact_id=archived.id, by=ANA, now=LAST_DAY)
    archive_contact(contacts, account=ACCOUNT, contact_id=archived.id, by=ANA, now=LAST_DAY)
    assert not sweep(contacts, archived)
    assert is_there(contacts, archived)


def test_a_contact_that_is_restored_at_the_very_moment_is_not_purged(contacts: Busy, archived: Contact) -> None:
    contacts.meanwhile = [
        lambda: restore_contact(contacts, account=ACCOUNT, contact_id=archived.id, by=ANA, now=LAST_DAY)
    ]
    assert not sweep(contacts, archived)
    assert is_there(contacts, archived)


def test_a_contact_that_was_purged_since_it_was_listed_is_nothing_to_do(contacts: Busy, archived: Contact) -> None:
    purge(contacts, archived)
    assert not sweep(contacts, archived)


def test_a_contact_in_use_or_of_another_account_is_not_purged(contacts: Busy, kept: Contact) -> None:
    assert not sweep(contacts, kept)
    assert not purge_when_due(contacts, account=OTHER_ACCOUNT, record_id=kept.id, by=SYSTEM, now=LAST_DAY)
    assert is_there(contacts, kept)


def test_a_purge_that_was_cut_short_is_gone_on_with_first() -> None:
    class HalfPurged(MemoryContacts):
        def finish_purge(self, account: str, contact_id: str) -> bool:
            return True

    assert purge_when_due(HalfPurged(), account=ACCOUNT, record_id="con_x", by=SYSTEM, now=NOW)
