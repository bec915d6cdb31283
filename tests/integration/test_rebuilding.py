"""Building the index anew while people go on working."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from carebook.clients.store import TableClients
from carebook.contacts.store import TableContacts
from carebook.keys import reindex_pk
from carebook.search import state as index_state
from carebook.search.rebuilding import Book, OtherRun, rebuild_index, remove_version
from carebook.search.state import TableIndexStates
from carebook.table import open_table
from infra import rebuild_search
from tests.builders import Caller, child
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


def rebuild(
    account: str,
    wait: Callable[[], None] = lambda: None,
    tell: Callable[[str], None] = lambda _: None,
    take_over: str | None = None,
) -> int:
    return rebuild_index(open_table(), books(), account, wait=wait, tell=tell, take_over=take_over)


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


def test_an_operator_who_removes_the_version_in_use_is_told(
    director: Caller, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add(director, "Alder")
    monkeypatch.setattr(
        "sys.argv", ["rebuild_search.py", "--table", TABLE, "--account", director.account, "--remove", "1"]
    )
    assert rebuild_search.main() == 1
    assert capsys.readouterr().err == "error: Version 1 is in use. Only versions before 1 can be removed.\n"
    assert found(director, "alder")


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


def test_whoever_remembers_an_earlier_state_writes_into_the_new_index_too_and_leaves_no_note(
    director: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = add(director, "Alder")
    known = TableIndexStates(open_table()).now(director.account)
    monkeypatch.setattr(TableIndexStates, "of", lambda _self, _account: known)
    names: list[str] = []

    def change() -> None:
        names.append(f"Tree{len(names)}")
        director.patch(f"/contacts/{contact}", {"last_name": names[-1]})

    def forget() -> None:
        nonlocal known
        change()
        known = TableIndexStates(open_table()).now(director.account)
        change()

    rebuild(director.account, wait=forget)
    assert [found(director, name) for name in names] == [*([] for _ in names[1:]), [contact]]
    assert {key.split()[0] for shard, key in entries(director.account, 2)} == {names[-1].lower()}
    assert open_table().query(reindex_pk(director.account), limit=9) == []


def test_an_edit_between_reading_a_record_and_indexing_it_is_not_lost(
    director: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = add(director, "Alder")
    read, waits = TableContacts.indexed, 0
    known = TableIndexStates(open_table()).now(director.account)
    monkeypatch.setattr(TableIndexStates, "of", lambda _self, _account: known)

    def edit(name: str) -> None:
        director.patch(f"/contacts/{contact}", {"last_name": name})

    def read_and_edit(store: TableContacts, account: str, record_id: str) -> Any:
        record = read(store, account, record_id)
        if waits == 3 and record and record[0] and record[0].last_name == "Birch":
            edit("Cedar")  # leaves no note any more
        return record

    def forget() -> None:
        nonlocal known, waits
        waits += 1
        if waits == 3:
            edit("Birch")
        known = TableIndexStates(open_table()).now(director.account)

    monkeypatch.setattr(TableContacts, "indexed", read_and_edit)
    rebuild(director.account, wait=forget)
    assert {key.split()[0] for shard, key in entries(director.account, 2)} == {"cedar"}


def find_clients(caller: Caller, query: str) -> list[str]:
    return [row["id"] for row in caller.get(f"/clients?q={query}").body["items"]]


def test_clients_are_in_the_new_index_too_and_what_is_written_of_them_meanwhile(director: Caller) -> None:
    contact = add(director, "Alder")
    mia, leo = (director.post("/clients", child(first_name=name, emails=[])).body["id"] for name in ("Mia", "Leo"))
    added: list[str] = []

    def work(told: str) -> None:
        if "of cli indexed" in told and not added:
            added.append(director.post("/clients", child(first_name="Ida", emails=[])).body["id"])
            director.patch(f"/clients/{mia}", {"first_name": "Maya"})
            director.delete(f"/clients/{leo}")

    assert rebuild(director.account, tell=work) == 2
    remove(director.account, 1)
    assert [find_clients(director, name) for name in ("mia", "maya", "leo", "ida")] == [[], [mia], [], added]
    assert found(director, "alder") == [contact]


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


def test_of_two_who_rebuild_at_once_the_second_is_told_of_the_first(director: Caller) -> None:
    alder = add(director, "Alder")
    told: list[str] = []

    def second(text: str) -> None:
        told.append(text)
        with pytest.raises(OtherRun, match="is building this index; its last step was at 20") as refused:
            rebuild(director.account)
        assert told[0] == f"{refused.value.run} has begun"
        with pytest.raises(OtherRun):
            rebuild(director.account, take_over="run_01J8ZQ4W7M3K5T9V2X6Y0B1C2D")

    assert rebuild(director.account, tell=second) == 2
    assert len(told) >= 3
    assert found(director, "alder") == [alder]
    assert rebuild(director.account) == 3


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("at", range(4))
def test_a_run_that_was_taken_over_writes_nothing_more(director: Caller, at: int, again: bool) -> None:
    alder = add(director, "Alder")
    told: list[str] = []

    def overtake(text: str) -> None:
        told.append(text)
        if len(told) == at + 1:
            director.patch(f"/contacts/{alder}", {"last_name": "Ash"})
            latest = rebuild(director.account, take_over=told[0].split()[0])
            if again:
                latest = rebuild(director.account)
            for version in range(1, latest):
                remove(director.account, version)
            other.extend(entries(director.account, version) for version in range(1, 5))

    other: list[set[tuple[str, str]]] = []
    with pytest.raises(OtherRun, match="has taken over from run_"):
        rebuild(director.account, tell=overtake)
    assert [entries(director.account, version) for version in range(1, 5)] == other
    assert (found(director, "alder"), found(director, "ash")) == ([], [alder])


@pytest.mark.parametrize("at", range(4))
def test_nothing_of_a_contact_that_is_purged_is_left_in_a_rebuild_that_is_never_finished(
    director: Caller, at: int
) -> None:
    ids = {name: add(director, name) for name in ("Alder", "Birch")}
    calls = 0

    def stop(_: str) -> None:
        nonlocal calls
        calls += 1
        if calls > at:
            raise Stopped

    with pytest.raises(Stopped):
        rebuild(director.account, tell=stop)
    director.patch(f"/contacts/{ids['Alder']}", {"last_name": "Aspen"})
    director.patch(f"/contacts/{ids['Alder']}", {"last_name": "Ash", "organization_name": "Aspen House"})
    director.patch(f"/contacts/{ids['Birch']}", {"last_name": "Beech"})
    director.delete(f"/contacts/{ids['Alder']}?purge=true")
    state = TableIndexStates(open_table()).now(director.account)
    if state.version == 2:  # what is no longer in use keeps names until it is removed
        remove(director.account, 1)
    items = boto3.resource("dynamodb").Table(TABLE).scan()["Items"]
    left = [item["SK"] for item in items if ids["Alder"] in f"{item['PK']}{item['SK']}"]
    assert left == [ids["Alder"]]  # what says that it was purged
    assert not any(name in str(items).lower() for name in ("alder", "aspen"))
    rebuild(director.account)
    assert [found(director, name) for name in ("alder", "ash", "birch", "beech")] == [[], [], [], [ids["Birch"]]]
