"""What hangs on contacts goes with a merge and comes back whole, whoever writes it meanwhile and whoever is late."""

from typing import Any

import boto3
import pytest

from carebook import keys
from carebook.contacts.store import TableContacts
from carebook.errors import Conflict
from carebook.items import NOT_THERE, ConditionFailed, Item, Writes, at_version, make_item
from carebook.merging.moves import Mover
from carebook.merging.store import TableMerges
from carebook.table import open_table
from tests.builders import Caller
from tests.integration.conftest import TABLE
from tests.integration.merges import add, merge, unmerge
from tests.integration.test_merge_races import interleave

PREFIXES = ("DOC#", "FILE#", "MSG#", "SHR#", "TASK#")


@pytest.fixture
def two(director: Caller) -> tuple[str, str]:
    return add(director)["id"], add(director, npi="1234567893")["id"]


def child(account: str, contact_id: str, sk: str) -> Item:
    """An item as files, messages and tasks are: found the other way round, and due."""
    item = make_item(keys.Key(keys.contact_pk(account, contact_id), sk), "child", {"title": sk}, version=3)
    item.gsi1_pk, item.gsi1_sk = f"A#{account}#TASKS", f"2026-11-25#{sk}"
    item.gsi2_pk, item.gsi2_sk = "REMIND", f"2026-11-25T00:00:00Z#{account}#{sk}"
    item.expires_at, item.type = 2_000_000_000, "open"
    return item


def children(account: str, contact_id: str) -> dict[str, dict[str, Any]]:
    """A contact's children by sort key, with every attribute but PK."""
    query = {
        "KeyConditionExpression": "PK = :p",
        "ExpressionAttributeValues": {":p": keys.contact_pk(account, contact_id)},
    }
    items = boto3.resource("dynamodb").Table(TABLE).query(**query)["Items"]
    return {
        item["SK"]: {name: value for name, value in item.items() if name != "PK"}
        for item in items
        if item["SK"].startswith(PREFIXES)
    }


def test_children_with_places_in_both_indexes_go_and_come_back_whole(director: Caller, two: tuple[str, str]) -> None:
    one, other = two
    account = director.account
    for prefix in PREFIXES:
        for number in range(3):
            open_table().put_if(child(account, other, f"{prefix}{number}"), NOT_THERE)
    open_table().put_if(child(account, one, "TASK#mine"), NOT_THERE)
    mine, theirs = children(account, one), children(account, other)
    assert len(theirs) == 15
    assert merge(director, one, other).status == 200
    marked = {sk: item | {"came_from": f"{other}/"} for sk, item in theirs.items()}
    assert (children(account, one), children(account, other)) == (mine | marked, {})
    found = open_table().other_way(f"A#{account}#TASKS", limit=100)
    assert {row.key.pk for _, row in found} == {keys.contact_pk(account, one)}
    assert len(found) == 16
    assert unmerge(director, one, other).status == 200
    assert (children(account, one), children(account, other)) == (mine, theirs)
    assert len(open_table().other_way(f"A#{account}#TASKS", limit=100)) == 16


def test_children_written_anew_or_deleted_since_a_merge_come_back_as_they_are(
    director: Caller, two: tuple[str, str]
) -> None:
    one, other = two
    account = director.account
    for sk in ("TASK#edited", "TASK#deleted", "TASK#left"):
        open_table().put_if(child(account, other, sk), NOT_THERE)
    merge(director, one, other)
    row = open_table().get(keys.Key(keys.contact_pk(account, one), "TASK#edited"))
    assert row is not None
    edited = make_item(row.key, "child", {"title": "new"}, version=4)
    edited.came_from = row.came_from  # as whoever puts it anew must
    assert open_table().put_if(edited, at_version(3))
    open_table().delete_all([keys.Key(keys.contact_pk(account, one), "TASK#deleted")])
    open_table().put_if(child(account, one, "TASK#since"), NOT_THERE)
    unmerge(director, one, other)
    assert set(children(account, one)) == {"TASK#since"}
    theirs = children(account, other)
    assert set(theirs) == {"TASK#edited", "TASK#left"}
    assert theirs["TASK#edited"]["doc"] == '{"title":"new"}'
    assert not [sk for sk, item in theirs.items() if "came_from" in item]


@pytest.mark.parametrize(
    "edit",
    [
        {"doc": "{}"},
        {"version": 4},
        {"GSI2SK": "later"},
        {"w": "an attribute more"},
    ],
    ids=["document", "version", "due", "attribute"],
)
def test_an_edit_at_the_moment_of_the_move_is_not_lost(
    director: Caller, two: tuple[str, str], monkeypatch: pytest.MonkeyPatch, edit: dict[str, Any]
) -> None:
    one, other = two
    account = director.account
    open_table().put_if(child(account, other, "TASK#1"), NOT_THERE)
    write = Mover._write
    done: list[bool] = []

    def after_an_edit(self: Mover, steps: Any) -> None:
        if not done:
            done.append(True)
            table = boto3.resource("dynamodb").Table(TABLE)
            key = {"PK": keys.contact_pk(account, other), "SK": "TASK#1"}
            table.put_item(Item=table.get_item(Key=key)["Item"] | edit)
        write(self, steps)

    monkeypatch.setattr(Mover, "_write", after_an_edit)
    assert merge(director, one, other).status == 200
    [moved] = children(account, one).values()
    assert {name: moved[name] for name in edit} == edit
    assert children(account, other) == {}


def write_child(caller: Caller, contact_id: str, sk: str) -> str:
    """Write a child as every writer must: under the version of the contact to which the id leads. Whose it became."""
    contacts, table = TableContacts(open_table()), open_table()
    while True:
        contact, _ = contacts.find(caller.account, contact_id)
        writes = Writes()
        writes.put(child(caller.account, contact.id, sk), NOT_THERE)
        writes.check(keys.contact_key(caller.account, contact.id), at_version(contact.version))
        try:
            table.write(writes)
        except ConditionFailed:
            continue
        return contact.id


@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize("undo", [False, True], ids=["merge", "unmerge"])
def test_a_child_written_between_two_steps_is_where_people_find_it(
    director: Caller, two: tuple[str, str], monkeypatch: pytest.MonkeyPatch, at: int, undo: bool
) -> None:
    one, other = two
    if undo:
        merge(director, one, other)
    interleave(monkeypatch, at, lambda: write_child(director, other, "TASK#late"))
    assert (unmerge if undo else merge)(director, one, other).status == 200
    where = [each for each in two if "TASK#late" in children(director.account, each)]
    assert where == [one]  # until the end of an undoing the old id leads to the survivor
    assert director.get(f"/contacts/{one}").body["id"] == one


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_writer_who_found_the_duplicate_before_the_merge_writes_nothing_into_it(
    director: Caller, two: tuple[str, str], monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    one, other = two
    found, _ = TableContacts(open_table()).find(director.account, other)
    refused: list[keys.Key] = []

    def write_late() -> None:
        writes = Writes()
        writes.put(child(director.account, found.id, "TASK#late"), NOT_THERE)
        writes.check(keys.contact_key(director.account, found.id), at_version(found.version))
        try:
            open_table().write(writes)
        except ConditionFailed as failed:
            refused.append(failed.key)

    interleave(monkeypatch, at, write_late)
    assert merge(director, one, other).status == 200
    assert children(director.account, other) == {}
    assert ("TASK#late" in children(director.account, one)) == (at == 1)
    assert refused == ([] if at == 1 else [keys.contact_key(director.account, other)])


def test_a_run_that_others_have_overtaken_moves_nothing_more(
    director: Caller, two: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = two
    account = director.account
    for number in range(3):
        open_table().put_if(child(account, other, f"TASK#{number}"), NOT_THERE)
    late: list[Any] = []
    move = TableMerges.move

    def noted(self: TableMerges, ledger: Any) -> None:
        late.append(ledger)
        move(self, ledger)

    with monkeypatch.context() as patch:
        patch.setattr(TableMerges, "move", noted)
        merge(director, one, other)
    unmerge(director, one, other)
    theirs = children(account, other)
    merges = TableMerges(open_table(), TableContacts(open_table()))
    with pytest.raises(Conflict):
        merges.move(late[0])
    assert (children(account, one), children(account, other)) == ({}, theirs)
