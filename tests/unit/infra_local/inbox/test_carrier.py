"""What the carrier tells the practice, and hands on to it."""

import json
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from infra.local.inbox.aws import SentByAws
from infra.local.inbox.carrier import Carrier
from infra.local.inbox.events import AUTOMATIC, event_body, event_types
from infra.local.inbox.store import Attachment, Message, Store
from tests.unit.infra_local.inbox.conftest import Clock, Eum, WrittenDown

NUMBER = "+13105550123"
IDS = {"message": "msg_1"}
REPLY_TO = "reply+x@reply.lakeside.example"


def sent(carrier: Carrier, channel: str = "sms", **changes: Any) -> Message:
    mail = channel in ("email", "fax")
    values: dict[str, Any] = {
        "id": f"id-{channel}",
        "provider": "ses" if mail else "sms_voice",
        "provider_id": f"id-{channel}",
        "channel": channel,
        "direction": "out",
        "sender": "Lakeside <office@lakeside.example>" if mail else "+12065550100",
        "recipient": "ana@example.org" if mail else NUMBER,
        "subject": "News" if mail else "",
        "text": "Hello\nAna",
        "at": 1_764_063_000.0,
        "request": {"reply_to": [REPLY_TO], "tags": {"message": "msg_1"}}
        if mail
        else {"context": {"message": "msg_1"}},
    }
    made = Message(**values | changes)
    carrier.sent(made)
    return made


@pytest.mark.parametrize("channel", AUTOMATIC)
def test_a_message_arrives_by_itself_a_second_later(
    carrier: Carrier, aws: WrittenDown, clock: Clock, channel: str
) -> None:
    sent(carrier, channel)
    assert carrier.publish_due() == 0
    clock.now += 5
    carrier.publish_due()
    assert aws.receipts == list(AUTOMATIC[channel])
    assert carrier.publish_due() == 0


def test_nothing_is_told_by_itself_when_that_is_off(carrier: Carrier, aws: WrittenDown, clock: Clock) -> None:
    carrier.receipts.automatic = False
    sent(carrier)
    clock.now += 5
    assert (carrier.publish_due(), aws.published) == (0, [])


def test_a_message_that_comes_twice_is_told_of_once(carrier: Carrier, aws: WrittenDown, clock: Clock) -> None:
    sent(carrier)
    sent(carrier)
    clock.now += 5
    carrier.publish_due()
    assert aws.receipts == list(AUTOMATIC["sms"])


def test_what_nobody_takes_is_dropped_as_aws_drops_it_and_said(
    carrier: Carrier, aws: WrittenDown, clock: Clock, store: Store
) -> None:
    message = sent(carrier)
    aws.down = True
    clock.now += 5
    carrier.publish_due()
    assert {event.problem for event in store.events(message.id)} == {"nobody hears of it"}
    aws.down = False
    assert (carrier.publish_due(), aws.published) == (0, [])


def test_the_event_of_a_text_message_is_end_user_messagings(carrier: Carrier) -> None:
    message = sent(carrier)
    body = event_body(message, "TEXT_DELIVERED", 1_764_063_001.5, {})
    assert body == body | {
        "eventType": "TEXT_DELIVERED",
        "eventVersion": "1.0",
        "eventTimestamp": 1_764_063_001_500,
        "isFinal": True,
        "messageId": message.provider_id,
        "messageStatus": "DELIVERED",
        "destinationPhoneNumber": NUMBER,
        "context": {"message": "msg_1"},
        "totalMessageParts": 1,
    }
    assert event_body(message, "TEXT_QUEUED", 1.0, {})["isFinal"] is False


def test_the_event_of_a_mail_is_that_of_ses_event_publishing(carrier: Carrier) -> None:
    message = sent(carrier, "email")
    body = event_body(message, "Bounce", 1_764_063_001.5, {"bounce_type": "Transient"})
    assert (body["eventType"], body["mail"]["messageId"]) == ("Bounce", message.provider_id)
    assert body["mail"]["tags"]["message"] == ["msg_1"]
    assert body["mail"]["destination"] == ["ana@example.org"]
    assert body["bounce"]["bounceType"] == "Transient"
    assert body["bounce"]["bouncedRecipients"][0]["emailAddress"] == "ana@example.org"
    complaint = event_body(message, "Complaint", 1.0, {})["complaint"]
    assert complaint["complainedRecipients"] == [{"emailAddress": "ana@example.org"}]


@pytest.mark.parametrize("channel", AUTOMATIC)
def test_every_event_that_can_be_is_json_with_its_own_member(carrier: Carrier, channel: str) -> None:
    message = sent(carrier, channel)
    for kind in event_types(message):
        body = json.loads(json.dumps(event_body(message, kind, 1_764_063_001.0, {})))
        assert body["eventType"] == kind
        assert channel in ("sms", "voice") or kind[0].lower() + kind[1:] in body


def test_yes_comes_as_two_way_text(carrier: Carrier, aws: WrittenDown, client: FlaskClient) -> None:
    message = sent(carrier)
    made = client.post(f"/messages/{message.id}/replies", json={"text": "YES"}).get_json()
    (topic, body, _) = aws.published[-1]
    assert topic == "inbound"
    assert body == {
        "originationNumber": NUMBER,
        "destinationNumber": "+12065550100",
        "messageKeyword": "KEYWORD_000000000000",
        "messageBody": "YES",
        "inboundMessageId": made["id"],
        "previousPublishedMessageId": message.provider_id,
    }


@pytest.mark.parametrize("word", ["STOP", " stop\n", "Unsubscribe", "ARRET"])
def test_the_platforms_words_end_it_before_the_practice_hears(
    carrier: Carrier, eum: Eum, aws: WrittenDown, client: FlaskClient, word: str
) -> None:
    message = sent(carrier)
    client.post(f"/messages/{message.id}/replies", json={"text": word})
    assert aws.published[-1][1]["messageKeyword"] == word.strip().upper()
    refused = eum("SendTextMessage", DestinationPhoneNumber=NUMBER, MessageBody="x")[1]
    assert refused["Reason"] == "DESTINATION_PHONE_NUMBER_OPTED_OUT"
    (listed,) = eum("DescribeOptedOutNumbers", OptOutListName="Default")[1]["OptedOutNumbers"]
    assert listed["EndUserOptedOut"] is True
    told = carrier.store.messages(person=NUMBER)[-1]
    assert (told.direction, event_types(told)) == ("out", ())


@pytest.mark.parametrize("word", ["revoke", "opt out", "please stop", "START"])
def test_other_words_are_the_practices_to_understand(
    carrier: Carrier, eum: Eum, client: FlaskClient, word: str
) -> None:
    client.post(f"/messages/{sent(carrier).id}/replies", json={"text": word})
    assert eum("SendTextMessage", DestinationPhoneNumber=NUMBER, MessageBody="x")[0] == 200


def test_a_mail_is_laid_into_the_bucket_before_it_is_told_of(
    carrier: Carrier, aws: WrittenDown, client: FlaskClient
) -> None:
    message = sent(carrier, "email")
    file = {"name": "scan.pdf", "content_type": "application/pdf", "content": "JVBERi0x"}
    client.post(f"/messages/{message.id}/replies", json={"text": "Grüße", "attachments": [file]})
    (topic, body, _) = aws.published[-1]
    action = body["receipt"]["action"]
    assert (topic, body["notificationType"], action["type"]) == ("inbound", "Received", "S3")
    assert action["objectKey"] == f"mail/{body['mail']['messageId']}"
    mail = message_from_bytes(aws.objects[f"{action['bucketName']}/{action['objectKey']}"], policy=policy.default)
    assert (mail["From"], mail["To"], mail["Subject"]) == ("ana@example.org", REPLY_TO, "Re: News")
    assert mail["In-Reply-To"] == "<id-email@email.amazonses.com>"
    assert str(mail["Authentication-Results"]).startswith("amazonses.com; spf=pass")
    text, attached = mail.iter_parts()
    assert text.get_content().splitlines()[0] == "Grüße"
    assert "> Hello" in text.get_content()
    assert (attached.get_filename(), attached.get_content()) == ("scan.pdf", b"%PDF-1")


def test_a_forged_mail_says_so(aws: WrittenDown, client: FlaskClient) -> None:
    body = {
        "channel": "email",
        "from": "ana@example.org",
        "to": REPLY_TO,
        "subject": "x",
        "text": "STOP",
        "forged": True,
    }
    assert client.post("/inbound", json=body).status_code == 201
    assert aws.published[-1][1]["receipt"]["dmarcVerdict"] == {"status": "FAIL"}
    assert b"dmarc=fail" in next(iter(aws.objects.values()))


def test_without_a_topic_an_answer_is_kept_and_the_lack_is_said(
    carrier: Carrier, aws: WrittenDown, client: FlaskClient
) -> None:
    aws.names.clear()
    message = sent(carrier, "email")
    refused = client.post(f"/messages/{message.id}/replies", json={"text": "x"})
    assert refused.status_code == 409
    assert "InboundBucketName" in refused.get_json()["error"]
    assert carrier.store.messages()[-1].text == "x"


def test_what_sns_sent_by_itself_is_seen_and_has_no_receipts(
    carrier: Carrier, aws: WrittenDown, client: FlaskClient
) -> None:
    text = {"MessageId": "1", "PhoneNumber": NUMBER, "Message": "Hi", "MessageAttributes": {}}
    old = {"MessageId": "2@email.amazonses.com", "Source": "a@b.c", "To": ["x@y.z"], "CC": [], "BCC": [],
           "Subject": "S", "BodyText": "T", "BodyHtml": None, "Timestamp": 1.0}  # fmt: skip
    aws.itself = SentByAws([old], [text])
    for _ in range(2):
        items = client.get("/messages").get_json()["items"]
    assert [(one["id"], one["provider"], one["event_types"] == []) for one in items] == [
        ("1", "sns", True),
        ("2", "ses", False),
    ]
    assert client.post("/messages/1/events", json={"type": "TEXT_DELIVERED"}).status_code == 422
    assert client.post("/messages/1/replies", json={"text": "x"}).status_code == 422


def test_what_was_sent_outlives_the_process(tmp_path: Path) -> None:
    file = Attachment("a.pdf", "application/pdf", 3, b"PDF")
    message = Message("1", "ses", "1", "email", "out", "a@b.c", "x@y.z", "T", 1.5, "S", "<p>", {"tags": {}}, [file])
    first = Store(tmp_path / "inbox.sqlite")
    first.add(message)
    first.add_events([("1", "Send", {}, 2.0)])
    first.close()
    second = Store(tmp_path / "inbox.sqlite")
    kept = second.find("1")
    assert kept is not None
    assert (kept.text, kept.attachments) == ("T", [Attachment("a.pdf", "application/pdf", 3)])
    assert [event.type for event in second.due(3.0)] == ["Send"]
    second.close()
