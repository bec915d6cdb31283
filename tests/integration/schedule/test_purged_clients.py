"""What a purge of a client takes of appointments, bills, reminders and what was to be sent about them."""

from dataclasses import replace
from datetime import timedelta

import boto3
import pytest

from functions.messages import deliver
from tests.builders import Caller, Context
from tests.integration.schedule.conftest import IN_FOUR_DAYS, Clock, Post, appoint, messages_of, mother, sweep
from tests.integration.test_clients_purge import in_table


def test_nothing_is_sent_about_a_purged_client_and_nothing_of_its_schedule_is_left(
    director: Caller, client: str, clock: Clock, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = mother(director, client)
    appoint(director, client)
    bill = {"number": "7", "amount": 100, "currency": "USD", "issued_on": "2026-11-20", "due_on": "2026-12-20"}
    assert director.post(f"/clients/{client}/bills", bill).status == 201
    assert director.delete(f"/clients/{client}?purge=true").status == 204
    in_contact = {("CON", "MSG")}
    left = {(pk.split("#")[2], sk.split("#")[0]) for pk, sk in in_table(client) if not pk.endswith("#PURGED")}
    assert left == in_contact, "copies that went to contacts are in their files"
    clock.to(IN_FOUR_DAYS - timedelta(minutes=2880))
    assert sweep() == {"shared_out": 0, "sent": 0, "other": 0, "failed": 0}
    post = Post()
    delivery = replace(deliver.delivery(), channels=post)
    monkeypatch.setattr(deliver, "delivery", lambda: delivery)
    received = boto3.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    records = [
        {"messageId": one["MessageId"], "receiptHandle": one["ReceiptHandle"], "body": one["Body"]} for one in received
    ]
    assert deliver.handler({"Records": records}, Context(remaining_ms=60_000)) == {"batchItemFailures": []}
    assert post.taken == []
    assert {(one["status"], one["reason"]) for one in messages_of(director, contact)} == {("skipped", "unlinked")}
