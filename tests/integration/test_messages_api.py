"""Writing to contacts over HTTP, in process."""

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends
from moto.sns.models import sns_backends

from functions.messages import api as messages_api
from functions.messages import deliver, release_held
from tests.builders import Answer, Caller, Context, physician
from tests.messaging import NOON, queued_records


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is woken up: it is noon where the contacts live."""
    monkeypatch.setattr(messages_api, "utcnow", lambda: NOON)


@pytest.fixture
def contact(director: Caller) -> str:
    made = director.post(
        "/contacts",
        physician(
            messaging_methods=["email", "sms", "fax"],
            phones=[{"number": "(310) 555-0123", "type": "cell"}, {"number": "(310) 555-0199", "type": "fax"}],
        ),
    )
    contact_id: str = made.body["id"]
    return contact_id


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def write(caller: Caller, contact_id: str, **fields: Any) -> Answer:
    body = {"subject": "Hello", "body": "Please call us."} | fields
    headers = body.pop("headers", None)
    return caller.post(f"/contacts/{contact_id}/messages", body, headers=headers)


def statuses(caller: Caller, contact_id: str) -> dict[str, tuple[str, str | None]]:
    items = caller.get(f"/contacts/{contact_id}/messages").body["items"]
    return {item["method"]: (item["status"], item["reason"]) for item in items}


def deliver_all(monkeypatch: pytest.MonkeyPatch, at: datetime = NOON) -> None:
    monkeypatch.setattr(deliver, "utcnow", lambda: at)
    deliver.delivery.cache_clear()
    while batch := queued_records():
        assert deliver.handler({"Records": batch}, Context(remaining_ms=60_000)) == {"batchItemFailures": []}


def mails() -> list[Any]:
    return ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages


def test_a_message_goes_out_by_each_method_of_the_contact(
    director: Caller, contact: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(mails())
    answer = write(director, contact)
    assert answer.status == 202
    assert [(one["method"], one["status"], one["to"]) for one in answer.body["items"]] == [
        ("email", "queued", "ana@example.org"),
        ("sms", "queued", "+13105550123"),
        ("fax", "queued", "+13105550199"),
    ]
    deliver_all(monkeypatch)
    assert set(statuses(director, contact).values()) == {("sent", None)}
    recipients = [mail.destinations["ToAddresses"] for mail in mails()[before:]]
    assert recipients == [["ana@example.org"], ["13105550199@fax.example"]]
    texts = sns_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sms_messages.values()
    assert ("+13105550123", "Please call us.") in [(phone, text) for phone, text, *_ in texts]


def test_what_happened_to_it_can_be_read(director: Caller, contact: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = write(director, contact, methods=["email"]).body["items"][0]
    deliver_all(monkeypatch)
    read = director.get(f"/contacts/{contact}/messages/{made['id']}")
    assert [step["status"] for step in read.body["history"]] == ["queued", "sending", "sent"]
    assert read.etag == f'"{read.body["version"]}"'
    assert read.body["created_by"] == {"id": "usr_director", "name": "usr_director@example.org"}
    actions = [entry["action"] for entry in director.get(f"/contacts/{contact}/history").body["items"]]
    assert "messaged" in actions


def test_a_repeat_with_the_same_key_sends_nothing_twice(director: Caller, contact: str) -> None:
    key = {"Idempotency-Key": "k"}
    first = write(director, contact, headers=key)
    assert write(director, contact, headers=key).body == first.body
    assert len(director.get(f"/contacts/{contact}/messages").body["items"]) == 3
    assert write(director, contact, body="other", headers=key).body["code"] == "idempotency_mismatch"


def test_a_method_that_cannot_be_used_does_not_keep_the_others(director: Caller) -> None:
    made = director.post("/contacts", physician(phones=[], messaging_methods=["email", "sms", "voice"])).body["id"]
    assert write(director, made).status == 202
    assert statuses(director, made) == {
        "email": ("queued", None),
        "sms": ("skipped", "no_eligible_phone"),
        "voice": ("skipped", "no_eligible_phone"),
    }


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"emails": []}, "no_email"),
        ({"phones": []}, "no_eligible_phone"),
        ({"messaging_methods": []}, "no_method"),
    ],
)
def test_nobody_to_be_reached_is_refused(director: Caller, fields: dict[str, Any], reason: str) -> None:
    methods = {"no_email": ["email"], "no_eligible_phone": ["sms"], "no_method": None}[reason]
    made = director.post("/contacts", physician(**fields)).body["id"]
    answer = write(director, made, methods=methods)
    assert (answer.status, answer.body["code"]) == (422, "not_reachable")
    assert [error["code"] for error in answer.body["errors"]] == [reason]
    assert director.get(f"/contacts/{made}/messages").body["items"] == []


def test_a_channel_that_is_not_configured_says_so(director: Caller, contact: str) -> None:
    answer = write(director, contact, methods=["voice", "email"])
    assert [(one["method"], one["status"], one["reason"]) for one in answer.body["items"]] == [
        ("voice", "skipped", "channel_not_configured"),
        ("email", "queued", None),
    ]


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"body": ""}, "body", "required"),
        ({"body": " \n "}, "body", "required"),
        ({"body": "\u200b\u2060\ufeff\n\u00ad\u00a0"}, "body", "required"),
        ({"body": "x" * 1601, "methods": ["sms"]}, "body", "too_long"),
        ({"body": "x" * 3001, "methods": ["voice"]}, "body", "too_long"),
        ({"body": "x" * 20_001, "methods": ["email"]}, "body", "too_long"),
        ({"subject": "Hello\r\nBcc: everybody@example.org"}, "subject", "control_character"),
        ({"methods": ["email", "email"]}, "methods", "listed_twice"),
        ({"methods": ["pigeon"]}, "methods[0]", "not_one_of"),
        ({"attachments": [{}]}, "attachments[0]", "one_of_two"),
        ({"attachments": [{"file_id": "fil_x"}]}, "attachments[0]", "attachment_not_found"),
        ({"attachements": []}, "attachements", "unknown_field"),
    ],
)
def test_what_cannot_be_sent_is_named(
    director: Caller, contact: str, fields: dict[str, Any], field: str, code: str
) -> None:
    answer = write(director, contact, **fields)
    assert answer.status == 422
    assert [(error["field"], error["code"]) for error in answer.body["errors"]] == [(field, code)]


def test_an_archived_contact_is_not_written_to_and_can_be_read(director: Caller, contact: str) -> None:
    write(director, contact)
    director.delete(f"/contacts/{contact}")
    assert (write(director, contact).status, write(director, contact).body["code"]) == (409, "archived")
    assert len(director.get(f"/contacts/{contact}/messages").body["items"]) == 3
    note = {"body": "x", "channel": "phone", "direction": "in"}
    assert director.post(f"/contacts/{contact}/notes", note).status == 409


def test_archived_before_it_was_sent(director: Caller, contact: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write(director, contact)
    director.delete(f"/contacts/{contact}")
    deliver_all(monkeypatch)
    assert set(statuses(director, contact).values()) == {("skipped", "archived")}


def test_another_account_finds_nothing(director: Caller, contact: str) -> None:
    message = write(director, contact).body["items"][0]["id"]
    stranger = Caller(director.handler, account="acc_other")
    for answer in (
        write(stranger, contact),
        stranger.get(f"/contacts/{contact}/messages"),
        stranger.get(f"/contacts/{contact}/messages/{message}"),
        stranger.post(f"/contacts/{contact}/messages/{message}/retry"),
        stranger.post(f"/contacts/{contact}/notes", {"body": "x", "channel": "phone", "direction": "in"}),
        director.get(f"/contacts/{contact}/messages/msg_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        director.get(f"/contacts/{contact}/messages/nonsense"),
    ):
        assert (answer.status, answer.body["code"]) == (404, "not_found")


def test_a_note_stands_among_the_messages(director: Caller, contact: str) -> None:
    write(director, contact, methods=["email"])
    key = {"Idempotency-Key": "n"}
    note = {"body": "Called back", "channel": "phone", "direction": "in", "occurred_at": "2026-11-25T08:00:00-05:00"}
    made = director.post(f"/contacts/{contact}/notes", note, headers=key)
    assert made.status == 201
    assert made.headers["Location"] == f"/contacts/{contact}/messages/{made.body['id']}"
    assert director.post(f"/contacts/{contact}/notes", note, headers=key).body == made.body
    assert (made.body["kind"], made.body["method"], made.body["status"]) == ("note", "phone", "recorded")
    assert made.body["occurred_at"] == "2026-11-25T13:00:00Z"
    kinds = [one["kind"] for one in director.get(f"/contacts/{contact}/messages").body["items"]]
    assert sorted(kinds) == ["ad_hoc", "note"]
    later = note | {"occurred_at": "2026-11-26T08:00:00Z"}
    assert director.post(f"/contacts/{contact}/notes", later).body["errors"][0]["code"] == "in_the_future"


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "2026-11-25T08:00:00", "1764000000", 1764000000])
def test_a_note_of_no_instant_is_refused(director: Caller, contact: str, at: object) -> None:
    note = {"body": "Called back", "channel": "phone", "direction": "in", "occurred_at": at}
    answer = director.post(f"/contacts/{contact}/notes", note)
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "occurred_at")


def test_a_list_is_newest_first_filtered_and_paged(director: Caller, contact: str) -> None:
    for number in range(5):
        write(director, contact, body=str(number), methods=["email", "sms"])
    path = f"/contacts/{contact}/messages?method=email&limit=2"
    seen: list[str] = []
    cursor = ""
    while True:
        page = director.get(f"{path}{cursor}").body
        seen += [one["body"] for one in page["items"]]
        assert len(page["items"]) == 2 or page["next_cursor"] is None
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert sorted(seen) == ["0", "1", "2", "3", "4"]
    assert director.get(f"/contacts/{contact}/messages?status=sent").body["items"] == []
    assert director.get(f"/contacts/{contact}/messages?status=lost").status == 422
    assert director.get(f"/contacts/{contact}/messages?kind=ad_hoc{cursor}").body["code"] == "bad_cursor"


def test_only_what_failed_can_be_sent_again(director: Caller, contact: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = write(director, contact, methods=["email"]).body["items"][0]["id"]
    path = f"/contacts/{contact}/messages/{made}/retry"
    assert (director.post(path).status, director.post(path).body["code"]) == (409, "not_failed")


def test_quiet_hours_hold_texts_and_the_sweep_releases_them(
    director: Caller, contact: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = moment("2026-11-25T22:00:00-05:00")
    monkeypatch.setattr(messages_api, "utcnow", lambda: night)
    write(director, contact)
    deliver_all(monkeypatch, night)
    expected = {"email": ("sent", None), "fax": ("sent", None), "sms": ("held", "quiet_hours")}
    assert statuses(director, contact) == expected
    morning = moment("2026-11-26T09:00:00-05:00")
    monkeypatch.setattr(release_held, "utcnow", lambda: moment("2026-11-26T08:59:00-05:00"))
    assert release_held.handler({}, Context(remaining_ms=55_000)) == {"swept": 0}
    monkeypatch.setattr(release_held, "utcnow", lambda: morning)
    assert release_held.handler({}, Context(remaining_ms=55_000)) == {"swept": 1}
    deliver_all(monkeypatch, morning)
    assert statuses(director, contact)["sms"] == ("sent", None)


def test_what_the_queue_did_not_take_is_found_by_the_sweep(
    director: Caller, contact: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("CAREBOOK_MESSAGE_QUEUE", "https://sqs.us-east-1.amazonaws.com/123456789012/none")
        assert write(director, contact).status == 202
    assert queued_records() == []
    later = moment("2026-11-25T12:06:00-05:00")
    monkeypatch.setattr(release_held, "utcnow", lambda: later)
    assert release_held.handler({}, Context(remaining_ms=55_000)) == {"swept": 3}
    deliver_all(monkeypatch, later)
    assert set(statuses(director, contact).values()) == {("sent", None)}


def test_a_merged_contact_hands_over_what_is_queued(
    director: Caller, contact: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    survivor = director.post("/contacts?allow_duplicate=true", physician()).body["id"]
    write(director, contact)
    assert director.post(f"/contacts/{survivor}/merge", {"duplicate_id": contact}).status == 200
    deliver_all(monkeypatch)
    assert set(statuses(director, survivor).values()) == {("sent", None)}
    assert statuses(director, contact) == statuses(director, survivor)
    assert director.post(f"/contacts/{survivor}/unmerge", {"duplicate_id": contact}).status == 200
    assert director.get(f"/contacts/{survivor}/messages").body["items"] == []
    assert len(director.get(f"/contacts/{contact}/messages").body["items"]) == 3


def test_a_purge_takes_messages_and_kept_answers_with_it(director: Caller, contact: str) -> None:
    write(director, contact, body="A secret", headers={"Idempotency-Key": "k"})
    director.delete(f"/contacts/{contact}")
    assert director.delete(f"/contacts/{contact}?purge=true").status == 204
    left = boto3.client("dynamodb").scan(TableName="carebook-test")["Items"]
    assert not [item for item in left if "A secret" in str(item) or "MSG#" in str(item)]
    assert not [item for item in left if item["SK"]["S"].startswith(("ANSWER#", "DONE#"))]
