"""Providers that fail and a delivery that is killed, on the deployed stack and through the carrier."""

import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from carebook.contacts.store import TableContacts
from carebook.documents.bucket import DocumentBucket
from carebook.documents.store import TableDocuments
from carebook.files.bucket import FileBuckets
from carebook.files.store import TableFiles
from carebook.identity import Person
from carebook.instants import utcnow
from carebook.messages.attaching import ContactAttachments
from carebook.messages.delivery import Delivery, deliver
from carebook.messages.providers import Providers
from carebook.messages.recipients import ContactRecipients
from carebook.messages.service import MessageRef, Outbox, ref_of, send_message
from carebook.messages.store import TableMessages
from carebook.messages.sweeping import Sweep, sweep_message
from carebook.settings.store import TableSettings
from carebook.table import open_table
from infra.local.deploy import client
from infra.redrive import redrive
from tests.e2e.conftest import Stack
from tests.e2e.test_messages import until
from tests.messaging import Fatal, Killed, mortal

ANA = Person("usr_ana", "Ana")
KILLS = 10
MESSAGES = 60


@pytest.fixture
def inbox(stack: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack.description["inbox_url"], timeout=30, trust_env=False) as http:
        http.delete("/faults").raise_for_status()
        yield http
        http.delete("/faults").raise_for_status()


def somebody(stack: Stack) -> tuple[str, str]:
    """A contact's id and e-mail address."""
    address = f"{uuid4().hex}@example.org"
    new = {"type": "physician", "last_name": uuid4().hex, "emails": [{"address": address}]}
    added = stack.call("POST", "/contacts?allow_duplicate=true", body=new)
    assert added.status_code == 201, added.text
    return added.json()["id"], address


def write(stack: Stack, contact_id: str, body: str) -> str:
    new = {"body": body, "methods": ["email"]}
    made = stack.call("POST", f"/contacts/{contact_id}/messages", body=new)
    assert made.status_code == 202, made.text
    message_id: str = made.json()["items"][0]["id"]
    return message_id


def arrived(inbox: httpx.Client, address: str) -> Counter[str]:
    """How often each text lies in somebody's mailbox."""
    items = inbox.get("/messages", params={"to": address, "limit": "1000"}).raise_for_status().json()["items"]
    return Counter(one["text"].strip() for one in items)


def test_with_one_call_in_five_refused_each_message_arrives_once(stack: Stack, inbox: httpx.Client) -> None:
    contact_id, address = somebody(stack)
    inbox.post("/faults", json={"service": "email", "kind": "throttle", "rate": 0.2}).raise_for_status()
    for number in range(12):
        write(stack, contact_id, str(number))
    for _ in range(6):  # who was refused twice waits for a minute, and would wait for longer after a third time
        with suppress(AssertionError):
            until(stack, contact_id, lambda found: [one["status"] for one in found] == ["delivered"] * 12)
            break
        inbox.delete("/faults").raise_for_status()
    assert arrived(inbox, address) == {str(number): 1 for number in range(12)}


def test_an_answer_that_was_lost_is_made_up_for_by_the_receipt(stack: Stack, inbox: httpx.Client) -> None:
    contact_id, address = somebody(stack)
    inbox.post("/faults", json={"service": "email", "kind": "lost_answer", "times": 1}).raise_for_status()
    message_id = write(stack, contact_id, "once")
    (message,) = until(stack, contact_id, lambda found: found[0]["status"] == "delivered")
    assert message["id"] == message_id
    assert arrived(inbox, address) == {"once": 1}


@pytest.fixture
def delivery(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Delivery]:
    """The stack's delivery in this process, where it can be killed: its table, and the carrier as its provider."""
    port = httpx.URL(stack.description["aws_endpoint"]).port
    described = client("cloudformation", port or 0).describe_stacks(StackName=stack.description["stack_name"])
    outputs = {one["OutputKey"]: one["OutputValue"] for one in described["Stacks"][0]["Outputs"]}
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": stack.description["region"],
        "AWS_ENDPOINT_URL": stack.description["aws_endpoint"],
        "AWS_ENDPOINT_URL_SESV2": stack.description["inbox_url"],
        "CAREBOOK_TABLE": outputs["TableName"],
        "CAREBOOK_SENDER": "office@lakeside.example",
    }.items():
        monkeypatch.setenv(name, value)
    open_table.cache_clear()
    table = open_table()
    attachments = ContactAttachments(TableFiles(table), FileBuckets(table), TableDocuments(table), DocumentBucket())
    recipients = ContactRecipients(TableContacts(table))
    yield Delivery(TableMessages(table), recipients, TableSettings(table), attachments, Providers(), utcnow)
    open_table.cache_clear()


class Unasked:
    """A queue that asks nobody: this process delivers by itself."""

    def put(self, refs: Any) -> None:
        pass


def written(stack: Stack, delivery: Delivery, contact_id: str) -> list[MessageRef]:
    table = open_table()
    outbox = Outbox(TableContacts(table), TableMessages(table), Unasked(), delivery.attachments, lambda _method: True)
    made = [
        send_message(
            outbox,
            account=stack.description["users"][0]["account_id"],
            contact_id=contact_id,
            subject="",
            body=str(number),
            methods=["email"],
            attachments=[],
            by=ANA,
            now=utcnow(),
        )
        for number in range(MESSAGES)
    ]
    return [ref_of(messages[0]) for messages in made]


def killed_until_done(delivery: Delivery, refs: list[MessageRef], chance: random.Random) -> int:
    """Deliver, killed ten times at random moments, until nothing is left in the queue; how often it was killed."""
    kills, left = 0, list(refs)
    while left:
        moments = iter([False] * chance.randrange(1, 20) + [kills < KILLS])
        batch, left = left[:10], left[10:]
        try:
            left += deliver(mortal(delivery, open_table(), Fatal(moments)), batch, go_on=lambda: True)
        except Killed:
            kills += 1
            left += batch  # the queue shows them again
    return kills


def test_killed_ten_times_with_providers_that_fail_each_message_arrives_once(
    stack: Stack, inbox: httpx.Client, delivery: Delivery
) -> None:
    contact_id, address = somebody(stack)
    refs = written(stack, delivery, contact_id)
    inbox.post("/faults", json={"service": "email", "kind": "throttle", "rate": 0.2}).raise_for_status()
    kills = killed_until_done(delivery, refs, random.Random(2026))
    inbox.delete("/faults").raise_for_status()
    before = arrived(inbox, address)
    taken = sum(before.values())
    for _ in range(240):  # what the carrier took, it reports
        states = [delivery.messages.find(ref).status.value for ref in refs]
        if states.count("delivered") == taken:
            break
        time.sleep(0.25)
    assert states.count("delivered") == taken
    by_hand = [ref for ref, state in zip(refs, states, strict=True) if state != "delivered"]
    later = Sweep(TableMessages(open_table()), Unasked(), delivery.settings, lambda: utcnow() + timedelta(minutes=16))
    for ref in by_hand:  # claimed, and then nobody was there to call: a person decides
        sweep_message(later, ref)
        message = delivery.messages.find(ref)
        assert (message.status, message.reason) == ("failed", "outcome_unknown")
        path = f"/contacts/{contact_id}/messages/{ref.message_id}/retry"
        assert stack.call("POST", path).status_code == 202
    for _ in range(240):
        after = arrived(inbox, address)
        if sum(after.values()) == MESSAGES:
            break
        time.sleep(0.25)
    assert kills == KILLS
    assert len(by_hand) <= kills
    assert after == {str(number): 1 for number in range(MESSAGES)}


class Mover:
    """SQS with the one thing that the embedded one lacks: dead letters are moved to where they came from."""

    def __init__(self, sqs: Any) -> None:
        self._sqs = sqs
        self.moved = 0

    def start_message_move_task(self, *, SourceArn: str, MaxNumberOfMessagesPerSecond: int) -> dict[str, str]:  # noqa: N803
        assert MaxNumberOfMessagesPerSecond > 0
        dead = self._sqs.get_queue_url(QueueName=SourceArn.rpartition(":")[2])["QueueUrl"]
        while letters := self._sqs.receive_message(
            QueueUrl=dead, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        ).get("Messages"):
            for one in letters:
                source = one["Attributes"]["DeadLetterQueueSourceArn"].rpartition(":")[2]
                url = self._sqs.get_queue_url(QueueName=source)["QueueUrl"]
                self._sqs.send_message(QueueUrl=url, MessageBody=one["Body"])
                self._sqs.delete_message(QueueUrl=dead, ReceiptHandle=one["ReceiptHandle"])
                self.moved += 1
        return {"TaskHandle": "moved"}


def test_what_cannot_be_handled_ends_as_a_dead_letter_and_comes_back_when_the_cause_is_mended(
    stack: Stack, inbox: httpx.Client
) -> None:
    port = httpx.URL(stack.description["aws_endpoint"]).port or 0
    cloudformation, sqs, functions = (client(name, port) for name in ("cloudformation", "sqs", "lambda"))
    name = stack.description["stack_name"]
    function = cloudformation.describe_stack_resource(StackName=name, LogicalResourceId="DeliverMessages")
    function_name = function["StackResourceDetail"]["PhysicalResourceId"]
    variables = functions.get_function_configuration(FunctionName=function_name)["Environment"]["Variables"]
    outputs = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
    (dead_arn,) = [one["OutputValue"] for one in outputs if one["OutputKey"] == "MessageDeadLetterQueueArn"]
    dead, queue = (
        sqs.get_queue_url(QueueName=dead_arn.rpartition(":")[2])["QueueUrl"],
        variables["CAREBOOK_MESSAGE_QUEUE"],
    )
    contact_id, address = somebody(stack)
    patience = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout"])["Attributes"]

    def waiting(wanted: int) -> list[str]:
        for _ in range(360):
            found = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["ApproximateNumberOfMessages"])
            if int(found["Attributes"]["ApproximateNumberOfMessages"]) >= wanted:
                break
            time.sleep(0.5)
        letters = sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", [])
        return [one["Body"] for one in letters]

    try:
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "2"})
        broken = variables | {"CAREBOOK_TABLE": "a-table-that-is-not-there"}
        functions.update_function_configuration(FunctionName=function_name, Environment={"Variables": broken})
        message_id = write(stack, contact_id, "given up")
        sqs.send_message(QueueUrl=queue, MessageBody="no JSON")
        letters = waiting(2)
        assert len(letters) == 2, letters
        assert "no JSON" in letters
        assert message_id in json.loads(next(one for one in letters if one != "no JSON"))
        assert arrived(inbox, address) == {}
    finally:
        functions.update_function_configuration(FunctionName=function_name, Environment={"Variables": variables})
        sqs.set_queue_attributes(QueueUrl=queue, Attributes=patience)
    mover = Mover(sqs)
    assert redrive(cloudformation, mover, stack=name, per_second=5) == "moved"
    assert mover.moved == 2
    until(stack, contact_id, lambda found: found[0]["status"] == "delivered")
    assert arrived(inbox, address) == {"given up": 1}
    sqs.purge_queue(QueueUrl=queue)  # the rest is poison still, and would be given up again
