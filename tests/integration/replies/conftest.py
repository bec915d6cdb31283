"""A practice that writes to somebody, and what providers and recipients send back."""

from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from typing import Any

import boto3
import pytest

from functions.clients import api as clients_api
from functions.contacts import api as contacts_api
from functions.messages import api as messages_api
from functions.messages import deliver as deliver_function
from functions.messages import receive_reply, record_receipt, release_held
from functions.schedule import api as schedule_api
from tests.builders import Caller, Context, physician
from tests.integration.conftest import BUCKETS, INBOUND_BUCKET, TOPICS
from tests.messaging import (
    NOON,
    Clock,
    FakeChannels,
    FakeOptOuts,
    FakeProvider,
    event,
    notification,
    queued_records,
    records,
)

RECEIPTS, INBOUND = TOPICS.split(",")
NUMBER = "+13105550123"


@dataclass
class Practice:
    """Somebody who writes, and what comes of it."""

    caller: Caller
    contact_id: str
    clock: Clock
    provider: FakeProvider

    def write(self, *methods: str, body: str = "Hello") -> list[dict[str, Any]]:
        self.clock.forward(seconds=1)
        answer = self.caller.post(
            f"/contacts/{self.contact_id}/messages", {"body": body, "methods": list(methods) or None}
        )
        assert answer.status == 202, answer.text
        items: list[dict[str, Any]] = answer.body["items"]
        return items

    def deliver(self) -> None:
        while batch := queued_records():
            assert deliver_function.handler({"Records": batch}, Context(remaining_ms=60_000))["batchItemFailures"] == []

    def sent(self, *methods: str, body: str = "Hello") -> dict[str, Any]:
        """One message that has gone out."""
        self.write(*methods, body=body)
        self.deliver()
        return self.messages()[0]

    def messages(self, query: str = "") -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.caller.get(f"/contacts/{self.contact_id}/messages{query}").body["items"]
        return items

    def report(self, message: dict[str, Any], name: str, **changes: Any) -> None:
        """The provider's own event about *message*."""
        content = event(name)
        provider_id = f"provider-{self.number_of(message)}-{message['id']}"
        ids = {"account": self.caller.account, "recipient": self.contact_id, "message": message["id"], "attempt": "1"}
        if "mail" in content:
            content["mail"] |= {"messageId": provider_id, "tags": {name: [value] for name, value in ids.items()}}
        else:
            content |= {"messageId": provider_id, "context": ids}
        assert record([notification(RECEIPTS, content | changes)]) == []

    def number_of(self, message: dict[str, Any]) -> int:
        return 1 + [outgoing.ids["message"] for outgoing in self.provider.sent].index(message["id"])

    def text(self, body: str, *, inbound_id: str = "in-1", **changes: Any) -> None:
        """A text from the contact's number."""
        self.clock.forward(seconds=1)
        content = event("eum_inbound") | {"messageBody": body, "inboundMessageId": inbound_id}
        content.pop("previousPublishedMessageId")
        assert receive([notification(INBOUND, content | changes, at=self.clock())]) == []


def record(bodies: list[Any]) -> list[str]:
    failed = record_receipt.handler(records(bodies), Context())["batchItemFailures"]
    return [one["itemIdentifier"] for one in failed]


def receive(bodies: list[Any]) -> list[str]:
    failed = receive_reply.handler(records(bodies), Context())["batchItemFailures"]
    return [one["itemIdentifier"] for one in failed]


def practice_of(caller: Caller, clock: Clock, provider: FakeProvider, **fields: Any) -> Practice:
    made = caller.post("/contacts?allow_duplicate=true", physician(**fields)).body["id"]
    return Practice(caller, made, clock, provider)


@pytest.fixture
def opt_outs(monkeypatch: pytest.MonkeyPatch) -> FakeOptOuts:
    """The platform's own list."""
    listed = FakeOptOuts()
    monkeypatch.setattr(receive_reply, "opt_outs", lambda: listed)
    return listed


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, opt_outs: FakeOptOuts) -> tuple[Clock, FakeProvider]:
    """One clock and one provider for all functions."""
    clock, provider = Clock(), FakeProvider()
    for module in (contacts_api, clients_api, schedule_api, messages_api, release_held):
        monkeypatch.setattr(module, "utcnow", clock)
    delivery = deliver_function.delivery()
    fake = replace(delivery, channels=FakeChannels(provider), now=clock)
    monkeypatch.setattr(deliver_function, "delivery", lambda: fake)
    monkeypatch.setattr(record_receipt, "receipts", _with_clock(record_receipt.receipts(), clock))
    monkeypatch.setattr(receive_reply, "utcnow", clock)
    receive_reply.inbox.cache_clear()
    return clock, provider


def _with_clock(receipts: Any, clock: Clock) -> Any:
    fixed = replace(receipts, now=clock)
    return lambda: fixed


@pytest.fixture
def practice(director: Caller, world: tuple[Clock, FakeProvider]) -> Practice:
    return practice_of(director, *world)


def mail_to(token: str, body: str, **headers: str) -> EmailMessage:
    message = EmailMessage()
    usual = {
        "Authentication-Results": "amazonses.com; spf=pass; dkim=pass; dmarc=pass",
        "From": "Ana <ana@example.org>",
        "To": f"reply+{token}@reply.lakeside.example" if token else "office@lakeside.example",
        "Subject": "Re: Hello",
    }
    for name, value in (usual | headers).items():
        message[name] = value
    message.set_content(body)
    return message


def mailed(
    message: EmailMessage,
    number: int = 1,
    *,
    at: datetime = NOON,
    told_at: datetime | None = None,
    **verdicts: str,
) -> list[str]:
    """SES lays it into the bucket and says so, at once unless *told_at* says when."""
    key = f"mail/inbound-{number}"
    boto3.client("s3").put_object(Bucket=INBOUND_BUCKET, Key=key, Body=message.as_bytes())
    content = event("ses_received")
    content["mail"] |= {"messageId": f"inbound-{number}", "timestamp": at.isoformat()}
    content["receipt"]["action"]["objectKey"] = key
    content["receipt"] |= {name: {"status": status} for name, status in verdicts.items()}
    return receive([notification(INBOUND, content, at=told_at or at)])


def token_of(practice: Practice) -> str:
    return practice.provider.sent[-1].reply_token or ""


@pytest.fixture(autouse=True)
def _empty_buckets(aws: None) -> None:
    for bucket in (BUCKETS["files"], BUCKETS["quarantine"], INBOUND_BUCKET):
        boto3.resource("s3").Bucket(bucket).object_versions.delete()


def objects() -> list[str]:
    listed = boto3.client("s3").list_objects_v2(Bucket=INBOUND_BUCKET)
    return [one["Key"] for one in listed.get("Contents", [])]
