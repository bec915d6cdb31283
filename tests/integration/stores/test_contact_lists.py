"""What every contact store promises of its lists."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carebook.contacts.model import Contact, ContactSummary, Email, summary_of
from carebook.contacts.protocols import ContactStore
from tests.fakes.examples import ACCOUNT, ANA, CELL, NOW, OTHER_ACCOUNT, add, archive, contact, edit, restore
from tests.integration.stores.conftest import Stores

each_store = pytest.mark.parametrize("contacts", ["memory", "dynamo"], indirect=True)


def listed(
    contacts: ContactStore, contact_type: str | None = None, *, archived: bool = False, account: str = ACCOUNT
) -> list[ContactSummary]:
    rows = contacts.page(account, archived=archived, contact_type=contact_type, after=None, limit=100)
    return [row for _, row in rows]


def ids(rows: Iterable[ContactSummary] | Iterable[Contact]) -> list[str]:
    return [row.id for row in rows]


def everywhere(contacts: ContactStore, wanted: Contact) -> set[tuple[bool, str | None]]:
    """Every list that shows the contact: archived or not, and of which type."""
    types = (None, "physician", "parent_guardian", "community_care", "aged_care_facility", "other")
    shelves = [(archived, contact_type) for archived in (False, True) for contact_type in types]
    return {
        (archived, contact_type)
        for archived, contact_type in shelves
        if wanted.id in ids(listed(contacts, contact_type, archived=archived))
    }


@each_store
def test_a_row_shows_the_contact_in_short(contacts: ContactStore) -> None:
    kept = add(
        contacts,
        contact(
            middle_name="M",
            name_suffix="Jr",
            qualifications="MD",
            organization_name="Lakeside",
            npi="1234567893",
            emails=(Email("first@example.org", None), Email("second@example.org", None)),
            phones=(CELL,),
        ),
    )
    assert listed(contacts) == listed(contacts, "physician") == [summary_of(kept)]


@each_store
@pytest.mark.parametrize(
    "in_order",
    [
        [("Ábel", None), ("abney", None), ("Åkerman", None), ("Zimmer", None)],
        [("Lee", "Ana"), ("Lee", "Zoe"), ("Lee Smith", "Ana"), ("Leeds", "Ana")],
        [("O’Brien", "Al"), ("OBrien", "Bo"), ("O'Brien", "Cy")],
        [("Smith", "Ana"), ("Smith", "Ana Maria"), ("Smith", "Anabel")],
        [("Zimmer", None), ("Иванов", None), ("אבן", None), ("田中", None), ("𠮷田", None)],
    ],
    ids=["accents and case are folded", "last name, then first", "apostrophes", "word by word", "script by script"],
)
def test_contacts_stand_in_order_of_their_names(contacts: ContactStore, in_order: list[tuple[str, str | None]]) -> None:
    for last_name, first_name in reversed(in_order):
        add(contacts, contact(last_name=last_name, first_name=first_name))
    assert [(row.last_name, row.first_name) for row in listed(contacts)] == in_order


@each_store
def test_a_name_stands_before_the_longer_ones_that_begin_with_it(contacts: ContactStore) -> None:
    in_order = ["Lakeside", "Lakeside Aged Care", "Lakeside Clinic", "Lakeside Dental", "Lakesides"]
    for name in reversed(in_order):
        add(contacts, contact(last_name=None, first_name=None, organization_name=name))
    assert [row.organization_name for row in listed(contacts)] == in_order


@each_store
def test_an_organization_stands_among_the_people_by_its_own_name(contacts: ContactStore) -> None:
    add(contacts, contact(last_name="Mann", organization_name="Alpha"))
    add(contacts, contact(last_name=None, first_name=None, organization_name="Lakeside"))
    add(contacts, contact(last_name="Karr", organization_name="Zulu"))
    assert [row.display_name for row in listed(contacts)] == ["Ana Karr", "Lakeside", "Ana Mann"]


@each_store
@pytest.mark.parametrize("last_name", ["Zimmer", "田中", "𠮷田"])
def test_a_contact_without_a_letter_or_digit_stands_behind_all_names(contacts: ContactStore, last_name: str) -> None:
    add(contacts, contact(last_name="🎈", first_name="🎉"))
    add(contacts, contact(last_name=last_name))
    assert [row.last_name for row in listed(contacts)] == [last_name, "🎈"]


@each_store
def test_namesakes_stand_in_the_order_in_which_they_were_added(contacts: ContactStore) -> None:
    kept = [add(contacts, contact(now=NOW + timedelta(seconds=second))) for second in range(3)]
    assert ids(listed(contacts)) == ids(kept)


@each_store
def test_a_contact_is_in_the_list_of_all_and_of_its_type_alone(contacts: ContactStore) -> None:
    kept = add(contacts, contact(type="parent_guardian"))
    assert everywhere(contacts, kept) == {(False, None), (False, "parent_guardian")}


@each_store
def test_a_change_of_type_moves_the_contact(contacts: ContactStore) -> None:
    kept = edit(contacts, add(contacts, contact(type="parent_guardian")), type="other")
    assert everywhere(contacts, kept) == {(False, None), (False, "other")}
    assert listed(contacts, "other") == listed(contacts) == [summary_of(kept)]


@each_store
def test_a_change_of_name_moves_the_contact_and_leaves_nothing_behind(contacts: ContactStore) -> None:
    middle = add(contacts, contact(last_name="Mann"))
    kept = add(contacts, contact(last_name="Adler"))
    assert ids(listed(contacts)) == [kept.id, middle.id]
    kept = edit(contacts, kept, last_name="Zimmer")
    assert listed(contacts) == listed(contacts, "physician") == [summary_of(middle), summary_of(kept)]


@each_store
def test_a_change_of_name_and_type_at_once_moves_the_contact(contacts: ContactStore) -> None:
    kept = edit(contacts, add(contacts, contact(last_name="Adler", type="other")), last_name="Zimmer", type="physician")
    assert everywhere(contacts, kept) == {(False, None), (False, "physician")}
    assert listed(contacts) == listed(contacts, "physician") == [summary_of(kept)]


@each_store
@pytest.mark.parametrize(
    "fields",
    [{"phones": (CELL,)}, {"emails": (Email("new@example.org", None),)}, {"npi": "1234567893"}, {"notes": "new"}],
    ids=["phone", "email", "npi", "notes"],
)
def test_a_row_follows_the_contact(contacts: ContactStore, fields: dict[str, Any]) -> None:
    kept = edit(contacts, add(contacts, contact()), **fields)
    assert listed(contacts) == listed(contacts, "physician") == [summary_of(kept)]


@each_store
def test_an_archived_contact_is_in_the_archived_lists_alone(contacts: ContactStore) -> None:
    kept = archive(contacts, add(contacts, contact()))
    assert everywhere(contacts, kept) == {(True, None), (True, "physician")}
    assert listed(contacts, archived=True) == [summary_of(kept)]
    assert listed(contacts, archived=True)[0].archived_at == "2026-11-23T10:15:30.250Z"


@each_store
def test_a_restored_contact_is_back_in_its_lists_and_not_archived(contacts: ContactStore) -> None:
    kept = restore(contacts, archive(contacts, add(contacts, contact())))
    assert everywhere(contacts, kept) == {(False, None), (False, "physician")}
    assert listed(contacts) == [summary_of(kept)]


@each_store
def test_a_purged_contact_is_in_no_list(contacts: ContactStore) -> None:
    in_use, archived, other = (
        add(contacts, contact()),
        archive(contacts, add(contacts, contact())),
        add(contacts, contact()),
    )
    for kept in (in_use, archived):
        contacts.purge(kept, by=ANA, now=NOW)
        assert everywhere(contacts, kept) == set()
    assert listed(contacts) == [summary_of(other)]


@each_store
def test_no_account_lists_the_contacts_of_another(contacts: ContactStore) -> None:
    ours, theirs = add(contacts, contact()), add(contacts, contact(account=OTHER_ACCOUNT))
    assert ids(listed(contacts)) == [ours.id]
    assert ids(listed(contacts, account=OTHER_ACCOUNT)) == [theirs.id]
    [(position, _)] = contacts.page(OTHER_ACCOUNT, archived=False, contact_type=None, after=None, limit=1)
    assert contacts.page(ACCOUNT, archived=False, contact_type="other", after=position, limit=10) == []


LAST_NAMES = st.sampled_from(
    ["Lee", "lee", "Lee Smith", "Le", "L", "Ana", "李", "李小", "𠮷", "é", "Zoe", "O'Lee", "🎈"]
)
HAPPENINGS = st.sampled_from(["nothing", "add", "rename", "archive"])


def disturb(contacts: ContactStore, kept: list[Contact], touched: set[str], data: st.DataObject) -> None:
    """What somebody else may do to the list while it is read."""
    happening = data.draw(HAPPENINGS) if len(touched) < 5 else "nothing"
    if happening == "add":
        touched.add(add(contacts, contact(last_name=data.draw(LAST_NAMES))).id)
    elif happening != "nothing" and (untouched := [each for each in kept if each.id not in touched]):
        chosen = data.draw(st.sampled_from(untouched))
        touched.add(chosen.id)
        if happening == "rename":
            edit(contacts, chosen, last_name=data.draw(LAST_NAMES))
        else:
            archive(contacts, chosen)


@pytest.mark.parametrize("new_stores", ["memory", "dynamo"], indirect=True)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(LAST_NAMES, max_size=8), size=st.integers(1, 9), data=st.data())
def test_pages_show_each_contact_exactly_once_whatever_happens_between_them(
    new_stores: Callable[[], Stores], names: list[str], size: int, data: st.DataObject
) -> None:
    contacts = new_stores().contacts
    kept = [add(contacts, contact(last_name=name)) for name in names]
    as_one_page = ids(listed(contacts))
    assert sorted(as_one_page) == sorted(ids(kept))
    shown: list[str] = []
    touched: set[str] = set()
    position: str | None = None
    while rows := contacts.page(ACCOUNT, archived=False, contact_type=None, after=position, limit=size):
        assert len(rows) <= size
        shown += [row.id for _, row in rows]
        assert len(shown) < 100, "pages without end"
        position = rows[-1][0]
        disturb(contacts, kept, touched, data)
    assert [each for each in shown if each not in touched] == [each for each in as_one_page if each not in touched]
