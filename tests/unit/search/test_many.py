"""Two thousand contacts of the synthetic practice: long ranges, many pages, many of one name."""

from functools import lru_cache

import pytest

from benchmarks.people import contacts_of
from benchmarks.queries import KINDS, Kind
from carebook.contacts.model import Contact
from carebook.contacts.searchable import searchable
from carebook.search.plan import plan_search
from carebook.search.tokens import MOST_TOKENS, Searchable, tokens_of
from tests.fakes.search import MemoryEntries, indexed
from tests.unit.search.examples import pages
from tests.unit.search.oracle import Fields, expected, fields_of

COUNT = 2_000
QUERIES = 6


@lru_cache(maxsize=1)
def practice() -> tuple[list[Contact], MemoryEntries, list[Fields]]:
    contacts = list(contacts_of("acc_lakeside", COUNT))
    records = [record for record in map(searchable, contacts) if record is not None]
    return contacts, indexed(records), [fields_of(record) for record in records]


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_each_kind_of_query_finds_what_brute_force_finds(kind: Kind) -> None:
    contacts, entries, fields = practice()
    for number, (query, _) in enumerate(kind.queries(contacts)[:QUERIES]):
        size = (50, 7, 100)[number % 3]
        plan = plan_search(query, country="US")
        shown = [hit.entry.record.id for page in pages(entries, plan, size, kind.record_type) for hit in page.hits]
        assert shown == expected(fields, query, record_type=kind.record_type), query


def test_most_records_have_few_tokens_and_none_more_than_may_be_renamed_at_once() -> None:
    contacts, _, _ = practice()
    counts = [len(tokens_of(record)) for record in map(searchable, contacts) if record is not None]
    assert sum(counts) / COUNT < 9
    assert max(counts) <= 20


def test_a_record_with_more_than_is_kept_is_found_by_its_names_and_first_addresses_and_numbers() -> None:
    emails = tuple(f"a{number}@x.com" for number in range(40))
    phones = tuple(f"+1310555{number:04}" for number in range(40))
    record = Searchable(id="con_1", type="g", last_name="Müller", emails=emails, phones=phones, npi="1234567893")
    tokens = tokens_of(record)
    assert len(tokens) == MOST_TOKENS
    texts = {token.text for token in tokens}
    assert texts >= {"muller", "mueller", "n1234567893", "a0@x.com", "a10@x.com", "+13105550000", "+13105550009"}
    assert texts.isdisjoint({"a11@x.com", "+13105550010"})


def test_words_come_first_even_when_they_leave_no_room() -> None:
    name = " ".join(f"w{number}" for number in range(60))
    record = Searchable(id="con_1", type="g", last_name="Lee", organization_name=name, emails=("a@x.com",))
    assert [token.text for token in tokens_of(record)] == ["lee", *(f"w{number}" for number in range(44))]
