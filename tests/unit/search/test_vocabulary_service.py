"""When a search asks what was meant, and how a vocabulary is built."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from carebook.contacts import names as names_module
from carebook.contacts.names import names_in_use
from carebook.search.entries import Entry, entries_of
from carebook.search.plan import plan_search
from carebook.search.service import Hit, Position, Results
from carebook.search.tokens import Kind, Searchable
from carebook.search.vocabulary import Vocabulary
from carebook.search.vocabulary_service import Wanted, build_vocabulary, did_you_mean
from tests.fakes.contacts import MemoryContacts
from tests.fakes.examples import ACCOUNT, OTHER_ACCOUNT, add, archive, contact

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
JOHNSON = Searchable(id="con_1", type="p", last_name="Johnson", emails=("jonson@example.org",))
WANTED = Wanted(ACCOUNT, "con", "mark")


@dataclass
class Memory:
    """Vocabularies without a table; notes what is asked of it."""

    kept: dict[tuple[str, str], Vocabulary] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    free: bool = True
    finished: list[Wanted] = field(default_factory=list)

    def of(self, account: str, book: str, *, now: datetime) -> Vocabulary | None:
        self.asked.append((account, book))
        return self.kept.get((account, book))

    def claim(self, wanted: Wanted, *, now: datetime) -> Wanted | None:
        return wanted._replace(mark="claimed") if self.free else None

    def keep(self, account: str, book: str, vocabulary: Vocabulary) -> None:
        self.kept[account, book] = vocabulary

    def done(self, wanted: Wanted) -> None:
        self.finished.append(wanted)


@pytest.fixture
def memory() -> Memory:
    return Memory({(ACCOUNT, "con"): Vocabulary({"johnson": 1, "ana": 1, "clinic": 1}, 1, NOW)})


def asked(memory: Memory, query: str, found: Results | None = None, *, account: str = ACCOUNT) -> str | None:
    plan = plan_search(query, country="US")
    return did_you_mean(memory, account=account, book="con", query=query, plan=plan, found=found or Results(), now=NOW)


def hit(kind: Kind) -> Hit:
    entry: Entry = next(entry for entry in entries_of(JOHNSON) if entry.token.kind is kind)
    return Hit(entry)


def test_a_query_that_finds_nothing_is_put_right_whole_and_folded(memory: Memory) -> None:
    assert asked(memory, "  Ana  JÓNSON ") == "ana johnson"


def test_addresses_alone_are_nearly_nothing(memory: Memory) -> None:
    by_address = hit(Kind.EMAIL)
    assert asked(memory, "jonson", Results([by_address] * 2)) == "johnson"
    assert asked(memory, "jonson", Results([by_address] * 3)) is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("johnson", Results([hit(Kind.LAST_NAME)])),
        ("jonson", Results([hit(Kind.EMAIL), hit(Kind.LAST_NAME)])),
        ("jonson", Results(next=Position(0, "jonson"), partial=True)),
        ("ana", Results()),
        ("jonson@example.org", Results()),
        ("@exmaple", Results()),
        ("exmaple.org", Results()),
        ("(310) 555-0123", Results()),
        ("1234567893", Results()),
        ("12345", Results()),
    ],
)
def test_the_vocabulary_is_not_even_read(memory: Memory, query: str, found: Results) -> None:
    assert asked(memory, query, found) is None
    assert memory.asked == []


def test_nothing_is_suggested_out_of_another_account(memory: Memory) -> None:
    assert asked(memory, "jonson", account=OTHER_ACCOUNT) is None
    assert memory.asked == [(OTHER_ACCOUNT, "con")]


@pytest.mark.parametrize("query", ["johnson", "xyzzy"])
def test_nothing_better_is_no_suggestion(memory: Memory, query: str) -> None:
    assert asked(memory, query) is None


def test_a_vocabulary_is_built_out_of_the_accounts_names() -> None:
    memory = Memory()

    def names(account: str) -> Iterable[tuple[str, ...]]:
        return [("Müller", account)]

    assert build_vocabulary(memory, names, WANTED, now=NOW)
    assert memory.kept == {(ACCOUNT, "con"): Vocabulary({"muller": 1, "mueller": 1, "acc": 1, "lakeside": 1}, 1, NOW)}
    assert memory.finished == [WANTED._replace(mark="claimed")]


def test_what_another_run_has_taken_on_is_left_alone() -> None:
    memory = Memory(free=False)
    assert not build_vocabulary(memory, lambda _: 1 // 0, WANTED, now=NOW)  # type: ignore[arg-type,return-value]
    assert (memory.kept, memory.finished) == ({}, [])


def test_a_build_that_fails_stays_wanted() -> None:
    memory = Memory()
    with pytest.raises(ZeroDivisionError):
        build_vocabulary(memory, lambda _: 1 // 0, WANTED, now=NOW)  # type: ignore[arg-type,return-value]
    assert memory.finished == []


@pytest.mark.parametrize("page", [1, 2, 3, 4, 1_000])
def test_names_are_those_of_every_contact_in_use_of_the_account(page: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names_module, "_PAGE", page)
    contacts = MemoryContacts()
    for last_name in ("Allen", "Bell", "Cruz"):
        add(contacts, contact(last_name=last_name, first_name=None, organization_name="Clinic"))
    archive(contacts, add(contacts, contact(last_name="Diaz")))
    add(contacts, contact(account=OTHER_ACCOUNT, last_name="Ellis"))
    assert sorted(names_in_use(contacts, ACCOUNT)) == [("Allen", "Clinic"), ("Bell", "Clinic"), ("Cruz", "Clinic")]
