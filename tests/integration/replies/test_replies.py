"""Replies by text, and the words that decide whether anything more is sent."""

import pytest

from carebook.messages.delivery import deliver
from carebook.messages.service import MessageRef
from carebook.messages.store import TableMessages
from carebook.table import open_table
from functions.messages import deliver as deliver_function
from tests.builders import Caller, Context
from tests.integration.replies.conftest import NUMBER, Practice, practice_of
from tests.messaging import Clock, FakeProvider, records


def test_a_reply_lies_with_the_contact_that_was_written_to_last(practice: Practice) -> None:
    message = practice.sent("sms")
    practice.text("Thank you, I will call on Monday.")
    practice.clock.forward(seconds=-1)
    practice.text("Thank you, I will call on Monday.")  # SNS sends it again
    reply, original = practice.messages()
    assert (reply["kind"], reply["direction"], reply["status"], reply["method"]) == ("reply", "in", "received", "sms")
    assert (reply["sender"], reply["body"]) == (NUMBER, "Thank you, I will call on Monday.")
    assert reply["in_reply_to"] == original["id"] == message["id"]
    actions = [
        entry["action"] for entry in practice.caller.get(f"/contacts/{practice.contact_id}/history").body["items"]
    ]
    assert actions.count("reply_received") == 1


def test_a_text_that_is_published_twice_is_one_reply_whenever_that_is(
    practice: Practice, world: tuple[Clock, FakeProvider]
) -> None:
    neighbour = practice_of(Caller(practice.caller.handler, account="acc_next_door"), *world)
    practice.sent("sms")
    for _ in range(2):
        practice.text("I will call on Monday.")
        practice.clock.forward(hours=2)
        neighbour.sent("sms")  # and is now the one who wrote last
    assert [one["body"] for one in practice.messages("?kind=reply")] == ["I will call on Monday."]
    assert neighbour.messages("?kind=reply") == []
    practice.text("I will call on Monday.", inbound_id="in-2")  # says it again
    assert [one["body"] for one in neighbour.messages("?kind=reply")] == ["I will call on Monday."]


def test_a_word_that_comes_twice_is_not_said_twice(practice: Practice) -> None:
    practice.sent("sms")
    practice.text("STOP", inbound_id="in-1")
    practice.text("START", inbound_id="in-2")
    practice.text("STOP", inbound_id="in-1")
    assert practice.sent("sms")["status"] == "sent"
    practice.text("STOP", inbound_id="in-3")
    practice.text("START", inbound_id="in-2")
    assert [one["body"] for one in practice.messages("?kind=reply")] == ["STOP", "START", "STOP"]
    answer = practice.caller.post(f"/contacts/{practice.contact_id}/messages", {"body": "x", "methods": ["sms"]})
    assert [error["code"] for error in answer.body["errors"]] == ["opted_out"]


def test_a_reply_goes_to_the_account_that_wrote_last_or_whose_message_it_answers(
    practice: Practice, world: tuple[Clock, FakeProvider]
) -> None:
    neighbour = practice_of(Caller(practice.caller.handler, account="acc_next_door"), *world)
    mine = practice.sent("sms")
    practice.clock.forward(minutes=1)
    neighbour.sent("sms")
    practice.text("For the one who wrote last", inbound_id="in-1")
    assert [one["kind"] for one in practice.messages()] == ["ad_hoc"]
    assert [one["kind"] for one in neighbour.messages()] == ["reply", "ad_hoc"]
    provider_id = f"provider-{practice.number_of(mine)}-{mine['id']}"
    practice.text("An answer", inbound_id="in-2", previousPublishedMessageId=provider_id)
    assert [one["body"] for one in practice.messages("?kind=reply")] == ["An answer"]


def test_a_text_of_a_stranger_lands_nowhere(practice: Practice) -> None:
    practice.text("Hello?", originationNumber="+14155550100")
    assert practice.messages() == []


@pytest.mark.parametrize("word", ["STOP", "revoke", "Opt out", "please stop texting me"])
def test_stop_ends_texts_and_calls_in_every_account_and_start_begins_them_again(
    practice: Practice, world: tuple[Clock, FakeProvider], word: str
) -> None:
    neighbour = practice_of(Caller(practice.caller.handler, account="acc_next_door"), *world)
    practice.sent("sms")
    practice.clock.forward(minutes=1)
    neighbour.sent("sms")
    practice.text(word)
    for one in (practice, neighbour):
        answer = one.caller.post(f"/contacts/{one.contact_id}/messages", {"body": "x", "methods": ["sms"]})
        assert [error["code"] for error in answer.body["errors"]] == ["opted_out"]
        assert one.messages()[0]["kind"] == "reply"
    assert practice.sent("email")["status"] == "sent"
    practice.clock.forward(minutes=1)
    practice.text("START", inbound_id="in-2")
    assert practice.sent("sms")["status"] == "sent"
    assert neighbour.sent("sms")["status"] == "sent"


def test_what_was_queued_before_a_stop_is_not_sent(practice: Practice) -> None:
    practice.sent("sms")
    practice.write("sms", body="too late")
    practice.text("STOP")
    practice.deliver()
    assert [one["body"] for one in practice.messages("?status=opted_out")] == ["too late"]


def test_a_reply_is_kept_with_an_archived_contact(practice: Practice) -> None:
    practice.sent("sms")
    practice.caller.delete(f"/contacts/{practice.contact_id}")
    practice.text("still here")
    assert practice.messages()[0]["body"] == "still here"


def test_poison_in_the_queue_is_given_back_and_the_rest_sent(practice: Practice) -> None:
    (message,) = practice.write("email")
    ref = [practice.caller.account, practice.contact_id, message["id"]]
    batch = records(["no JSON", {"a": 1}, [1, 2, 3], ["acc", "con_x"], ref])
    answer = deliver_function.handler(batch, Context(remaining_ms=60_000))
    assert [one["itemIdentifier"] for one in answer["batchItemFailures"]] == [
        one["messageId"] for one in batch["Records"][:4]
    ]
    assert practice.messages()[0]["status"] == "sent"


def test_what_names_nobody_is_dropped(practice: Practice) -> None:
    refs = [MessageRef(practice.caller.account, "con_01ARZ3NDEKTSV4RRFFQ69G5FAV", "msg_01ARZ3NDEKTSV4RRFFQ69G5FAV")]
    assert deliver(deliver_function.delivery(), refs, go_on=lambda: True) == {}
    assert TableMessages(open_table()).by_provider("nobody") is None
