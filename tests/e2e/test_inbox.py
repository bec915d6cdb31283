"""The carrier of the laptop stack, spoken to as functions and browsers do, with real topics, a queue and a bucket."""

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes, policy
from typing import Any
from uuid import uuid4

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from infra.local.deploy import client
from tests.e2e.conftest import Stack

FROM = "office@lakeside.example"


@dataclass(frozen=True)
class Inbox:
    """The inbox, and a queue that hears what it publishes."""

    http: httpx.Client
    url: str
    aws_port: int
    queue: str
    bucket: str

    def provider(self, service: str) -> Any:
        """A client as the functions have: by the endpoint of the environment, asked once."""
        session: Any = boto3.session.Session()
        return session.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def to(self, person: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (
            self.http.get("/messages", params={"to": person}).raise_for_status().json()["items"]
        )
        return items

    def heard(self, wanted: Callable[[dict[str, Any]], bool], count: int) -> list[dict[str, Any]]:
        """The first *count* publications that are *wanted*; the rest is of other tests."""
        sqs, found, deadline = client("sqs", self.aws_port), list[dict[str, Any]](), time.monotonic() + 20
        while len(found) < count and time.monotonic() < deadline:
            for got in sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10, WaitTimeSeconds=1).get(
                "Messages", []
            ):
                body = json.loads(json.loads(got["Body"])["Message"])
                found += [body] if wanted(body) else []
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=got["ReceiptHandle"])
        return found


@pytest.fixture(scope="module")
def inbox(stack: Stack) -> Iterator[Inbox]:
    port = httpx.URL(stack.description["aws_endpoint"]).port
    assert port is not None
    name = f"heard-{uuid4().hex[:8]}"
    sns, sqs = client("sns", port), client("sqs", port)
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    publishes = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    attributes = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [publishes]})}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes=attributes)
    topics = {kind: sns.create_topic(Name=f"{name}-{kind}")["TopicArn"] for kind in ("receipts", "inbound")}
    for topic in topics.values():
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    client("s3", port).create_bucket(Bucket=name)
    with suppress(ClientError):  # the stack may have made it
        client("sesv2", port).create_email_identity(EmailIdentity=FROM)
    url = stack.description["inbox_url"]
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as http:
        http.put(
            "/destinations", json=topics | {"inbound_bucket": name, "fax_domain": "fax.example"}
        ).raise_for_status()
        yield Inbox(http, url, port, queue, name)
        http.put("/destinations", json={}).raise_for_status()


@pytest.fixture
def number() -> str:
    return f"+1310555{uuid4().int % 10_000:04}"


def test_a_text_message_arrives_and_its_receipts_are_published(inbox: Inbox, number: str) -> None:
    message_id = inbox.provider("pinpoint-sms-voice-v2").send_text_message(
        DestinationPhoneNumber=number, MessageBody="Hello", Context={"message": "msg_1"}
    )["MessageId"]
    (message,) = inbox.to(number)
    assert (message["id"], message["channel"], message["text"]) == (message_id, "sms", "Hello")
    heard = inbox.heard(lambda body: body.get("messageId") == message_id, 2)
    assert {event["eventType"] for event in heard} == {"TEXT_QUEUED", "TEXT_DELIVERED"}
    assert all(event["context"] == {"message": "msg_1"} for event in heard)


def test_boto3_understands_the_refusals(inbox: Inbox, number: str) -> None:
    eum = inbox.provider("pinpoint-sms-voice-v2")
    with pytest.raises(eum.exceptions.ValidationException) as refused:
        eum.send_text_message(DestinationPhoneNumber=number, MessageBody="x" * 1601)
    assert refused.value.response["Fields"][0]["Name"] == "MessageBody"
    eum.put_opted_out_number(OptOutListName="Default", OptedOutNumber=number)
    with pytest.raises(eum.exceptions.ConflictException) as conflict:
        eum.send_voice_message(DestinationPhoneNumber=number, OriginationIdentity="pool-1", MessageBody="x")
    assert conflict.value.response["Reason"] == "DESTINATION_PHONE_NUMBER_OPTED_OUT"
    (listed,) = eum.describe_opted_out_numbers(OptOutListName="Default", OptedOutNumbers=[number])["OptedOutNumbers"]
    assert listed["OptedOutTimestamp"].year >= 2026
    eum.delete_opted_out_number(OptOutListName="Default", OptedOutNumber=number)
    assert eum.send_voice_message(DestinationPhoneNumber=number, OriginationIdentity="pool-1", MessageBody="x")


def test_a_mail_goes_through_to_the_embedded_aws_and_is_kept_whole(inbox: Inbox) -> None:
    to = f"{uuid4().hex}@example.org"
    ses = inbox.provider("sesv2")
    message_id = ses.send_email(
        FromEmailAddress=FROM,
        ReplyToAddresses=["reply+x@reply.lakeside.example"],
        Destination={"ToAddresses": [to]},
        Content={
            "Simple": {
                "Subject": {"Data": "News"},
                "Body": {"Text": {"Data": "Grüße"}},
                "Attachments": [{"FileName": "a.pdf", "RawContent": b"%PDF-1", "ContentType": "application/pdf"}],
            }
        },
    )["MessageId"]
    assert "@" not in message_id
    listed = httpx.get(f"http://127.0.0.1:{inbox.aws_port}/_ministack/ses/messages", trust_env=False).json()["messages"]
    assert [one["BodyText"] for of_account in listed.values() for one in of_account if one["To"] == [to]] == ["Grüße"]
    (message,) = inbox.to(to)
    assert inbox.http.get(message["attachments"][0]["url"]).content == b"%PDF-1"
    heard = inbox.heard(lambda body: body.get("mail", {}).get("messageId") == message_id, 2)
    assert {event["eventType"] for event in heard} == {"Send", "Delivery"}
    reply = inbox.http.post(f"/messages/{message_id}/replies", json={"text": "Danke"})
    assert reply.status_code == 201
    (received,) = inbox.heard(lambda body: body.get("mail", {}).get("source") == to, 1)
    action = received["receipt"]["action"]
    raw = client("s3", inbox.aws_port).get_object(Bucket=action["bucketName"], Key=action["objectKey"])["Body"].read()
    mail = message_from_bytes(raw, policy=policy.default)
    assert mail["In-Reply-To"] == f"<{message_id}@email.amazonses.com>"
    assert mail["To"] == "reply+x@reply.lakeside.example"


def test_an_answer_can_be_lost_after_the_message_went_out(inbox: Inbox, number: str) -> None:
    inbox.http.post("/faults", json={"service": "sms_voice", "kind": "lost_answer", "times": 1})
    with pytest.raises(ConnectionClosedError):
        inbox.provider("pinpoint-sms-voice-v2").send_text_message(DestinationPhoneNumber=number, MessageBody="Hello")
    assert [one["text"] for one in inbox.to(number)] == ["Hello"]


def test_throttling_is_throttling_to_boto3(inbox: Inbox, number: str) -> None:
    inbox.http.post("/faults", json={"service": "sms_voice", "kind": "throttle", "times": 1})
    with pytest.raises(ClientError) as refused:
        inbox.provider("pinpoint-sms-voice-v2").send_text_message(DestinationPhoneNumber=number, MessageBody="Hello")
    assert refused.value.response["Error"]["Code"] == "ThrottlingException"
    assert inbox.to(number) == []


FUNCTION = """
import boto3
def handler(event, context):
    return getattr(boto3.client(event["service"]), event["operation"])(**event["members"])["MessageId"]
"""


def in_a_function(inbox: Inbox, *allowed: str, **event: Any) -> dict[str, Any]:
    """What a function answers that calls a service. Its code and configuration name no endpoint, as on AWS."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", FUNCTION)
    iam, functions, name = client("iam", inbox.aws_port), client("lambda", inbox.aws_port), f"f-{uuid4().hex}"
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    if allowed:
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": allowed, "Resource": "*"}]}
        iam.put_role_policy(RoleName=name, PolicyName="sends", PolicyDocument=json.dumps(policy))
    functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": packed.getvalue()},
        Timeout=20,
    )
    answer = functions.invoke(FunctionName=name, Payload=json.dumps(event))
    functions.delete_function(FunctionName=name)
    return {"failed": "FunctionError" in answer, "said": json.loads(answer["Payload"].read())}


def test_a_function_finds_the_carrier_without_being_told(inbox: Inbox, number: str) -> None:
    members = {"DestinationPhoneNumber": number, "MessageBody": "From a function"}
    answer = in_a_function(inbox, service="pinpoint-sms-voice-v2", operation="send_text_message", members=members)
    assert not answer["failed"], answer
    assert [one["text"] for one in inbox.to(number)] == ["From a function"]


@pytest.mark.parametrize("allowed", [True, False])
def test_a_role_sends_mail_through_the_carrier_only_if_it_may(inbox: Inbox, allowed: bool) -> None:
    to = f"{uuid4().hex}@example.org"
    members = {
        "FromEmailAddress": FROM,
        "Destination": {"ToAddresses": [to]},
        "Content": {"Simple": {"Subject": {"Data": "News"}, "Body": {"Text": {"Data": "From a function"}}}},
    }
    rights = ["ses:SendEmail"] if allowed else []
    answer = in_a_function(inbox, *rights, service="sesv2", operation="send_email", members=members)
    assert answer["failed"] is not allowed, answer
    assert ("AccessDenied" in str(answer["said"])) is not allowed
    assert len(inbox.to(to)) == allowed


def test_the_page_is_there(stack: Stack) -> None:
    page = httpx.get(stack.description["inbox_url"], trust_env=False)
    assert page.status_code == 200
    assert "Carrier inbox" in page.text
    assert httpx.get(f"{stack.description['inbox_url']}/static/inbox.css", trust_env=False).status_code == 200
