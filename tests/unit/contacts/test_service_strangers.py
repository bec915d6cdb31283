"""What has not the form of a contact's id, or belongs to another account, is not found by anything."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carebook.contacts.model import Contact
from carebook.contacts.purging import purge_contact
from carebook.contacts.reading import read_details
from carebook.contacts.service import (
    archive_contact,
    change_contact,
    contact_history,
    create_contact,
    list_contacts,
    restore_contact,
    view_contact,
)
from carebook.errors import NotFound
from tests.fakes.contacts import MemoryContacts
from tests.fakes.examples import ACCOUNT, ANA, BEN, NOW, OTHER_ACCOUNT, details


@pytest.fixture
def contacts() -> MemoryContacts:
    return MemoryContacts()


@pytest.fixture
def kept(contacts: MemoryContacts) -> Contact:
    return create_contact(contacts, account=ACCOUNT, details=details(), by=ANA, now=NOW)


@given(text=st.text(max_size=40) | st.sampled_from(["cli_01JDCXA0H9V2M3N4P5Q6R7S8T9", "con_", "con_#", "../con"]))
def test_an_id_of_another_kind_is_not_found_by_anything(text: str) -> None:
    contacts = MemoryContacts()
    common: dict[str, Any] = {"account": ACCOUNT, "contact_id": text}
    with pytest.raises(NotFound):
        view_contact(contacts, **common, viewer=ANA, now=NOW)
    with pytest.raises(NotFound):
        change_contact(contacts, **common, patch={}, read_details=read_details, by=ANA, now=NOW)
    with pytest.raises(NotFound):
        contact_history(contacts, **common, viewer=BEN, now=NOW, before=None, limit=1)
    for act in (archive_contact, restore_contact, purge_contact):
        with pytest.raises(NotFound):
            act(contacts, **common, by=ANA, now=NOW)


def test_a_contact_of_another_account_is_not_found_by_anything(contacts: MemoryContacts, kept: Contact) -> None:
    common: dict[str, Any] = {"account": OTHER_ACCOUNT, "contact_id": kept.id}
    with pytest.raises(NotFound):
        view_contact(contacts, **common, viewer=BEN, now=NOW)
    with pytest.raises(NotFound):
        change_contact(contacts, **common, patch={}, read_details=read_details, by=BEN, now=NOW)
    with pytest.raises(NotFound):
        contact_history(contacts, **common, viewer=BEN, now=NOW, before=None, limit=1)
    for act in (archive_contact, restore_contact, purge_contact):
        with pytest.raises(NotFound):
            act(contacts, **common, by=BEN, now=NOW)
    assert contacts.find(ACCOUNT, kept.id)[0] == kept
    assert [entry.action for entry in contacts.history(ACCOUNT, kept.id, before=None, limit=9)] == ["created"]
    assert list_contacts(contacts, account=OTHER_ACCOUNT, archived=False, contact_type=None, after=None, limit=9) == (
        [],
        None,
    )
