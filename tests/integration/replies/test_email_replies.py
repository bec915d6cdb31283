"""Replies by e-mail: how they find back, and who is believed."""

from datetime import timedelta
from typing import Any

import pytest

from carebook.instants import instant
from tests.builders import Caller, physician
from tests.integration.replies.conftest import (
    INBOUND,
    Practice,
    mail_to,
    mailed,
    objects,
    practice_of,
    receive,
    token_of,
)
from tests.messaging import NOON, Clock, FakeProvider, event, notification


def test_an_email_reply_finds_back_by_its_address_and_is_forgotten_as_it_came(practice: Practice) -> None:
    message = practice.sent("email")
    assert mailed(mail_to(token_of(practice), "Thank you.", From="Ana at home <home@example.net>")) == []
    reply = practice.messages("?kind=reply")[0]
    assert (reply["body"], reply["sender"], reply["in_reply_to"]) == ("Thank you.", "home@example.net", message["id"])
    assert objects() == []
    assert receive([notification(INBOUND, event("ses_received"))]) == []  # told again, and already gone
    assert len(practice.messages("?kind=reply")) == 1


def test_an_email_that_is_told_of_twice_is_one_reply(practice: Practice) -> None:
    practice.sent("email")
    for minutes in (1, 90):
        told_at = NOON + timedelta(minutes=minutes)
        assert mailed(mail_to(token_of(practice), "Thank you."), told_at=told_at) == []
    (reply,) = practice.messages("?kind=reply")
    assert reply["created_at"] == instant(NOON)


def test_an_email_reply_finds_back_by_what_it_answers_or_by_its_proven_sender(practice: Practice) -> None:
    message = practice.sent("email")
    named = {"In-Reply-To": f"<provider-1-{message['id']}@email.amazonses.com>", "From": "x@example.net"}
    assert mailed(mail_to("", "by its thread", **named), 1) == []
    assert mailed(mail_to("", "by its sender"), 2) == []
    forged = {"Authentication-Results": "amazonses.com; spf=fail; dkim=fail; dmarc=fail"}
    assert mailed(mail_to("", "by nobody", **forged), 3) == []
    assert {one["body"] for one in practice.messages("?kind=reply")} == {"by its thread", "by its sender"}


def test_unsubscribe_by_email_ends_email_to_the_address_that_was_written_to(practice: Practice) -> None:
    practice.sent("email")
    away = {"Auto-Submitted": "auto-replied"}
    assert mailed(mail_to(token_of(practice), "stop", **away), 1) == []
    assert practice.sent("email")["status"] == "sent"
    other = {"From": "home@example.net", "Subject": "unsubscribe"}
    assert mailed(mail_to(token_of(practice), "", **other), 2) == []
    answer = practice.caller.post(f"/contacts/{practice.contact_id}/messages", {"body": "x", "methods": ["email"]})
    assert [error["code"] for error in answer.body["errors"]] == ["opted_out"]
    assert practice.sent("sms")["status"] == "sent"


def refusals(one: Practice, method: str) -> list[str]:
    """Why the contact cannot be written to; nothing when it can."""
    answer = one.caller.post(f"/contacts/{one.contact_id}/messages", {"body": "x", "methods": [method]})
    return [error["code"] for error in answer.body.get("errors", ())]


@pytest.mark.parametrize(("found", "reaches"), [("pass", ["opted_out"]), ("fail", [])])
def test_only_who_is_proven_speaks_to_other_accounts(
    practice: Practice, world: tuple[Clock, FakeProvider], found: str, reaches: list[str]
) -> None:
    victim: dict[str, Any] = {"emails": [{"address": "victim@example.org", "label": None}]}
    neighbour = practice_of(Caller(practice.caller.handler, account="acc_next_door"), *world, **victim)
    neighbour.sent("email")
    practice.sent("email")
    claimed = {
        "From": "victim@example.org",
        "Authentication-Results": f"amazonses.com; spf={found}; dkim={found}; dmarc={found}",
    }
    assert mailed(mail_to(token_of(practice), "STOP", **claimed)) == []
    assert refusals(practice, "email") == ["opted_out"]  # whose message it answers
    assert refusals(neighbour, "email") == reaches


def test_a_wish_is_about_the_address_that_was_written_to_also_after_a_merge(practice: Practice) -> None:
    practice.sent("email")
    token = token_of(practice)
    survivor = practice.caller.post("/contacts?allow_duplicate=true", physician()).body["id"]
    practice.caller.post(f"/contacts/{survivor}/merge", {"duplicate_id": practice.contact_id})
    assert mailed(mail_to(token, "stop", From="home@example.net")) == []
    assert refusals(practice, "email") == ["opted_out"]


def test_nobody_speaks_for_another_through_a_message_that_is_gone(
    practice: Practice, world: tuple[Clock, FakeProvider]
) -> None:
    practice.sent("email")
    token = token_of(practice)
    practice.caller.delete(f"/contacts/{practice.contact_id}?purge=true")
    victim: dict[str, Any] = {"emails": [{"address": "victim@example.org", "label": None}]}
    other = practice_of(practice.caller, *world, **victim)
    unproven = {
        "From": "victim@example.org",
        "Authentication-Results": "amazonses.com; spf=fail; dkim=fail; dmarc=fail",
    }
    assert mailed(mail_to(token, "STOP", **unproven)) == []
    assert refusals(other, "email") == []


def test_an_email_in_a_bucket_that_is_not_ours_is_not_read(practice: Practice) -> None:
    content = event("ses_received")
    content["receipt"]["action"]["bucketName"] = "somebody-elses"
    assert len(receive([notification(INBOUND, content)])) == 1
    assert len(receive([notification("arn:aws:sns:us-east-1:123456789012:forged", event("eum_inbound"))])) == 1
