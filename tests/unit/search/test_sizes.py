"""What the index keeps of a record: all of what people write, and of anything longer no more than fits."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.standin import put_of
from carebook.search.entries import entries_of
from carebook.search.store import items_of
from carebook.search.tokens import LARGEST_ENTRY, MOST_TOKENS, NAMES, Kind, Searchable, fitting, tokens_of
from tests.unit.search.examples import chances, some_record

ACCOUNT = "acc_01J8ZQ4W7M3K5T9V2X6Y0B1C2D"
CONTACT = "con_01J8ZQ4W7M3K5T9V2X6Y0B1C2D"
HARD = st.sampled_from(["a", " ", "ü", "İ", "ﷺ", "㌖", "𠮷", '"', "\\", "'", "é", "李", "ß"])
texts = st.text(HARD, max_size=100) | st.text(max_size=100)
addresses = st.builds("{}@{}".format, st.text(HARD, min_size=1, max_size=64), st.text(HARD, min_size=1, max_size=189))


def sizes(record: Searchable) -> list[int]:
    """Of its entries, in bytes as DynamoDB counts."""
    return [put_of(item).stored.size for item in items_of(entries_of(record), ACCOUNT, "con", version=9999).values()]


@settings(max_examples=300)
@given(
    names=st.tuples(texts, texts, texts, st.text(HARD, max_size=200) | st.text(max_size=200)),
    emails=st.lists(addresses, max_size=30),
    phones=st.lists(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True), max_size=60, unique=True),
)
def test_no_entry_is_larger_than_a_search_reckons_with(
    names: tuple[str, str, str, str], emails: list[str], phones: list[str]
) -> None:
    last, first, middle, organization = names
    record = Searchable(
        id=CONTACT,
        type="g",
        last_name=last,
        first_name=first,
        middle_name=middle,
        organization_name=organization,
        emails=tuple(emails),
        phones=tuple(phones),
        npi="1234567893",
    )
    assert max(sizes(record)) <= LARGEST_ENTRY
    assert len(tokens_of(record)) <= MOST_TOKENS
    assert fitting(fitting(record)) == fitting(record)


@pytest.mark.parametrize("organization", ["A" * 200, "Lake " * 40, "Практика " * 11, "医療法人" * 16])
def test_names_that_people_write_are_kept_whole(organization: str) -> None:
    record = Searchable(
        id=CONTACT,
        type="g",
        last_name="Hernández-Villanueva",
        first_name="Maria de los Ángeles",
        middle_name="Guadalupe",
        organization_name=organization,
        emails=tuple(f"office{number}@lakeside.example" for number in range(8)),
        phones=tuple(f"+1310555{number:04}" for number in range(16)),
    )
    assert fitting(record) == record


@pytest.mark.parametrize(
    ("organization", "kept"),
    [("Практика " * 20, "Практика Практика Практика"), ("李" * 100, "李" * 65), ('"Lake" ' * 28, '"Lake" "Lake"')],
)
def test_a_longer_one_is_cut_behind_a_word_and_shown_so(organization: str, kept: str) -> None:
    cut = fitting(Searchable(id=CONTACT, type="g", organization_name=organization)).organization_name
    assert cut.startswith(kept)
    assert cut.endswith("…")
    assert organization.startswith(cut.removesuffix("…"))
    assert len(json.dumps(cut, ensure_ascii=False).encode()) <= 202


def test_of_addresses_that_are_the_same_the_first_is_kept() -> None:
    record = Searchable(id=CONTACT, type="g", emails=("Ana@x.com", "ana@X.com", "bob@x.com"))
    assert fitting(record).emails == ("Ana@x.com", "bob@x.com")


def doubled(**names: Any) -> list[tuple[str, Kind, str]]:
    tokens = [token for token in tokens_of(Searchable(id=CONTACT, type="g", **names)) if token.kind in NAMES]
    return [(token.text, token.kind, token.name) for token in tokens if token.text in {"garcia", "muller", "mueller"}]


def test_the_first_word_of_an_organization_is_kept_even_when_a_person_has_it() -> None:
    assert doubled(last_name="García", organization_name="Garcia Family Practice") == [
        ("garcia", Kind.LAST_NAME, "garcia"),
        ("garcia", Kind.ORGANIZATION, "garcia family practice"),
    ]
    assert doubled(first_name="Müller", organization_name="Müller Clinic") == [
        *(("muller", Kind.FIRST_NAME, "muller"), ("mueller", Kind.FIRST_NAME, "mueller")),
        *(("muller", Kind.ORGANIZATION, "muller clinic"), ("mueller", Kind.ORGANIZATION, "mueller clinic")),
    ]


def test_other_words_are_kept_once() -> None:
    assert doubled(last_name="Garcia", organization_name="The Garcia Clinic") == [("garcia", Kind.LAST_NAME, "garcia")]
    assert doubled(organization_name="Garcia Garcia") == [("garcia", Kind.ORGANIZATION, "garcia garcia")]


@given(chance=chances)
def test_no_two_entries_of_a_record_lie_at_one_place(chance: random.Random) -> None:
    entries = entries_of(some_record(chance, CONTACT))
    assert len({(entry.token.shard, entry.key) for entry in entries}) == len(entries)
