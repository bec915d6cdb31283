"""Idempotency-Key on POST."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from carebook.contacts.store import TableContacts
from carebook.keys import idempotency_pk
from tests.builders import Caller, physician
from tests.integration.conftest import TABLE

KEY = {"Idempotency-Key": "form-17"}


def ids(caller: Caller) -> list[str]:
    return [row["id"] for row in caller.get("/contacts").body["items"]]


def test_a_repeat_gets_the_first_answer_and_adds_nothing(director: Caller) -> None:
    first = director.post("/contacts?allow_duplicate=true", physician(), headers=KEY)
    director.patch(f"/contacts/{first.body['id']}", {"notes": "changed since"})
    again = director.post("/contacts?allow_duplicate=true", physician(), headers=KEY)
    assert (again.status, again.body, again.etag) == (201, first.body, first.etag)
    assert again.headers["Location"] == first.headers["Location"]
    assert ids(director) == [first.body["id"]]


def test_the_same_key_with_another_body_is_a_mismatch(director: Caller) -> None:
    first = director.post("/contacts?allow_duplicate=true", physician(), headers=KEY)
    other = director.post("/contacts?allow_duplicate=true", physician(last_name="Other"), headers=KEY)
    assert (other.status, other.body["code"]) == (422, "idempotency_mismatch")
    assert ids(director) == [first.body["id"]]


def test_a_key_belongs_to_its_account_and_route(director: Caller) -> None:
    first = director.post("/contacts?allow_duplicate=true", physician(), headers=KEY)
    stranger = replace(director, account=f"{director.account}_2")
    theirs = stranger.post("/contacts?allow_duplicate=true", physician(), headers=KEY)
    assert (theirs.status, theirs.body["id"] == first.body["id"]) == (201, False)
    director.delete(f"/contacts/{first.body['id']}")
    assert director.post(f"/contacts/{first.body['id']}/restore", headers=KEY).status == 200


def test_a_refusal_leaves_the_key_free(director: Caller) -> None:
    assert director.post("/contacts?allow_duplicate=true", physician(npi="1"), headers=KEY).status == 422
    assert director.post("/contacts?allow_duplicate=true", physician(), headers=KEY).status == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "a\u0007b"])
def test_a_key_of_the_wrong_form_is_refused(director: Caller, key: str) -> None:
    answer = director.post("/contacts?allow_duplicate=true", physician(), headers={"Idempotency-Key": key})
    assert answer.status == 422
    assert answer.body["errors"][0]["field"] == "Idempotency-Key"
    assert ids(director) == []


def test_the_header_is_known_in_any_case(director: Caller) -> None:
    first = director.post("/contacts?allow_duplicate=true", physician(), headers={"idempotency-key": "k"})
    assert (
        director.post("/contacts?allow_duplicate=true", physician(), headers={"IDEMPOTENCY-KEY": "k"}).body
        == first.body
    )


def test_while_the_first_is_running_the_second_is_told_so(director: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    inner: list[Any] = []
    add = TableContacts.add

    def add_while_a_second_comes(self: TableContacts, *args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(TableContacts, "add", add)
        inner.append(replace(director).post("/contacts?allow_duplicate=true", physician(), headers=KEY))
        return add(self, *args, **kwargs)

    monkeypatch.setattr(TableContacts, "add", add_while_a_second_comes)
    assert director.post("/contacts?allow_duplicate=true", physician(), headers=KEY).status == 201
    assert (inner[0].status, inner[0].body["code"]) == (409, "in_progress")
    assert len(ids(director)) == 1


def test_falling_between_write_and_answer_does_not_add_twice(director: Caller) -> None:
    """The function is killed after its transaction: Powertools' record stays in progress and runs out."""
    first = director.post("/contacts?allow_duplicate=true", physician(), headers=KEY)
    table = boto3.resource("dynamodb").Table(TABLE)
    pk = idempotency_pk(director.account)
    records = table.query(KeyConditionExpression="PK = :pk", ExpressionAttributeValues={":pk": pk})["Items"]
    record = next(item for item in records if "status" in item)
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    left = record | {"status": "INPROGRESS", "in_progress_expiration": int(long_ago.timestamp() * 1000)}
    table.put_item(Item={name: value for name, value in left.items() if name != "data"})
    again = director.post("/contacts?allow_duplicate=true", physician(), headers=KEY)
    assert (again.status, again.body["id"]) == (201, first.body["id"])
    assert len(ids(director)) == 1


def test_the_largest_answer_is_remembered(director: Caller) -> None:
    phones = [{"number": f"+1310555{index:04}", "type": "work"} for index in range(2_000)]
    first = director.post("/contacts?allow_duplicate=true", physician(phones=phones, notes="𝄞" * 20_000), headers=KEY)
    assert first.status == 201
    assert (
        director.post("/contacts?allow_duplicate=true", physician(phones=phones, notes="𝄞" * 20_000), headers=KEY).text
        == first.text
    )
