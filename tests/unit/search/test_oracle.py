"""The search engine against brute force: no row missing, none wrong, none twice, and each where it belongs."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from carebook.search.tokens import Searchable
from tests.fakes.search import indexed
from tests.unit.search.examples import chances, pages, plan_or_none, some_query, some_records
from tests.unit.search.oracle import expected, fields_of

SIZES = st.integers(1, 15)


def check(records: list[Searchable], query: str, size: int, record_type: str | None = None) -> int:
    """Compare all pages with brute force; how many rows there are."""
    plan = plan_or_none(query)
    if plan is None:
        return 0
    shown = [hit.entry.record.id for page in pages(indexed(records), plan, size, record_type) for hit in page.hits]
    assert shown == expected(map(fields_of, records), query, record_type=record_type), query
    return len(shown)


@settings(max_examples=700)
@given(chance=chances, count=st.integers(0, 25), size=SIZES, record_type=st.sampled_from([None, None, "p"]))
def test_all_pages_together_show_what_brute_force_finds(
    chance: random.Random, count: int, size: int, record_type: str | None
) -> None:
    records = some_records(chance, count)
    for _ in range(4):
        check(records, some_query(chance), size, record_type)


@settings(max_examples=150)
@given(chance=chances, query=st.text(max_size=12), size=SIZES)
def test_whatever_is_typed(chance: random.Random, query: str, size: int) -> None:
    check(some_records(chance, 10), query, size)


def test_who_is_found_by_words_in_any_order_and_by_an_address_is_shown_once_at_the_words() -> None:
    both = Searchable(
        id="con_1", type="g", last_name="Lee", first_name="Jane", middle_name="Smith", emails=("smith.jan@x.com",)
    )
    address_alone = Searchable(id="con_2", type="g", last_name="Lee", emails=("smith.jan@y.com",))
    assert check([both, address_alone], "smith.jan", 5) == 2
