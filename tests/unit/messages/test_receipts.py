"""What providers report, read from their own JSON."""

from typing import Any

import pytest

from carebook.messages.envelopes import NotOurs, open_envelope
from carebook.messages.model import Status
from carebook.messages.receipts import Unreadable, receipt_in
from tests.messaging import event, notification

TOPIC = "arn:aws:sns:us-east-1:123456789012:receipts"
IDS = {
    "account": "acc_lakeside",
    "recipient": "con_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "message": "msg_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "attempt": "1",
}


@pytest.mark.parametrize(
    ("name", "status", "reason", "suppress", "opted_out"),
    [
        ("ses_send", Status.SENT, None, None, False),
        ("ses_delivery", Status.DELIVERED, None, None, False),
        ("ses_bounce_permanent", Status.BOUNCED, "hard_bounce", "bounce", False),
        ("ses_bounce_transient", Status.BOUNCED, "soft_bounce", None, False),
        ("ses_complaint", None, None, "complaint", False),
        ("ses_reject", Status.FAILED, "rejected", None, False),
        ("ses_delivery_delay", None, None, None, False),
        ("eum_text_queued", Status.SENT, None, None, False),
        ("eum_text_delivered", Status.DELIVERED, None, None, False),
        ("eum_text_blocked", Status.FAILED, "blocked", None, False),
        ("eum_text_unknown", None, None, None, False),
        ("eum_text_opted_out", Status.OPTED_OUT, "opted_out", None, True),
        ("eum_voice_completed", Status.DELIVERED, None, None, False),
        ("eum_voice_no_answer", Status.FAILED, "no_answer", None, False),
    ],
)
def test_a_report_says_what_became_of_which_message(
    name: str, status: Status | None, reason: str | None, suppress: str | None, opted_out: bool
) -> None:
    receipt = receipt_in(event(name))
    assert receipt is not None
    assert (receipt.status, receipt.reason, receipt.suppress, receipt.opted_out) == (
        status,
        reason,
        suppress,
        opted_out,
    )
    assert receipt.ids == IDS
    assert receipt.at.tzinfo is not None
    assert receipt.detail


@pytest.mark.parametrize("name", ["ses_identity_feedback", "eventbridge_eum_text_delivered"])
def test_a_report_without_our_ids_has_the_providers(name: str) -> None:
    content = event(name)
    receipt = receipt_in(content.get("detail", content))
    assert receipt is not None
    assert receipt.ids == {}
    assert receipt.provider_id in {"0100018c-ses-000000", "eum-1"}


def test_what_is_about_something_else_is_passed_over() -> None:
    assert receipt_in(event("ses_open")) is None
    assert receipt_in({"eventType": "MEDIA_DELIVERED"}) is None
    assert receipt_in({}) is None


@pytest.mark.parametrize(
    "damaged",
    [
        {"eventType": "Bounce", "mail": {"messageId": "x"}},
        {"eventType": "Delivery", "mail": {"messageId": "x"}, "delivery": {"timestamp": "yesterday"}},
        {"eventType": "Delivery", "mail": None},
        {"eventType": "Delivery", "mail": {"messageId": "x", "tags": {"account": {}}}, "delivery": []},
        {"eventType": "TEXT_DELIVERED"},
        {"eventType": "TEXT_DELIVERED", "messageId": "x", "eventTimestamp": "now"},
        {"eventType": 7},
    ],
)
def test_what_cannot_be_read_is_an_error_and_no_crash(damaged: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        receipt_in(damaged)


def test_both_ways_of_a_report_are_one() -> None:
    import json

    told = open_envelope(json.dumps(notification(TOPIC, event("ses_bounce_permanent"))), topics={TOPIC})
    ruled = open_envelope(json.dumps(event("eventbridge_ses_bounce")), topics={TOPIC})
    assert receipt_in(told.content) == receipt_in(ruled.content)


@pytest.mark.parametrize(
    "body",
    [
        notification("arn:aws:sns:us-east-1:123456789012:forged", {}),
        notification("arn:aws:sns:us-east-1:999999999999:receipts", {}),
        event("eventbridge_ses_bounce") | {"account": "999999999999"},
        event("eventbridge_ses_bounce") | {"source": "my.own"},
        notification(TOPIC, "no JSON"),
        notification(TOPIC, [1]),
        notification(TOPIC, "null"),
        {},
        [],
        None,
        "text",
    ],
)
def test_what_others_publish_is_not_taken(body: Any) -> None:
    import json

    with pytest.raises(NotOurs):
        open_envelope(json.dumps(body), topics={TOPIC})
    with pytest.raises(NotOurs):
        open_envelope("{", topics={TOPIC})


@pytest.mark.parametrize(("kind", "suppress"), [("abuse", "complaint"), (None, "complaint"), ("not-spam", None)])
def test_who_says_that_it_is_no_spam_does_not_complain(kind: str | None, suppress: str | None) -> None:
    content = event("ses_complaint")
    content["complaint"]["complaintFeedbackType"] = kind
    receipt = receipt_in(content)
    assert receipt is not None
    assert receipt.suppress == suppress
