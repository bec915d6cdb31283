"""What every contact store promises of a single record."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carebook.contacts.model import Address, Contact, Email, Phone
from carebook.contacts.protocols import ContactStore
from carebook.errors import AlreadyExists, Conflict, NotFound
from carebook.ids import CONTACT, new_id
from carebook.settings.model import DEFAULTS, AccountSettings
from tests.fakes.examples import (
    ACCOUNT,
    ANA,
    ANY_TEXT,
    BEN,
    CELL,
    NOW,
    OTHER_ACCOUNT,
    add,
    archive,
    contact,
    edit,
    save,
)
from tests.integration.stores.conftest import Stores

each_store = pytest.mark.parametrize("contacts", ["memory", "dynamo"], indirect=True)

NAMES = {
    "Latin": "Müller",
    "curly apostrophe": "O’Brien-Smith",
    "Vietnamese": "Nguyễn Thị Minh Khai",
    "Chinese": "李小龍",
    "beyond the basic plane": "𠮷田",
    "Arabic": "محمد بن عبد الله",
    "Hebrew": "בן־גוריון",
    "Devanagari": "सुब्रह्मण्यम्",
    "emoji": "👩🏽‍⚕️ Dr. Emoji",
    "direction marks": "\u202eright to left\u202c",
    "not composed": "e\u0301 is not é",
    "byte order mark": "\ufeffBOM",
    "white space": "a   b\u00a0c\u3000d",
    "JSON": '"\\/{}[]',
    "empty": "",
}


def found(contacts: ContactStore, kept: Contact) -> Contact:
    return contacts.find(kept.account, kept.id)[0]


@each_store
def test_a_contact_comes_back_as_it_was_added(contacts: ContactStore) -> None:
    new = contact(
        middle_name="M",
        npi="1234567893",
        other_id="A12345",
        other_id_qualifier="1G",
        messaging_methods=("email", "sms"),
        emails=(Email("ana@example.org", "work"), Email("a@b.example", None)),
        phones=(CELL, Phone("+442079460958", "fax", "17", "+44 20 7946 0958 ext. 17")),
        address=Address(line1="1 Lake St", city="Reno", region="NV", postal_code="89501", country="US"),
        time_zone="America/Los_Angeles",
        language="es-US",
        notes="line\nline\ttab",
    )
    assert add(contacts, new) == new
    assert found(contacts, new) == new


@each_store
def test_a_contact_that_is_not_there_is_not_found(contacts: ContactStore) -> None:
    add(contacts, contact())
    with pytest.raises(NotFound):
        contacts.find(ACCOUNT, new_id(CONTACT, NOW))


@each_store
def test_a_contact_cannot_be_added_twice(contacts: ContactStore) -> None:
    first = add(contacts, contact(last_name="First"))
    second = replace(contact(last_name="Second"), id=first.id)
    with pytest.raises(AlreadyExists):
        add(contacts, second)
    assert found(contacts, first) == first
    assert len(contacts.history(ACCOUNT, first.id, before=None, limit=10)) == 1
    rows = contacts.page(ACCOUNT, archived=False, contact_type=None, after=None, limit=10)
    assert [row.last_name for _, row in rows] == ["First"]


@each_store
def test_an_id_that_was_archived_is_still_taken(contacts: ContactStore) -> None:
    kept = archive(contacts, add(contacts, contact()))
    with pytest.raises(AlreadyExists):
        add(contacts, replace(kept, version=1, archived_at=None))
    assert found(contacts, kept) == kept


@each_store
def test_a_replaced_contact_comes_back_as_it_is_now(contacts: ContactStore) -> None:
    before = add(contacts, contact(phones=(CELL,), notes="x" * 2000))
    after = edit(contacts, before, now=NOW + timedelta(minutes=1), last_name="Maier", phones=(), notes="")
    assert found(contacts, before) == after
    assert after.version == 2
    put_away = archive(contacts, after)
    assert found(contacts, before) == put_away
    assert put_away.archived_at == NOW


@each_store
def test_of_two_changes_to_one_version_only_the_first_is_kept(contacts: ContactStore) -> None:
    before = add(contacts, contact())
    kept = edit(contacts, before, by=ANA, last_name="Anders", type="other")
    with pytest.raises(Conflict):
        edit(contacts, before, by=BEN, last_name="Brand", type="community_care")
    assert found(contacts, before) == kept
    entries = contacts.history(ACCOUNT, before.id, before=None, limit=10)
    assert sorted((entry.version, entry.by) for entry in entries) == [(1, ANA), (2, ANA)]
    for contact_type, names in ((None, ["Anders"]), ("other", ["Anders"]), ("community_care", []), ("physician", [])):
        rows = contacts.page(ACCOUNT, archived=False, contact_type=contact_type, after=None, limit=10)
        assert [row.last_name for _, row in rows] == names


@each_store
@pytest.mark.parametrize("version", [1, 2, 4])
def test_only_what_is_kept_can_be_replaced(contacts: ContactStore, version: int) -> None:
    current = edit(contacts, edit(contacts, add(contacts, contact())), notes="third")
    with pytest.raises(Conflict):
        edit(contacts, replace(current, version=version), notes="lost")
    assert found(contacts, current) == current


@each_store
def test_a_contact_that_was_never_added_cannot_be_replaced(contacts: ContactStore) -> None:
    stranger = contact()
    with pytest.raises(Conflict):
        edit(contacts, stranger, notes="from nowhere")
    with pytest.raises(NotFound):
        found(contacts, stranger)
    assert contacts.history(ACCOUNT, stranger.id, before=None, limit=10) == []
    assert contacts.page(ACCOUNT, archived=False, contact_type=None, after=None, limit=10) == []


@each_store
def test_the_same_id_in_two_accounts_is_two_contacts(contacts: ContactStore) -> None:
    ours = add(contacts, contact(last_name="Ours"))
    with pytest.raises(NotFound):
        contacts.find(OTHER_ACCOUNT, ours.id)
    theirs = add(contacts, replace(contact(account=OTHER_ACCOUNT, last_name="Theirs"), id=ours.id), by=BEN)
    changed = edit(contacts, ours, notes="ours only")
    assert found(contacts, theirs) == theirs
    contacts.purge(theirs, by=BEN, now=NOW)
    assert found(contacts, ours) == changed
    assert {entry.by for entry in contacts.history(ACCOUNT, ours.id, before=None, limit=10)} == {ANA}
    assert contacts.history(OTHER_ACCOUNT, ours.id, before=None, limit=10) == []


@each_store
def test_one_account_cannot_change_or_purge_what_another_keeps(contacts: ContactStore) -> None:
    ours = add(contacts, contact())
    as_theirs = replace(ours, account=OTHER_ACCOUNT)
    with pytest.raises(Conflict):
        edit(contacts, as_theirs, notes="stolen")
    with pytest.raises(Conflict):
        contacts.purge(as_theirs, by=BEN, now=NOW)
    assert found(contacts, ours) == ours


@pytest.mark.parametrize("stores", ["memory", "dynamo"], indirect=True)
def test_a_contact_comes_with_the_settings_of_its_account(stores: Stores) -> None:
    ours, theirs = (add(stores.contacts, contact(account=account)) for account in (ACCOUNT, OTHER_ACCOUNT))
    assert stores.contacts.find(ACCOUNT, ours.id) == (ours, AccountSettings())
    changed = AccountSettings(1, {**DEFAULTS, "country": "CA"})
    stores.settings.replace(ACCOUNT, changed)
    assert stores.contacts.find(ACCOUNT, ours.id) == (ours, changed)
    assert stores.contacts.view(ACCOUNT, ours.id, viewer=ANA, now=NOW) == (ours, changed)
    assert stores.contacts.find(OTHER_ACCOUNT, theirs.id) == (theirs, AccountSettings())


@each_store
def test_a_repeated_request_finds_the_contact_that_it_made(contacts: ContactStore) -> None:
    first = add(contacts, contact(last_name="First"), request="r1")
    again = add(contacts, contact(last_name="Again", now=NOW + timedelta(hours=23, minutes=59)), request="r1")
    assert again == first
    rows = contacts.page(ACCOUNT, archived=False, contact_type=None, after=None, limit=10)
    assert [row.id for _, row in rows] == [first.id]
    assert len(contacts.history(ACCOUNT, first.id, before=None, limit=10)) == 1


@each_store
def test_a_repeated_request_finds_the_contact_as_it_is_now(contacts: ContactStore) -> None:
    changed = edit(contacts, add(contacts, contact(), request="r1"), notes="changed since")
    assert add(contacts, contact(), request="r1") == changed


@each_store
def test_a_request_is_forgotten_after_24_hours(contacts: ContactStore) -> None:
    add(contacts, contact(), request="r1")
    day_later = NOW + timedelta(hours=24, seconds=1)
    second = add(contacts, contact(now=day_later), request="r1")
    rows = contacts.page(ACCOUNT, archived=False, contact_type=None, after=None, limit=10)
    assert len(rows) == 2
    assert add(contacts, contact(now=day_later + timedelta(hours=23)), request="r1") == second


@each_store
def test_requests_of_two_accounts_or_without_a_mark_have_nothing_to_do_with_each_other(contacts: ContactStore) -> None:
    ours = add(contacts, contact(), request="r1")
    theirs = add(contacts, contact(account=OTHER_ACCOUNT), request="r1")
    other, unmarked = add(contacts, contact(), request="r2"), [add(contacts, contact()) for _ in range(2)]
    assert len({kept.id for kept in (ours, theirs, other, *unmarked)}) == 5


@each_store
def test_a_repeated_request_whose_contact_was_purged_adds_no_other(contacts: ContactStore) -> None:
    contacts.purge(add(contacts, contact(), request="r1"), by=ANA, now=NOW)
    with pytest.raises((NotFound, Conflict)):
        add(contacts, contact(), request="r1")
    assert contacts.page(ACCOUNT, archived=False, contact_type=None, after=None, limit=10) == []


@each_store
def test_what_a_request_made_is_known_as_it_is_now_and_to_its_account_alone(contacts: ContactStore) -> None:
    kept = edit(contacts, add(contacts, contact(), request="r1"), notes="new")
    assert contacts.made_by(ACCOUNT, "r1", now=NOW + timedelta(hours=24)) == kept
    assert contacts.made_by(ACCOUNT, "r1", now=NOW + timedelta(hours=24, seconds=1)) is None
    assert contacts.made_by(ACCOUNT, "r2", now=NOW) is None
    assert contacts.made_by(OTHER_ACCOUNT, "r1", now=NOW) is None


@each_store
def test_many_are_found_in_the_order_asked_for_but_only_those_in_use_and_of_the_account(contacts: ContactStore) -> None:
    one, two, archived, purged = (add(contacts, contact(last_name=str(number))) for number in range(4))
    foreign = add(contacts, contact(account=OTHER_ACCOUNT))
    archive(contacts, archived)
    contacts.purge(purged, by=ANA, now=NOW)
    asked = [two, archived, foreign, purged, contact(), one]
    assert contacts.find_many(ACCOUNT, [each.id for each in asked]) == [two, one]
    assert contacts.find_many(ACCOUNT, []) == []


@each_store
def test_more_than_a_hundred_are_found_at_once(contacts: ContactStore) -> None:
    kept = add(contacts, contact())
    strangers = [contact().id for _ in range(120)]
    assert contacts.find_many(ACCOUNT, [*strangers, kept.id]) == [kept]


@each_store
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_in_any_script_comes_back_unchanged(contacts: ContactStore, name: str) -> None:
    kept = add(contacts, contact(last_name=name, organization_name=name, notes=name * 3))
    assert found(contacts, kept) == kept
    [(_, row)] = contacts.page(ACCOUNT, archived=False, contact_type=None, after=None, limit=10)
    assert (row.last_name, row.organization_name) == (name, name)
    edit(contacts, kept, first_name=name)
    entry = contacts.history(ACCOUNT, kept.id, before=None, limit=1)[0]
    assert [(change.field, change.after) for change in entry.changes] == [("first_name", name)]


@pytest.mark.parametrize("new_stores", ["memory", "dynamo"], indirect=True)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.fixed_dictionaries(dict.fromkeys(("first_name", "last_name", "organization_name", "notes"), ANY_TEXT)),
    labels=st.lists(ANY_TEXT, max_size=3),
)
def test_whatever_people_write_comes_back_unchanged(
    new_stores: Callable[[], Stores], texts: dict[str, Any], labels: list[str]
) -> None:
    contacts = new_stores().contacts
    before = add(contacts, contact())
    emails = tuple(Email("ana@example.org", label) for label in labels)
    after = save(contacts, before, before.edited(replace(before.details, **texts, emails=emails), NOW), by=BEN)
    assert found(contacts, before) == after
