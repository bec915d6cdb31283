"""What every contact store promises of merged contacts: the old id leads to the contact that goes on."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from carebook.contacts.history import Passed
from carebook.contacts.model import Contact
from carebook.contacts.protocols import ContactStore
from carebook.errors import NotFound
from carebook.identity import Person
from tests.fakes.examples import ACCOUNT, ANA, BEN, NOW, OTHER_ACCOUNT, add, contact, edit, save

pytestmark = pytest.mark.parametrize("contacts", ["memory", "dynamo"], indirect=True)


def merge(contacts: ContactStore, duplicate: Contact, survivor: Contact) -> Contact:
    return save(contacts, duplicate, replace(duplicate.succeeded(NOW), merged_into=survivor.id), action="merged")


def test_a_merged_id_leads_to_the_contact_that_goes_on(contacts: ContactStore) -> None:
    first, second, third = (add(contacts, contact(last_name=str(number))) for number in range(3))
    merged = merge(contacts, first, second)
    assert contacts.find(ACCOUNT, first.id)[0] == second
    merge(contacts, second, third)
    assert contacts.find(ACCOUNT, first.id)[0] == third
    assert contacts.find_exactly(ACCOUNT, first.id)[0] == merged


def test_the_id_of_the_first_of_very_many_merges_still_leads_to_the_contact_that_goes_on(
    contacts: ContactStore,
) -> None:
    chain = [add(contacts, contact(last_name=str(number))) for number in range(103)]
    for duplicate, survivor in pairwise(chain):
        merge(contacts, duplicate, survivor)
    assert contacts.find(ACCOUNT, chain[0].id)[0] == chain[-1]
    assert contacts.led_to(ACCOUNT, [chain[0].id]) == {chain[0].id: chain[-1]}


def test_a_merged_id_leads_to_nobody_in_another_account(contacts: ContactStore) -> None:
    first, second = add(contacts, contact()), add(contacts, contact())
    merge(contacts, first, second)
    with pytest.raises(NotFound):
        contacts.find(OTHER_ACCOUNT, first.id)


def test_a_merged_contact_is_in_no_list_and_never_due(contacts: ContactStore) -> None:
    first, second = add(contacts, contact(last_name="A")), add(contacts, contact(last_name="B"))
    merge(contacts, first, second)
    for shelf, expected in ((False, [second.id]), (True, [])):
        for contact_type in (None, "physician"):
            rows = contacts.page(ACCOUNT, archived=shelf, contact_type=contact_type, after=None, limit=9)
            assert [row.id for _, row in rows] == expected
    assert contacts.find_many(ACCOUNT, [first.id, second.id]) == [second]
    assert contacts.due_for_purge(now=NOW + timedelta(days=999), limit=9) == []


def test_a_contact_is_back_in_its_lists_when_it_is_unmerged(contacts: ContactStore) -> None:
    first, second = add(contacts, contact(last_name="A")), add(contacts, contact(last_name="B"))
    merged = merge(contacts, first, second)
    back = save(contacts, merged, replace(merged.succeeded(NOW), merged_into=None), action="unmerged")
    assert contacts.find(ACCOUNT, first.id)[0] == back
    rows = contacts.page(ACCOUNT, archived=False, contact_type="physician", after=None, limit=9)
    assert [row.id for _, row in rows] == [first.id, second.id]


def test_a_view_by_the_old_id_is_a_view_of_the_contact_that_goes_on(contacts: ContactStore) -> None:
    first, second = add(contacts, contact()), add(contacts, contact())
    merge(contacts, first, second)
    for minute in (1, 2):
        viewed, _ = contacts.view(ACCOUNT, first.id, viewer=BEN, now=NOW + timedelta(minutes=minute))
        assert viewed == second
    entries = contacts.history(ACCOUNT, second.id, before=None, limit=9)
    assert [(entry.action, entry.by, entry.at) for entry in entries] == [
        ("viewed", BEN, NOW + timedelta(minutes=1)),
        ("created", ANA, NOW),
    ]


def test_a_change_of_the_contact_that_goes_on_is_seen_by_the_old_id(contacts: ContactStore) -> None:
    first, second = add(contacts, contact()), add(contacts, contact())
    merge(contacts, first, second)
    changed = edit(contacts, second, notes="new")
    assert contacts.find(ACCOUNT, first.id)[0] == changed


def test_a_view_by_the_old_id_is_no_view_of_the_merged_contact_itself(contacts: ContactStore) -> None:
    first, second = add(contacts, contact()), add(contacts, contact())
    contacts.view(ACCOUNT, first.id, viewer=ANA, now=NOW)
    merge(contacts, first, second)
    before = contacts.history(ACCOUNT, first.id, before=None, limit=9)
    for viewer in (ANA, BEN):  # Ana has seen it in this hour when it was a contact of its own
        contacts.view(ACCOUNT, first.id, viewer=viewer, now=NOW + timedelta(minutes=1))
    assert contacts.history(ACCOUNT, first.id, before=None, limit=9) == before
    assert len(contacts.history(ACCOUNT, second.id, before=None, limit=9)) == 3


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_several_histories_are_read_as_one_newest_first(contacts: ContactStore, size: int) -> None:
    kept = [add(contacts, contact()) for _ in range(3)]
    for minute in range(12):
        index = minute % 3
        now = NOW + timedelta(minutes=minute)
        kept[index] = edit(contacts, kept[index], now=now, notes=str(minute))
        for each in kept:  # the same moment and the same entry id in each of them
            contacts.view(ACCOUNT, each.id, viewer=Person(f"usr_{minute}", "x"), now=now)
    ids = [each.id for each in kept]
    expected = sorted(
        (
            (entry.at, entry.id, contact_id)
            for contact_id in ids
            for entry in contacts.history(ACCOUNT, contact_id, before=None, limit=100)
        ),
        reverse=True,
    )
    assert len(expected) == 3 + 12 + 36
    read: list[Passed] = []
    before: Passed | None = None
    while page := contacts.histories(ACCOUNT, ids, before=before, limit=size):
        assert len(page) <= size
        read += [(entry.at, entry.id, contact_id) for contact_id, entry in page]
        before = read[-1]
    assert read == expected
