"""What each function asks of DynamoDB is what its role lets it do: nothing is missing, nothing is left over."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from carebook.instants import utcnow
from carebook.items import NOT_THERE, make_item
from carebook.keys import contact_pk, link_key
from carebook.search.store import AccountIndex
from carebook.table import open_table
from functions.contacts import purge_archived
from functions.duplicates import finish_merges
from functions.reminders import send_due
from functions.search import build_vocabulary
from tests.builders import Caller, Context, child, physician
from tests.integration.conftest import TABLE
from tests.template.test_roles import CALLS


@contextmanager
def recorded() -> Iterator[dict[str, set[str]]]:
    """The DynamoDB actions asked for meanwhile, by resource; a transaction's as those of its members."""
    asked: dict[str, set[str]] = {}

    def record(params: dict[str, Any], model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems":
            for member in params["TransactItems"]:
                asked.setdefault("table", set()).update(
                    {"Put": "PutItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}[kind]
                    for kind in member
                )
        else:
            asked.setdefault(params.get("IndexName", "table"), set()).add(model.name)

    events = open_table().connection.client.meta.events
    events.register("provide-client-params.dynamodb", record)
    try:
        yield asked
    finally:
        events.unregister("provide-client-params.dynamodb", record)


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


BEFORE_ADOPTING = "carebook.merging.service._rewrite"
BEFORE_MOVING = "carebook.merging.store.move_items"


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


def soon() -> dict[str, str]:
    starts_at = utcnow() + timedelta(hours=1)
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


@pytest.mark.usefixtures("message_queue")
def test_the_function_that_hands_reminders_over(director: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    client = appointed(director)
    director.post(f"/clients/{client}/bills", {
        "number": "7", "amount": 100, "issued_on": "2026-11-25", "due_on": "2099-01-01",
    })  # fmt: skip
    leave_link_behind(director.account, client)
    monkeypatch.setattr(send_due, "utcnow", lambda: datetime(2098, 12, 30, tzinfo=UTC))
    with recorded() as asked:
        assert send_due.handler({}, Context())["sent"] == 1
    assert asked == CALLS["SendDue"]
