"""A client with an appointment, a mother who gets copies, and the time that the functions see."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from carebook.messages.channels import Accepted, Outgoing
from functions.messages import deliver
from functions.reminders import send_due
from functions.schedule import api as schedule_api
from tests.builders import Caller, Context, child

NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
KINDS = ("appointment_notice", "appointment_reminder", "bill_reminder", "late_payment_notice")


class Clock:
    """The time that the functions see."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def to(self, moment: datetime) -> None:
        self.now = moment


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(schedule_api, "utcnow", clock)
    monkeypatch.setattr(send_due, "utcnow", clock)
    return clock


@pytest.fixture(autouse=True)
def queue(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    url: str = boto3.client("sqs").create_queue(QueueName="messages-of-the-schedule")["QueueUrl"]
    monkeypatch.setenv("CAREBOOK_MESSAGE_QUEUE", url)
    monkeypatch.setenv("CAREBOOK_SENDER", "practice@example.org")
    yield url
    boto3.client("sqs").delete_queue(QueueUrl=url)


@pytest.fixture
def client(director: Caller, clock: Clock) -> str:
    made: str = director.post("/clients", child(messaging_methods=["email"])).body["id"]
    return made


def mother(caller: Caller, client: str, email: str = "ana@example.org", **terms: Any) -> str:
    body = {"type": "parent_guardian", "first_name": "Ana", "last_name": "Müller", "emails": [{"address": email}]}
    contact: str = caller.post("/contacts?allow_duplicate=true", body | {"messaging_methods": ["email"]}).body["id"]
    linked = caller.put(f"/clients/{client}/contacts/{contact}", {"cc_all_automated_messages": True} | terms)
    assert linked.status == 201, linked.text
    return contact


def times(starts_at: datetime, minutes: int = 50) -> dict[str, str]:
    return {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(minutes=minutes)).isoformat()}


IN_FOUR_DAYS = NOW + timedelta(days=4)


def appoint(caller: Caller, client: str, starts_at: datetime = IN_FOUR_DAYS, **fields: Any) -> dict[str, Any]:
    answer = caller.post(f"/clients/{client}/appointments", times(starts_at) | fields)
    assert answer.status == 201, answer.text
    made: dict[str, Any] = answer.body
    return made


def decisions(caller: Caller, client: str, kind: str) -> list[dict[str, Any]]:
    items = caller.get(f"/clients/{client}/automated-messages").body["items"]
    return [item for item in items if item["kind"] == kind]


def outcome(decision: dict[str, Any]) -> dict[str, list[tuple[str, str | None]] | str | None]:
    return {
        person["id"]: person["reason"] or [(one["status"], one["reason"]) for one in person["messages"]]
        for person in decision["people"]
    }


def sweep() -> dict[str, int]:
    return send_due.handler({}, Context())


def messages_of(caller: Caller, contact: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = caller.get(f"/contacts/{contact}/messages").body["items"]
    return found


def bill(**changes: Any) -> dict[str, Any]:
    return {"number": "7", "amount": 12000, "issued_on": "2026-11-25", "due_on": "2026-12-10"} | changes


class Post:
    """A channel that takes everything."""

    def __init__(self) -> None:
        self.taken: list[Outgoing] = []

    def of(self, _method: str) -> "Post":
        return self

    def send(self, outgoing: Outgoing) -> Accepted:
        self.taken.append(outgoing)
        return Accepted(f"provider-{len(self.taken)}")


def delivered(queue: str, monkeypatch: pytest.MonkeyPatch, now: datetime = NOW) -> Post:
    """Everything that waits in the queue goes out."""
    post = Post()
    delivery = replace(deliver.delivery(), channels=post, now=lambda: now)
    with monkeypatch.context() as patch:
        patch.setattr(deliver, "delivery", lambda: delivery)
        received = boto3.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        batch = [
            {"messageId": one["MessageId"], "receiptHandle": one["ReceiptHandle"], "body": one["Body"]}
            for one in received
        ]
        assert deliver.handler({"Records": batch}, Context(remaining_ms=60_000)) == {"batchItemFailures": []}
    return post
