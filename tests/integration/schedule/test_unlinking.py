"""Whoever is unlinked or archived gets nothing more, whenever that was; and what clients answer."""

from datetime import timedelta
from typing import Any

import pytest

from carebook.items import ConditionFailed, Writes
from carebook.messages.withdrawing import Withdrawal
from carebook.table import Table
from functions.messages import receive_reply
from tests.builders import Caller, Context, child
from tests.integration.conftest import TOPICS
from tests.integration.schedule.conftest import (
    IN_FOUR_DAYS,
    NOW,
    Clock,
    appoint,
    decisions,
    delivered,
    messages_of,
    mother,
    outcome,
    sweep,
)
from tests.messaging import event, notification, records


def test_a_contact_that_is_unlinked_or_archived_before_the_reminder_is_due_gets_none(
    director: Caller, client: str, clock: Clock
) -> None:
    gone, archived = mother(director, client), mother(director, client, "two@example.org")
    appoint(director, client)
    assert director.delete(f"/clients/{client}/contacts/{gone}").status == 204
    assert director.delete(f"/contacts/{archived}").status == 204
    clock.to(IN_FOUR_DAYS - timedelta(minutes=2880))
    assert sweep()["sent"] == 1
    (reminder,) = decisions(director, client, "appointment_reminder")
    assert outcome(reminder) == {client: [("queued", None)], archived: "archived"}


def test_a_contact_that_is_unlinked_while_the_reminder_is_decided_gets_none(
    director: Caller, client: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = mother(director, client)
    appoint(director, client)
    clock.to(IN_FOUR_DAYS - timedelta(minutes=2880))
    write = Table.write

    def after_unlinking(table: Table, writes: Any) -> None:
        monkeypatch.setattr(Table, "write", write)
        assert director.delete(f"/clients/{client}/contacts/{contact}").status == 204
        with pytest.raises(ConditionFailed) as failed:
            write(table, writes)
        raise failed.value

    monkeypatch.setattr(Table, "write", after_unlinking)
    assert sweep()["sent"] == 0
    assert sweep()["sent"] == 1
    assert [one["kind"] for one in messages_of(director, contact)] == ["appointment_notice"]


def test_what_waits_is_taken_back_in_the_moment_of_unlinking(
    director: Caller, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, other = mother(director, client), director.post("/clients", child()).body["id"]
    director.put(f"/clients/{other}/contacts/{gone}", {"cc_all_automated_messages": True})
    for one in (client, other):
        appoint(director, one)
    director.post(f"/contacts/{gone}/messages", {"subject": "Hello", "body": "To you alone", "methods": ["email"]})
    written: list[Writes] = []
    write = Table.write

    def note(table: Table, writes: Writes) -> None:
        written.append(writes)
        write(table, writes)

    monkeypatch.setattr(Table, "write", note)
    assert director.delete(f"/clients/{client}/contacts/{gone}").status == 204
    assert len(written) == 1
    found = {(one["client_id"], one["status"], one["reason"]) for one in messages_of(director, gone)}
    assert found == {(client, "skipped", "unlinked"), (other, "queued", None), (None, "queued", None)}


def test_what_slips_through_goes_to_nobody_who_was_unlinked(
    director: Caller, client: str, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, gone = mother(director, client), mother(director, client, "gone@example.org")
    appoint(director, client)
    monkeypatch.setattr(Withdrawal, "__call__", lambda *_: None)
    assert director.delete(f"/clients/{client}/contacts/{gone}").status == 204
    post = delivered(queue, monkeypatch)
    assert sorted(one.to for one in post.taken) == ["ana@example.org", "mia@example.org"]
    assert [one["status"] for one in messages_of(director, kept)] == ["sent"]
    assert [(one["status"], one["reason"]) for one in messages_of(director, gone)] == [("skipped", "unlinked")]


def test_what_a_client_answers_is_in_their_history(
    director: Caller, clock: Clock, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAREBOOK_ORIGINATION_IDENTITY", "arn:x")
    monkeypatch.setattr(receive_reply, "utcnow", clock)
    number = "+13105550188"
    phones = [{"number": number, "type": "cell"}]
    client = director.post("/clients", child(messaging_methods=["sms"], phones=phones)).body["id"]
    appoint(director, client)
    delivered(queue, monkeypatch)
    text = event("eum_inbound") | {"originationNumber": number, "inboundMessageId": "in-9"}
    text.pop("previousPublishedMessageId")
    for body in ("We will be late", "We will be late", "STOP"):
        said = notification(
            TOPICS.split(",")[1], text | {"messageBody": body, "inboundMessageId": f"in-{body}"}, at=NOW
        )
        assert receive_reply.handler(records([said]), Context()) == {"batchItemFailures": []}
    found = director.get(f"/clients/{client}/messages").body["items"]
    assert sorted((one["kind"], one["body"]) for one in found if one["direction"] == "in") == [
        ("reply", "STOP"), ("reply", "We will be late")
    ]  # fmt: skip
    history = director.get(f"/clients/{client}/history").body["items"]
    assert [one["action"] for one in history].count("reply_received") == 2
    preview = director.post(f"/clients/{client}/automated-messages/preview", {"kind": "bill_reminder"}).body
    assert [(one["status"], one["reason"]) for one in preview["people"][0]["messages"]] == [("skipped", "opted_out")]
