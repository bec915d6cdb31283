"""The list of duplicates, page by page, against a comparison of everybody with everybody."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carebook.contacts.model import Contact, Email, Phone
from carebook.duplicates import store as store_module
from carebook.duplicates.model import Reason, who
from carebook.duplicates.service import Pair, Place, list_duplicates
from carebook.duplicates.store import IndexedThings
from carebook.merging.model import absorbed, merged_details
from tests.fakes.examples import ACCOUNT, NOW, add, contact, save
from tests.fakes.search import IndexedContacts

Ids = tuple[str, str]
NPIS: Final = ("1234567893", "1558598797")


def phone(number: int) -> Phone:
    return Phone(f"+1310555{number:04}", "cell", None, str(number))


def a_page(contacts: IndexedContacts, start: Place, limit: int) -> tuple[list[Pair], Place | None]:
    things = IndexedThings(contacts, contacts.indexes[ACCOUNT], ACCOUNT)
    return list_duplicates(contacts, things, account=ACCOUNT, start=start, limit=limit, go_on=lambda: True)


def paged(
    contacts: IndexedContacts, limit: int, between: Callable[[list[Pair]], None] = lambda _: None
) -> Iterator[Ids]:
    place: Place | None = Place()
    while place is not None:
        pairs, place = a_page(contacts, place, limit)
        assert len(pairs) == limit or place is None, "a page that is not the last is full"
        assert pairs or place is None, "no page is empty for nothing"
        yield from ((pair.one.id, pair.other.id) for pair in pairs)
        between(pairs)


def compared(contacts: list[Contact]) -> set[Ids]:
    """All pairs, by the rules as they are written down."""

    def sharing(of: Callable[[Contact], set[str]], one: Contact, other: Contact) -> Iterator[int]:
        for thing in of(one) & of(other):
            yield sum(thing in of(each) for each in contacts)

    def npi(each: Contact) -> set[str]:
        return {each.details.npi} if each.details.npi else set()

    def emails(each: Contact) -> set[str]:
        return {email.address.lower() for email in each.details.emails}

    def phones(each: Contact) -> set[str]:
        return {phone.number for phone in each.details.phones}

    found = set()
    for one, other in combinations(sorted(contacts, key=lambda each: each.id), 2):
        named = who(one.details) == who(other.details)
        counts = [*sharing(emails, one, other), *sharing(phones, one, other)]
        same_place = (one.details.organization_name or "") == (other.details.organization_name or "")
        if npi(one) & npi(other) or any(named or count < 6 for count in counts) or (named and same_place):
            found.add((one.id, other.id))
    return found


FIELDS: Final = st.fixed_dictionaries(
    {
        "first_name": st.sampled_from(["Ana", "Bo", "ANA"]),
        "last_name": st.sampled_from(["Lee", "Müller"]),
        "organization_name": st.sampled_from([None, "Lake"]),
        "npi": st.sampled_from([None, None, *NPIS]),
        "emails": st.lists(st.sampled_from([Email(f"{name}@example.org", None) for name in "abc"]), max_size=2),
        "phones": st.lists(st.sampled_from([phone(number) for number in range(3)]), max_size=2),
    }
)


def kept(people: list[dict[str, Any]]) -> tuple[IndexedContacts, list[Contact]]:
    contacts = IndexedContacts()
    tuples = [fields | {name: tuple(fields[name]) for name in ("emails", "phones")} for fields in people]
    return contacts, [add(contacts, contact(**fields)) for fields in tuples]


@settings(max_examples=150)
@given(people=st.lists(FIELDS, max_size=14), limit=st.integers(1, 7))
def test_every_pair_is_listed_once_whatever_the_page(people: list[dict[str, Any]], limit: int) -> None:
    contacts, everybody = kept(people)
    listed = list(paged(contacts, limit))
    assert len(listed) == len(set(listed))
    assert set(listed) == compared(everybody)


@settings(max_examples=150)
@given(people=st.lists(FIELDS, max_size=5), limit=st.integers(1, 4), data=st.data())
def test_who_merges_while_paging_sees_every_pair_that_no_merge_touches(
    people: list[dict[str, Any]], limit: int, data: st.DataObject
) -> None:
    contacts, everybody = kept(people)
    before = compared(everybody)
    touched: set[str] = set()  # a merge gives its survivor new things to share, and so its pairs new places

    def merge_some(pairs: list[Pair]) -> None:
        for pair in pairs:
            one, other = (contacts.find_exactly(ACCOUNT, each.id)[0] for each in (pair.one, pair.other))
            if not one.in_use or not other.in_use or not data.draw(st.booleans()):
                continue
            survivor, duplicate = (one, other) if data.draw(st.booleans()) else (other, one)
            touched.update((one.id, other.id))
            details = merged_details(survivor.details, duplicate.details, frozenset())
            save(contacts, duplicate, absorbed(duplicate, survivor.id, NOW), action="merged")
            save(contacts, survivor, survivor.rewritten(details, NOW), action="merged")

    listed = list(paged(contacts, limit, merge_some))
    assert len(listed) == len(set(listed))
    assert {pair for pair in before if touched.isdisjoint(pair)} <= set(listed)


def test_more_than_a_hundred_who_share_something_are_all_compared() -> None:
    contacts = IndexedContacts()
    for number in range(130):
        add(contacts, contact(last_name=f"Name{number}", phones=(phone(0),)))
    twins = [add(contacts, contact(last_name="Twin", phones=(phone(0),))) for _ in range(3)]
    assert set(paged(contacts, 2)) == set(combinations(sorted(twin.id for twin in twins), 2))


def test_a_large_group_of_one_name_is_paged_to_the_end() -> None:
    contacts = IndexedContacts()
    ids = sorted(add(contacts, contact(phones=(phone(0),))).id for _ in range(60))
    listed = list(paged(contacts, 100))
    assert listed == list(combinations(ids, 2))


def test_two_who_share_a_switchboard_and_a_number_of_their_own_are_listed_for_that() -> None:
    contacts = IndexedContacts()
    office = Email("office@example.org", None)
    for number in range(6):
        add(contacts, contact(last_name=f"Name{number}", emails=(office,)))
    twins = [add(contacts, contact(last_name=name, emails=(office,), phones=(phone(1),))) for name in ("Mayr", "Meier")]
    pairs, place = a_page(contacts, Place(), 10)
    assert place is None
    assert [(pair.one.id, pair.other.id) for pair in pairs] == [tuple(sorted(twin.id for twin in twins))]
    assert pairs[0].evidence.reasons == (Reason.EMAIL, Reason.PHONE)


def test_two_who_share_two_addresses_are_listed_once() -> None:
    contacts = IndexedContacts()
    both = tuple(Email(f"{name}@example.org", None) for name in "ab")
    for _ in range(2):
        add(contacts, contact(emails=both))
    assert len(list(paged(contacts, 1))) == 1


def test_contacts_of_several_groups_are_read_in_one_request(monkeypatch: pytest.MonkeyPatch) -> None:
    contacts = IndexedContacts()
    for number in range(40):
        add(contacts, contact(last_name=f"Name{number // 2}", phones=(phone(number // 2),)))
    requests: list[int] = []
    find_many = contacts.find_many

    def noted(account: str, ids: Any) -> list[Contact]:
        requests.append(len(ids))
        return find_many(account, ids)

    monkeypatch.setattr(contacts, "find_many", noted)
    pairs, place = a_page(contacts, Place(), 50)
    assert (len(pairs), place) == (20, None)
    assert requests == [40]


def test_of_very_many_who_share_one_thing_a_bounded_number_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "_MOST_SHARING", 10)
    contacts = IndexedContacts()
    ids = sorted(add(contacts, contact(organization_name=str(n), npi=NPIS[0])).id for n in range(12))
    assert list(paged(contacts, 50)) == list(combinations(ids[:10], 2))


def test_a_page_ends_when_time_is_up_and_the_next_goes_on_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "_CHUNK", 3)
    contacts = IndexedContacts()
    for number in range(20):
        add(contacts, contact(last_name=f"Name{number % 10}", phones=(phone(number % 10),)))
    things = IndexedThings(contacts, contacts.indexes[ACCOUNT], ACCOUNT)
    listed: list[Ids] = []
    place: Place | None = Place()
    pages = 0
    while place is not None:
        pairs, place = list_duplicates(contacts, things, account=ACCOUNT, start=place, limit=50, go_on=lambda: False)
        listed += [(pair.one.id, pair.other.id) for pair in pairs]
        pages += 1
    assert pages > 10
    assert len(listed) == len(set(listed)) == 10


def test_a_place_whose_group_is_gone_skips_nothing_of_the_next_group() -> None:
    contacts = IndexedContacts()
    old = [add(contacts, contact(last_name=f"A{n}", phones=(phone(0),))) for n in range(2)]
    new = [add(contacts, contact(last_name=f"B{n}", phones=(phone(1),))) for n in range(2)]
    [*_], place = a_page(contacts, Place(), 1)
    assert place is not None
    assert (place.one, place.other) == tuple(sorted(each.id for each in old))
    for each in old:
        save(contacts, each, replace(each.succeeded(NOW), archived_at=NOW))
    pairs, _ = a_page(contacts, replace(place, one="con_Z", other="con_Z"), 1)
    assert [(pair.one.id, pair.other.id) for pair in pairs] == [tuple(sorted(each.id for each in new))]
