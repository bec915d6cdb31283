"""What every contact store promises of histories: every change and every view, newest first."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carebook.contacts.history import Change, HistoryEntry, made, viewed
from carebook.contacts.model import Contact
from carebook.contacts.protocols import ContactStore
from carebook.errors import NotFound
from carebook.identity import Person
from carebook.ids import CONTACT, new_id
from tests.fakes.examples import ACCOUNT, ANA, BEN, NOW, OTHER_ACCOUNT, add, archive, contact, edit, restore
from tests.integration.stores.conftest import Stores

each_store = pytest.mark.parametrize("contacts", ["memory", "dynamo"], indirect=True)
HOUR = timedelta(hours=1)


def history(contacts: ContactStore, kept: Contact, limit: int = 100) -> list[HistoryEntry]:
    return contacts.history(kept.account, kept.id, before=None, limit=limit)


def views(contacts: ContactStore, kept: Contact) -> list[tuple[Person, datetime]]:
    return [(entry.by, entry.at) for entry in history(contacts, kept) if entry.action == "viewed"]


def page_by_page(contacts: ContactStore, kept: Contact, size: int) -> list[HistoryEntry]:
    entries: list[HistoryEntry] = []
    before: tuple[datetime, str] | None = None
    while page := contacts.history(kept.account, kept.id, before=before, limit=size):
        assert len(page) <= size
        entries += page
        assert len(entries) < 200, "pages without end"
        before = (page[-1].at, page[-1].id)
    return entries


@each_store
def test_an_entry_comes_back_as_it_was_written(contacts: ContactStore) -> None:
    before = contact()
    created = made("created", before, by=BEN)
    contacts.add(before, created)
    after = before.edited(before.details, NOW + HOUR)
    changes = (
        Change("last_name", "Müller", "מילר"),
        Change("phones", [], [{"number": "+13105550123", "type": "cell", "extension": None, "display": "x"}]),
        Change("notes", abridged=True),
    )
    updated = made("updated", after, by=ANA, changes=changes)
    contacts.replace(before, after, updated)
    assert history(contacts, before) == [updated, created]


@each_store
def test_every_change_is_recorded_with_the_version_it_made(contacts: ContactStore) -> None:
    kept = edit(contacts, add(contacts, contact()), now=NOW + HOUR, by=BEN, notes="new")
    restore(contacts, archive(contacts, kept, now=NOW + 2 * HOUR), now=NOW + 3 * HOUR)
    assert [(entry.version, entry.action, entry.by, entry.at - NOW) for entry in history(contacts, kept)] == [
        (4, "restored", ANA, 3 * HOUR),
        (3, "archived", ANA, 2 * HOUR),
        (2, "updated", BEN, HOUR),
        (1, "created", ANA, 0 * HOUR),
    ]


@each_store
def test_a_view_is_recorded(contacts: ContactStore) -> None:
    kept = add(contacts, contact())
    assert contacts.view(ACCOUNT, kept.id, viewer=BEN, now=NOW + HOUR) == contacts.find(ACCOUNT, kept.id)
    assert history(contacts, kept)[0] == viewed(by=BEN, now=NOW + HOUR)


@each_store
def test_looking_a_contact_up_for_ourselves_is_no_view(contacts: ContactStore) -> None:
    kept = add(contacts, contact())
    contacts.find(ACCOUNT, kept.id)
    assert views(contacts, kept) == []


@each_store
def test_views_of_one_person_within_a_clock_hour_are_one_entry_of_the_first(contacts: ContactStore) -> None:
    kept = add(contacts, contact())
    first = datetime(2026, 11, 23, 11, tzinfo=UTC)
    last = first + HOUR - timedelta(milliseconds=1)
    for now in (first, first + timedelta(minutes=30), last):
        contacts.view(ACCOUNT, kept.id, viewer=ANA, now=now)
    assert views(contacts, kept) == [(ANA, first)]
    contacts.view(ACCOUNT, kept.id, viewer=ANA, now=last + timedelta(milliseconds=1))
    assert views(contacts, kept) == [(ANA, first + HOUR), (ANA, first)]


@each_store
def test_views_of_two_people_are_two_entries(contacts: ContactStore) -> None:
    kept = add(contacts, contact())
    for viewer, minute in ((ANA, 1), (BEN, 2), (ANA, 3)):
        contacts.view(ACCOUNT, kept.id, viewer=viewer, now=NOW + timedelta(minutes=minute))
    assert views(contacts, kept) == [(BEN, NOW + timedelta(minutes=2)), (ANA, NOW + timedelta(minutes=1))]


@each_store
def test_views_of_two_contacts_are_two_entries(contacts: ContactStore) -> None:
    one, other = add(contacts, contact()), add(contacts, contact())
    for kept in (one, other):
        contacts.view(ACCOUNT, kept.id, viewer=ANA, now=NOW)
    assert views(contacts, one) == views(contacts, other) == [(ANA, NOW)]


@each_store
def test_views_in_turns_over_two_hours_are_one_entry_an_hour(contacts: ContactStore) -> None:
    kept = add(contacts, contact())
    for hours in (1, 2, 1, 2):  # clocks of two machines differ
        contacts.view(ACCOUNT, kept.id, viewer=ANA, now=NOW + hours * HOUR)
    assert views(contacts, kept) == [(ANA, NOW + 2 * HOUR), (ANA, NOW + HOUR)]


@each_store
def test_an_archived_contact_can_be_viewed_and_that_is_recorded_too(contacts: ContactStore) -> None:
    kept = archive(contacts, add(contacts, contact()))
    contacts.view(ACCOUNT, kept.id, viewer=BEN, now=NOW + HOUR)
    assert views(contacts, kept) == [(BEN, NOW + HOUR)]


@each_store
def test_a_view_of_a_contact_that_is_not_there_is_not_found_and_not_recorded(contacts: ContactStore) -> None:
    missing = new_id(CONTACT, NOW)
    for _ in range(2):
        with pytest.raises(NotFound):
            contacts.view(ACCOUNT, missing, viewer=ANA, now=NOW)
    assert contacts.history(ACCOUNT, missing, before=None, limit=10) == []


@each_store
def test_another_accounts_view_is_not_found_and_in_nobodys_history(contacts: ContactStore) -> None:
    kept = add(contacts, contact())
    with pytest.raises(NotFound):
        contacts.view(OTHER_ACCOUNT, kept.id, viewer=BEN, now=NOW)
    assert views(contacts, kept) == []
    assert contacts.history(OTHER_ACCOUNT, kept.id, before=None, limit=10) == []


@each_store
def test_the_moment_decides_the_order_of_views_and_changes_within_an_hour(contacts: ContactStore) -> None:
    kept = add(contacts, contact(now=NOW))
    moments = [NOW + timedelta(minutes=minute) for minute in range(1, 7)]
    for index, now in enumerate(moments):
        if index % 2:
            contacts.view(ACCOUNT, kept.id, viewer=Person(f"usr_{index}", "x"), now=now)
        else:
            kept = edit(contacts, kept, now=now, notes=str(index))
    assert [entry.at for entry in history(contacts, kept)] == [*reversed(moments), NOW]


@each_store
@pytest.mark.parametrize("size", [1, 2, 3, 7, 30])
def test_a_history_read_page_by_page_is_the_history(contacts: ContactStore, size: int) -> None:
    kept = add(contacts, contact())
    for index in range(20):
        now = NOW + timedelta(minutes=13 * index)
        kept = edit(contacts, kept, now=now, notes=str(index))
        contacts.view(ACCOUNT, kept.id, viewer=Person(f"usr_{index % 7}", "x"), now=now)
    whole = history(contacts, kept)
    assert len(whole) == 1 + 20 + 20
    assert page_by_page(contacts, kept, size) == whole


@each_store
def test_a_page_begins_strictly_behind_the_entry_named(contacts: ContactStore) -> None:
    kept = add(contacts, contact())
    for viewer in (ANA, BEN):
        contacts.view(ACCOUNT, kept.id, viewer=viewer, now=kept.created_at)
    newest, middle, oldest = history(contacts, kept)
    assert newest.at == middle.at == oldest.at
    assert [newest.id, middle.id, oldest.id] == sorted((entry.id for entry in (newest, middle, oldest)), reverse=True)
    assert contacts.history(ACCOUNT, kept.id, before=(middle.at, middle.id), limit=5) == [oldest]
    assert contacts.history(ACCOUNT, kept.id, before=(oldest.at, oldest.id), limit=5) == []


@each_store
def test_a_version_is_younger_than_the_one_before_even_when_its_request_began_earlier(contacts: ContactStore) -> None:
    kept = edit(contacts, add(contacts, contact()), now=NOW - HOUR, notes="new")
    assert [entry.version for entry in history(contacts, kept)] == [2, 1]


@each_store
def test_what_happens_between_two_pages_does_not_move_the_next_one(contacts: ContactStore) -> None:
    kept = add(contacts, contact())
    for minute in (1, 2, 3):
        kept = edit(contacts, kept, now=NOW + timedelta(minutes=minute), notes=str(minute))
    first = history(contacts, kept, limit=2)
    edit(contacts, kept, now=NOW + timedelta(minutes=4), notes="since")
    contacts.view(ACCOUNT, kept.id, viewer=BEN, now=NOW + timedelta(minutes=5))
    second = contacts.history(ACCOUNT, kept.id, before=(first[-1].at, first[-1].id), limit=9)
    assert [entry.version for entry in first + second] == [4, 3, 2, 1]


MOMENTS = st.builds(
    lambda hour, minute, second, millisecond: NOW.replace(
        hour=hour, minute=minute, second=second, microsecond=millisecond * 1000
    ),
    st.integers(10, 12),
    st.sampled_from([0, 30, 59]),
    st.sampled_from([0, 59]),
    st.sampled_from([0, 1, 998, 999]),
)
VIEWERS = st.sampled_from([Person(f"usr_{number}", "x") for number in range(12)])


@pytest.mark.parametrize("new_stores", ["memory", "dynamo"], indirect=True)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happenings=st.lists(st.tuples(MOMENTS, st.none() | VIEWERS), min_size=10, max_size=45), size=st.integers(1, 12))
def test_any_history_is_read_newest_first_whatever_the_page_size(
    new_stores: Callable[[], Stores], happenings: list[tuple[datetime, Person | None]], size: int
) -> None:
    contacts = new_stores().contacts
    kept = contact(now=NOW.replace(hour=9))
    expected = {(kept_entry := made("created", kept, by=ANA)).id: kept_entry}
    contacts.add(kept, kept_entry)
    for now, viewer in happenings:
        if viewer is not None:
            contacts.view(ACCOUNT, kept.id, viewer=viewer, now=now)
            entry = viewed(by=viewer, now=now)
            expected.setdefault(entry.id, entry)
        else:
            before, kept = kept, kept.edited(kept.details, now)
            entry = made("updated", kept, by=BEN)
            contacts.replace(before, kept, entry)
            expected[entry.id] = entry
    newest_first = sorted(expected.values(), key=lambda entry: (entry.at, entry.id), reverse=True)
    assert history(contacts, kept, limit=100) == newest_first
    assert page_by_page(contacts, kept, size) == newest_first
