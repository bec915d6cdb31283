"""Sharing, over HTTP, in process: what goes by which way, what is kept of it, what is refused."""

import json
from typing import Any

import boto3
import pytest

from carebook.files.model import Status
from carebook.messages.sweeping import SHARE_AGREES_WITHIN
from carebook.shares.model import SEALED_FOR
from functions.messages import deliver, release_held
from functions.shares import api
from tests.builders import Caller, Context, physician
from tests.integration.conftest import TABLE
from tests.integration.merges import merge
from tests.integration.shares.conftest import Clock, Recipient, Sharer
from tests.messaging import queued_records

NO_FILE = "fil_01ARZ3NDEKTSV4RRFFQ69G5FAV"


def everything_kept() -> str:
    return json.dumps(boto3.resource("dynamodb").Table(TABLE).scan()["Items"], default=str)


def test_link_and_code_go_by_different_ways(sharer: Sharer) -> None:
    made = sharer.share({"file_id": sharer.file()}, {"document_id": sharer.document()}, message="As promised.")
    assert made.status == 201, made.text
    share = made.body
    assert (share["link_sent"]["method"], share["code_sent"]["method"], share["code"]) == ("email", "sms", None)
    assert [item["name"] for item in share["items"]] == ["report.txt", "Plan"]
    assert (share["status"], share["expires_at"]) == ("open", "2026-12-10T05:00:00Z")
    assert made.headers["Location"] == f"{sharer.path}/shares/{share['id']}"
    sharer.post.deliver()
    mail, text = sharer.post.provider.sent
    assert (mail.to, text.to) == ("ana@example.org", "+13105550123")
    assert sharer.post.token in mail.body
    assert "As promised." in mail.body
    assert "December 9, 2026" in mail.body
    assert f"{sharer.post.code[:4]} {sharer.post.code[4:]}" in text.body
    assert sharer.post.token not in text.body
    assert sharer.post.code not in mail.body.replace(" ", "")


def test_with_one_way_the_code_is_shown_to_who_shares_and_nowhere_else(sharer: Sharer, recipient: Recipient) -> None:
    made = sharer.share(methods=["email"])
    assert made.body["code_sent"] is None
    sharer.post.deliver()
    assert len(sharer.post.texts) == 1
    assert recipient.open(sharer.post.token, made.body["code"]).status == 200
    for path in ("shares", f"shares/{made.body['id']}"):
        assert made.body["code"] not in sharer.caller.get(f"{sharer.path}/{path}").text
        assert '"code":' not in sharer.caller.get(f"{sharer.path}/{path}").text


def test_nobody_reads_link_or_code_in_the_history(sharer: Sharer) -> None:
    sharer.shared()
    token, code = sharer.post.token, sharer.post.code
    for path in ("messages", "history", "shares"):
        text = sharer.caller.get(f"{sharer.path}/{path}").text
        assert token not in text
        assert code not in text.replace(" ", "")
    bodies = [one["body"] for one in sharer.caller.get(f"{sharer.path}/messages").body["items"]]
    assert any("[link]" in body for body in bodies)
    assert any("[code]" in body for body in bodies)


def test_neither_link_nor_code_lies_in_the_table(sharer: Sharer) -> None:
    made = sharer.share(headers={"Idempotency-Key": "k"}, methods=["email"])
    before = everything_kept()
    sharer.post.deliver()
    for kept in (before, everything_kept()):
        assert sharer.post.token not in kept
        for code in (made.body["code"], made.body["code"].replace(" ", "")):
            assert code not in kept


def test_no_log_holds_link_or_code(
    sharer: Sharer, recipient: Recipient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    sharer.shared()
    token, code = sharer.post.token, sharer.post.code
    recipient.look(token)
    recipient.open(token, "0" * 8)
    recipient.open(token, code)
    recipient.open(f"{token}x", code)
    with monkeypatch.context() as patch:
        patch.setattr("functions.shares.public.opened_view", lambda _: 1 / 0)
        assert recipient.open(token, code).status == 500
    logged = "".join(str(vars(record)) + (record.exc_text or "") for record in caplog.records)
    assert "wrong_code" in logged  # something is logged
    assert "ZeroDivisionError" in logged
    assert token not in logged
    assert code not in logged


def test_a_repeat_with_the_same_key_shares_nothing_twice(sharer: Sharer, monkeypatch: pytest.MonkeyPatch) -> None:
    item = {"file_id": sharer.file()}
    key = {"Idempotency-Key": "k"}
    first = sharer.share(item, headers=key, methods=["email"])
    assert sharer.share(item, headers=key, methods=["email"]).body == first.body
    assert first.body["code"]
    assert sharer.share(item, headers=key, methods=["sms"]).body["code"] == "idempotency_mismatch"
    assert len(sharer.caller.get(f"{sharer.path}/shares").body["items"]) == 1


def test_a_repeat_of_a_request_that_fell_before_its_answer_gets_the_same_share(
    sharer: Sharer, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = {"file_id": sharer.file()}
    with monkeypatch.context() as patch:
        patch.setattr(api, "new_share_view", lambda *_: 1 / 0)
        fallen = sharer.share(item, headers={"Idempotency-Key": "k"}, methods=["email"])
        assert fallen.status == 500
    again = sharer.share(item, headers={"Idempotency-Key": "k"}, methods=["email"])
    (only,) = sharer.caller.get(f"{sharer.path}/shares").body["items"]
    assert (again.status, again.body["id"]) == (201, only["id"])
    assert again.body["code"]


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"items": []}, "items", "too_short"),
        ({"items": [{"file_id": NO_FILE}] * 21}, "items", "too_many"),
        ({"items": [{}]}, "items[0]", "one_of_two"),
        ({"items": [{"file_id": "x", "document_id": "y"}]}, "items[0]", "one_of_two"),
        ({"items": [{"file_id": NO_FILE}]}, "items[0].file_id", "item_not_found"),
        ({"items": [{"file_id": "../x"}]}, "items[0].file_id", "item_not_found"),
        ({"items": [{"document_id": "none"}]}, "items[0].document_id", "item_not_found"),
        ({"items": [{"file_id": NO_FILE, "more": 1}]}, "items[0].more", "unknown_field"),
        ({"expires_in_days": 0}, "expires_in_days", "out_of_range"),
        ({"expires_in_days": 91}, "expires_in_days", "out_of_range"),
        ({"expires_in_days": "14"}, "expires_in_days", "wrong_type"),
        ({"methods": ["pigeon"]}, "methods[0]", "not_one_of"),
        ({"methods": ["email", "email"]}, "methods", "listed_twice"),
        ({"message": "x" * 2_001}, "message", "too_long"),
        ({"message": "a\u0000b"}, "message", "control_character"),
        ({"code": "123"}, "code", "unknown_field"),
    ],
)
def test_what_cannot_be_shared_is_named(sharer: Sharer, fields: dict[str, Any], field: str, code: str) -> None:
    body = {"items": [{"file_id": NO_FILE}]} | fields
    refused = sharer.caller.post(f"{sharer.path}/shares", body)
    assert refused.status == 422
    assert (field, code) in [(error["field"], error["code"]) for error in refused.body["errors"]]
    assert sharer.caller.get(f"{sharer.path}/shares").body["items"] == []


def test_what_is_listed_twice_is_refused(sharer: Sharer) -> None:
    item = {"file_id": sharer.file()}
    (error,) = sharer.share(item, item).body["errors"]
    assert (error["field"], error["code"]) == ("items[1].file_id", "listed_twice")


def test_only_what_is_clean_and_final_can_be_shared(sharer: Sharer) -> None:
    infected, draft = sharer.file(), sharer.document(final=False)
    sharer.judge(infected, Status.INFECTED)
    waiting = sharer.file(clean=False)
    refused = sharer.share({"file_id": infected}, {"file_id": waiting}, {"document_id": draft})
    assert [(error["field"], error["code"]) for error in refused.body["errors"]] == [
        ("items[0].file_id", "file_not_clean"),
        ("items[1].file_id", "file_not_clean"),
        ("items[2].document_id", "document_not_final"),
    ]


def test_a_document_whose_pdf_is_not_there_is_refused(sharer: Sharer) -> None:
    document = sharer.document()
    s3 = boto3.resource("s3").Bucket("carebook-test-documents")
    s3.object_versions.filter(Prefix=document).delete()
    (error,) = sharer.share({"document_id": document}).body["errors"]
    assert error["code"] == "document_not_printed"


def test_what_belongs_to_somebody_else_is_not_there(sharer: Sharer, account: str) -> None:
    other = sharer.caller.post("/contacts?allow_duplicate=true", physician()).body["id"]
    foreign = Caller(sharer.caller.handler, account=f"{account}x", user_id="usr_other")
    theirs = Sharer(foreign, foreign.post("/contacts", physician()).body["id"], sharer.post)
    beside = Sharer(sharer.caller, other, sharer.post)
    for file_id in (theirs.file(), beside.file()):
        refused = sharer.share({"file_id": file_id})
        assert (refused.status, refused.body["errors"][0]["code"]) == (422, "item_not_found")
    path = sharer.shared()
    for answer in (foreign.get(path), foreign.delete(path), foreign.get(f"{sharer.path}/shares")):
        assert (answer.status, answer.body["code"]) == (404, "not_found")
    assert foreign.post(f"{sharer.path}/shares", {"items": [{"file_id": NO_FILE}]}).status == 404
    assert sharer.caller.get(f"/contacts/{other}/shares/{path.rpartition('/')[2]}").status == 404
    assert sharer.caller.get(path).body["status"] == "open"


@pytest.mark.parametrize(
    ("fields", "methods", "code"),
    [
        ({"emails": []}, ["email"], "no_email"),
        ({"phones": []}, ["sms"], "no_eligible_phone"),
        ({"messaging_methods": []}, None, "no_method"),
        ({}, ["voice"], "channel_not_configured"),
    ],
)
def test_who_cannot_be_reached_gets_no_share(sharer: Sharer, fields: dict[str, Any], methods: Any, code: str) -> None:
    other = sharer.caller.post("/contacts?allow_duplicate=true", physician(**fields)).body["id"]
    beside = Sharer(sharer.caller, other, sharer.post)
    refused = beside.share(methods=methods)
    assert (refused.status, refused.body["code"]) == (422, "not_reachable")
    assert [error["code"] for error in refused.body["errors"]] == [code]
    assert sharer.caller.get(f"{beside.path}/messages").body["items"] == []


def test_a_way_that_cannot_be_used_is_passed_over(sharer: Sharer) -> None:
    other = sharer.caller.post("/contacts?allow_duplicate=true", physician(emails=[])).body["id"]
    made = Sharer(sharer.caller, other, sharer.post).share(methods=["email", "sms"])
    assert (made.body["link_sent"]["method"], made.body["code_sent"]) == ("sms", None)
    assert made.body["code"]


def test_where_consent_is_asked_for_first_link_and_code_wait(sharer: Sharer) -> None:
    sharer.caller.patch("/settings", {"opt_in_required": True})
    sharer.shared()
    kinds = {one["kind"]: one["status"] for one in sharer.caller.get(f"{sharer.path}/messages").body["items"]}
    assert kinds == {"share": "held", "opt_in_request": "sent"}
    assert not any("share.example" in text for text in sharer.post.texts)


def test_the_question_whether_we_may_write_is_in_the_practices_own_words(sharer: Sharer) -> None:
    sharer.caller.patch("/settings", {"opt_in_required": True})
    own = {"subject": "May we?", "body": "May we send you documents? Reply YES."}
    assert sharer.caller.put("/settings/message-templates/opt_in_request/email", own).status == 200
    sharer.shared(methods=["email"])
    assert [text.strip() for text in sharer.post.texts] == ["May we send you documents? Reply YES."]


def test_a_code_by_text_waits_for_the_morning_and_is_then_the_same(
    sharer: Sharer, recipient: Recipient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.forward(hours=11)  # ten in the evening
    sharer.shared()
    assert len(sharer.post.texts) == 1
    clock.forward(hours=12)
    monkeypatch.setattr(release_held, "utcnow", lambda: clock.now)
    release_held.handler({}, Context(remaining_ms=55_000))
    sharer.post.deliver()
    assert recipient.open(sharer.post.token, sharer.post.code).status == 200


def test_whoever_does_not_agree_within_a_week_gets_no_share_and_the_practice_learns_of_it(
    sharer: Sharer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert SHARE_AGREES_WITHIN == SEALED_FOR
    sharer.caller.patch("/settings", {"opt_in_required": True})
    sharer.share()
    sharer.post.deliver()
    monkeypatch.setattr(release_held, "utcnow", lambda: clock.now)
    states = []
    for days in (6, 2):
        clock.forward(days=days)
        release_held.handler({}, Context(remaining_ms=55_000))
        sent = sharer.caller.get(f"{sharer.path}/messages?kind=share").body["items"]
        states.append({(one["status"], one["reason"]) for one in sent})
    assert states == [{("held", "not_opted_in")}, {("skipped", "not_opted_in")}]


def test_what_waited_too_long_or_was_taken_back_is_not_sent(sharer: Sharer, clock: Clock) -> None:
    first = sharer.share(methods=["email"]).body
    sharer.caller.delete(f"{sharer.path}/shares/{first['id']}")
    sharer.share(methods=["email"])
    clock.forward(days=7)
    sharer.post.deliver()
    assert sharer.post.texts == []
    messages = sharer.caller.get(f"{sharer.path}/messages").body["items"]
    assert [(one["status"], one["reason"]) for one in messages] == [("failed", "share_closed")] * 2


def test_what_a_merge_is_moving_is_sent_a_moment_later(sharer: Sharer, monkeypatch: pytest.MonkeyPatch) -> None:
    sharer.share()
    other = sharer.caller.post("/contacts?allow_duplicate=true", {"type": "other", "last_name": "Müller"}).body["id"]
    with monkeypatch.context() as patch:
        patch.setattr("carebook.merging.store.Mover.move", lambda *_: 1 / 0)
        assert merge(sharer.caller, other, sharer.contact_id).status == 500
    batch = queued_records()
    refused = deliver.handler({"Records": batch}, Context(remaining_ms=60_000))["batchItemFailures"]
    assert (len(refused), sharer.post.texts) == (2, [])
    merge(sharer.caller, other, sharer.contact_id)
    assert deliver.handler({"Records": batch}, Context(remaining_ms=60_000)) == {"batchItemFailures": []}
    assert len(sharer.post.texts) == 2
    assert sharer.post.token
    assert sharer.post.code


def test_shares_are_listed_newest_first_and_read_alone(sharer: Sharer, clock: Clock) -> None:
    ids: list[str] = []
    for _ in range(3):
        ids.append(sharer.share().body["id"])
        clock.forward(seconds=1)
    page = sharer.caller.get(f"{sharer.path}/shares?limit=2").body
    assert [one["id"] for one in page["items"]] == ids[:0:-1]
    rest = sharer.caller.get(f"{sharer.path}/shares?limit=2&cursor={page['next_cursor']}").body
    assert ([one["id"] for one in rest["items"]], rest["next_cursor"]) == (ids[:1], None)
    read = sharer.caller.get(f"{sharer.path}/shares/{ids[0]}")
    assert (read.etag, read.body["id"]) == ('"1"', ids[0])
    assert sharer.caller.get(f"{sharer.path}/shares/shr_none").status == 404
    actions = [entry["action"] for entry in sharer.caller.get(f"{sharer.path}/history").body["items"]]
    assert actions.count("shared") == 3
    assert "viewed" in actions


def test_a_share_is_taken_back_once_and_stays_on_the_list(sharer: Sharer, recipient: Recipient) -> None:
    path = sharer.shared()
    token, code = sharer.post.token, sharer.post.code
    stale = sharer.caller.delete(path, {"If-Match": '"7"'})
    assert (stale.status, stale.body["current"]) == (412, {"status": "open"})
    assert recipient.look(token).status == 200
    assert sharer.caller.delete(path, {"If-Match": '"1"'}).status == 204
    assert sharer.caller.delete(path).status == 204
    assert (recipient.look(token).status, recipient.open(token, code).status) == (404, 404)
    share = sharer.caller.get(path).body
    assert (share["status"], share["revoked_by"]["id"], share["version"]) == ("revoked", "usr_director", 2)
    entries = sharer.caller.get(f"{sharer.path}/history").body["items"]
    assert [entry["action"] for entry in entries].count("share_revoked") == 1
    assert "SHR#SEALED" not in everything_kept()


def test_an_archived_contact_gets_no_share_and_what_it_has_can_be_taken_back(sharer: Sharer) -> None:
    item = {"file_id": sharer.file()}
    path = sharer.shared(item)
    sharer.caller.delete(sharer.path)
    assert (sharer.share(item).status, sharer.share(item).body["code"]) == (409, "archived")
    assert sharer.caller.get(path).status == 200
    assert sharer.caller.delete(path).status == 204
    sharer.caller.post(f"{sharer.path}/restore")
    assert sharer.caller.get(path).body["status"] == "revoked"


def test_a_link_begins_with_what_api_gateway_says_of_itself_unless_an_address_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context = {"domainName": "a1b2.execute-api.us-east-1.amazonaws.com", "stage": "v1", "apiId": "a1b2"}
    monkeypatch.setenv("CAREBOOK_SHARE_ADDRESS", "")
    assert api.link_address(context) == "https://a1b2.execute-api.us-east-1.amazonaws.com/v1"
    monkeypatch.setenv("CAREBOOK_SHARE_ADDRESS", "http://localhost:4566/{api}/v1/")
    assert api.link_address(context) == "http://localhost:4566/a1b2/v1"
