"""What the functions of appointments, bills and reminders ask of AWS is what their roles allow."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from carebook.items import NOT_THERE, make_item
from carebook.keys import client_pk, link_key
from carebook.table import open_table
from functions.reminders import send_due
from tests.builders import Caller, Context
from tests.integration.calls.recording import appointed, recorded, soon
from tests.template.test_roles import CALLS


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
