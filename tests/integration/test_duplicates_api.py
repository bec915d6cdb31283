"""Contacts that look like one: asked about when added, listed when there."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest

from carebook.duplicates import adding
from tests.builders import Caller
from tests.integration.conftest import TABLE
from tests.integration.merges import EMAIL, PERSON, PHONE, add, merge


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


def test_of_two_requests_at_the_same_moment_one_adds_and_one_is_asked(
    director: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[Any] = []
    look = adding.refuse_duplicate

    def looked_at_once(*args: Any, **kwargs: Any) -> None:
        look(*args, **kwargs)
        if not answers:
            answers.append(None)
            answers[0] = director.post("/contacts", PERSON | EMAIL | PHONE)

    monkeypatch.setattr(adding, "refuse_duplicate", looked_at_once)
    late = director.post("/contacts", PERSON | PHONE)
    assert answers[0].status == 201
    assert (late.status, late.body["code"]) == (409, "possible_duplicate")
    assert late.body["candidates"] == [
        {"id": answers[0].body["id"], "name": "Ana Müller", "reasons": ["phone", "name"]}
    ]


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


def test_whoever_merges_while_paging_sees_each_pair_that_is_left_once(director: Caller) -> None:
    ids = sorted(add(director, notes=str(number), **PHONE)["id"] for number in range(4))
    seen, cursor = [], ""
    while True:
        page = director.get(f"/contacts/duplicates?limit=1{cursor}").body
        [(one, other)] = [[row["id"] for row in item["contacts"]] for item in page["items"]]
        seen.append((one, other))
        assert merge(director, other, one).status == 200
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [(ids[0], ids[1]), (ids[1], ids[2]), (ids[2], ids[3])]
    assert len(director.get("/contacts").body["items"]) == 1
    assert list(pairs(director)) == []


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("?cursor=x", 400, "bad_cursor"),
        ("?cursor=", 400, "bad_cursor"),
        ("?limit=0", 422, "not_valid"),
        ("?limit=101", 422, "not_valid"),
        ("?limit=many", 422, "not_valid"),
        ("?sort=name", 422, "not_valid"),
    ],
)
def test_a_list_that_cannot_be(director: Caller, query: str, status: int, code: str) -> None:
    answer = director.get(f"/contacts/duplicates{query}")
    assert (answer.status, answer.body["code"]) == (status, code), answer.text


def test_a_cursor_is_for_its_account_and_list(director: Caller) -> None:
    for _ in range(3):
        add(director, **PHONE)
    cursor = director.get("/contacts/duplicates?limit=1").body["next_cursor"]
    names = director.get("/contacts?limit=1").body["next_cursor"]
    stranger = replace(director, account=f"{director.account}_2")
    for caller, target in [
        (stranger, f"/contacts/duplicates?cursor={cursor}"),
        (director, f"/contacts/duplicates?cursor={names}"),
        (director, f"/contacts?cursor={cursor}"),
        (director, f"/contacts/duplicates?cursor={cursor[:-1]}"),
    ]:
        answer = caller.get(target)
        assert (answer.status, answer.body["code"]) == (400, "bad_cursor"), target
    assert director.get(f"/contacts/duplicates?cursor={cursor}").status == 200


def test_a_cursor_of_an_earlier_release_is_refused(director: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carebook.http.api.Api.unseal_cursor", lambda *_: ["npi", "", "3"])
    answer = director.get("/contacts/duplicates?cursor=old")
    assert (answer.status, answer.body["code"]) == (400, "bad_cursor")


def test_a_book_without_pairs_ends_its_page_in_time(director: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    from carebook.duplicates import store
    from functions.duplicates import api

    for number in range(12):
        add(director, last_name=f"Name{number}", phones=[{"number": f"+1310555{number:04}", "type": "work"}])
    monkeypatch.setattr(store, "_CHUNK", 3)
    monkeypatch.setattr(api, "_SECONDS_FOR_A_PAGE", -1.0)
    pages, cursor = 0, ""
    while pages < 50:
        page = director.get(f"/contacts/duplicates{cursor}").body
        pages += 1
        assert page["items"] == []
        if page["next_cursor"] is None:
            break
        cursor = f"?cursor={page['next_cursor']}"
    assert 5 < pages < 50
