"""Pages: how far a search reads, where it goes on, and what others may do meanwhile."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carebook.errors import BadCursor
from carebook.search.plan import KeyRange, plan_search
from carebook.search.service import Position, Slice, search
from carebook.search.tokens import Searchable
from tests.fakes.search import MemoryEntries, indexed
from tests.unit.search.examples import chances, pages, plan_or_none, some_query, some_record, some_records
from tests.unit.search.oracle import expected, fields_of

BUDGET = 50
LIMIT = 50


@dataclass
class Watched:
    """``SearchIndex`` that note what each round takes, and do something before it."""

    entries: MemoryEntries
    units: list[float] = field(default_factory=list)

    def before_round(self) -> None:
        """Nothing."""

    def read(self, key_range: KeyRange, *, record_type: str | None, after: str | None, limit: int) -> Slice:
        self.before_round()
        piece = self.entries.read(key_range, record_type=record_type, after=after, limit=limit)
        self.units.append(piece.units)
        return piece

    def read_together(self, ranges: Sequence[KeyRange], *, record_type: str | None, limit: int) -> list[Slice]:
        self.before_round()
        pieces = self.entries.read_together(ranges, record_type=record_type, limit=limit)
        self.units.append(sum(piece.units for piece in pieces))
        return pieces


def smiths(count: int, **fields: str) -> list[Searchable]:
    usual: dict[str, Any] = {"type": "g", "last_name": "Smith", "first_name": "Ana"}
    return [Searchable(id=f"con_{number:026}", **(usual | fields)) for number in range(count)]


def test_one_word_is_one_round_however_many_have_it() -> None:
    entries = Watched(indexed(smiths(500)))
    page = next(pages(entries, plan_search("smi", country="US"), LIMIT))
    assert (len(page.hits), len(entries.units)) == (LIMIT, 1)


def test_two_words_are_one_round_of_four_ranges() -> None:
    entries = indexed(smiths(500))
    page = next(pages(entries, plan_search("ana smi", country="US"), LIMIT))
    assert (len(page.hits), entries.reads) == (LIMIT, [4])


def test_the_ranges_of_more_than_names_wait_for_the_next_page_when_the_first_has_something() -> None:
    smith = Searchable(id="con_1", type="g", last_name="Smith", first_name="Ana")
    other = replace(smith, id="con_2", first_name="", organization_name="Anastasia Group")
    entries = indexed([smith, other])
    first, second = pages(entries, plan_search("smith an", country="US"), LIMIT)
    assert [hit.entry.record.id for hit in first.hits] == ["con_1"]
    assert (first.next, entries.reads) == (Position(4), [4, 1])
    assert [hit.entry.record.id for hit in second.hits] == ["con_2"]


def test_when_the_exact_ranges_give_nothing_the_words_are_looked_for_in_any_order_at_once() -> None:
    record = Searchable(id="con_1", type="g", last_name="Smith", organization_name="Lakeside Clinic")
    (page,) = pages(indexed([record]), plan_search("clin smi", country="US"), LIMIT)
    assert [hit.entry.record.id for hit in page.hits] == ["con_1"]


@pytest.mark.parametrize(
    ("query", "record_type"), [("smith zed", None), ("smith ana zed", None), ("smith", "p"), ("ana smith", "p")]
)
def test_reading_stops_at_the_budget_and_the_next_page_goes_on_behind_it(query: str, record_type: str | None) -> None:
    wanted = Searchable(id="con_z", type="p", last_name="Smith", first_name="Zed", middle_name="Ana")
    entries = Watched(indexed([*smiths(6_000), wanted]))
    plan = plan_search(query, country="US")
    shown, start, partial = [], None, 0
    while True:
        entries.units.clear()
        page = search(entries, plan, record_type=record_type, start=start, limit=LIMIT)
        assert sum(entries.units) <= BUDGET
        assert not page.partial or sum(entries.units) > BUDGET / 2
        partial += page.partial
        shown += [hit.entry.record.id for hit in page.hits]
        start = page.next
        if start is None:
            break
    assert shown == ["con_z"]
    assert partial >= 2


def test_a_first_page_of_two_words_is_what_one_round_gave_and_the_next_goes_on_behind_it() -> None:
    records = smiths(70, last_name="", first_name="", organization_name="Lake Family Practice")
    entries = Watched(indexed(records))
    sizes = [len(page.hits) for page in pages(entries, plan_search("lake fam", country="US"), LIMIT)]
    assert (sizes[:2], sum(sizes)) == ([20, 50], 70)
    assert entries.entries.reads[:2] == [4, 1]


def test_a_round_that_gave_nothing_but_has_not_read_all_is_followed_by_another() -> None:
    other = Searchable(id="con_z", type="p", last_name="Smith", first_name="Ana Zoe")
    entries = Watched(indexed([*smiths(70), other]))
    page = next(pages(entries, plan_search("smith ana", country="US"), LIMIT, "p"))
    assert ([hit.entry.record.id for hit in page.hits], entries.entries.reads[:2]) == (["con_z"], [4, 1])


LONGEST = ("Ana 李" * 20, "𠮷野 " * 30, "Практика " * 22, 'Lake "Smith" ' * 15)


def longest_possible(count: int) -> list[Searchable]:
    """Records with all that an index keeps, in letters of many bytes."""
    emails = tuple(f"smith.{number}.ana@{'lake' * 4}.example" for number in range(40))
    phones = tuple(f"+4930{number:09}" for number in range(40))
    names = [f"Smith Ana {name}" for name in LONGEST]
    return [
        Searchable(
            id=f"con_{number:026}",
            type="g",
            last_name=names[number % 4],
            first_name=names[(number + 1) % 4],
            middle_name=names[(number + 2) % 4],
            organization_name=f"Smith Ana {names[(number + 3) % 4]}",
            emails=emails,
            phones=phones,
            npi="1234567893",
        )
        for number in range(count)
    ]


@pytest.mark.parametrize(
    "query",
    ["smith", "smith ana", "ana smith", "smith ana zed", "zed smith", "smith.7", "smith.", "smith@", "@lake", "+49 30"],
)
@pytest.mark.parametrize(("record_type", "limit"), [(None, 50), (None, 100), ("p", 100)])
def test_the_budget_holds_however_long_the_names_are(query: str, record_type: str | None, limit: int) -> None:
    entries = Watched(longest_index())
    plan, start = plan_search(query, country="US"), None
    for _ in range(8):
        entries.units.clear()
        page = search(entries, plan, record_type=record_type, start=start, limit=limit)
        assert sum(entries.units) <= BUDGET
        assert page.hits or page.partial or page.next is None
        start = page.next
        if start is None:
            break


@lru_cache(maxsize=1)
def longest_index() -> MemoryEntries:
    return indexed(longest_possible(600))


def test_a_page_that_is_full_at_the_end_of_a_range_goes_on_with_the_next() -> None:
    records = smiths(2) + [
        Searchable(id=f"con_m{number}", type="g", last_name="Ana", first_name="Smith") for number in range(2)
    ]
    sizes = [len(page.hits) for page in pages(indexed(records), plan_search("smith ana", country="US"), 2)]
    assert sizes[:2] == [2, 2]


@pytest.mark.parametrize("position", [Position(9), Position(0, "smyth 1"), Position(0, "a"), Position(1, "smith 1")])
def test_a_position_that_does_not_lie_in_its_range_is_refused(position: Position) -> None:
    plan = plan_search("smith", country="US")
    with pytest.raises(BadCursor):
        search(indexed(smiths(2)), plan, record_type=None, start=position, limit=LIMIT)


@dataclass
class Disturbed(Watched):
    """An index that others write to between all rounds: they add, change and archive."""

    chance: random.Random = field(default_factory=random.Random)
    kept: list[Searchable] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)

    def before_round(self) -> None:
        for _ in range(self.chance.choice((0, 0, 1, 2)) if len(self.touched) < 12 else 0):
            others = [record for record in self.kept if record.id not in self.touched]
            before = self.chance.choice([*others, None])
            after = some_record(self.chance, before.id if before else f"con_new{len(self.touched)}")
            is_archived = before is not None and self.chance.random() < 0.4
            self.entries.replace(before, None if is_archived else after)
            self.touched.add(after.id)


@settings(max_examples=400)
@given(chance=chances, size=st.integers(1, 6))
def test_who_stays_as_they_are_are_shown_exactly_once_whatever_happens_meanwhile(
    chance: random.Random, size: int
) -> None:
    records = some_records(chance, 30)
    query = some_query(chance)
    plan = plan_or_none(query)
    if plan is None:
        return
    entries = Disturbed(indexed(records), chance=chance, kept=records)
    shown = [hit.entry.record.id for page in pages(entries, plan, size) for hit in page.hits]
    untouched = [record for record in records if record.id not in entries.touched]
    ids = {record.id for record in untouched}
    assert [each for each in shown if each in ids] == expected(map(fields_of, untouched), query)
