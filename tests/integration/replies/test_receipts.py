"""Reports of providers: a message moves forward, whatever comes, how often and in which order."""

from typing import Any

import pytest

from functions.messages import record_receipt
from tests.builders import Caller, Context
from tests.integration.replies.conftest import RECEIPTS, Practice, practice_of, record
from tests.messaging import Clock, FakeProvider, event, notification, records


@pytest.mark.parametrize(
    ("method", "names", "status", "reason"),
    [
        ("email", ["ses_send", "ses_delivery"], "delivered", None),
        ("email", ["ses_delivery", "ses_send", "ses_delivery"], "delivered", None),
        ("email", ["ses_delivery", "ses_bounce_permanent"], "bounced", "hard_bounce"),
        ("email", ["ses_bounce_transient"], "bounced", "soft_bounce"),
        ("email", ["ses_delivery_delay"], "sent", None),
        ("email", ["ses_reject"], "failed", "rejected"),
        ("sms", ["eum_text_delivered", "eum_text_queued"], "delivered", None),
        ("sms", ["eum_text_blocked"], "failed", "blocked"),
        ("sms", ["eum_text_unknown"], "sent", None),
    ],
)
def test_a_report_moves_a_message_on(
    practice: Practice, method: str, names: list[str], status: str, reason: str | None
) -> None:
    message = practice.sent(method)
    for name in names:
        practice.report(message, name)
    (after,) = practice.messages()
    assert (after["status"], after["reason"]) == (status, reason)
    version = after["version"]
    practice.report(message, names[-1])
    assert practice.messages()[0]["version"] == version


def test_an_address_that_bounced_for_good_gets_nothing_more_in_this_account(
    practice: Practice, world: tuple[Clock, FakeProvider]
) -> None:
    practice.report(practice.sent("email"), "ses_bounce_permanent")
    answer = practice.caller.post(f"/contacts/{practice.contact_id}/messages", {"body": "x", "methods": ["email"]})
    assert [error["code"] for error in answer.body["errors"]] == ["address_suppressed"]
    neighbour = practice_of(Caller(practice.caller.handler, account="acc_next_door"), *world)
    assert neighbour.sent("email")["status"] == "sent"


def test_a_complaint_stays_in_the_history_and_suppresses(practice: Practice) -> None:
    message = practice.sent("email")
    practice.report(message, "ses_delivery")
    practice.report(message, "ses_complaint")
    (after,) = practice.messages()
    assert after["status"] == "delivered"
    assert "complaint: abuse" in [step["detail"] for step in after["history"]]
    answer = practice.caller.post(f"/contacts/{practice.contact_id}/messages", {"body": "x", "methods": ["email"]})
    assert answer.body["errors"][0]["code"] == "address_suppressed"


def test_a_report_that_an_owner_opted_out_is_an_opt_out(practice: Practice) -> None:
    practice.report(practice.sent("sms"), "eum_text_opted_out")
    assert practice.messages()[0]["status"] == "opted_out"
    answer = practice.caller.post(f"/contacts/{practice.contact_id}/messages", {"body": "x", "methods": ["sms"]})
    assert answer.body["errors"][0]["code"] == "opted_out"


def test_a_report_without_ids_is_found_by_the_providers_own(practice: Practice) -> None:
    message = practice.sent("sms")
    content = event("eventbridge_eum_text_delivered")
    content["detail"]["messageId"] = f"provider-1-{message['id']}"
    assert record([content]) == []
    assert practice.messages()[0]["status"] == "delivered"


def test_of_ten_reports_one_damaged_the_other_nine_are_recorded(practice: Practice) -> None:
    sent = [practice.sent("email", body=str(number)) for number in range(9)]
    bodies: list[Any] = []
    for message in sent:
        content = event("ses_delivery")
        content["mail"] |= {
            "messageId": f"provider-{practice.number_of(message)}-{message['id']}",
            "tags": {
                "account": [practice.caller.account],
                "recipient": [practice.contact_id],
                "message": [message["id"]],
                "attempt": ["1"],
            },
        }
        bodies.append(notification(RECEIPTS, content))
    bodies.insert(4, notification(RECEIPTS, '{"eventType": "Bounce", "mail": {'))
    batch = records(bodies)
    failed = record_receipt.handler(batch, Context())["batchItemFailures"]
    assert failed == [{"itemIdentifier": batch["Records"][4]["messageId"]}]
    assert {message["status"] for message in practice.messages()} == {"delivered"}


def test_what_somebody_else_publishes_is_refused(practice: Practice) -> None:
    message = practice.sent("email")
    content = event("ses_bounce_permanent")
    content["mail"]["tags"] |= {
        "account": [practice.caller.account],
        "recipient": [practice.contact_id],
        "message": [message["id"]],
    }
    assert len(record([notification("arn:aws:sns:us-east-1:123456789012:forged", content)])) == 1
    assert len(record([content, "no JSON", {"Records": []}])) == 3
    assert practice.messages()[0]["status"] == "sent"


def test_reports_of_unknown_messages_and_other_accounts_change_nothing(practice: Practice) -> None:
    message = practice.sent("email")
    before = practice.messages()
    unknown = event("ses_bounce_permanent")
    foreign = event("ses_bounce_permanent")
    foreign["mail"]["tags"] |= {
        "account": ["acc_other"],
        "recipient": [practice.contact_id],
        "message": [message["id"]],
    }
    old = event("ses_identity_feedback")
    practice.clock.forward(hours=1)
    assert record([notification(RECEIPTS, content) for content in (unknown, foreign, old)]) == []
    assert practice.messages() == before


def test_a_report_that_came_before_its_message_was_written_comes_again(practice: Practice) -> None:
    early = event("ses_identity_feedback")
    early["bounce"]["timestamp"] = practice.clock().isoformat()
    assert len(record([notification(RECEIPTS, early)])) == 1


def test_a_report_about_an_earlier_try_decides_nothing(practice: Practice) -> None:
    message = practice.sent("email")
    practice.report(message, "ses_reject")
    practice.caller.post(f"/contacts/{practice.contact_id}/messages/{message['id']}/retry")
    practice.deliver()
    practice.report(message, "ses_bounce_permanent")
    (after,) = practice.messages()
    assert after["status"] == "sent"
    assert any("of an earlier try" in (step["detail"] or "") for step in after["history"])


@pytest.mark.parametrize("late", ["ses_reject", "ses_send"])
def test_a_report_about_the_try_before_does_not_keep_the_next_one_from_going_out(practice: Practice, late: str) -> None:
    message = practice.sent("email")
    practice.report(message, "ses_reject")
    practice.caller.post(f"/contacts/{practice.contact_id}/messages/{message['id']}/retry")
    practice.report(message, late)  # in any order, and more than once
    assert practice.messages()[0]["status"] == "queued"
    practice.deliver()
    assert practice.messages()[0]["status"] == "sent"
    assert len(practice.provider.sent) == 2


def test_what_arrived_after_all_is_not_sent_again(practice: Practice) -> None:
    message = practice.sent("email")
    practice.report(message, "ses_reject")
    practice.caller.post(f"/contacts/{practice.contact_id}/messages/{message['id']}/retry")
    practice.report(message, "ses_delivery")
    practice.deliver()
    assert practice.messages()[0]["status"] == "delivered"
    assert len(practice.provider.sent) == 1
