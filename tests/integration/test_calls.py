"""What each function asks of DynamoDB is what its role lets it do: nothing is missing, nothing is left over."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient

from benchmarks.around import Answer, Sending, around_requests
from carebook.documents.bucket import DocumentBucket
from carebook.instants import utcnow
from carebook.items import NOT_THERE, make_item
from carebook.keys import client_pk, contact_pk, link_key
from carebook.messages import providers
from carebook.search.store import AccountIndex
from carebook.table import open_table
from functions.contacts import purge_archived
from functions.duplicates import finish_merges
from functions.messages import api as messages_api
from functions.messages import deliver, receive_reply, record_receipt, release_held
from functions.reminders import send_due
from functions.schedule import api as schedule_api
from functions.search import build_vocabulary
from tests.builders import Caller, Context, child, physician
from tests.integration.conftest import INBOUND_BUCKET, TABLE, TOPICS
from tests.integration.press import call_in_process
from tests.messaging import NOON, event, notification, planted_file, queued_records, records
from tests.template.reading import root
from tests.template.test_roles import BUCKET_CALLS, CALLS


@contextmanager
def recorded() -> Iterator[dict[str, set[str]]]:
    """The DynamoDB actions asked for meanwhile, by resource; a transaction's as those of its members."""
    asked: dict[str, set[str]] = {}

    def record(sending: Sending) -> Answer:
        if not sending.target.startswith("DynamoDB"):
            return sending.go_on()
        params = json.loads(sending.body)
        if sending.operation == "TransactWriteItems":
            for member in params["TransactItems"]:
                asked.setdefault("table", set()).update(
                    {"Put": "PutItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}[kind]
                    for kind in member
                )
        else:
            asked.setdefault(params.get("IndexName", "table"), set()).add(sending.operation)
        return sending.go_on()

    with around_requests(record):
        yield asked


@contextmanager
def recorded_in_buckets() -> Iterator[set[str]]:
    """The S3 actions asked for meanwhile, by the names that roles have for them."""
    named = {
        "ListObjectVersions": "ListBucketVersions",
        "DeleteObject": "DeleteObjectVersion",
        "HeadObject": "GetObject",
    }
    asked: set[str] = set()
    before = BaseClient._emit_api_params  # type: ignore[attr-defined]

    def record(client: Any, *args: Any, **kwargs: Any) -> Any:
        if client.meta.service_model.service_name == "s3":
            name = kwargs["operation_model"].name
            is_of_version = name == "GetObject" and "VersionId" in kwargs["api_params"]
            asked.add("GetObjectVersion" if is_of_version else named.get(name, name))
        return before(client, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_emit_api_params", record)
        yield asked


def whole_life(caller: Caller) -> str:
    """Everything that the contacts' routes can do; the id of a contact that is left archived."""
    key = {"Idempotency-Key": "k"}
    first = caller.post("/contacts?allow_duplicate=true", physician(), headers=key).body["id"]
    caller.post("/contacts?allow_duplicate=true", physician(), headers=key)
    caller.post("/contacts?allow_duplicate=true", physician(npi="1"), headers={"Idempotency-Key": "refused"})
    target = f"/contacts/{first}"
    caller.patch(target, {"last_name": "Other"})
    for path in (target, f"{target}/history", "/contacts", "/contacts/con_01ARZ3NDEKTSV4RRFFQ69G5FAV"):
        caller.get(path)
    caller.delete(target)
    caller.post(f"{target}/restore", headers=key)
    caller.delete(f"{target}?purge=true")
    second: str = caller.post("/contacts?allow_duplicate=true", physician()).body["id"]
    caller.delete(f"/contacts/{second}")
    return second


def test_the_contacts_function(director: Caller) -> None:
    with recorded() as asked:
        whole_life(director)
    assert asked == CALLS["ContactsApi"]


def test_the_clients_function(director: Caller) -> None:
    key = {"Idempotency-Key": "k"}
    contact = director.post("/contacts", physician()).body["id"]
    with recorded() as asked:
        client = director.post("/clients", child(), headers=key).body["id"]
        director.post("/clients", child(), headers=key)
        director.post("/clients", {}, headers={"Idempotency-Key": "refused"})
        target = f"/clients/{client}"
        director.patch(target, {"last_name": "Other"})
        director.put(f"{target}/contacts/{contact}", {})
        for path in (target, f"{target}/history", f"{target}/contacts", f"/contacts/{contact}/clients"):
            director.get(path)
        for path in ("/clients", "/clients?q=other", "/clients?q=ohter", "/clients/cli_01ARZ3NDEKTSV4RRFFQ69G5FAV"):
            director.get(path)
        director.delete(f"{target}/contacts/{contact}")
        director.delete(target)
        director.post(f"{target}/restore", headers=key)
        director.delete(f"{target}?purge=true")
    assert asked == CALLS["ClientsApi"]


def test_the_referrals_function(director: Caller) -> None:
    key = {"Idempotency-Key": "k"}
    contact = director.post("/contacts", physician()).body["id"]
    client = director.post("/clients", child()).body["id"]
    with recorded() as asked:
        added = director.post(f"/clients/{client}/referrals", {"contact_id": contact}, headers=key).body
        director.post(f"/clients/{client}/referrals", {"role": "x"}, headers={"Idempotency-Key": "refused"})
        target = f"/clients/{client}/referrals/{added['id']}"
        director.patch(target, {"status": "closed"})
        director.patch(target, {"status": "on_hold"})
        for path in (target, f"{target}/claim", f"/clients/{client}/referrals", f"/contacts/{contact}/referrals"):
            director.get(path)
        for path in ("/referrals", "/referrals/summary", "/referrals/claim-problems", f"/contacts/{contact}/claim"):
            director.get(path)
        director.get("/clients/cli_01ARZ3NDEKTSV4RRFFQ69G5FAV/referrals")
        director.delete(target)
    assert asked == CALLS["ReferralsApi"]


def test_the_search_function(director: Caller) -> None:
    director.post("/contacts", physician())
    with recorded() as asked:
        for query in ("muller", "ana muller", "0123", "nobody at all", "mullre"):
            director.get(f"/contacts/search?q={query}")
        AccountIndex(open_table()).state(director.account)
    assert asked == CALLS["SearchApi"]


def cut_short(caller: Caller, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """Two contacts, and a merge of them that was cut."""
    one, two = (caller.post("/contacts?allow_duplicate=true", physician()).body["id"] for _ in range(2))
    boto3.resource("dynamodb").Table(TABLE).put_item(Item={"PK": contact_pk(caller.account, two), "SK": "TASK#1"})
    with monkeypatch.context() as patch:
        patch.setattr(where, lambda *_args, **_kwargs: 1 / 0)
        assert caller.post(f"/contacts/{one}/merge", {"duplicate_id": two}).status == 500


BEFORE_ADOPTING = "carebook.merging.steps._rewrite"
BEFORE_MOVING = "carebook.merging.store.Mover.move"


def test_the_duplicates_function(director: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_short(director, monkeypatch, BEFORE_MOVING)
    one = director.get("/contacts").body["items"][0]["id"]
    key = {"Idempotency-Key": "k"}
    with recorded() as asked:
        director.get("/contacts/duplicates")
        two = next(entry for entry in director.get(f"/contacts/{one}/history").body["items"])["changes"]
        merged = next(change["after"] for change in two if change["field"] == "merged_from")
        director.post(f"/contacts/{one}/merge", {"duplicate_id": merged}, headers=key)
        director.post(f"/contacts/{one}/merge", {"duplicate_id": "x"}, headers=key | {"Idempotency-Key": "refused"})
        director.post(f"/contacts/{one}/unmerge", {"duplicate_id": merged}, headers=key)
    assert asked == CALLS["DuplicatesApi"]


def test_the_function_that_finishes_merges(director: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_short(director, monkeypatch, BEFORE_ADOPTING)
    cut_short(director, monkeypatch, BEFORE_MOVING)
    later = utcnow() + timedelta(minutes=3)
    monkeypatch.setattr(finish_merges, "utcnow", lambda: later)
    with recorded() as asked:
        assert finish_merges.handler({}, Context())["finished"] >= 1
    assert asked == CALLS["FinishMerges"]


def test_the_function_that_builds_vocabularies(director: Caller) -> None:
    director.post("/contacts", physician())
    director.get("/contacts/search?q=mullre")
    with recorded() as asked:
        assert build_vocabulary.handler({}, Context(remaining_ms=600_000))["built"] >= 1
    assert asked == CALLS["BuildVocabulary"]


def test_the_documents_function(director: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    call_in_process(monkeypatch)
    key = {"Idempotency-Key": "k"}
    contact = f"/contacts/{director.post('/contacts', physician()).body['id']}"
    with recorded() as asked, recorded_in_buckets() as asked_of_buckets:
        template = director.post("/document-templates", {"title": "A"}, headers=key).body["id"]
        director.patch(f"/document-templates/{template}", {"title": "B"})
        director.get("/document-templates")
        made = director.post(f"{contact}/documents", {"template_id": template}, headers=key)
        director.post(f"{contact}/documents", {"title": "{{ x }}"}, headers={"Idempotency-Key": "refused"})
        path = made.headers["Location"]
        director.get(f"{path}/pdf")
        director.patch(path, {"body": "x", "status": "final"})
        for target in (path, f"{path}/pdf", f"{contact}/documents"):
            director.get(target)
        director.delete(path)
        director.delete(f"/document-templates/{template}")
    assert asked | {"table": asked["table"] | {"BatchWriteItem"}} == CALLS["DocumentsApi"]
    # What is fetched by its address is fetched with the rights of who signed that.
    api, press = (BUCKET_CALLS[name]["documents"] for name in ("DocumentsApi", "Typeset"))
    assert asked_of_buckets | {"GetObject", "PutObjectTagging"} == api | press


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


def test_the_tasks_function(director: Caller) -> None:
    contact = f"/contacts/{director.post('/contacts', physician()).body['id']}"
    with recorded() as asked:
        key = {"Idempotency-Key": "k"}
        task = director.post(f"{contact}/tasks", {"title": "Call"}, headers=key).body["id"]
        director.post(f"{contact}/tasks", {"title": ""}, headers={"Idempotency-Key": "refused"})
        for path in ("/tasks", f"{contact}/tasks", f"{contact}/tasks/{task}"):
            director.get(path)
        director.get("/contacts/con_01ARZ3NDEKTSV4RRFFQ69G5FAV/tasks")
        director.patch(f"{contact}/tasks/{task}", {"due_on": "2026-12-24"})
        director.delete(f"{contact}/tasks/{task}")
    assert asked == CALLS["TasksApi"]


def test_the_cover_function(director: Caller) -> None:
    contact = director.post("/contacts", physician()).body["id"]
    client = director.post("/clients", child()).body["id"]
    director.put(f"/clients/{client}/contacts/{contact}", {})
    with recorded() as asked:
        director.get(f"/contacts/{contact}/cover")
        director.get("/contacts/con_01ARZ3NDEKTSV4RRFFQ69G5FAV/cover")
        director.get(f"/clients/{client}/cover")
        director.get("/clients/cli_01ARZ3NDEKTSV4RRFFQ69G5FAV/cover")
    assert asked == CALLS["CoverApi"]


def test_the_settings_function(director: Caller) -> None:
    with recorded() as asked:
        director.get("/settings")
        director.patch("/settings", {"country": "CA"})
        director.patch("/settings", {"country": "AU"})
    assert asked == CALLS["SettingsApi"]


def test_the_message_templates_function(director: Caller) -> None:
    target = "/settings/message-templates/share/sms"
    key = {"Idempotency-Key": "k"}
    with recorded() as asked:
        director.get("/settings/message-templates")
        director.get(target)
        director.call("PUT", target, body={"body": "x"})
        director.delete(target)
        director.post(f"{target}/preview", headers=key)
        director.post(f"{target}/preview", {"body": "{{"}, headers={"Idempotency-Key": "refused"})
    assert asked == CALLS["MessageTemplatesApi"]


def test_the_purge_function(director: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    contact = whole_life(director)
    client = director.post("/clients", child()).body["id"]
    director.post(f"/contacts/{contact}/restore")
    director.put(f"/clients/{client}/contacts/{contact}", {})
    director.post(f"/clients/{client}/referrals", {"contact_id": contact})
    director.delete(f"/clients/{client}")
    whole_life(director)
    later = utcnow() + timedelta(days=31)
    monkeypatch.setattr(purge_archived, "utcnow", lambda: later)
    with recorded() as asked:
        assert purge_archived.handler({}, Context())["purged"] >= 1
    assert asked == CALLS["PurgeArchived"]


@pytest.fixture
def message_queue(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="messages-of-calls")["QueueUrl"]
    monkeypatch.setenv("CAREBOOK_MESSAGE_QUEUE", url)
    yield
    sqs.delete_queue(QueueUrl=url)


def leave_link_behind(account: str, client: str) -> None:
    """A link whose contact is gone."""
    key = link_key(account, client, "con_01ARZ3NDEKTSV4RRFFQ69G5FAV")
    moment = "2026-11-25T00:00:00Z"
    doc: dict[str, Any] = {
        "relationship": None,
        "cc_all_automated_messages": True,
        "cc": {},
        "created_at": moment,
        "updated_at": moment,
    }
    assert open_table().put_if(make_item(key, "link", doc, version=1), NOT_THERE)


def appointed(director: Caller) -> str:
    """A client with an appointment in an hour and a contact that gets copies."""
    director.patch("/settings", {"automated_messages": {"appointment_reminder": {"lead_minutes": [0]}}})
    contact = director.post("/contacts?allow_duplicate=true", physician()).body["id"]
    client: str = director.post("/clients", child()).body["id"]
    director.put(f"/clients/{client}/contacts/{contact}", {"cc_all_automated_messages": True})
    return client


def soon(now: datetime | None = None) -> dict[str, str]:
    starts_at = (now or utcnow()) + timedelta(hours=1)
    return {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(minutes=50)).isoformat()}


@pytest.mark.usefixtures("message_queue")
def test_the_schedule_function(director: Caller) -> None:
    target = f"/clients/{appointed(director)}"
    bill = {"number": "7", "amount": 100, "issued_on": "2026-11-25", "due_on": "2099-01-01"}
    with recorded() as asked:
        for path, body in (("appointments", soon()), ("bills", bill)):
            made = director.post(f"{target}/{path}", body, headers={"Idempotency-Key": path}).body["id"]
            director.put(f"{target}/{path}/EXT", body)
            for one in (f"{target}/{path}", f"{target}/{path}/{made}"):
                director.get(one)
        wrong = bill | {"due_on": "2026-11-24"}
        assert director.post(f"{target}/bills", wrong, headers={"Idempotency-Key": "refused"}).status == 422
        director.patch(f"{target}/bills/{made}", {"status": "paid"})
        director.get(f"{target}/automated-messages")
        director.post(f"{target}/automated-messages/preview", {"kind": "bill_reminder"})
        director.get("/clients/cli_01ARZ3NDEKTSV4RRFFQ69G5FAV/bills")
    assert asked == CALLS["ScheduleApi"]


def one_bill_reminder(director: Caller) -> str:
    """A client with a contact, one whose contact is gone, and a bill that falls due far from now."""
    client = appointed(director)
    director.post(f"/clients/{client}/bills", {
        "number": "7", "amount": 100, "issued_on": "2026-11-25", "due_on": "2099-01-01",
    })  # fmt: skip
    leave_link_behind(director.account, client)
    return client


@pytest.mark.usefixtures("message_queue")
def test_the_function_that_hands_reminders_over(director: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    one_bill_reminder(director)
    monkeypatch.setattr(send_due, "utcnow", lambda: datetime(2098, 12, 30, tzinfo=UTC))
    with recorded() as asked:
        assert send_due.handler({}, Context())["sent"] == 1
    assert asked == CALLS["SendDue"]


@pytest.mark.usefixtures("message_queue")
def test_the_function_that_hands_a_page_of_reminders_over(director: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    client = one_bill_reminder(director)
    monkeypatch.setattr(send_due, "utcnow", lambda: datetime(2098, 12, 30, tzinfo=UTC))
    pk = client_pk(director.account, client)
    rows = open_table().query(pk, low="REM#", high="REM#~", limit=10)
    page = [[row.key.pk, row.key.sk] for row in rows if "bill_reminder" in row.key.sk]
    with recorded() as asked:
        answer = send_due.page_handler({"Records": [{"messageId": "m", "body": json.dumps(page)}]}, Context())
    assert (len(page), answer) == (1, {"batchItemFailures": []})
    assert asked == CALLS["HandOver"]
