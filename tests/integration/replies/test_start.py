"""START: whoever said STOP wants texts again, and the platform's own list must hear of it too."""

from io import BytesIO
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.exceptions import EndpointConnectionError

from carebook.messages.calls import client_of
from carebook.messages.opt_outs import PlatformOptOuts
from tests.builders import Caller
from tests.integration.replies.conftest import (
    INBOUND,
    NUMBER,
    Practice,
    mail_to,
    mailed,
    practice_of,
    receive,
    token_of,
)
from tests.messaging import Clock, FakeOptOuts, FakeProvider, event, notification


class Body(BytesIO):
    """A body as botocore reads it off the wire."""

    def stream(self, **_: Any) -> Any:
        yield self.read()


def refusals(one: Practice, method: str = "sms") -> list[str]:
    """Why the contact cannot be written to; nothing when it can."""
    answer = one.caller.post(f"/contacts/{one.contact_id}/messages", {"body": "x", "methods": [method]})
    return [error["code"] for error in answer.body.get("errors", ())]


def said(practice: Practice, word: str, inbound_id: str) -> list[str]:
    """A text as SNS tells of it; what failed."""
    practice.clock.forward(seconds=1)
    content = event("eum_inbound") | {"messageBody": word, "inboundMessageId": inbound_id}
    content.pop("previousPublishedMessageId")
    return receive([notification(INBOUND, content, at=practice.clock())])


@pytest.mark.parametrize("word", ["START", "unstop", "Opt in", "subscribe"])
def test_who_says_start_is_taken_off_the_platforms_list_once_for_all_accounts(
    practice: Practice, world: tuple[Clock, FakeProvider], opt_outs: FakeOptOuts, word: str
) -> None:
    neighbour = practice_of(Caller(practice.caller.handler, account="acc_next_door"), *world)
    practice.sent("sms")
    neighbour.sent("sms")
    practice.text("STOP", inbound_id="in-1")
    assert opt_outs.taken_off == []
    practice.text(word, inbound_id="in-2")
    assert opt_outs.taken_off == [NUMBER]
    assert refusals(practice) == refusals(neighbour) == []
    practice.text(word, inbound_id="in-2")
    assert opt_outs.taken_off == [NUMBER]


@pytest.mark.parametrize("word", ["YES", "STOP", "Thank you", "start my treatment please"])
def test_no_other_word_leads_to_the_list(practice: Practice, opt_outs: FakeOptOuts, word: str) -> None:
    practice.sent("sms")
    practice.text("STOP", inbound_id="in-1")
    practice.text(word, inbound_id="in-2")
    assert opt_outs.taken_off == []
    assert refusals(practice) == ["opted_out"]


def test_a_platform_that_is_down_hears_of_it_when_the_event_comes_again(
    practice: Practice, opt_outs: FakeOptOuts
) -> None:
    practice.sent("sms")
    assert said(practice, "STOP", "in-1") == []
    opt_outs.answers.append(EndpointConnectionError(endpoint_url="x"))
    assert len(said(practice, "START", "in-2")) == 1
    assert opt_outs.taken_off == []
    assert [one["body"] for one in practice.messages("?kind=reply")] == ["STOP"]
    # Meanwhile the platform refuses a text, and says so.
    message = practice.sent("sms")
    practice.report(message, "eum_text_opted_out")
    assert refusals(practice) == ["opted_out"]
    assert said(practice, "START", "in-2") == []
    assert opt_outs.taken_off == [NUMBER]
    assert [one["body"] for one in practice.messages("?kind=reply")] == ["START", "STOP"]
    assert refusals(practice) == []


@pytest.mark.parametrize(("throttled", "asked"), [(0, 1), (3, 4)])
def test_a_platform_that_is_busy_for_a_moment_is_asked_again(
    aws: None, monkeypatch: pytest.MonkeyPatch, throttled: int, asked: int
) -> None:
    client = client_of("pinpoint-sms-voice-v2", tries=4)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _seconds: None)
    sent: list[str] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        sent.append(request.headers["X-Amz-Target"])
        busy = len(sent) <= throttled
        body = b'{"__type": "ThrottlingException", "Message": "Rate exceeded"}' if busy else b"{}"
        return AWSResponse(request.url, 400 if busy else 200, HTTPHeaders(), Body(body))

    client.meta.events.register("before-send.*", answer)
    PlatformOptOuts(client, name="Default").take_off(NUMBER)
    assert len(sent) == asked


def test_nobody_wants_texts_for_a_number_but_who_texts_from_it(practice: Practice, opt_outs: FakeOptOuts) -> None:
    mine = practice.sent("sms")
    practice.text("STOP", inbound_id="in-1")
    provider_id = f"provider-{practice.number_of(mine)}-{mine['id']}"
    named = {"previousPublishedMessageId": provider_id, "originationNumber": "+14155550100"}
    practice.text("START", inbound_id="in-2", **named)
    assert refusals(practice) == ["opted_out"]
    assert NUMBER not in opt_outs.taken_off


def test_an_email_starts_emails_and_no_texts(practice: Practice, opt_outs: FakeOptOuts) -> None:
    practice.sent("email", "sms")
    token = token_of(practice) or next(one.reply_token or "" for one in practice.provider.sent if one.reply_token)
    practice.text("STOP")
    assert mailed(mail_to(token, "stop"), 1) == []
    assert mailed(mail_to(token, "start"), 2) == []
    assert (refusals(practice, "email"), refusals(practice), opt_outs.taken_off) == ([], ["opted_out"], [])


def test_staff_opt_nobody_in(practice: Practice, opt_outs: FakeOptOuts) -> None:
    practice.sent("sms")
    practice.text("STOP")
    for required in (True, False):
        assert practice.caller.patch("/settings", {"opt_in_required": required}).status == 200
        assert refusals(practice) == ["opted_out"]
    practice.caller.delete(f"/contacts/{practice.contact_id}?purge=true")
    again = practice_of(practice.caller, practice.clock, practice.provider)
    assert refusals(again) == ["opted_out"]
    assert opt_outs.taken_off == []


def test_who_writes_from_an_address_that_bounced_and_wants_emails_gets_them(practice: Practice) -> None:
    practice.report(practice.sent("email"), "ses_bounce_permanent")
    assert refusals(practice, "email") == ["address_suppressed"]
    assert mailed(mail_to(token_of(practice), "yes, please call"), 1) == []
    assert refusals(practice, "email") == ["address_suppressed"]
    assert mailed(mail_to(token_of(practice), "Start"), 2) == []
    assert refusals(practice, "email") == []


def test_who_said_stop_and_was_purged_is_still_heard_when_they_say_start(
    practice: Practice, world: tuple[Clock, FakeProvider], opt_outs: FakeOptOuts
) -> None:
    neighbour = practice_of(Caller(practice.caller.handler, account="acc_next_door"), *world)
    neighbour.sent("sms")
    practice.sent("sms")
    practice.text("STOP", inbound_id="in-1")
    practice.caller.delete(f"/contacts/{practice.contact_id}?purge=true")
    again = practice_of(practice.caller, *world)
    assert refusals(again) == ["opted_out"]
    practice.text("Who are you?", inbound_id="in-2")  # for the one who is still there, as if the other had never been
    assert again.messages() == []
    assert neighbour.messages()[0]["body"] == "Who are you?"
    practice.text("START", inbound_id="in-3")
    assert opt_outs.taken_off == [NUMBER]
    assert refusals(again) == refusals(neighbour) == []


def test_who_was_purged_behind_a_bounce_is_still_heard_when_they_say_start(practice: Practice) -> None:
    practice.report(practice.sent("email"), "ses_bounce_permanent")
    practice.caller.delete(f"/contacts/{practice.contact_id}?purge=true")
    again = practice_of(practice.caller, practice.clock, practice.provider)
    assert refusals(again, "email") == ["address_suppressed"]
    assert mailed(mail_to("", "Start"), 1) == []
    assert refusals(again, "email") == []
