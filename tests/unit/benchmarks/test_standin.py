"""The stand-in behaves and charges as DynamoDB does. That the stores work on it is shown by their own suites."""

from typing import Any

import pytest

from benchmarks.counting import Capacity, item_size
from benchmarks.standin import StandIn, put_of
from carebook.items import NOT_THERE, ConditionFailed, Item, Writes, at_version, make_item
from carebook.keys import Key


def entry(sk: str, words: str = " ana", record_type: str = "p", doc: str = "x") -> Item:
    item = make_item(Key("p", sk), None, [doc])
    item.words, item.type = words, record_type
    return item


def filled(*items: Item) -> StandIn:
    table = StandIn()
    table.put_all(map(put_of, items))
    table.taken = Capacity()
    return table


def keys(raws: Any) -> list[str]:
    return [raw["SK"]["S"] for raw in raws]


@pytest.mark.parametrize("doc", [{"a": 1}, {"name": "Müller", "emoji": "🦷"}, {}, ["x" * 5000]])
def test_an_item_counts_as_many_bytes_as_dynamodb_says(doc: Any) -> None:
    item = make_item(Key("p", "ß"), "contact", doc, version=1200)
    item.words, item.gsi2_pk, item.gsi2_sk, item.expires_at = " müller", "PURGE", "2026", 1_700_000_000
    assert put_of(item).stored.size == item_size(item.serialize())


def test_a_page_gives_what_passes_its_filter_and_says_where_it_stopped() -> None:
    table = filled(*(entry(f"a{number}", " ana" if number % 2 else " eve") for number in range(6)), entry("b"))
    ana = Item.words.contains(" ana") & (Item.type == "p")
    raws, _, last = table.page("p", low="a", high="az", limit=4, filters=ana)
    assert (keys(raws), last) == (["a1", "a3"], "a3")
    raws, _, last = table.page("p", low="a3 ", high="az", limit=4, filters=ana)
    assert (keys(raws), last) == (["a5"], None)


def test_a_page_that_ends_at_its_limit_does_not_know_whether_anything_follows() -> None:
    table = filled(entry("a1"), entry("a2"))
    assert table.page("p", low="a", high="az", limit=2)[2] == "a2"
    assert table.page("p", low="a2 ", high="az", limit=2) == ([], 0.5, None)


def test_a_page_is_charged_for_all_that_it_looked_at_and_half_when_eventually_consistent() -> None:
    table = filled(*(entry(f"a{number}", doc="x" * 2000) for number in range(6)))
    assert table.page("p", low="a", high="az", limit=5, filters=Item.words.contains(" eve"))[1] == 1.5
    assert table.taken == Capacity(reads=1.5)  # five items of 2 KB are three blocks of 4 KB
    table.page("nothing", low="a", high="az", limit=5)
    assert table.taken == Capacity(reads=2)


def test_a_page_ends_after_a_megabyte() -> None:
    table = filled(*(entry(f"a{number}", doc="x" * 300_000) for number in range(6)))
    raws, units, last = table.page("p", low="a", high="az", limit=6)
    assert (len(raws), units, last) == (4, 146.5, "a3")


def test_items_are_read_in_order_after_changes() -> None:
    table = filled(entry("c"), entry("a"))
    assert [row.key.sk for row in table.query("p", limit=9)] == ["a", "c"]
    writes = Writes()
    writes.put(entry("b"))
    writes.delete(Key("p", "a"))
    table.write(writes)
    assert [row.key.sk for row in table.query("p", limit=9)] == ["b", "c"]
    assert [row.key.sk for row in table.query("p", limit=1, newest_first=True)] == ["c"]
    assert [row.key.sk for row in table.query("p", low="bb", high="cc", limit=9)] == ["c"]


def test_a_transaction_costs_twice_and_happens_as_a_whole() -> None:
    table = StandIn()
    writes = Writes()
    writes.put(make_item(Key("p", "a"), "contact", ["x" * 1500], version=1), NOT_THERE)
    writes.put(entry("b"))
    table.write(writes)
    assert table.taken == Capacity(writes=2 * (2 + 1))
    writes.put(entry("c"))
    with pytest.raises(ConditionFailed) as failed:
        table.write(writes)
    assert failed.value.key == Key("p", "a")
    assert table.get(Key("p", "c")) is None


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (at_version(3), True),
        (at_version(2), False),
        (Item.pk.exists(), True),
        (NOT_THERE, False),
        (NOT_THERE | (Item.version < 4), True),
        (Item.gsi2_sk == "x", False),
    ],
)
def test_conditions_hold_as_on_the_table(condition: Any, holds: bool) -> None:
    table = filled(make_item(Key("p", "a"), "contact", {}, version=3))
    assert table.put_if(make_item(Key("p", "a"), "contact", {"new": True}, version=4), condition) is holds
    writes = Writes()
    writes.check(Key("p", "a"), at_version(4 if holds else 3))
    table.write(writes)


def test_a_transaction_is_refused_when_it_is_too_large_or_writes_an_item_twice() -> None:
    for puts in ([entry(f"a{number}") for number in range(101)], [entry("a"), entry("a")]):
        writes = Writes()
        for item in puts:
            writes.put(item)
        with pytest.raises(ValueError, match="at most 100 writes"):
            StandIn().write(writes)
