"""The contact store in the table when requests fail: nothing is left half done, nothing goes unrecorded."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import batched, count

import pytest

from carebook import keys
from carebook.contacts import purge_steps
from carebook.contacts.history import viewed
from carebook.contacts.model import Contact
from carebook.contacts.store import TableContacts
from carebook.errors import NotFound
from carebook.identity import Person
from carebook.ids import CONTACT, new_id
from carebook.items import NOT_THERE, Writes, make_item
from carebook.table import Table
from tests.fakes.examples import ACCOUNT, ANA, BEN, NOW, add, archive, contact, edit, save
from tests.integration.stores.cutting import Cut, Requests

# What a purge leaves beside its trace: the vocabulary is to be built anew, without the names.
NAMES_GO = keys.vocabulary_wanted_key(ACCOUNT, "con")


@pytest.fixture
def contacts(table: Table) -> TableContacts:
    return TableContacts(table)


def with_a_past(contacts: TableContacts, *, archived: bool) -> Contact:
    kept = edit(contacts, add(contacts, contact()), notes="new")
    contacts.view(ACCOUNT, kept.id, viewer=BEN, now=NOW)
    return archive(contacts, kept) if archived else kept


@pytest.mark.parametrize("archived", [False, True], ids=["in use", "archived"])
@pytest.mark.parametrize("event", ["before-call", "after-call"], ids=["before a request", "after a request"])
def test_a_purge_cut_short_at_any_request_is_finished_later(
    contacts: TableContacts, requests: Requests, items: Callable[[], list[keys.Key]], event: str, archived: bool
) -> None:
    tombstones: list[keys.Key] = []
    for at in count(1):
        kept = with_a_past(contacts, archived=archived)
        cut = False
        try:
            with requests.cut(at=at, event=event):
                contacts.purge(kept, by=ANA, now=NOW)
        except Cut:
            cut = True
        if at == 1 and event == "before-call":
            assert contacts.find(ACCOUNT, kept.id)[0] == kept, "nothing has happened yet"
            assert contacts.due_for_purge(now=NOW, limit=10) == []
            contacts.purge(kept, by=ANA, now=NOW)
        with pytest.raises(NotFound):
            contacts.find(ACCOUNT, kept.id)
        for shelf in (False, True):
            assert contacts.page(ACCOUNT, archived=shelf, contact_type=None, after=None, limit=10) == []
        for account, contact_id in contacts.due_for_purge(now=NOW, limit=10):
            assert contacts.finish_purge(account, contact_id)
        tombstones.append(keys.purged_key(ACCOUNT, kept.id))
        assert items() == sorted([NAMES_GO, *tombstones])
        assert contacts.due_for_purge(now=NOW + timedelta(minutes=59), limit=10) == []
        if not cut:
            break
    assert at > 5, "a purge takes at least five requests, and each was the last one once"


def test_what_remains_of_a_purged_contact_says_who_did_it_and_when(contacts: TableContacts, table: Table) -> None:
    kept = with_a_past(contacts, archived=False)
    contacts.purge(kept, by=BEN, now=NOW + timedelta(hours=1))
    row = table.get(keys.purged_key(ACCOUNT, kept.id))
    assert row is not None
    assert row.doc == {"at": "2026-11-23T11:15:30.250Z", "by": BEN.id, "again": True}
    contacts.finish_purge(ACCOUNT, kept.id)
    row = table.get(keys.purged_key(ACCOUNT, kept.id))
    assert row is not None
    assert row.doc == {"at": "2026-11-23T11:15:30.250Z", "by": BEN.id}


def test_a_purge_finished_by_another_run_says_who_began_it(
    contacts: TableContacts, table: Table, requests: Requests
) -> None:
    kept = with_a_past(contacts, archived=False)
    with pytest.raises(Cut), requests.cut(at=3):
        contacts.purge(kept, by=BEN, now=NOW)
    assert TableContacts(table).finish_purge(ACCOUNT, kept.id)
    row = table.get(keys.purged_key(ACCOUNT, kept.id))
    assert row is not None
    assert row.doc == {"at": "2026-11-23T10:15:30.250Z", "by": BEN.id, "again": True}


def test_what_was_written_at_the_moment_of_a_purge_goes_an_hour_later(
    contacts: TableContacts, table: Table, items: Callable[[], list[keys.Key]]
) -> None:
    kept = with_a_past(contacts, archived=False)
    contacts.purge(kept, by=ANA, now=NOW)
    late = viewed(by=BEN, now=NOW + timedelta(minutes=10)).id.removeprefix("his_")
    table.put_if(make_item(keys.history_key(ACCOUNT, kept.id, late), "history", {"by": BEN.name}), NOT_THERE)
    assert contacts.due_for_purge(now=NOW + timedelta(minutes=59), limit=10) == []
    assert contacts.due_for_purge(now=NOW + timedelta(hours=1), limit=10) == [(ACCOUNT, kept.id)]
    for _ in range(2):
        assert not contacts.finish_purge(ACCOUNT, kept.id)
        assert items() == [NAMES_GO, keys.purged_key(ACCOUNT, kept.id)]
        assert contacts.due_for_purge(now=NOW + timedelta(days=90), limit=10) == []


def test_a_purge_reads_on_through_all_that_was_merged(
    contacts: TableContacts, table: Table, items: Callable[[], list[keys.Key]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge_steps, "_PAGE", 2)
    survivor = add(contacts, contact())
    merged = [add(contacts, contact()) for _ in range(5)]
    for each in merged:
        save(contacts, each, replace(each.succeeded(NOW), merged_into=survivor.id), action="merged")
        table.put_if(make_item(keys.merge_key(ACCOUNT, survivor.id, each.id), "merge", {}), NOT_THERE)
    contacts.purge(survivor, by=ANA, now=NOW)
    assert items() == sorted([NAMES_GO, *(keys.purged_key(ACCOUNT, each.id) for each in (survivor, *merged))])


def with_a_long_past(contacts: TableContacts, table: Table, entries: int) -> Contact:
    kept = add(contacts, contact())
    ulids = [viewed(by=Person(f"usr_{number}", "x"), now=NOW).id.removeprefix("his_") for number in range(entries - 1)]
    for batch in batched(ulids, 100, strict=False):
        writes = Writes()
        for ulid in batch:
            writes.put(make_item(keys.history_key(ACCOUNT, kept.id, ulid), "history", {}))
        table.write(writes)
    return kept


@pytest.mark.parametrize("entries", [98, 99, 100, 260])
def test_a_long_history_is_purged_to_the_end(
    contacts: TableContacts, table: Table, items: Callable[[], list[keys.Key]], entries: int
) -> None:
    kept = with_a_long_past(contacts, table, entries)
    contacts.purge(kept, by=ANA, now=NOW)
    assert items() == [NAMES_GO, keys.purged_key(ACCOUNT, kept.id)]


def test_a_long_history_is_purged_to_the_end_even_when_it_is_cut_short_again_and_again(
    contacts: TableContacts, table: Table, requests: Requests, items: Callable[[], list[keys.Key]]
) -> None:
    kept = with_a_long_past(contacts, table, entries=260)
    with pytest.raises(Cut), requests.cut(at=2):
        contacts.purge(kept, by=ANA, now=NOW)
    for _ in range(50):
        try:
            with requests.cut(at=3, only="BatchWriteItem"):
                contacts.finish_purge(ACCOUNT, kept.id)
        except Cut:
            assert contacts.due_for_purge(now=NOW, limit=10) == [(ACCOUNT, kept.id)]
        else:
            break
    assert items() == [NAMES_GO, keys.purged_key(ACCOUNT, kept.id)]


def test_a_half_purged_contact_is_not_found_and_its_viewer_leaves_no_trace(
    contacts: TableContacts, requests: Requests, items: Callable[[], list[keys.Key]]
) -> None:
    kept = with_a_past(contacts, archived=False)
    with pytest.raises(Cut), requests.cut(at=2):
        contacts.purge(kept, by=ANA, now=NOW)
    before = items()
    for viewer in (ANA, BEN):  # Ben's view is there already and goes with the rest
        with pytest.raises(NotFound):
            contacts.view(ACCOUNT, kept.id, viewer=viewer, now=NOW)
    assert items() == before
    assert contacts.finish_purge(ACCOUNT, kept.id)
    assert items() == [NAMES_GO, keys.purged_key(ACCOUNT, kept.id)]


def test_a_view_of_a_contact_that_is_not_there_leaves_nothing_in_the_table(
    contacts: TableContacts, items: Callable[[], list[keys.Key]]
) -> None:
    for viewer in (ANA, BEN, ANA):
        with pytest.raises(NotFound):
            contacts.view(ACCOUNT, new_id(CONTACT, NOW), viewer=viewer, now=NOW)
    assert items() == []


def test_a_view_that_cannot_be_recorded_is_refused(contacts: TableContacts, requests: Requests) -> None:
    kept = add(contacts, contact())
    for _ in range(2):
        with pytest.raises(Cut), requests.cut(at=1, only="PutItem"):
            contacts.view(ACCOUNT, kept.id, viewer=BEN, now=NOW)
    contacts.view(ACCOUNT, kept.id, viewer=BEN, now=NOW)
    entries = contacts.history(ACCOUNT, kept.id, before=None, limit=10)
    assert [entry.action for entry in entries].count("viewed") == 1


def test_a_view_is_one_request_beside_another_and_repeats_within_the_hour_are_one_alone(
    contacts: TableContacts, requests: Requests
) -> None:
    kept = add(contacts, contact())
    with requests.noted() as made:
        contacts.view(ACCOUNT, kept.id, viewer=BEN, now=NOW)
    assert sorted(made) == ["BatchGetItem", "PutItem"]
    with requests.noted() as made:
        contacts.view(ACCOUNT, kept.id, viewer=BEN, now=NOW + timedelta(minutes=44))
    assert made == ["BatchGetItem"]
    with requests.noted() as made:
        contacts.view(ACCOUNT, kept.id, viewer=BEN, now=NOW + timedelta(minutes=45))
    assert sorted(made) == ["BatchGetItem", "PutItem"]


def test_a_warm_environment_more_does_not_record_a_view_twice(contacts: TableContacts, table: Table) -> None:
    kept = add(contacts, contact())
    for store in (contacts, TableContacts(table)):
        store.view(ACCOUNT, kept.id, viewer=BEN, now=NOW)
    assert len(contacts.history(ACCOUNT, kept.id, before=None, limit=10)) == 2


@pytest.mark.parametrize("event", ["before-call", "after-call"], ids=["before the request", "after the request"])
def test_an_add_cut_short_and_repeated_makes_one_contact(
    contacts: TableContacts, requests: Requests, items: Callable[[], list[keys.Key]], event: str
) -> None:
    with pytest.raises(Cut), requests.cut(at=1, event=event, only="TransactWriteItems"):
        add(contacts, contact(), request="r1")
    written = items()
    assert (written == []) == (event == "before-call"), "all of it or nothing"
    kept = add(contacts, contact(), request="r1")
    rows = contacts.page(ACCOUNT, archived=False, contact_type=None, after=None, limit=10)
    assert [row.id for _, row in rows] == [kept.id]
    if written:
        assert items() == written


def test_writes_are_one_transaction_and_reads_one_request(contacts: TableContacts, requests: Requests) -> None:
    add(contacts, contact())  # the environment is warm
    with requests.noted() as made:
        kept = add(contacts, contact(), request="r1")
        edit(contacts, kept, last_name="Other", type="other")
        contacts.find(ACCOUNT, kept.id)
        contacts.page(ACCOUNT, archived=False, contact_type="other", after=None, limit=50)
        contacts.history(ACCOUNT, kept.id, before=None, limit=50)
    assert made == ["TransactWriteItems", "TransactWriteItems", "BatchGetItem", "Query", "Query"]


def test_an_edit_of_notes_writes_the_record_and_its_entry_alone(
    contacts: TableContacts, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = add(contacts, contact())
    written: list[Writes] = []
    monkeypatch.setattr(table, "write", written.append)
    edit(contacts, kept, notes="new")
    [writes] = written
    assert [item.kind for item, _ in writes.puts] == ["contact", "history"]
    assert writes.deletes == []
