"""What every contact store promises of deleting for good."""

from dataclasses import replace
from datetime import timedelta

import pytest

from carebook.contacts.model import Contact
from carebook.contacts.protocols import ContactStore
from carebook.errors import Conflict, NotFound
from tests.fakes.examples import ACCOUNT, ANA, BEN, NOW, OTHER_ACCOUNT, add, archive, contact, edit, restore

each_store = pytest.mark.parametrize("contacts", ["memory", "dynamo"], indirect=True)
MONTH = timedelta(days=30)


def due(contacts: ContactStore, kept: Contact, *, after: timedelta) -> bool:
    return (kept.account, kept.id) in contacts.due_for_purge(now=NOW + after, limit=100)


@each_store
@pytest.mark.parametrize("archived", [False, True], ids=["in use", "archived"])
def test_nothing_of_a_purged_contact_can_be_read(contacts: ContactStore, archived: bool) -> None:
    kept = edit(contacts, add(contacts, contact()), notes="secret")
    contacts.view(ACCOUNT, kept.id, viewer=BEN, now=NOW)
    if archived:
        kept = archive(contacts, kept)
    contacts.purge(kept, by=BEN, now=NOW)
    with pytest.raises(NotFound):
        contacts.find(ACCOUNT, kept.id)
    with pytest.raises(NotFound):
        contacts.view(ACCOUNT, kept.id, viewer=BEN, now=NOW)
    with pytest.raises(NotFound):
        contacts.view(ACCOUNT, kept.id, viewer=ANA, now=NOW)
    assert contacts.history(ACCOUNT, kept.id, before=None, limit=10) == []
    for shelf in (False, True):
        assert contacts.page(ACCOUNT, archived=shelf, contact_type=None, after=None, limit=10) == []
    assert not due(contacts, kept, after=timedelta(minutes=59))


@each_store
def test_what_is_left_of_a_purged_contact_is_looked_at_once_more_after_an_hour(contacts: ContactStore) -> None:
    kept = add(contacts, contact())
    contacts.purge(kept, by=BEN, now=NOW)
    assert due(contacts, kept, after=timedelta(hours=1))
    assert contacts.finish_purge(ACCOUNT, kept.id) is False
    assert not due(contacts, kept, after=2 * MONTH)


@each_store
def test_a_purge_leaves_the_other_contacts_alone(contacts: ContactStore) -> None:
    purged, kept = add(contacts, contact()), edit(contacts, add(contacts, contact()), notes="stays")
    contacts.view(ACCOUNT, kept.id, viewer=BEN, now=NOW + timedelta(hours=1))
    before = contacts.history(ACCOUNT, kept.id, before=None, limit=10)
    contacts.purge(purged, by=ANA, now=NOW)
    assert contacts.find(ACCOUNT, kept.id)[0] == kept
    assert contacts.history(ACCOUNT, kept.id, before=None, limit=10) == before
    assert len(contacts.page(ACCOUNT, archived=False, contact_type="physician", after=None, limit=10)) == 1


@each_store
def test_a_contact_that_was_changed_since_is_not_purged(contacts: ContactStore) -> None:
    outdated = add(contacts, contact())
    kept = edit(contacts, outdated, notes="still needed")
    with pytest.raises(Conflict):
        contacts.purge(outdated, by=ANA, now=NOW)
    assert contacts.find(ACCOUNT, kept.id)[0] == kept
    assert len(contacts.history(ACCOUNT, kept.id, before=None, limit=10)) == 2
    assert len(contacts.page(ACCOUNT, archived=False, contact_type=None, after=None, limit=10)) == 1


@each_store
def test_a_purged_contact_cannot_be_purged_or_changed_again(contacts: ContactStore) -> None:
    kept = archive(contacts, add(contacts, contact()))
    contacts.purge(kept, by=ANA, now=NOW)
    with pytest.raises(Conflict):
        contacts.purge(kept, by=ANA, now=NOW)
    with pytest.raises(Conflict):
        restore(contacts, kept)
    with pytest.raises(NotFound):
        contacts.find(ACCOUNT, kept.id)
    assert contacts.page(ACCOUNT, archived=False, contact_type=None, after=None, limit=10) == []


@each_store
def test_an_archived_contact_is_due_after_30_days(contacts: ContactStore) -> None:
    kept = archive(contacts, add(contacts, contact()))
    assert not due(contacts, kept, after=MONTH - timedelta(seconds=1))
    assert due(contacts, kept, after=MONTH)
    assert due(contacts, kept, after=12 * MONTH)


@each_store
def test_a_contact_in_use_is_never_due(contacts: ContactStore) -> None:
    in_use = add(contacts, contact())
    restored = restore(contacts, archive(contacts, add(contacts, contact())))
    assert not due(contacts, in_use, after=12 * MONTH)
    assert not due(contacts, restored, after=12 * MONTH)


@each_store
def test_a_contact_archived_again_is_due_30_days_after_that(contacts: ContactStore) -> None:
    again = NOW + timedelta(days=10)
    kept = archive(contacts, restore(contacts, archive(contacts, add(contacts, contact()))), now=again)
    assert not due(contacts, kept, after=MONTH + timedelta(days=9))
    assert due(contacts, kept, after=MONTH + timedelta(days=10))


@each_store
def test_what_is_due_comes_soonest_first_and_not_more_than_asked_for(contacts: ContactStore) -> None:
    kept = [add(contacts, contact(account=account)) for account in (ACCOUNT, OTHER_ACCOUNT, ACCOUNT)]
    for days, each in zip((3, 1, 2), kept, strict=True):
        archive(contacts, each, now=NOW + timedelta(days=days))
    third, first, second = ((each.account, each.id) for each in kept)
    assert contacts.due_for_purge(now=NOW + 2 * MONTH, limit=10) == [first, second, third]
    assert contacts.due_for_purge(now=NOW + 2 * MONTH, limit=2) == [first, second]


@each_store
def test_there_is_no_purge_to_go_on_with_for_a_contact_that_nobody_began_to_purge(contacts: ContactStore) -> None:
    in_use, archived = add(contacts, contact()), archive(contacts, add(contacts, contact()))
    for kept in (in_use, archived):
        assert contacts.finish_purge(ACCOUNT, kept.id) is False
        assert contacts.find(ACCOUNT, kept.id)[0] == kept
        assert contacts.history(ACCOUNT, kept.id, before=None, limit=10) != []
    assert contacts.finish_purge(ACCOUNT, contact().id) is False


@each_store
def test_a_finished_purge_is_not_gone_on_with(contacts: ContactStore) -> None:
    kept = add(contacts, contact())
    contacts.purge(kept, by=ANA, now=NOW)
    assert contacts.finish_purge(ACCOUNT, kept.id) is False


@each_store
def test_a_purge_in_one_account_does_not_touch_the_same_id_in_another(contacts: ContactStore) -> None:
    ours = add(contacts, contact())
    theirs = add(contacts, replace(contact(account=OTHER_ACCOUNT), id=ours.id))
    contacts.view(ACCOUNT, ours.id, viewer=ANA, now=NOW)
    contacts.purge(theirs, by=BEN, now=NOW)
    assert contacts.find(ACCOUNT, ours.id)[0] == ours
    assert len(contacts.history(ACCOUNT, ours.id, before=None, limit=10)) == 2
