"""Promises that reviews found broken once: each has a test."""

import json
import logging
from dataclasses import replace
from typing import Any

import boto3
import pytest

from benchmarks.around import Answer, Sending, around_requests
from carebook.contacts import views
from carebook.instants import parse_instant
from carebook.keys import idempotency_pk
from functions.contacts import api
from tests.builders import Caller, physician
from tests.integration.conftest import TABLE

NEW = "/contacts?allow_duplicate=true"
KEY = {"Idempotency-Key": "k"}


@pytest.fixture
def target(director: Caller) -> str:
    return f"/contacts/{director.post(NEW, physician(notes='very private')).body['id']}"


def kept_requests(account: str) -> list[dict[str, Any]]:
    table = boto3.resource("dynamodb").Table(TABLE)
    query = {"KeyConditionExpression": "PK = :p", "ExpressionAttributeValues": {":p": idempotency_pk(account)}}
    items: list[dict[str, Any]] = table.query(**query)["Items"]
    return items


@pytest.mark.parametrize(
    "patch",
    [
        {"phone": None},
        {"address": {"line_1": None}},
        {"npi_": None, "notes": "x"},
    ],
)
def test_a_misspelt_name_is_refused_even_with_null(director: Caller, target: str, patch: dict[str, Any]) -> None:
    answer = director.patch(target, patch)
    assert answer.status == 422
    assert answer.body["errors"][0]["code"] == "unknown_field"
    assert director.get(target).body["version"] == 1


def test_what_we_make_is_said_to_be_ours(director: Caller, target: str) -> None:
    whole = director.get(target).body
    answer = director.patch(target, whole)
    codes = {error["field"]: error["code"] for error in answer.body["errors"]}
    assert codes == dict.fromkeys(
        ("id", "version", "archived_at", "created_at", "updated_at", "reachable"), "read_only"
    )
    assert director.patch(target, {"version": None}).status == 422


@pytest.mark.parametrize(
    "look",
    [
        lambda caller, target: caller.patch(target, {}),
        lambda caller, target: caller.post(f"{target}/restore"),
        lambda caller, target: caller.get(f"{target}/history"),
        lambda caller, target: caller.patch(target, {"notes": "x"}, headers={"If-Match": '"1"'}),
    ],
    ids=["a patch that changes nothing", "a restore of one in use", "its history", "a refusal that shows what changed"],
)
def test_whoever_is_shown_a_contact_is_in_its_history(director: Caller, target: str, look: Any) -> None:
    director.patch(target, {"organization_name": "changed"})
    curious = replace(director, user_id="usr_curious", groups="clinical")
    assert look(curious, target).status in {200, 412}
    seen = [(entry["by"]["id"], entry["action"]) for entry in director.get(f"{target}/history").body["items"]]
    assert ("usr_curious", "viewed") in seen


@pytest.mark.parametrize("etag", ["x", '"99"', ""])
def test_an_etag_that_is_none_of_the_record_is_told_nothing_of_it(director: Caller, target: str, etag: str) -> None:
    answer = director.delete(target, headers={"If-Match": etag})
    assert (answer.status, answer.body["current"]) == (412, {})
    assert "private" not in answer.text


def test_a_kept_answer_goes_with_the_contact(director: Caller) -> None:
    first = director.post(NEW, physician(), headers=KEY).body["id"]
    director.delete(f"/contacts/{first}")
    director.post(f"/contacts/{first}/restore", headers=KEY)
    assert len(kept_requests(director.account)) == 3
    director.delete(f"/contacts/{first}?purge=true")
    assert kept_requests(director.account) == []
    assert director.post(NEW, physician(), headers=KEY).body["id"] != first


def test_a_kept_answer_is_for_who_got_it(director: Caller) -> None:
    first = director.post(NEW, physician(), headers=KEY)
    assert replace(director, groups="").post(NEW, physician(), headers=KEY).status == 403
    other = replace(director, user_id="usr_other").post(NEW, physician(), headers=KEY)
    assert (other.status, other.body["id"] == first.body["id"]) == (201, False)


def test_an_answer_is_kept_for_a_day(director: Caller) -> None:
    made = director.post(NEW, physician(), headers=KEY).body["created_at"]
    second = parse_instant(made).timestamp()
    for item in kept_requests(director.account):
        assert abs(float(item["expires_at"]) - second - 24 * 3600) < 60


def test_a_key_used_again_for_another_body_after_a_crash_is_a_mismatch(director: Caller) -> None:
    director.post(NEW, physician(), headers=KEY)
    for item in kept_requests(director.account):
        if "status" in item:  # as if we had fallen before the answer was kept
            boto3.resource("dynamodb").Table(TABLE).delete_item(Key={"PK": item["PK"], "SK": item["SK"]})
    other = director.post(NEW, physician(last_name="Other"), headers=KEY)
    assert (other.status, other.body["code"]) == (422, "idempotency_mismatch")


def test_our_own_fault_is_a_500_and_not_the_callers(
    director: Caller, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = views.contact_view
    monkeypatch.setattr(api, "contact_view", lambda *args: whole(*args) | {"version": "one"})
    answer = director.post(NEW, physician(last_name="Secretname"))
    assert (answer.status, answer.body["code"]) == (500, "internal_error")
    assert "Secretname" not in capsys.readouterr().out


def test_nothing_of_a_record_is_logged_even_at_debug(director: Caller, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    contact = director.post(NEW, physician(last_name="Canaryname", notes="canary notes")).body
    director.get(f"/contacts/{contact['id']}")
    director.get("/contacts/search?q=canaryname")
    director.patch(f"/contacts/{contact['id']}", {"npi": "1"})
    logged = [record for record in caplog.records if not record.name.startswith(("moto", "werkzeug"))]
    assert logged
    assert not [record for record in logged if "anary" in record.getMessage() + str(record.__dict__)]


def test_a_cursor_hides_the_name_it_stands_behind(director: Caller) -> None:
    from base64 import urlsafe_b64decode

    for _ in range(2):
        director.post(NEW, physician(last_name="Secretname"))
    cursor = director.get("/contacts?limit=1").body["next_cursor"]
    assert b"secret" not in urlsafe_b64decode(cursor + "==").lower()


def test_a_history_cursor_is_for_its_contact(director: Caller, target: str) -> None:
    director.patch(target, {"notes": "x"})
    other = director.post(NEW, physician()).body["id"]
    cursor = director.get(f"{target}/history?limit=1").body["next_cursor"]
    assert director.get(f"{target}/history?cursor={cursor}").status == 200
    assert director.get(f"/contacts/{other}/history?cursor={cursor}").status == 400
    director.delete(f"{target}?purge=true")
    assert director.get(f"{target}/history?cursor={cursor}").status == 404


def test_what_was_just_written_is_read(director: Caller, target: str) -> None:
    consistent: dict[str, set[Any]] = {}

    def record(sending: Sending) -> Answer:
        if sending.operation in {"BatchGetItem", "GetItem", "Query"}:
            params = json.loads(sending.body)
            asked = params["RequestItems"][TABLE] if sending.operation == "BatchGetItem" else params
            consistent.setdefault(sending.operation, set()).add(asked.get("ConsistentRead"))
        return sending.go_on()

    with around_requests(record):
        for path in (target, "/contacts", f"{target}/history", "/settings"):
            director.get(path)
    assert consistent == {"BatchGetItem": {True}, "Query": {True}, "GetItem": {True}}


def test_a_settings_refusal_shows_what_has_changed_and_nothing_else(director: Caller) -> None:
    director.patch("/settings", {"country": "CA"})
    director.patch("/settings", {"currency": "CAD", "practice_name": "Lake"})
    stale = director.patch("/settings", {"time_zone": "UTC"}, headers={"If-Match": '"1"'})
    assert (stale.status, stale.body["current"]) == (412, {"currency": "CAD", "practice_name": "Lake"})


def test_long_lists_are_refused_before_they_are_looked_through(director: Caller) -> None:
    answer = director.patch("/settings", {"file_categories": [str(number) for number in range(100_000)]})
    assert [error["code"] for error in answer.body["errors"]] == ["too_many"]


def test_a_refusal_of_very_many_fields_stays_small(director: Caller) -> None:
    answer = director.post(NEW, physician(**{f"field{number}": 1 for number in range(5_000)}))
    assert answer.status == 422
    assert len(answer.body["errors"]) == 100
    assert answer.body["detail"].startswith("5000 fields")
    assert len(director.post(NEW, physician(**{"x" * 1_000_000: 1})).text) < 2_000


@pytest.mark.parametrize(
    ("raw", "media_type", "status"),
    [
        ('{"type": "other", "last_name": "M\ufffdller"}', "application/json", 400),
        ('{"type": "other", "last_name": "Muller"}', "application/json; charset=iso-8859-1", 415),
    ],
)
def test_text_that_was_no_utf_8_is_not_kept_damaged(director: Caller, raw: str, media_type: str, status: int) -> None:
    assert director.call("POST", NEW, raw=raw, headers={"Content-Type": media_type}).status == status


def test_a_body_where_none_belongs_is_refused(director: Caller, target: str) -> None:
    for method, path in [("DELETE", target), ("POST", f"{target}/restore")]:
        answer = director.call(method, path, body={"purge": True})
        assert [(error["field"], error["code"]) for error in answer.body["errors"]] == [("purge", "unknown_field")]
    assert director.get(target).body["version"] == 1


@pytest.mark.parametrize("number", ["310-555-0123 /x99", "(310) 555-0123 \\ x99"])
def test_a_part_of_a_number_is_never_dropped(director: Caller, number: str) -> None:
    answer = director.post(NEW, physician(phones=[{"number": number, "type": "work"}]))
    assert [error["code"] for error in answer.body["errors"]] == ["phone_not_valid"]


def test_every_answer_forbids_sniffing_and_storing(director: Caller, target: str) -> None:
    for answer in (director.get(target), director.get("/contacts/x"), director.delete(target)):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
