"""Contacts that look like one: asked about when added, listed when there, merged and unmerged."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest

from carebook.keys import contact_pk
from carebook.merging.store import TableMerges
from carebook.table import Table
from functions.duplicates import finish_merges
from tests.builders import Caller, Context
from tests.integration.conftest import TABLE

PERSON = {"type": "physician", "first_name": "Ana", "last_name": "Müller"}
EMAIL = {"emails": [{"address": "ana@example.org"}]}
PHONE = {"phones": [{"number": "(310) 555-0123", "type": "cell"}]}


def add(caller: Caller, **fields: Any) -> dict[str, Any]:
    added = caller.post("/contacts?allow_duplicate=true", PERSON | fields)
    assert added.status == 201, added.text
    body: dict[str, Any] = added.body
    return body


@pytest.mark.parametrize(
    ("there", "new", "reasons"),
    [
        ({"npi": "1234567893"}, {"npi": "123-456-7893", "first_name": "Zoe", "last_name": "Other"}, ["npi"]),
        (EMAIL, {"emails": [{"address": "ANA@example.org"}], "last_name": "MULLER"}, ["email", "name"]),
        (PHONE, {"phones": [{"number": "+1 310 555 0123", "type": "work"}]}, ["phone", "name"]),
    ],
)
def test_strong_evidence_is_asked_about(
    director: Caller, there: dict[str, Any], new: dict[str, Any], reasons: list[str]
) -> None:
    known = add(director, **there)
    refused = director.post("/contacts", PERSON | new)
    assert (refused.status, refused.body["code"]) == (409, "possible_duplicate")
    assert refused.body["candidates"] == [{"id": known["id"], "name": "Ana Müller", "reasons": reasons}]
    assert len(director.get("/contacts").body["items"]) == 1
    assert director.post("/contacts?allow_duplicate=true", PERSON | new).status == 201


@pytest.mark.parametrize(
    ("there", "new"),
    [
        ({}, {}),  # a name alone
        (EMAIL, EMAIL | {"first_name": "Bo"}),  # an address alone: families share them
        (PHONE, PHONE | {"last_name": "Meyer"}),
        ({"npi": "1234567893"}, {"npi": "1558598797"}),
    ],
)
def test_weak_evidence_is_not(director: Caller, there: dict[str, Any], new: dict[str, Any]) -> None:
    add(director, **there)
    assert director.post("/contacts", PERSON | new).status == 201


def test_an_archived_contact_or_another_accounts_is_no_candidate(director: Caller) -> None:
    known = add(director, **EMAIL)
    stranger = replace(director, account=f"{director.account}_2")
    assert stranger.post("/contacts", PERSON | EMAIL).status == 201
    director.delete(f"/contacts/{known['id']}")
    assert director.post("/contacts", PERSON | EMAIL).status == 201


def test_a_repeat_with_its_key_is_no_duplicate_of_itself(director: Caller) -> None:
    key = {"Idempotency-Key": "k"}
    first = director.post("/contacts", PERSON | EMAIL, headers=key)
    table = boto3.resource("dynamodb").Table(TABLE)
    pk = f"A#{director.account}#IDEM"
    for item in table.query(KeyConditionExpression="PK = :p", ExpressionAttributeValues={":p": pk})["Items"]:
        if "status" in item:  # as if we had fallen before the answer was kept
            table.delete_item(Key={"PK": item["PK"], "SK": item["SK"]})
    again = director.post("/contacts", PERSON | EMAIL, headers=key)
    assert (again.status, again.body["id"]) == (201, first.body["id"])


def pairs(caller: Caller, limit: int = 50) -> Iterator[tuple[set[str], list[str]]]:
    cursor = ""
    while True:
        page = caller.get(f"/contacts/duplicates?limit={limit}{cursor}")
        assert page.status == 200, page.text
        for item in page.body["items"]:
            assert 0 < item["score"] < 1
            yield {row["id"] for row in item["contacts"]}, item["reasons"]
        if page.body["next_cursor"] is None:
            return
        cursor = f"&cursor={page.body['next_cursor']}"


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_each_pair_is_listed_once_under_its_most_telling_reason(director: Caller, limit: int) -> None:
    one = add(director, npi="1234567893", **EMAIL, **PHONE)
    two = add(director, npi="1234567893", **EMAIL)
    add(director, last_name="Nobody", organization_name="Alone")
    three = add(director, last_name="Meyer", organization_name="Lake")
    four = add(director, last_name="Meyer", organization_name="Lake", first_name="ANA", middle_name="X")
    add(director, last_name="Meyer", organization_name="Elsewhere")
    five = add(director, last_name="Young", **PHONE)
    found = list(pairs(director, limit))
    assert found == [
        ({one["id"], two["id"]}, ["npi", "email", "name"]),
        ({one["id"], five["id"]}, ["phone"]),
        ({three["id"], four["id"]}, ["name", "organization"]),
    ]


def test_a_switchboard_makes_no_pairs(director: Caller) -> None:
    for number in range(7):
        add(director, last_name=f"Doctor{number}", **PHONE)
    assert list(pairs(director)) == []


@pytest.fixture
def two(director: Caller) -> tuple[dict[str, Any], dict[str, Any]]:
    survivor = add(director, notes="first", phones=[{"number": "(212) 555-0188", "type": "fax"}])
    duplicate = add(director, npi="1234567893", notes="second", qualifications="MD", **EMAIL, **PHONE)
    hang_on(director, duplicate["id"], "TASK#1", "FILE#1")
    hang_on(director, survivor["id"], "TASK#2")
    return survivor, duplicate


def hang_on(caller: Caller, contact_id: str, *keys: str) -> None:
    """Items as files and tasks will be."""
    table = boto3.resource("dynamodb").Table(TABLE)
    for key in keys:
        table.put_item(Item={"PK": contact_pk(caller.account, contact_id), "SK": key, "doc": "{}", "other": 7})


def hanging_on(caller: Caller, contact_id: str) -> set[str]:
    table = boto3.resource("dynamodb").Table(TABLE)
    pk = contact_pk(caller.account, contact_id)
    items = table.query(KeyConditionExpression="PK = :p", ExpressionAttributeValues={":p": pk})["Items"]
    return {item["SK"] for item in items if item["SK"].startswith(("TASK#", "FILE#"))}


def state(caller: Caller, contact_id: str) -> dict[str, Any]:
    """A contact without what every write changes."""
    body = caller.get(f"/contacts/{contact_id}").body
    return {name: value for name, value in body.items() if name not in {"version", "updated_at"}}


def merge(caller: Caller, survivor: str, duplicate: str, **fields: str) -> Any:
    return caller.post(f"/contacts/{survivor}/merge", {"duplicate_id": duplicate, "fields": fields})


def unmerge(caller: Caller, survivor: str, duplicate: str) -> Any:
    return caller.post(f"/contacts/{survivor}/unmerge", {"duplicate_id": duplicate})


Two = tuple[dict[str, Any], dict[str, Any]]


def test_a_merge_keeps_everything_of_both(director: Caller, two: Two) -> None:
    survivor, duplicate = two
    merged = merge(director, survivor["id"], duplicate["id"])
    assert merged.status == 200, merged.text
    body = merged.body
    assert (body["id"], body["npi"], body["qualifications"]) == (survivor["id"], "1234567893", "MD")
    assert body["notes"] == "first\n\nsecond"
    assert [phone["number"] for phone in body["phones"]] == ["+12125550188", "+13105550123"]
    assert [email["address"] for email in body["emails"]] == ["ana@example.org"]
    assert hanging_on(director, survivor["id"]) == {"TASK#1", "TASK#2", "FILE#1"}
    assert hanging_on(director, duplicate["id"]) == set()
    assert [row["id"] for row in director.get("/contacts").body["items"]] == [survivor["id"]]
    assert [row["id"] for row in director.get("/contacts/search?q=0123").body["items"]] == [survivor["id"]]


def test_the_old_id_leads_to_the_survivor(director: Caller, two: Two) -> None:
    survivor, duplicate = two
    merge(director, survivor["id"], duplicate["id"])
    old = f"/contacts/{duplicate['id']}"
    assert director.get(old).body["id"] == survivor["id"]
    changed = director.patch(old, {"notes": "by the old id"})
    assert (changed.status, changed.body["id"]) == (200, survivor["id"])
    for answer in (director.delete(old), director.post(f"{old}/restore"), director.delete(f"{old}?purge=true")):
        assert (answer.status, answer.body["code"]) == (409, "merged")
        assert answer.body["merged_into"] == survivor["id"]


def test_fields_can_be_chosen(director: Caller, two: Two) -> None:
    survivor, duplicate = two
    body = merge(director, survivor["id"], duplicate["id"], notes="duplicate", phones="duplicate", npi="survivor").body
    assert (body["notes"], body["npi"]) == ("second", "1234567893")
    assert [phone["number"] for phone in body["phones"]] == ["+13105550123", "+12125550188"]


def test_an_unmerge_makes_two_of_one_exactly_as_they_were(director: Caller, two: Two) -> None:
    before = [state(director, contact["id"]) for contact in two]
    survivor, duplicate = (contact["id"] for contact in two)
    merge(director, survivor, duplicate, notes="duplicate")
    undone = unmerge(director, survivor, duplicate)
    assert undone.status == 200, undone.text
    assert [state(director, contact) for contact in (survivor, duplicate)] == before
    assert hanging_on(director, survivor) == {"TASK#2"}
    assert hanging_on(director, duplicate) == {"TASK#1", "FILE#1"}
    assert len(director.get("/contacts").body["items"]) == 2
    assert [row["id"] for row in director.get("/contacts/search?q=0123").body["items"]] == [duplicate]
    actions = [entry["action"] for entry in director.get(f"/contacts/{survivor}/history").body["items"]]
    assert [action for action in actions if action != "viewed"] == ["unmerged", "merged", "created"]
    assert merge(director, survivor, duplicate).status == 200  # and once more


def test_what_was_edited_since_stays_when_a_merge_is_undone(director: Caller, two: Two) -> None:
    survivor, duplicate = (contact["id"] for contact in two)
    merge(director, survivor, duplicate)
    director.patch(f"/contacts/{survivor}", {"qualifications": "MD, PhD", "organization_name": "New"})
    hang_on(director, survivor, "TASK#3")
    body = unmerge(director, survivor, duplicate).body
    assert (body["qualifications"], body["organization_name"], body["npi"]) == ("MD, PhD", "New", None)
    assert body["notes"] == "first"
    assert hanging_on(director, survivor) == {"TASK#2", "TASK#3"}
    assert state(director, duplicate)["qualifications"] == "MD"


def test_merges_that_cannot_be(director: Caller, two: Two) -> None:
    survivor, duplicate = (contact["id"] for contact in two)
    archived = add(director, last_name="Archived")["id"]
    director.delete(f"/contacts/{archived}")
    foreign = add(replace(director, account=f"{director.account}_2"))["id"]
    none = "con_01ARZ3NDEKTSV4RRFFQ69G5FAV"
    for answer, status, code in [
        (merge(director, survivor, survivor), 422, "not_valid"),
        (merge(director, survivor, archived), 409, "archived"),
        (merge(director, archived, duplicate), 409, "archived"),
        (merge(director, survivor, foreign), 404, "not_found"),
        (merge(director, foreign, survivor), 404, "not_found"),
        (merge(director, survivor, none), 404, "not_found"),
        (merge(director, survivor, "x"), 404, "not_found"),
        (merge(director, survivor, duplicate, npi="theirs"), 422, "not_valid"),
        (merge(director, survivor, duplicate, color="duplicate"), 422, "not_valid"),
        (unmerge(director, survivor, duplicate), 409, "not_merged"),
        (unmerge(director, foreign, duplicate), 404, "not_found"),
        (merge(replace(director, groups="clinical"), survivor, duplicate), 403, "role_not_allowed"),
        (unmerge(replace(director, groups="supervisor"), survivor, duplicate), 403, "role_not_allowed"),
    ]:
        assert (answer.status, answer.body["code"]) == (status, code), answer.text
    assert merge(director, survivor, duplicate).status == 200
    third = add(director, last_name="Third")["id"]
    for answer in (
        merge(director, survivor, duplicate),
        merge(director, third, duplicate),
        merge(director, duplicate, third),
    ):
        assert (answer.status, answer.body["code"]) == (409, "merged")


def test_merges_can_be_chained_and_undone_from_the_outside_in(director: Caller, two: Two) -> None:
    survivor, duplicate = (contact["id"] for contact in two)
    last = add(director, last_name="Last")["id"]
    merge(director, survivor, duplicate)
    assert merge(director, last, survivor).status == 200
    assert director.get(f"/contacts/{duplicate}").body["id"] == last
    assert unmerge(director, survivor, duplicate).status == 409
    assert unmerge(director, last, survivor).status == 200
    assert unmerge(director, survivor, duplicate).status == 200
    assert director.get(f"/contacts/{duplicate}").body["id"] == duplicate


def test_purging_the_survivor_purges_what_was_merged_into_it(director: Caller, two: Two) -> None:
    survivor, duplicate = (contact["id"] for contact in two)
    merge(director, survivor, duplicate)
    assert director.delete(f"/contacts/{survivor}?purge=true").status == 204
    table = boto3.resource("dynamodb").Table(TABLE)
    for contact in (survivor, duplicate):
        pk = contact_pk(director.account, contact)
        query = {"KeyConditionExpression": "PK = :p", "ExpressionAttributeValues": {":p": pk}}
        assert table.query(**query)["Items"] == []
        assert director.get(f"/contacts/{contact}").status == 404


class Cut(Exception):
    """The function ended here."""


@pytest.mark.parametrize("undo", [False, True])
@pytest.mark.parametrize("after", range(8))
@pytest.mark.parametrize("by", ["request", "sweep"])
def test_a_merge_cut_anywhere_goes_on_and_loses_nothing(
    director: Caller, two: Two, monkeypatch: pytest.MonkeyPatch, undo: bool, after: int, by: str
) -> None:
    survivor, duplicate = (contact["id"] for contact in two)
    before = [state(director, contact) for contact in (survivor, duplicate)]
    if undo:
        merge(director, survivor, duplicate)
    act = unmerge if undo else merge
    writes = 0

    def cutting(method: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal writes
            writes += 1
            if writes > after:
                raise Cut
            return method(*args, **kwargs)

        return call

    with monkeypatch.context() as patch:
        for owner, name in [(Table, "write"), (Table, "put_if"), (TableMerges, "move"), (TableMerges, "move_back")]:
            patch.setattr(owner, name, cutting(getattr(owner, name)))
        cut_short = act(director, survivor, duplicate).status == 500
    if by == "sweep":
        monkeypatch.setattr("carebook.merging.service._LEFT_ALONE", timedelta(minutes=-1))
        finish_merges.handler({}, Context())
    final = act(director, survivor, duplicate)
    if undo:
        assert final.status in {200, 409}
        assert [state(director, contact) for contact in (survivor, duplicate)] == before
        assert hanging_on(director, duplicate) == {"TASK#1", "FILE#1"}
    else:
        assert final.status == 200 or final.body["code"] == "merged"
        assert director.get(f"/contacts/{duplicate}").body["id"] == survivor
        assert state(director, survivor)["notes"] == "first\n\nsecond"
        assert hanging_on(director, survivor) == {"TASK#1", "TASK#2", "FILE#1"}
    assert cut_short or writes <= after
