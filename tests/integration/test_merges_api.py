"""Two contacts made one, and two again."""

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
from tests.integration.merges import EMAIL, PHONE, add, hang_on, hanging_on, merge, state, unmerge


@pytest.fixture
def two(director: Caller) -> tuple[dict[str, Any], dict[str, Any]]:
    survivor = add(director, notes="first", phones=[{"number": "(212) 555-0188", "type": "fax"}])
    duplicate = add(director, npi="1234567893", notes="second", qualifications="MD", **EMAIL, **PHONE)
    hang_on(director, duplicate["id"], "TASK#1", "FILE#1")
    hang_on(director, survivor["id"], "TASK#2")
    return survivor, duplicate


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


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"foo": "duplicate"}, "fields.foo"),
        ({"notes": "mine"}, "fields.notes"),
        ({"[key]": "survivor"}, "fields.[key]"),
    ],
)
def test_a_choice_of_a_field_or_a_side_that_there_is_not(
    director: Caller, two: Two, fields: dict[str, str], field: str
) -> None:
    answer = merge(director, two[0]["id"], two[1]["id"], **fields)
    assert answer.status == 422
    assert [(error["field"], error["code"]) for error in answer.body["errors"]] == [(field, "not_one_of")]


@pytest.mark.parametrize("path", ["merge", "unmerge"])
@pytest.mark.parametrize(
    ("body", "status", "field", "code"),
    [
        ({}, 422, "duplicate_id", "required"),
        ({"duplicate_id": None}, 422, "duplicate_id", "wrong_type"),
        ({"duplicate_id": 7}, 422, "duplicate_id", "wrong_type"),
        ({"duplicate_id": ["con_1"]}, 422, "duplicate_id", "wrong_type"),
        ({"duplicate": "con_1"}, 422, "duplicate", "unknown_field"),
        ({"duplicate_id": "con_1", "survivor_id": "con_2"}, 422, "survivor_id", "unknown_field"),
    ],
)
def test_a_body_that_names_no_duplicate(
    director: Caller, two: Two, path: str, body: dict[str, Any], status: int, field: str, code: str
) -> None:
    answer = director.post(f"/contacts/{two[0]['id']}/{path}", body)
    assert answer.status == status, answer.text
    assert (field, code) in {(error["field"], error["code"]) for error in answer.body["errors"]}


def test_undoings_that_cannot_be(director: Caller, two: Two) -> None:
    survivor, duplicate = (contact["id"] for contact in two)
    merge(director, survivor, duplicate)
    none = "con_01ARZ3NDEKTSV4RRFFQ69G5FAV"
    stranger = replace(director, account=f"{director.account}_2")
    for answer, status, code in [
        (unmerge(director, duplicate, survivor), 409, "not_merged"),  # the other way round
        (unmerge(director, survivor, survivor), 409, "not_merged"),
        (unmerge(director, survivor, none), 409, "not_merged"),
        (unmerge(director, survivor, "x"), 409, "not_merged"),
        (unmerge(director, none, duplicate), 404, "not_found"),
        (unmerge(director, "x", duplicate), 404, "not_found"),
        (unmerge(stranger, survivor, duplicate), 404, "not_found"),
    ]:
        assert (answer.status, answer.body["code"]) == (status, code), answer.text
    director.delete(f"/contacts/{survivor}")
    refused = unmerge(director, survivor, duplicate)
    assert (refused.status, refused.body["code"]) == (409, "archived")
    director.post(f"/contacts/{survivor}/restore")
    assert unmerge(director, survivor, duplicate).status == 200
    refused = unmerge(director, survivor, duplicate)
    assert (refused.status, refused.body["code"]) == (409, "not_merged")


def test_a_merge_of_more_than_one_contact_can_hold_is_refused_before_it_begins(
    director: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carebook.merging.model._MOST_PHONES", 1)
    one, other = add(director, **PHONE)["id"], add(director, phones=[{"number": "2125550188", "type": "fax"}])["id"]
    refused = merge(director, one, other)
    assert (refused.status, refused.body["code"]) == (409, "too_many")
    assert director.get(f"/contacts/{other}").body["id"] == other


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
