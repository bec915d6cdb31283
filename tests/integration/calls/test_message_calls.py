"""What the functions of messages ask of AWS is what their roles allow."""

from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient

from carebook.documents.bucket import DocumentBucket
from carebook.messages import providers
from functions.messages import api as messages_api
from functions.messages import deliver, receive_reply, record_receipt, release_held
from functions.schedule import api as schedule_api
from tests.builders import Caller, Context, physician
from tests.integration.calls.recording import appointed, recorded, recorded_in_buckets, soon
from tests.integration.conftest import INBOUND_BUCKET, TOPICS
from tests.integration.press import call_in_process
from tests.messaging import NOON, event, notification, planted_file, queued_records, records
from tests.template.reading import root
from tests.template.test_roles import BUCKET_CALLS, CALLS


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (messages_api, schedule_api, deliver, release_held, receive_reply):
        monkeypatch.setattr(module, "utcnow", lambda: NOON)
    deliver.delivery.cache_clear()
    receive_reply.inbox.cache_clear()


def written(caller: Caller, **fields: Any) -> list[str]:
    """A contact who was written to by e-mail and text, and has not got it yet; refs of the messages."""
    contact_id = caller.post("/contacts?allow_duplicate=true", physician()).body["id"]
    made = caller.post(f"/contacts/{contact_id}/messages", {"body": "Hello"} | fields)
    return [f"/contacts/{contact_id}/messages/{one['id']}" for one in made.body["items"]]


def enclosed(caller: Caller, contact_id: str) -> dict[str, list[dict[str, str]]]:
    """A clean file and a final document of a contact, as a message's attachments."""
    letter = caller.post(f"/contacts/{contact_id}/documents", {"title": "A", "body": "x"}).headers["Location"]
    caller.patch(letter, {"status": "final"})
    file_id = planted_file(caller.account, contact_id, b"%PDF-1.7")
    return {"attachments": [{"file_id": file_id}, {"document_id": letter.rpartition("/")[2]}]}


def test_the_messages_function(director: Caller, noon: None, monkeypatch: pytest.MonkeyPatch) -> None:
    call_in_process(monkeypatch)
    key = {"Idempotency-Key": "k"}
    contact_id = director.post("/contacts", physician()).body["id"]
    path = f"/contacts/{contact_id}"
    note = {"body": "x", "channel": "phone", "direction": "in"}
    attached = enclosed(director, contact_id)
    with monkeypatch.context() as patch, recorded_in_buckets() as asked_of_buckets:
        patch.setattr(DocumentBucket, "is_kept", lambda _, key: DocumentBucket.keep(_, key) and False)
        director.post(f"{path}/messages", {"body": "Hello"} | attached)
    with recorded_in_buckets() as asked_later:
        director.post(f"{path}/messages", {"body": "Hello"} | attached)
    assert {"documents": asked_of_buckets | asked_later} == BUCKET_CALLS["MessagesApi"]
    with recorded() as asked:
        director.post(f"{path}/messages", {"body": "Hello"} | attached)
        made = director.post(f"{path}/messages", {"body": "Hello"}, headers=key).body["items"][0]["id"]
        director.post(f"{path}/messages", {"body": "x", "methods": ["fax"]}, headers={"Idempotency-Key": "refused"})
        director.post(f"{path}/notes", note)
        for each in ("", f"/{made}", "/msg_01ARZ3NDEKTSV4RRFFQ69G5FAV"):
            director.get(f"{path}/messages{each}")
        director.get("/contacts/con_01ARZ3NDEKTSV4RRFFQ69G5FAV/messages")
        director.post(f"{path}/messages/{made}/retry")
        director.get(f"{path}/consents")
    assert asked == CALLS["MessagesApi"]


def test_the_function_that_delivers(director: Caller, noon: None, monkeypatch: pytest.MonkeyPatch) -> None:
    call_in_process(monkeypatch)
    contact_id = director.post("/contacts", physician()).body["id"]
    with_both = {"body": "Hello", "methods": ["email"]} | enclosed(director, contact_id)
    assert director.post(f"/contacts/{contact_id}/messages", with_both).status == 202
    written(director)
    moved = written(director)[0].split("/")[2]
    survivor = director.post("/contacts?allow_duplicate=true", physician()).body["id"]
    director.post(f"/contacts/{survivor}/merge", {"duplicate_id": moved})
    client = appointed(director)
    assert director.post(f"/clients/{client}/appointments", soon(NOON)).status == 201
    (copied,) = director.get(f"/clients/{client}/contacts").body["items"]
    another = director.post("/contacts?allow_duplicate=true", physician()).body["id"]
    director.post(f"/contacts/{another}/merge", {"duplicate_id": copied["contact"]["id"]})
    with recorded() as asked, recorded_in_buckets() as asked_of_buckets:
        while batch := queued_records():
            deliver.handler({"Records": batch}, Context(remaining_ms=60_000))
    assert asked == CALLS["DeliverMessages"]
    assert asked_of_buckets == {action for actions in BUCKET_CALLS["DeliverMessages"].values() for action in actions}


def test_the_function_that_records_receipts(director: Caller, noon: None) -> None:
    _, _, contact_id, _, message_id = written(director)[0].split("/")
    with_ids = event("ses_bounce_permanent")
    ids = {"account": [director.account], "recipient": [contact_id], "message": [message_id]}
    with_ids["mail"]["tags"] |= ids
    with recorded() as asked:
        bodies = [with_ids, event("ses_identity_feedback"), event("ses_delivery")]
        record_receipt.handler(records(notification(TOPICS.split(",")[0], one) for one in bodies), Context())
    assert asked == CALLS["RecordReceipt"]


def test_the_function_that_takes_in_replies(director: Caller, noon: None) -> None:
    director.patch("/settings", {"opt_in_required": True})
    written(director, methods=["sms"])
    while batch := queued_records():
        deliver.handler({"Records": batch}, Context(remaining_ms=60_000))
    topic = TOPICS.split(",")[1]
    mail = EmailMessage()
    mail["From"], mail["To"] = "ana@example.org", "reply+0123456789abcdef01234567@reply.lakeside.example"
    mail["Authentication-Results"] = "amazonses.com; spf=pass; dkim=pass; dmarc=pass"
    mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="a.pdf")
    with recorded() as asked, recorded_in_buckets() as asked_of_buckets:
        written(director, methods=["email"])
        for _ in range(2):
            boto3.client("s3").put_object(Bucket=INBOUND_BUCKET, Key="mail/inbound-mail-1", Body=mail.as_bytes())
            said = [event("eum_inbound") | {"messageBody": "YES"}, event("ses_received")]
            receive_reply.handler(records(notification(topic, one) for one in said), Context())
    assert asked == CALLS["ReceiveReply"]
    # A bucket that keeps no versions has its objects deleted as they are.
    named = {action.removesuffix("Version") for action in asked_of_buckets}
    assert named == {action for actions in BUCKET_CALLS["ReceiveReply"].values() for action in actions}


@pytest.mark.parametrize(
    ("identity", "policy"),
    [("arn:aws:sms-voice:us-east-1:123456789012:pool/p", "TakeOffOptOutList"), ("", "OptInNumbers")],
)
def test_a_start_asks_of_the_platform_what_the_role_allows(
    director: Caller, noon: None, monkeypatch: pytest.MonkeyPatch, identity: str, policy: str
) -> None:
    written(director, methods=["sms"])
    while batch := queued_records():
        deliver.handler({"Records": batch}, Context(remaining_ms=60_000))
    monkeypatch.setenv("CAREBOOK_ORIGINATION_IDENTITY", identity)
    providers.opt_outs.cache_clear()
    asked: list[str] = []
    before = BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(client: Any, operation: str, params: Any) -> Any:
        service = client.meta.service_model.signing_name
        if service not in {"sns", "sms-voice"}:
            return before(client, operation, params)
        asked.append(f"{service}:{operation}")
        return {}

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    said = event("eum_inbound") | {"messageBody": "START"}
    receive_reply.handler(records([notification(TOPICS.split(",")[1], said)]), Context())
    providers.opt_outs.cache_clear()
    (statement,) = root().resources[policy]["Properties"]["PolicyDocument"]["Statement"]
    assert asked == [statement["Action"]]


def test_the_function_that_releases_what_is_held(director: Caller, monkeypatch: pytest.MonkeyPatch, noon: None) -> None:
    director.patch("/settings", {"opt_in_required": True})
    written(director)
    monkeypatch.setattr(release_held, "utcnow", lambda: NOON + timedelta(days=2))
    with recorded() as asked:
        assert release_held.handler({}, Context(remaining_ms=55_000))["swept"] >= 2
    assert asked == CALLS["ReleaseHeld"]
