"""Vocabularies in the table: asked for once, built once, whole at every moment, and gone in time."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest

from carebook import keys
from carebook.search import vocabulary_store
from carebook.search.vocabulary import LARGEST, Vocabulary
from carebook.search.vocabulary_store import CLAIMED, REMEMBERED_SECONDS, TableVocabularies
from carebook.table import Table
from tests.fakes.examples import ACCOUNT, NOW, OTHER_ACCOUNT
from tests.integration.conftest import TABLE

LATER = NOW + timedelta(hours=25)
MUCH_LATER = NOW + timedelta(days=30)


class Clock:
    """What an environment remembers by."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(vocabulary_store, "time", made)
    return made


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    said: list[Any] = []

    class Log:
        def warning(self, *words: Any, **more: Any) -> None:
            said.append((words, more))

    monkeypatch.setattr(vocabulary_store, "logger", Log())
    return said


@pytest.fixture
def new(table: Table, clock: Clock) -> Callable[[], TableVocabularies]:
    """Makes a new environment's vocabularies over the same table."""
    return lambda: TableVocabularies(table)


def some(word: str = "johnson", **changes: Any) -> Vocabulary:
    usual: dict[str, Any] = {"counts": {word: 3, "иванов": 1}, "records": 2, "built_at": NOW}
    return Vocabulary(**(usual | changes))


def test_a_vocabulary_comes_back_as_it_was_kept_for_its_account_and_book_alone(
    new: Callable[[], TableVocabularies],
) -> None:
    new().keep(ACCOUNT, "con", some())
    assert new().of(ACCOUNT, "con", now=NOW) == some()
    assert new().of(ACCOUNT, "cli", now=NOW) is None
    assert new().of(OTHER_ACCOUNT, "con", now=NOW) is None


def test_one_that_is_not_there_is_asked_for_once(new: Callable[[], TableVocabularies]) -> None:
    for vocabularies in (new(), new()):
        for later in range(3):
            assert vocabularies.of(ACCOUNT, "con", now=NOW + timedelta(minutes=later)) is None
    [wanted] = new().wanted(now=NOW, limit=10)
    assert wanted[:2] == (ACCOUNT, "con")


def test_a_fresh_one_is_not_asked_for_and_an_old_one_serves_while_it_is(new: Callable[[], TableVocabularies]) -> None:
    new().keep(ACCOUNT, "con", some())
    assert new().of(ACCOUNT, "con", now=NOW + timedelta(hours=1)) == some()
    assert new().wanted(now=MUCH_LATER, limit=10) == []
    assert new().of(ACCOUNT, "con", now=LATER) == some()
    assert [wanted.account for wanted in new().wanted(now=LATER, limit=10)] == [ACCOUNT]


def test_an_environment_remembers_a_vocabulary_for_five_minutes_but_not_that_there_was_none(
    new: Callable[[], TableVocabularies], clock: Clock
) -> None:
    vocabularies = new()
    assert vocabularies.of(ACCOUNT, "con", now=NOW) is None
    new().keep(ACCOUNT, "con", some())
    assert vocabularies.of(ACCOUNT, "con", now=NOW) == some()
    newer = some("smith", built_at=NOW + timedelta(seconds=1))
    new().keep(ACCOUNT, "con", newer)
    assert vocabularies.of(ACCOUNT, "con", now=NOW) == some()
    clock.seconds += REMEMBERED_SECONDS
    assert vocabularies.of(ACCOUNT, "con", now=NOW) == newer


def test_an_environment_remembers_so_many_words_and_no_more(
    new: Callable[[], TableVocabularies], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vocabulary_store, "_WORDS_REMEMBERED", 5)
    vocabularies = new()
    accounts = [f"acc_{number}" for number in range(5)]
    for account in accounts:
        vocabularies.keep(account, "con", some())
        assert vocabularies.of(account, "con", now=NOW) == some()
    assert len(vocabularies._known) <= 2


def test_a_request_is_taken_on_by_one_run_alone_and_comes_again_when_that_ends_half_way(
    new: Callable[[], TableVocabularies],
) -> None:
    new().of(ACCOUNT, "con", now=NOW)
    [wanted] = new().wanted(now=NOW, limit=10)
    assert new().claim(wanted, now=NOW)
    assert new().claim(wanted, now=NOW) is None
    assert new().wanted(now=NOW + CLAIMED - timedelta(seconds=1), limit=10) == []
    [again] = new().wanted(now=NOW + CLAIMED, limit=10)
    assert again[:2] == wanted[:2]
    assert not new().claim(wanted, now=NOW + CLAIMED), "that was another request"
    claimed = new().claim(again, now=NOW + CLAIMED)
    assert claimed is not None
    new().done(again)
    assert len(new().wanted(now=MUCH_LATER, limit=10)) == 1, "that was an earlier request"
    new().done(claimed)
    assert new().wanted(now=MUCH_LATER, limit=10) == []
    assert not new().claim(again, now=MUCH_LATER)


def test_those_wanted_longest_come_first(new: Callable[[], TableVocabularies]) -> None:
    for number, account in enumerate(("acc_z", "acc_b", "acc_a")):
        new().of(account, "con", now=NOW + timedelta(seconds=number))
    assert [wanted.account for wanted in new().wanted(now=LATER, limit=2)] == ["acc_z", "acc_b"]


def test_a_run_that_was_overtaken_writes_nothing(new: Callable[[], TableVocabularies]) -> None:
    newer = some("smith", built_at=NOW + timedelta(minutes=20))
    new().keep(ACCOUNT, "con", newer)
    new().keep(ACCOUNT, "con", some())
    assert new().of(ACCOUNT, "con", now=NOW) == newer


def test_the_largest_fits_into_an_item_that_goes_away_in_a_week(new: Callable[[], TableVocabularies]) -> None:
    wide = {"".join(chr(0x4E00 + (number * step) % 20_000) for step in range(1, 60)): 1 for number in range(20_000)}
    new().keep(ACCOUNT, "con", Vocabulary(wide, 20_000, NOW))
    key = keys.vocabulary_key(ACCOUNT, "con")
    table = boto3.resource("dynamodb", region_name="eu-central-1").Table(TABLE)
    item = table.get_item(Key={"PK": key.pk, "SK": key.sk})["Item"]
    assert 100_000 < len(item["z"].value) <= LARGEST
    assert item["expires_at"] == int((NOW + timedelta(days=7)).timestamp())
    assert new().of(ACCOUNT, "con", now=NOW) is not None


def test_a_mark_that_cannot_be_left_costs_nothing_but_a_warning(
    new: Callable[[], TableVocabularies], table: Table, warnings: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    new().keep(ACCOUNT, "con", some())
    with monkeypatch.context() as patch:
        patch.setattr(table, "put_if", lambda *_: 1 / 0)
        assert new().of(ACCOUNT, "con", now=LATER) == some()
        assert new().of(OTHER_ACCOUNT, "con", now=LATER) is None
    assert warnings == [(("Vocabulary not to be had",), {"error": "ZeroDivisionError"})] * 2


def test_a_vocabulary_that_cannot_be_read_costs_nothing_but_a_warning(
    new: Callable[[], TableVocabularies], dynamodb: Any, warnings: list[Any]
) -> None:
    key = keys.vocabulary_key(ACCOUNT, "con")
    broken = {"PK": {"S": key.pk}, "SK": {"S": key.sk}, "doc": {"S": '{"records":1}'}, "z": {"B": b"no package"}}
    dynamodb.put_item(TableName=TABLE, Item=broken)
    assert new().of(ACCOUNT, "con", now=NOW) is None
    assert len(warnings) == 1
