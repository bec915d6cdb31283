"""Messages on the deployed stack: out by each function's own role, and back by the topics that providers publish to."""

import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from tests.e2e.conftest import Stack
from tests.messaging import event

Messages = list[dict[str, Any]]


class Outside:
    """What providers do: they publish to the stack's topics and lay e-mail into its bucket."""

    def __init__(self, stack: Stack) -> None:
        session: Any = boto3.session.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name=stack.description["region"]
        )
        self.endpoint = stack.description["aws_endpoint"]
        clients = [session.client(name, endpoint_url=self.endpoint) for name in ("cloudformation", "sns", "s3")]
        cloudformation, self._sns, self._s3 = clients
        described = cloudformation.describe_stacks(StackName=stack.description["stack_name"])["Stacks"][0]
        self._outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}

        self.texting: Any = session.client("pinpoint-sms-voice-v2", endpoint_url=stack.description["inbox_url"])
        self._inbox_url = stack.description["inbox_url"]

    def carrier(self) -> httpx.Client:
        return httpx.Client(base_url=self._inbox_url, timeout=30, trust_env=False)

    def report(self, content: dict[str, Any]) -> None:
        self._sns.publish(TopicArn=self._outputs["ReceiptTopicArn"], Message=json.dumps(content))

    def text(self, number: str, body: str) -> None:
        said = {"originationNumber": number, "messageBody": body, "inboundMessageId": uuid4().hex}
        content = {k: v for k, v in event("eum_inbound").items() if k != "previousPublishedMessageId"} | said
        self._sns.publish(TopicArn=self._outputs["InboundTopicArn"], Message=json.dumps(content))

    def mail(self, raw: bytes) -> None:
        bucket, key = self._outputs["InboundBucketName"], f"{self._outputs['InboundPrefix']}{uuid4().hex}"
        self._s3.put_object(Bucket=bucket, Key=key, Body=raw)
        content = event("ses_received")
        content["mail"]["messageId"] = key
        content["receipt"]["action"] |= {"bucketName": bucket, "objectKey": key}
        self._sns.publish(TopicArn=self._outputs["InboundTopicArn"], Message=json.dumps(content))

    def held_mails(self) -> int:
        found: int = self._s3.list_objects_v2(Bucket=self._outputs["InboundBucketName"])["KeyCount"]
        return found

    def sent_mails(self) -> Messages:
        by_account = httpx.get(f"{self.endpoint}/_ministack/ses/messages").json()["messages"]
        return [mail for mails in by_account.values() for mail in mails]


@pytest.fixture(scope="module")
def outside(stack: Stack) -> Outside:
    hours = {"start": "00:00", "end": "00:00"}
    assert stack.call("PATCH", "/settings", body={"quiet_hours": hours}).status_code == 200
    return Outside(stack)


def somebody(stack: Stack, number: str) -> tuple[str, str]:
    """A new contact's id and e-mail address."""
    address = f"{uuid4().hex}@example.org"
    new = {
        "type": "physician",
        "last_name": uuid4().hex,
        "emails": [{"address": address}],
        "phones": [{"number": number, "type": "cell"}, {"number": "(310) 555-0199", "type": "fax"}],
    }
    added = stack.call("POST", "/contacts?allow_duplicate=true", body=new)
    assert added.status_code == 201, added.text
    return added.json()["id"], address


def until(stack: Stack, contact_id: str, holds: Callable[[Messages], bool]) -> Messages:
    """The contact's messages, as soon as they are as they should be."""
    for _ in range(120):
        found: Messages = stack.call("GET", f"/contacts/{contact_id}/messages").json()["items"]
        if holds(found):
            return found
        time.sleep(0.5)
    raise AssertionError(found)


def test_a_message_goes_out_bounces_is_answered_and_stopped(stack: Stack, outside: Outside) -> None:
    number = "+13105550142"
    contact_id, address = somebody(stack, number)
    body = {"subject": "Hello", "body": "Please call us.", "methods": ["email", "sms", "fax", "voice"]}
    made = stack.call("POST", f"/contacts/{contact_id}/messages", body=body)
    assert made.status_code == 202, made.text
    sent = until(stack, contact_id, lambda found: [one["status"] for one in found] == ["delivered"] * 4)
    assert {one["method"] for one in sent} == {"email", "sms", "fax", "voice"}
    email = next(one for one in sent if one["method"] == "email")
    (mail,) = [mail for mail in outside.sent_mails() if mail["To"] == [address]]
    bounce = event("ses_bounce_permanent")
    account = stack.description["users"][0]["account_id"]
    ids = {"account": [account], "recipient": [contact_id], "message": [email["id"]], "attempt": ["1"]}
    bounce["mail"] |= {"messageId": mail["MessageId"].strip("<>").partition("@")[0], "tags": ids}
    outside.report(bounce)
    until(stack, contact_id, lambda found: any(one["status"] == "bounced" for one in found))
    outside.text(number, "I will call on Monday.")
    outside.text(number, "STOP")
    found = until(stack, contact_id, lambda found: sum(one["kind"] == "reply" for one in found) == 2)
    assert {one["body"] for one in found if one["kind"] == "reply"} == {"I will call on Monday.", "STOP"}
    again = stack.call("POST", f"/contacts/{contact_id}/messages", body=body | {"methods": ["email", "sms"]})
    assert (again.status_code, [error["code"] for error in again.json()["errors"]]) == (
        422,
        ["address_suppressed", "opted_out"],
    )


def test_an_email_reply_lies_with_its_contact_and_nowhere_else(stack: Stack, outside: Outside) -> None:
    contact_id, address = somebody(stack, "+13105550143")
    body = {"subject": "Hi", "body": "Hello", "methods": ["email"]}
    stack.call("POST", f"/contacts/{contact_id}/messages", body=body)
    until(stack, contact_id, lambda found: found[0]["status"] in {"sent", "delivered"})
    proven = "amazonses.com; spf=pass; dkim=pass; dmarc=pass"
    outside.mail(
        f"Authentication-Results: {proven}\r\nFrom: {address}\r\nTo: office@lakeside.example\r\n\r\nThanks!".encode()
    )
    found = until(stack, contact_id, lambda found: any(one["kind"] == "reply" for one in found))
    reply = next(one for one in found if one["kind"] == "reply")
    assert (reply["body"], reply["sender"], reply["status"]) == ("Thanks!", address, "received")
    for _ in range(20):
        if outside.held_mails() == 0:
            return
        time.sleep(0.25)
    raise AssertionError("the mail is still there")


def test_who_says_stop_gets_no_texts_and_who_says_start_gets_them_again(stack: Stack, outside: Outside) -> None:
    number = f"+1310555{uuid4().int % 10_000:04}"
    contact_id, _ = somebody(stack, number)
    body = {"body": "Please call us.", "methods": ["sms"]}

    def refused_by_us() -> bool:
        answer = stack.call("POST", f"/contacts/{contact_id}/messages", body=body)
        assert answer.status_code in {202, 422}, answer.text
        return answer.status_code == 422

    with outside.carrier() as carrier:

        def says(word: str) -> None:
            text = {"channel": "sms", "from": number, "to": "+12065550100", "text": word}
            carrier.post("/inbound", json=text).raise_for_status()

        def platform_says() -> str:
            try:
                outside.texting.send_text_message(DestinationPhoneNumber=number, MessageBody="x", DryRun=True)
            except ClientError as error:
                said: Any = error.response
                return str(said["Reason"])
            return "yes"

        assert not refused_by_us()
        until(stack, contact_id, lambda found: [one["status"] for one in found] == ["delivered"])
        says("STOP")
        until(stack, contact_id, lambda found: found[0]["kind"] == "reply")
        assert refused_by_us()
        assert platform_says() == "DESTINATION_PHONE_NUMBER_OPTED_OUT"
        says("START")
        until(stack, contact_id, lambda found: sum(one["kind"] == "reply" for one in found) == 2)
        assert platform_says() == "yes"
        assert not refused_by_us()
        until(stack, contact_id, lambda found: sum(one["status"] == "delivered" for one in found) == 2)
