"""What every search index promises. Contacts are written by the store that goes with it."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import pytest

from benchmarks.standin import StandIn, put_of
from carebook.contacts.model import Contact, Email, Phone
from carebook.contacts.searchable import BOOK, TYPES, searchable
from carebook.contacts.service import ContactStore
from carebook.contacts.store import TableContacts
from carebook.items import Item
from carebook.search.entries import entries_of
from carebook.search.plan import KeyRange, plan_search
from carebook.search.service import SearchIndex
from carebook.search.store import TableEntries, items_of
from carebook.search.tokens import NAMES, Kind, Searchable
from carebook.table import Table
from tests.fakes.examples import ACCOUNT, ANA, NOW, OTHER_ACCOUNT, add, archive, contact, edit, restore
from tests.fakes.search import IndexedContacts
from tests.unit.search.examples import all_hits, plan_or_none, some_query, some_records
from tests.unit.search.oracle import expected, fields_of


@dataclass(frozen=True)
class Book:
    """A contact store and its search index."""

    contacts: ContactStore
    entries: Callable[[str], SearchIndex]

    def found(self, query: str, *, account: str = ACCOUNT, record_type: str | None = None) -> list[str]:
        return [hit.record.id for hit in all_hits(self.entries(account), query, 3, record_type=record_type)]

    def add(self, **fields: Any) -> Contact:
        return add(self.contacts, contact(**fields))


@pytest.fixture
def book(request: pytest.FixtureRequest) -> Iterator[Book]:
    if request.param == "memory":
        contacts = IndexedContacts()
        yield Book(contacts, lambda account: contacts.indexes[account])
        return
    table: Table = StandIn() if request.param == "stand-in" else request.getfixturevalue("empty_table")()
    with ThreadPoolExecutor(4) as pool:
        yield Book(TableContacts(table), lambda account: TableEntries(table, account, BOOK, version=1, pool=pool))


each_index = pytest.mark.parametrize("book", ["memory", "dynamo", "stand-in"], indirect=True)

FULL = {
    "first_name": "Ana",
    "middle_name": "María",
    "last_name": "Müller-Lüdenscheidt",
    "organization_name": "Lakeside O'Neil Practice",
    "emails": (Email("ana.m@Example.org", None), Email("office@lake.example", "work")),
    "phones": (Phone("+13105550123", "cell", None, ""), Phone("+13105550199", "fax", None, "")),
    "npi": "1234567893",
}


@each_index
def test_a_contact_is_found_by_all_that_it_has(book: Book) -> None:
    kept = book.add(**FULL)
    for query in (
        *("ana", "MAR", "muller", "mueller", "ludens", "luedens", "lakeside", "oneil", "o'neil", "mueller lake"),
        *("ana.m", "ana.m@example.org", "office@", "@example.org", "lake.example", "(310) 555", "0123", "0199"),
        *("+1 310 555 0199", "1234567893", "practice ana mu"),
    ):
        assert book.found(query) == [kept.id], query
    for query in ("anb", "side", "311", "0124", "@example.com", "ana mu z", "1234567894"):
        assert book.found(query) == [], query


CHANGES: list[tuple[dict[str, Any], str, str]] = [
    ({"last_name": "Zander"}, "muller", "zander"),
    ({"middle_name": None}, "maria", "ana"),
    ({"organization_name": "Hillside Clinic"}, "lakeside", "hillside"),
    ({"emails": (Email("new@example.org", None),)}, "ana.m@", "new@"),
    ({"phones": (Phone("+12125550188", "cell", None, ""),)}, "0123", "0188"),
    ({"npi": None}, "1234567893", "0199"),
    ({"first_name": None, "last_name": None, "middle_name": None}, "ana mu", "lakeside"),
]


@each_index
@pytest.mark.parametrize(("fields", "old", "new"), CHANGES, ids=[str(next(iter(change[0]))) for change in CHANGES])
def test_an_edit_is_found_by_the_new_and_not_by_the_old(book: Book, fields: dict[str, Any], old: str, new: str) -> None:
    kept = book.add(**FULL)
    edit(book.contacts, kept, **fields)
    assert (book.found(old), book.found(new)) == ([], [kept.id])


@each_index
def test_what_is_archived_or_purged_is_not_found(book: Book) -> None:
    kept, other = book.add(), book.add()
    kept = archive(book.contacts, kept)
    assert book.found("ana") == [other.id]
    kept = restore(book.contacts, kept)
    assert sorted(book.found("ana")) == sorted((kept.id, other.id))
    book.contacts.purge(kept, by=ANA, now=NOW)
    assert book.found("ana") == [other.id]


@each_index
def test_the_type_is_the_one_asked_for(book: Book) -> None:
    one, two = book.add(), book.add(type="other")
    assert book.found("mu", record_type="p") == book.found("ana mu", record_type="p") == [one.id]
    one = edit(book.contacts, one, type="other")
    assert book.found("mu", record_type="p") == []
    assert set(book.found("mu", record_type="o")) == {one.id, two.id}


@each_index
def test_no_account_finds_the_contacts_of_another(book: Book) -> None:
    book.add(account=OTHER_ACCOUNT)
    assert book.found("muller") == []
    assert len(book.found("muller", account=OTHER_ACCOUNT)) == 1


# In the order of UTF-8 bytes; that of UTF-16 would put the last before the one before it.
IN_ORDER = ("Aa", "Aaa", "Aab", "Aaž", "Aaβ", "Aaж", "Aaשרה", "Aa李", "Aa가", "Aaﷲ", "Aa𠮷")


@each_index
def test_entries_lie_in_the_order_of_their_bytes(book: Book) -> None:
    names = {book.add(last_name=name, first_name=None).id: name for name in reversed(IN_ORDER)}
    shown = [names[record_id] for record_id in book.found("aa")]
    assert shown == sorted(
        shown, key=lambda name: fields_of(Searchable(id="", type="", last_name=name)).names.popitem()
    )
    assert (shown[0], shown[-1]) == ("Aa", "Aa𠮷")


SMITHS = KeyRange("smith", NAMES)


def add_smiths(book: Book) -> None:
    for first_name in ("Eve", "Dan", "Carl", "Ben", "Ana"):
        book.add(last_name="Smith", first_name=first_name, type="other" if first_name in "BenDan" else "physician")


@each_index
def test_a_range_is_read_piece_by_piece(book: Book) -> None:
    add_smiths(book)
    names, after = [], None
    entries = book.entries(ACCOUNT)
    for expected_names in (["Ana", "Ben"], ["Carl", "Dan"], ["Eve"]):
        piece = entries.read(SMITHS, record_type=None, after=after, limit=2)
        names = [entry.record.first_name for entry in piece.entries]
        assert names == expected_names
        after = piece.next_after
    assert after is None


@each_index
def test_a_filter_drops_what_was_read(book: Book) -> None:
    add_smiths(book)
    entries = book.entries(ACCOUNT)
    piece = entries.read(SMITHS, record_type="o", after=None, limit=3)
    assert [entry.record.first_name for entry in piece.entries] == ["Ben"]
    rest = entries.read(replace(SMITHS, words=("d",)), record_type="o", after=piece.next_after, limit=3)
    assert [entry.record.first_name for entry in rest.entries] == ["Dan"]


@each_index
@pytest.mark.parametrize(("count", "record_type"), [(0, None), (3, None), (9, None), (9, "o")])
def test_a_piece_says_what_reading_it_took_filtered_or_not(book: Book, count: int, record_type: str | None) -> None:
    kept = [book.add(last_name="Smith", organization_name="Praxis für Ä " * 15) for _ in range(12)]
    items = [item for each in kept for item in items_of_smith(each)]
    entries = book.entries(ACCOUNT)
    size = sum(sorted(put_of(item).stored.size for item in items)[:count])
    piece = entries.read(
        KeyRange("smith" if count else "smyth", NAMES), record_type=record_type, after=None, limit=count or 5
    )
    assert piece.units == max(1, ceil(size / 4096)) / 2
    assert len(piece.entries) == (0 if record_type else count)


def items_of_smith(kept: Contact) -> list[Item]:
    record = searchable(kept)
    assert record is not None
    items = items_of(entries_of(record), ACCOUNT, BOOK, version=1)
    return [item for key, item in items.items() if key.sk.startswith("smith ")]


@each_index
def test_of_a_range_that_says_so_fewer_are_read_beside_others(book: Book) -> None:
    add_smiths(book)
    pieces = book.entries(ACCOUNT).read_together([SMITHS, replace(SMITHS, beside=2)], record_type=None, limit=4)
    assert [len(piece.entries) for piece in pieces] == [4, 2]


@each_index
def test_reading_goes_on_behind_an_entry_that_is_no_longer_there(book: Book) -> None:
    add_smiths(book)
    entries = book.entries(ACCOUNT)
    piece = entries.read(SMITHS, record_type=None, after=None, limit=2)
    last = book.contacts.find(ACCOUNT, piece.entries[-1].record.id)[0]
    archive(book.contacts, last)
    rest = entries.read(SMITHS, record_type=None, after=piece.next_after, limit=9)
    assert [entry.record.first_name for entry in rest.entries] == ["Carl", "Dan", "Eve"]


@each_index
def test_ranges_that_are_read_together_are_read_as_each_alone(book: Book) -> None:
    add_smiths(book)
    book.add(**FULL)
    entries = book.entries(ACCOUNT)
    for query in ("smith da", "ana", "3105550123", "lake.example"):
        plan = plan_search(query, country="US")
        ranges = plan.ranges[: plan.together]
        alone = [entries.read(key_range, record_type="p", after=None, limit=3) for key_range in ranges]
        assert entries.read_together(ranges, record_type="p", limit=3) == alone


@each_index
def test_an_entry_comes_back_as_it_was_written(book: Book) -> None:
    kept = book.add(**FULL)
    entries = book.entries(ACCOUNT)
    by = {
        Kind.LAST_NAME: KeyRange("muller", frozenset({Kind.LAST_NAME})),
        Kind.EMAIL: KeyRange("office@", frozenset({Kind.EMAIL})),
        Kind.DOMAIN: KeyRange("@lake", frozenset({Kind.DOMAIN})),
        Kind.PHONE: KeyRange("+1310", frozenset({Kind.PHONE})),
        Kind.PHONE_REVERSED: KeyRange("-3210", frozenset({Kind.PHONE_REVERSED})),
        Kind.NPI: KeyRange("n1234567893", frozenset({Kind.NPI})),
    }
    for kind, key_range in by.items():
        first, *_ = entries.read(key_range, record_type=None, after=None, limit=5).entries
        record = first.record
        assert (first.token.kind, record.id, record.type) == (kind, kept.id, "p")
        assert (record.last_name, record.organization_name) == ("Müller-Lüdenscheidt", "Lakeside O'Neil Practice")
        has_addresses, has_numbers = kind in {Kind.EMAIL, Kind.DOMAIN}, kind >= Kind.PHONE
        assert record.emails == (("ana.m@Example.org", "office@lake.example") if has_addresses else ())
        assert record.phones == (("+13105550123", "+13105550199") if has_numbers else ())


@each_index
def test_all_pages_show_what_brute_force_finds(book: Book) -> None:
    chance = random.Random(7)
    records = some_records(chance, 25)
    for record in records:
        add(book.contacts, contact_of(record))
    compared = 0
    for _ in range(60):
        query, record_type = some_query(chance), chance.choice((None, None, "p"))
        if plan_or_none(query) is not None:
            rows = expected(map(fields_of, records), query, record_type=record_type)
            assert book.found(query, record_type=record_type) == rows, query
            compared += bool(rows)
    assert compared > 15


def contact_of(record: Searchable) -> Contact:
    """A contact that is indexed as *record*."""
    fields: dict[str, Any] = {
        "type": TYPES[record.type],
        "first_name": record.first_name,
        "middle_name": record.middle_name,
        "last_name": record.last_name,
        "organization_name": record.organization_name,
        "npi": record.npi,
        "emails": tuple(Email(address, None) for address in record.emails),
        "phones": tuple(Phone(number, "cell", None, "") for number in record.phones),
    }
    return replace(contact(**fields), id=record.id)
