"""Single writes that meet a transaction, or whose answer is lost: the caller is told what has become of them."""

import pytest

from carebook.items import NOT_THERE, at_version, make_item
from carebook.keys import Key
from carebook.table import Row, Table, open_table
from tests.builders import Caller
from tests.integration.disturbing import Line


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    return Line(monkeypatch)


def test_a_change_that_meets_a_transaction_is_made_when_that_is_over(director: Caller, line: Line) -> None:
    before = director.patch("/settings", {"practice_name": "One"})
    line.meet_a_transaction("PutItem")
    answer = director.patch("/settings", {"practice_name": "Two"}, headers={"If-Match": before.etag})
    assert (answer.status, answer.body["practice_name"], line.is_quiet) == (200, "Two", True), answer.text


def test_a_change_whose_answer_is_lost_is_told_as_made(director: Caller, line: Line) -> None:
    before = director.patch("/settings", {"practice_name": "One"})
    line.lose_the_answer("PutItem")
    answer = director.patch("/settings", {"practice_name": "Two"}, headers={"If-Match": before.etag})
    assert (answer.status, answer.body["practice_name"], line.is_quiet) == (200, "Two", True), answer.text
    assert director.get("/settings").etag == answer.etag


def test_a_change_that_another_was_faster_than_is_told_as_a_conflict(director: Caller, line: Line) -> None:
    before = director.patch("/settings", {"practice_name": "One"})
    line.lose_the_request("PutItem", after=lambda: director.patch("/settings", {"practice_name": "Another's"}))
    answer = director.patch("/settings", {"practice_name": "Two"}, headers={"If-Match": before.etag})
    assert (answer.status, answer.body["code"], line.is_quiet) == (412, "stale_version", True), answer.text
    assert director.get("/settings").body["practice_name"] == "Another's"


@pytest.fixture
def table(aws: None) -> Table:
    return open_table()


@pytest.fixture
def key(account: str) -> Key:
    return Key(f"A#{account}", "SOMETHING")


def test_the_same_words_of_another_are_not_taken_for_ours(table: Table, key: Key, line: Line) -> None:
    """Two wrong guesses in one second are written in the same words, and are two."""
    item = make_item(key, "x", {"guesses": 1}, version=1)
    line.lose_the_request("PutItem", after=lambda: table.put_if(item, NOT_THERE))
    assert not table.put_if(item, NOT_THERE)


def test_a_put_knows_itself_even_when_it_meets_a_transaction_meanwhile(table: Table, key: Key, line: Line) -> None:
    item = make_item(key, "x", {}, version=1)
    line.lose_the_answer("PutItem", after=lambda: line.meet_a_transaction("PutItem"))
    assert table.put_if(item, NOT_THERE)
    assert line.is_quiet


def test_a_delete_that_finds_nothing_any_more_has_done_it(table: Table, key: Key, line: Line) -> None:
    table.put_if(make_item(key, "x", {}, version=1), NOT_THERE)
    line.lose_the_answer("DeleteItem")
    assert table.delete_if(key, at_version(1))
    assert table.get(key) is None


def test_a_delete_remembers_its_loss_while_it_waits_for_a_transaction(table: Table, key: Key, line: Line) -> None:
    table.put_if(make_item(key, "x", {}, version=1), NOT_THERE)
    line.lose_the_answer("DeleteItem", after=lambda: line.meet_a_transaction("DeleteItem"))
    assert table.delete_if(key, at_version(1))
    assert line.is_quiet


def test_a_delete_that_meets_what_is_written_since_has_failed(table: Table, key: Key, line: Line) -> None:
    table.put_if(make_item(key, "x", {}, version=1), NOT_THERE)
    newer = make_item(key, "x", {}, version=2)
    line.lose_the_request("DeleteItem", after=lambda: table.put_if(newer, at_version(1)))
    assert not table.delete_if(key, at_version(1))
    assert table.get(key) == Row(key, 2, {})


def test_a_delete_where_nothing_ever_was_has_failed(table: Table, key: Key) -> None:
    assert not table.delete_if(key, at_version(1))
