"""What comes back: reports of providers, replies, and the words that decide whether anything more is sent."""

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import boto3
import pytest

from carebook.files.bucket import FileBuckets
from carebook.files.model import File
from carebook.files.queue import ScanRequests
from carebook.files.scanning import ScanRun
from carebook.files.store import TableFiles
from carebook.instants import utcnow
from carebook.messages.delivery import deliver
from carebook.messages.service import MessageRef
from carebook.messages.store import TableMessages
from carebook.table import open_table
from carebook.traces import delete_traces
from functions.messages import api as messages_api
from functions.messages import deliver as deliver_function
from functions.messages import receive_reply, record_receipt, release_held
from tests.builders import Caller, Context, physician
from tests.fakes.files import PlantedScanner
from tests.integration.conftest import BUCKETS, INBOUND_BUCKET, TOPICS
from tests.messaging import NOON, Clock, FakeChannels, FakeProvider, event, notification, queued_records, records

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
def world(monkeypatch: pytest.MonkeyPatch) -> tuple[Clock, FakeProvider]:
    """One clock and one provider for all functions."""
    clock, provider = Clock(), FakeProvider()
    for module in (messages_api, release_held):
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


def test_opt_in_asks_first_holds_what_follows_and_sends_it_after_a_yes(practice: Practice) -> None:
    assert practice.caller.patch("/settings", {"opt_in_required": True, "practice_name": "Lakeside"}).status == 200
    first = practice.write("sms", body="first")
    assert [(one["kind"], one["status"], one["reason"]) for one in first] == [
        ("opt_in_request", "queued", None),
        ("ad_hoc", "held", "not_opted_in"),
    ]
    second = practice.write("sms", body="second")
    assert [(one["kind"], one["status"]) for one in second] == [("ad_hoc", "held")]
    practice.deliver()
    (asked,) = practice.provider.sent
    assert asked.body.startswith("Lakeside would like to text you about appointments, bills and documents. Reply YES")
    practice.text("Who is this?", inbound_id="in-1")
    practice.deliver()
    assert len(practice.provider.sent) == 1
    practice.text("Yes", inbound_id="in-2")
    practice.deliver()
    assert [outgoing.body for outgoing in practice.provider.sent[1:]] == ["first", "second"]
    assert practice.sent("sms", body="third")["status"] == "sent"


def test_opt_in_asks_in_the_practices_own_words(practice: Practice) -> None:
    practice.caller.patch("/settings", {"opt_in_required": True, "practice_name": "Lakeside"})
    path = "/settings/message-templates/opt_in_request"
    body = "{{ recipient.first_name }}, may {{ practice.name }} write to you? Reply YES or STOP."
    assert practice.caller.put(f"{path}/email", {"subject": "A question", "body": body}).status == 200
    assert practice.caller.put(f"{path}/sms", {"body": body}).status == 200
    practice.write("email", "sms")
    practice.deliver()
    asked = [(outgoing.subject, outgoing.body.strip()) for outgoing in practice.provider.sent]
    words = "Ana, may Lakeside write to you? Reply YES or STOP."
    assert asked == [("A question", words), ("", words)]


def test_words_that_a_name_makes_too_long_give_way_to_the_built_in_ones(practice: Practice) -> None:
    practice.caller.patch("/settings", {"opt_in_required": True, "practice_name": "L" * 200})
    body = "{{ practice.name }} " * 9 + "Reply YES or STOP."
    own = practice.caller.put("/settings/message-templates/opt_in_request/sms", {"body": body})
    assert own.status == 200, own.text
    practice.write("sms")
    practice.deliver()
    assert "would like to text you" in practice.provider.sent[0].body


def test_opt_in_needs_nobody_for_a_fax_and_cannot_ask_by_voice(
    director: Caller, world: tuple[Clock, FakeProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAREBOOK_ORIGINATION_IDENTITY", "arn:aws:sms-voice:us-east-1:123456789012:pool/p")
    phones = [{"number": "(310) 555-0123", "type": "cell"}, {"number": "(310) 555-0199", "type": "fax"}]
    practice = practice_of(director, *world, phones=phones)
    director.patch("/settings", {"opt_in_required": True})
    made = practice.write("fax", "voice")
    assert [(one["method"], one["status"], one["reason"]) for one in made] == [
        ("fax", "queued", None),
        ("voice", "skipped", "not_opted_in"),
    ]


def test_a_no_in_opt_in_mode_ends_what_waits(practice: Practice) -> None:
    practice.caller.patch("/settings", {"opt_in_required": True})
    practice.write("sms")
    practice.deliver()
    practice.text("STOP")
    practice.clock.forward(days=1, minutes=1)
    release_held.handler({}, Context(remaining_ms=55_000))
    assert {one["status"] for one in practice.messages("?kind=ad_hoc")} == {"opted_out"}


def test_nobody_answers_for_a_month(practice: Practice) -> None:
    practice.caller.patch("/settings", {"opt_in_required": True})
    practice.write("sms")
    practice.deliver()
    for _ in range(32):
        practice.clock.forward(days=1, minutes=1)
        release_held.handler({}, Context(remaining_ms=55_000))
    (held,) = practice.messages("?kind=ad_hoc")
    assert (held["status"], held["reason"]) == ("skipped", "not_opted_in")


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


def mailed(message: EmailMessage, number: int = 1, *, at: Any = None, **verdicts: str) -> list[str]:
    """SES lays it into the bucket and says so."""
    key = f"mail/inbound-{number}"
    boto3.client("s3").put_object(Bucket=INBOUND_BUCKET, Key=key, Body=message.as_bytes())
    content = event("ses_received")
    content["mail"]["messageId"] = f"inbound-{number}"
    content["receipt"]["action"]["objectKey"] = key
    content["receipt"] |= {name: {"status": status} for name, status in verdicts.items()}
    return receive([notification(INBOUND, content, **({"at": at} if at else {}))])


def token_of(practice: Practice) -> str:
    return practice.provider.sent[-1].reply_token or ""


@pytest.fixture(autouse=True)
def _empty_buckets(aws: None) -> None:
    for bucket in (BUCKETS["files"], BUCKETS["quarantine"], INBOUND_BUCKET):
        boto3.resource("s3").Bucket(bucket).object_versions.delete()


def objects() -> list[str]:
    listed = boto3.client("s3").list_objects_v2(Bucket=INBOUND_BUCKET)
    return [one["Key"] for one in listed.get("Contents", [])]


def test_an_email_reply_finds_back_by_its_address_and_is_forgotten_as_it_came(practice: Practice) -> None:
    message = practice.sent("email")
    assert mailed(mail_to(token_of(practice), "Thank you.", From="Ana at home <home@example.net>")) == []
    reply = practice.messages("?kind=reply")[0]
    assert (reply["body"], reply["sender"], reply["in_reply_to"]) == ("Thank you.", "home@example.net", message["id"])
    assert objects() == []
    assert receive([notification(INBOUND, event("ses_received"))]) == []  # told again, and already gone
    assert len(practice.messages("?kind=reply")) == 1


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


PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"


def with_files(token: str, *files: tuple[str, bytes], body: str = "See attached") -> EmailMessage:
    message = mail_to(token, body)
    for name, content in files:
        message.add_attachment(content, maintype="application", subtype="pdf", filename=name)
    return message


def quarantined() -> dict[str, list[bytes]]:
    """What lies in quarantine, every version, by the file's id."""
    s3, found = boto3.client("s3"), dict[str, list[bytes]]()
    for one in s3.list_object_versions(Bucket=BUCKETS["quarantine"]).get("Versions", []):
        body = s3.get_object(Bucket=BUCKETS["quarantine"], Key=one["Key"], VersionId=one["VersionId"])["Body"]
        found.setdefault(one["Key"].split("/")[2], []).append(body.read())
    return found


def scan_everything() -> None:
    """S3 tells of what lies in quarantine, and the scan looks at it."""
    table = open_table()
    run = ScanRun(TableFiles(table), FileBuckets(table), PlantedScanner(), ScanRequests(table), now=utcnow)
    s3 = boto3.client("s3")
    for one in s3.list_object_versions(Bucket=BUCKETS["quarantine"]).get("Versions", []):
        told = {
            "bucket": {"name": BUCKETS["quarantine"]},
            "object": {"key": one["Key"], "version-id": one["VersionId"]},
        }
        body = json.dumps({"detail-type": "Object Created", "detail": told})
        run.handle({"body": body, "attributes": {"ApproximateReceiveCount": "1"}})


def test_what_comes_with_a_reply_is_a_file_as_any_upload_and_read_by_nobody_before_its_scan(practice: Practice) -> None:
    practice.sent("email")
    files = ("result.pdf", PDF), ("../other.pdf", PDF + b"virus")
    assert mailed(with_files(token_of(practice), *files)) == []
    assert objects() == []
    (reply,) = practice.messages("?kind=reply")
    assert [(one["name"], one["size"], one["reason"]) for one in reply["attachments"]] == [
        ("result.pdf", len(PDF), None),
        ("other.pdf", len(PDF) + 5, None),
    ]
    paths = [f"/contacts/{practice.contact_id}/files/{one['file_id']}" for one in reply["attachments"]]
    for path in paths:
        waiting = practice.caller.get(path).body
        assert (waiting["status"], waiting["message_id"]) == ("awaiting_upload", reply["id"])
        assert waiting["created_by"] == {"id": "carebook", "name": "Carebook"}
        assert practice.caller.get(f"{path}/download").body["code"] == "file_not_clean"
    scan_everything()
    assert [practice.caller.get(path).body["status"] for path in paths] == ["clean", "infected"]
    assert practice.caller.get(f"{paths[0]}/download").status == 200
    assert practice.caller.get(f"{paths[1]}/download").body["code"] == "file_not_clean"
    actions = [one["action"] for one in practice.caller.get(f"/contacts/{practice.contact_id}/history").body["items"]]
    assert actions.count("file_added") == 2
    again = {"body": "Thanks", "methods": ["email"], "attachments": [{"file_id": reply["attachments"][0]["file_id"]}]}
    assert practice.caller.post(f"/contacts/{practice.contact_id}/messages", again).status == 202


def test_the_same_mail_twice_makes_nothing_twice(practice: Practice) -> None:
    practice.sent("email")
    message = with_files(token_of(practice), ("result.pdf", PDF))
    assert mailed(message) == []
    kept = quarantined()
    assert mailed(message) == []  # SES laid it there again, or the first run could not delete it
    assert len(practice.messages("?kind=reply")) == 1
    assert len(practice.caller.get(f"/contacts/{practice.contact_id}/files").body["items"]) == 1
    scan_everything()
    assert mailed(message) == []
    assert quarantined() == {}
    assert [one["status"] for one in practice.caller.get(f"/contacts/{practice.contact_id}/files").body["items"]] == [
        "clean"
    ]
    assert list(kept.values()) != []


def test_cut_short_after_the_record_the_next_run_lays_down_the_bytes(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    practice.sent("email")
    message = with_files(token_of(practice), ("one.pdf", PDF), ("two.pdf", PDF))
    put, laid = FileBuckets.put, list[str]()

    def stumble(buckets: FileBuckets, file: File, content: bytes) -> None:
        if laid:
            raise RuntimeError("killed")
        laid.append(file.id)
        put(buckets, file, content)

    with monkeypatch.context() as patch:
        patch.setattr(FileBuckets, "put", stumble)
        assert len(mailed(message)) == 1
    assert len(quarantined()) == 1
    assert len(objects()) == 1  # the mail is still there
    assert mailed(message) == []
    assert sorted(quarantined()) == sorted(one["file_id"] for one in practice.messages("?kind=reply")[0]["attachments"])
    scan_everything()
    files = practice.caller.get(f"/contacts/{practice.contact_id}/files").body["items"]
    assert [one["status"] for one in files] == ["clean", "clean"]


def test_what_is_too_much_too_large_or_infected_is_named_and_not_kept(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    practice.sent("email")
    token = token_of(practice)
    first, second, third = (NOON + timedelta(minutes=number) for number in range(3))
    assert mailed(with_files(token, *[(f"{number}.pdf", PDF) for number in range(22)]), 1, at=first) == []
    assert mailed(with_files(token, ("bad.pdf", PDF)), 2, at=second, virusVerdict="FAIL") == []
    inbox = receive_reply.inbox()
    strict = replace(inbox, keeping=replace(inbox.keeping, largest=len(PDF) - 1))
    monkeypatch.setattr(receive_reply, "inbox", lambda: strict)
    assert mailed(with_files(token, ("large.pdf", PDF)), 3, at=third) == []
    large, bad, many = practice.messages("?kind=reply")
    assert [(one["file_id"], one["name"], one["reason"]) for one in (*large["attachments"], *bad["attachments"])] == [
        (None, "large.pdf", "too_large"),
        (None, "bad.pdf", "infected"),
    ]
    assert [one["reason"] for one in many["attachments"]] == [None] * 20 + ["too_many"] * 2
    assert len(practice.caller.get(f"/contacts/{practice.contact_id}/files").body["items"]) == 20
    assert len(quarantined()) == 20
    assert objects() == []


def test_others_who_wrote_to_an_address_hear_the_word_and_nothing_else(
    practice: Practice, world: tuple[Clock, FakeProvider]
) -> None:
    neighbour = practice_of(Caller(practice.caller.handler, account="acc_next_door"), *world)
    neighbour.sent("email")
    practice.clock.forward(minutes=1)
    practice.sent("email")
    message = with_files(token_of(practice), ("result.pdf", PDF), body="STOP\n\nMy results are attached.")
    assert mailed(message) == []
    assert "My results" in practice.messages("?kind=reply")[0]["body"]
    (told,) = neighbour.messages("?kind=reply")
    assert (told["subject"], told["body"], told["attachments"]) == ("", "STOP", [])
    assert neighbour.caller.get(f"/contacts/{neighbour.contact_id}/files").body["items"] == []


def test_files_of_a_reply_follow_a_merge_and_go_with_a_purge(practice: Practice) -> None:
    practice.sent("email")
    assert mailed(with_files(token_of(practice), ("result.pdf", PDF))) == []
    survivor = practice.caller.post("/contacts?allow_duplicate=true", physician()).body["id"]
    practice.caller.post(f"/contacts/{survivor}/merge", {"duplicate_id": practice.contact_id})
    scan_everything()
    (file,) = practice.caller.get(f"/contacts/{survivor}/files").body["items"]
    assert file["status"] == "clean"
    practice.caller.delete(f"/contacts/{survivor}?purge=true")
    for bucket in ("files", "quarantine"):
        assert boto3.client("s3").list_object_versions(Bucket=BUCKETS[bucket]).get("Versions", []) == []


def test_an_email_in_a_bucket_that_is_not_ours_is_not_read(practice: Practice) -> None:
    content = event("ses_received")
    content["receipt"]["action"]["bucketName"] = "somebody-elses"
    assert len(receive([notification(INBOUND, content)])) == 1
    assert len(receive([notification("arn:aws:sns:us-east-1:123456789012:forged", event("eum_inbound"))])) == 1


def test_a_reply_to_a_merged_contact_lies_with_the_survivor_and_to_a_purged_one_nowhere(practice: Practice) -> None:
    practice.sent("sms")
    survivor = practice.caller.post("/contacts?allow_duplicate=true", physician()).body["id"]
    practice.caller.post(f"/contacts/{survivor}/merge", {"duplicate_id": practice.contact_id})
    practice.text("one", inbound_id="in-1")
    found = practice.caller.get(f"/contacts/{survivor}/messages?kind=reply").body["items"]
    assert [one["body"] for one in found] == ["one"]
    practice.caller.delete(f"/contacts/{survivor}?purge=true")
    practice.text("two", inbound_id="in-2")
    assert "two" not in json.dumps(boto3.client("dynamodb").scan(TableName="carebook-test")["Items"])


def traces() -> list[tuple[str, str]]:
    """Who has written to which address, and reply addresses, in all accounts: kind and message."""
    items = boto3.client("dynamodb").scan(TableName="carebook-test")["Items"]
    places = ((item["PK"]["S"].split("#")[0], item) for item in items)
    return sorted(
        (place, json.loads(item["doc"]["S"])["message"]) for place, item in places if place in ("WROTE", "REPLY")
    )


def test_a_purge_takes_with_it_what_leads_back_to_the_contact(practice: Practice) -> None:
    practice.write("email", "sms")
    practice.deliver()
    assert [place for place, _ in traces()] == ["REPLY", "WROTE", "WROTE"]
    duplicate = practice.caller.post("/contacts?allow_duplicate=true", physician()).body["id"]
    survivor, practice.contact_id = practice.contact_id, duplicate
    practice.sent("email")
    practice.caller.post(f"/contacts/{survivor}/merge", {"duplicate_id": duplicate})
    practice.caller.delete(f"/contacts/{survivor}?purge=true")
    assert traces() == []
    items = boto3.client("dynamodb").scan(TableName="carebook-test")["Items"]
    assert [item["kind"]["S"] for item in items if survivor in str(item)] == ["purged contact"]


def test_a_purge_leaves_what_leads_to_another_contact_with_the_same_address(practice: Practice) -> None:
    practice.sent("sms")
    purged, other = practice.contact_id, practice.caller.post("/contacts?allow_duplicate=true", physician()).body["id"]
    practice.contact_id = other
    message = practice.sent("sms")
    practice.caller.delete(f"/contacts/{purged}?purge=true")
    assert traces() == [("WROTE", message["id"])]
    practice.text("STOP")
    assert practice.messages()[0]["kind"] == "reply"


def test_what_is_claimed_at_the_moment_of_the_purge_leaves_nothing(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    (message,) = practice.write("email")
    messages = TableMessages(open_table())
    before = messages.find(MessageRef(practice.caller.account, practice.contact_id, message["id"]))
    left: list[int] = []

    def late(*args: Any) -> None:
        delete_traces(*args)
        if not left:
            assert messages.claim(before, before.claimed(practice.clock()), None) == (True, False)
        left.append(len(traces()))

    monkeypatch.setattr("carebook.record_purge.delete_traces", late)
    practice.caller.delete(f"/contacts/{practice.contact_id}?purge=true")
    assert left == [2, 0]


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
