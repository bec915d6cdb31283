"""Many reminders at once: shared out in pages, each sent once."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest

from carebook.clients.link_store import TableLinks
from carebook.clients.model import Link
from functions.reminders import send_due
from tests.builders import Caller, Context, child
from tests.integration.schedule.conftest import (
    IN_FOUR_DAYS,
    Clock,
    appoint,
    decisions,
    messages_of,
    mother,
    outcome,
    sweep,
    times,
)


@pytest.fixture
def due_queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The queue of pages, when anything but a single reminder is more than one run does."""
    url: str = boto3.client("sqs").create_queue(QueueName="due")["QueueUrl"]
    monkeypatch.setenv("CAREBOOK_DUE_QUEUE", url)
    monkeypatch.setattr(send_due, "_DONE_HERE", 1)
    monkeypatch.setattr(send_due, "_IN_A_PAGE", 2)
    yield url
    boto3.client("sqs").delete_queue(QueueUrl=url)


def pages(url: str) -> list[dict[str, Any]]:
    """What the queue holds, as Lambda hands it over."""
    received = boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [{"messageId": one["MessageId"], "body": one["Body"]} for one in received]


def test_many_reminders_are_shared_out_and_each_is_sent_once(
    director: Caller, client: str, clock: Clock, due_queue: str
) -> None:
    contact = mother(director, client)
    clients = [client] + [director.post("/clients", child()).body["id"] for _ in range(2)]
    for one in clients:
        appoint(director, one)
    clock.to(IN_FOUR_DAYS - timedelta(minutes=2880))
    none = {"sent": 0, "other": 0, "failed": 0}
    assert [sweep(), sweep()] == [none | {"shared_out": 3}] * 2  # the second before anything was handed over
    shared = pages(due_queue)
    assert len(shared) == 4
    for page in [*shared, shared[0]]:
        assert send_due.page_handler({"Records": [page]}, Context()) == {"batchItemFailures": []}
    assert sweep() == none | {"shared_out": 0}
    for one in clients:
        (reminder,) = decisions(director, one, "appointment_reminder")
        assert outcome(reminder)[one] == [("queued", None)]
    assert len([one for one in messages_of(director, contact) if one["kind"] == "appointment_reminder"]) == 1


def test_a_page_in_which_one_fails_comes_again_and_the_others_are_sent(
    director: Caller, client: str, clock: Clock, due_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = director.post("/clients", child()).body["id"]
    for one in (client, other):
        appoint(director, one)
    clock.to(IN_FOUR_DAYS - timedelta(minutes=2880))
    assert sweep()["shared_out"] == 2
    (page,) = pages(due_queue)
    links = TableLinks.of_client

    def broken(store: TableLinks, account: str, client_id: str) -> list[Link]:
        if client_id == client:
            raise RuntimeError("cannot be read")
        return links(store, account, client_id)

    with monkeypatch.context() as patch:
        patch.setattr(TableLinks, "of_client", broken)
        failed = send_due.page_handler({"Records": [page]}, Context())
    assert failed == {"batchItemFailures": [{"itemIdentifier": page["messageId"]}]}
    assert [len(decisions(director, one, "appointment_reminder")) for one in (client, other)] == [0, 1]
    assert send_due.page_handler({"Records": [page]}, Context()) == {"batchItemFailures": []}
    assert [len(decisions(director, one, "appointment_reminder")) for one in (client, other)] == [1, 1]


def test_what_was_moved_since_it_was_shared_out_is_not_sent_before_its_time(
    director: Caller, client: str, clock: Clock, due_queue: str
) -> None:
    moved = appoint(director, client)["id"]
    appoint(director, client)
    clock.to(IN_FOUR_DAYS - timedelta(minutes=2880))
    assert sweep()["shared_out"] == 2
    (page,) = pages(due_queue)
    later = times(IN_FOUR_DAYS + timedelta(days=9))
    assert director.patch(f"/clients/{client}/appointments/{moved}", later).status == 200
    assert send_due.page_handler({"Records": [page]}, Context()) == {"batchItemFailures": []}
    assert [one["subject_id"] == moved for one in decisions(director, client, "appointment_reminder")] == [False]


def test_what_is_no_page_is_a_dead_letter(due_queue: str) -> None:
    batch = [{"messageId": str(number), "body": body} for number, body in enumerate(["{}", "[1]", "[[1]]", "x"])]
    failed = send_due.page_handler({"Records": batch}, Context())
    assert [one["itemIdentifier"] for one in failed["batchItemFailures"]] == ["0", "1", "2", "3"]
