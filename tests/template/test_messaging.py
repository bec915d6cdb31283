"""What messages go through and come back by: who may publish, who may send, what is kept how long."""

from typing import Any

import pytest

from tests.template.reading import given, nested, resource, root, target

MESSAGING = nested("Messaging")
QUEUES = MESSAGING.of_type("AWS::SQS::Queue")
OUTSIDE = {"ses.amazonaws.com", "sms-voice.amazonaws.com"}


@pytest.mark.parametrize("name", MESSAGING.of_type("AWS::SNS::TopicPolicy"))
def test_only_the_providers_of_this_account_publish(name: str) -> None:
    (statement,) = MESSAGING.of_type("AWS::SNS::TopicPolicy")[name]["PolicyDocument"]["Statement"]
    assert set(statement["Principal"]["Service"]) == OUTSIDE
    assert statement["Action"] == "sns:Publish"
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_every_topic_is_encrypted_and_has_a_policy() -> None:
    topics = MESSAGING.of_type("AWS::SNS::Topic")
    policies = MESSAGING.of_type("AWS::SNS::TopicPolicy").values()
    assert {target(topic) for policy in policies for topic in policy["Topics"]} == set(topics)
    assert all(topic["KmsMasterKeyId"] == {"Ref": "KeyArn"} for topic in topics.values())


def test_the_providers_may_use_the_key_for_our_topics() -> None:
    key = next(iter(nested("Table").of_type("AWS::KMS::Key").values()))
    services = [
        s["Principal"].get("Service") for s in key["KeyPolicy"]["Statement"] if isinstance(s["Principal"], dict)
    ]
    assert sorted(OUTSIDE) in services


@pytest.mark.parametrize(("queue", "topic"), [("ReceiptQueue", "ReceiptTopic"), ("ReplyQueue", "InboundTopic")])
def test_a_queue_takes_what_its_topic_sends_and_nothing_else(queue: str, topic: str) -> None:
    (policy,) = [p for p in MESSAGING.of_type("AWS::SQS::QueuePolicy").values() if p["Queues"] == [{"Ref": queue}]]
    allowed = [given(s) for s in policy["PolicyDocument"]["Statement"] if given(s)["Effect"] == "Allow"]
    sources = [target(s["Condition"]["ArnEquals"]["aws:SourceArn"]) for s in allowed]
    assert sources in ([topic], [topic, "TextReceipts"])
    assert {s["Action"] for s in allowed} == {"sqs:SendMessage"}


def test_a_reply_that_takes_too_long_takes_no_other_along() -> None:
    """Whoever writes to us decides what is in it; a function that is ended in the middle ends its whole batch."""
    (received,) = root().resources["ReceiveReply"]["Properties"]["Events"].values()
    assert received["Properties"]["BatchSize"] == 1


def test_what_is_given_up_is_kept_as_long_as_can_be() -> None:
    dead = [queue for queue in QUEUES.values() if "RedrivePolicy" not in queue]
    assert [queue["MessageRetentionPeriod"] for queue in dead] == [14 * 24 * 3600]
    given_name = root().resources["Operations"]["Properties"]["Parameters"]["MessageDeadLetterQueueName"]
    assert resource(given_name)["Properties"] == dead[0]


def test_email_goes_encrypted_or_not_at_all() -> None:
    (configuration,) = MESSAGING.of_type("AWS::SES::ConfigurationSet").values()
    assert configuration["DeliveryOptions"] == {"TlsPolicy": "REQUIRE"}


def test_every_fate_of_an_email_is_reported() -> None:
    (destination,) = MESSAGING.of_type("AWS::SES::ConfigurationSetEventDestination").values()
    reported = set(destination["EventDestination"]["MatchingEventTypes"])
    assert {"send", "delivery", "bounce", "complaint", "reject", "deliveryDelay"} <= reported


@pytest.mark.parametrize(
    "kind", ["AWS::SMSVOICE::ConfigurationSet", "AWS::SES::ReceiptRule", "AWS::SES::ReceiptRuleSet"]
)
def test_what_no_emulator_knows_is_made_only_when_it_is_asked_for(kind: str) -> None:
    bodies = [body for body in MESSAGING.resources.values() if body["Type"] == kind]
    assert bodies
    for body in bodies:
        condition = MESSAGING.content["Conditions"][body["Condition"]]
        assert {"Condition": "CreatesSetup"} in condition["Fn::And"]


def test_received_email_is_private_and_forgotten() -> None:
    (bucket,) = MESSAGING.of_type("AWS::S3::Bucket").values()
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["BucketEncryption"]
    assert [rule["ExpirationInDays"] for rule in bucket["LifecycleConfiguration"]["Rules"]] == [14]


SENDING = {name: body for name, body in root().resources.items() if body["Type"] == "AWS::IAM::Policy"}
WITHOUT_A_NARROWER_RESOURCE: dict[str, Any] = {
    # A phone number is no resource of SNS; every topic is denied beside it.
    "PublishTexts": "WithoutNumber",
    # Only where AWS is emulated.
    "SendEmailsOnLaptop": "WithEmailOnLaptop",
    # SNS has one list in an AWS account, and it is no resource.
    "OptInNumbers": "WithoutNumber",
}
OF_REPLIES = {"TakeOffOptOutList", "OptInNumbers"}


@pytest.mark.parametrize("name", SENDING)
def test_who_calls_a_provider_may_do_so_by_what_is_configured(name: str) -> None:
    body = SENDING[name]
    role = "ReceiveReplyRole" if name in OF_REPLIES else "DeliverMessagesRole"
    assert body["Properties"]["Roles"] == [{"Ref": role}]
    allowed = [s for s in body["Properties"]["PolicyDocument"]["Statement"] if s["Effect"] == "Allow"]
    wide = [statement for statement in allowed if statement["Resource"] == "*"]
    if name in WITHOUT_A_NARROWER_RESOURCE:
        assert body["Condition"] == WITHOUT_A_NARROWER_RESOURCE[name]
        assert len(wide) == 1
    else:
        assert not wide
    laptop = root().content["Conditions"]["WithEmailOnLaptop"]
    assert {"Fn::Not": [{"Condition": "OnlyEncrypted"}]} in laptop["Fn::And"]


def test_who_takes_in_replies_takes_numbers_off_one_list_and_does_nothing_else_there() -> None:
    actions = {
        body["Condition"]: [(s["Action"], s["Resource"]) for s in body["Properties"]["PolicyDocument"]["Statement"]]
        for name, body in SENDING.items()
        if name in OF_REPLIES
    }
    arn = "arn:${AWS::Partition}:sms-voice:${AWS::Region}:${AWS::AccountId}:opt-out-list/${OptOutList}"
    assert actions == {
        "WithNumber": [("sms-voice:DeleteOptedOutNumber", {"Fn::Sub": arn})],
        "WithoutNumber": [("sns:OptInPhoneNumber", "*")],
    }
    told = root().resources["ReceiveReply"]["Properties"]["Environment"]["Variables"]
    assert told["CAREBOOK_OPT_OUT_LIST"] == {"Ref": "OptOutList"}
    assert told["CAREBOOK_ORIGINATION_IDENTITY"] == {"Ref": "OriginationIdentity"}
