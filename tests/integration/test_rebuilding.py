"""Building the index anew while people go on working."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from carebook.clients.store import TableClients
from carebook.contacts.store import TableContacts
from carebook.search import state as index_state
from carebook.search.rebuilding import Book, rebuild_index, remove_version
from carebook.search.state import TableIndexStates
from carebook.table import open_table
from tests.builders import Caller
from tests.integration.conftest import TABLE


@pytest.fixture(autouse=True)
def _nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_state, "REMEMBERED_SECONDS", 0.0)


def add(caller: Caller, last_name: str) -> str:
    body = {"type": "other", "last_name": last_name}
    contact: str = caller.post("/contacts?allow_duplicate=true", body).body["id"]
    return contact


def found(caller: Caller, query: str) -> list[str]:
    return [row["id"] for row in caller.get(f"/contacts/search?q={query}").body["items"]]


def books() -> list[Book]:
    return [TableContacts(open_table()), TableClients(open_table())]


def rebuild(account: str, wait: Callable[[], None] = lambda: None, tell: Callable[[str], None] = lambda _: None) -> int:
    return rebuild_index(open_table(), books(), account, wait=wait, tell=tell)


def remove(account: str, version: int) -> int:
    return remove_version(open_table(), books(), account, version, state=TableIndexStates(open_table()).now(account))


def entries(account: str, version: int) -> set[tuple[str, str]]:
    items = boto3.resource("dynamodb").Table(TABLE).scan()["Items"]
    prefix = f"A#{account}#S{version}#"
    return {(item["PK"].removeprefix(prefix), item["SK"]) for item in items if item["PK"].startswith(prefix)}


def test_the_new_index_holds_what_the_old_one_held(director: Caller) -> None:
    ids = [add(director, name) for name in ("Alder", "Birch", "Cedar")]
    director.delete(f"/contacts/{ids[2]}")
    before = entries(director.account, 1)
    assert rebuild(director.account) == 2
    assert entries(director.account, 2) == before
    assert [found(director, query) for query in ("alder", "birch", "cedar")] == [[ids[0]], [ids[1]], []]
    assert remove(director.account, 1) == len(before)
    assert entries(director.account, 1) == set()
    assert found(director, "alder") == [ids[0]]


def test_a_version_in_use_is_not_removed(director: Caller) -> None:
    add(director, "Alder")
    with pytest.raises(ValueError, match="in use"):
        remove(director.account, 1)


def test_what_is_written_meanwhile_is_in_the_new_index(director: Caller) -> None:
    alder, birch, cedar, dogwood = (add(director, name) for name in ("Alder", "Birch", "Cedar", "Dogwood"))
    added: list[str] = []

    def work(told: str) -> None:
        if "indexed" not in told or added:
            return
        added.append(add(director, "Elm"))
        director.patch(f"/contacts/{alder}", {"last_name": "Aspen"})
        director.patch(f"/contacts/{alder}", {"last_name": "Ash"})
        director.delete(f"/contacts/{birch}")
        director.delete(f"/contacts/{cedar}?purge=true")

    rebuild(director.account, tell=work)
    queries = ("alder", "aspen", "ash", "birch", "cedar", "dogwood", "elm")
    assert [found(director, query) for query in queries] == [[], [], [alder], [], [], [dogwood], added]
    fresh = {
        entry for contact in (alder, dogwood, added[0]) for entry in entries(director.account, 2) if contact in entry[1]
    }
    assert entries(director.account, 2) == fresh


class Stopped(Exception):
    """The operator pressed Ctrl-C."""


@pytest.mark.parametrize("at", range(6))
def test_a_rebuild_that_was_stopped_goes_on(director: Caller, at: int) -> None:
    ids = {name: add(director, name) for name in ("alder", "birch")}
    calls = 0

    def stop(*_: Any) -> None:
        nonlocal calls
        calls += 1
        if calls > at:
            raise Stopped

    stopped = False
    try:
        rebuild(director.account, wait=stop, tell=stop)
    except Stopped:
        stopped = True
        ids["cedar"] = add(director, "cedar")
        rebuild(director.account)
    assert {name: found(director, name) for name in ids} == {name: [contact] for name, contact in ids.items()}
    assert stopped or calls <= at
