"""End User Messaging on the wire: what it takes, what it refuses and why, and whom it leaves alone."""

from typing import Any

import pytest

from infra.local.inbox.store import Store
from tests.unit.infra_local.inbox.conftest import Eum

NUMBER = "+13105550123"
TEXT = {"DestinationPhoneNumber": NUMBER, "MessageBody": "Hello"}
CALL = TEXT | {"OriginationIdentity": "pool-1"}


def test_a_text_message_is_taken_and_kept(eum: Eum, store: Store) -> None:
    status, answer = eum("SendTextMessage", **TEXT, Context={"m": "msg_1"}, ConfigurationSetName="c")
    assert status == 200
    (kept,) = store.messages(person=NUMBER)
    assert (kept.id, kept.channel, kept.text, kept.recipient) == (answer["MessageId"], "sms", "Hello", NUMBER)
    assert kept.request["context"] == {"m": "msg_1"}
    assert kept.request["configuration_set"] == "c"


def test_a_call_is_taken_and_kept(eum: Eum, store: Store) -> None:
    speech = "<speak>Hello</speak>"
    assert (
        eum("SendVoiceMessage", **CALL | {"MessageBody": speech}, MessageBodyTextType="SSML", VoiceId="JOANNA")[0]
        == 200
    )
    (kept,) = store.messages(channel="voice")
    assert (kept.text, kept.request["text_type"], kept.request["voice"]) == (speech, "SSML", "JOANNA")


def test_a_number_is_the_same_with_and_without_its_plus(eum: Eum, store: Store) -> None:
    eum("SendTextMessage", **TEXT | {"DestinationPhoneNumber": "13105550123"})
    assert store.messages(person=NUMBER)


def test_the_recipient_sees_the_number_that_it_was_sent_from(eum: Eum, store: Store) -> None:
    eum("SendTextMessage", **TEXT, OriginationIdentity="+12125550188")
    eum("SendTextMessage", **TEXT, OriginationIdentity="arn:aws:sms-voice:us-east-1:000000000000:pool/p")
    assert [one.sender for one in store.messages()] == ["+12125550188", "+12065550100"]


def test_a_dry_run_sends_nothing(eum: Eum, store: Store) -> None:
    assert "MessageId" in eum("SendTextMessage", **TEXT, DryRun=True)[1]
    assert store.messages() == []


@pytest.mark.parametrize(
    ("operation", "members", "field"),
    [
        ("SendTextMessage", {"MessageBody": "x"}, "DestinationPhoneNumber"),
        ("SendTextMessage", TEXT | {"DestinationPhoneNumber": "(310) 555-0123"}, "DestinationPhoneNumber"),
        ("SendTextMessage", TEXT | {"DestinationPhoneNumber": 1}, "DestinationPhoneNumber"),
        ("SendTextMessage", TEXT | {"MessageBody": None}, "MessageBody"),
        ("SendTextMessage", TEXT | {"MessageBody": " \n"}, "MessageBody"),
        ("SendTextMessage", TEXT | {"MessageBody": "x" * 1601}, "MessageBody"),
        ("SendTextMessage", TEXT | {"MessageType": "MARKETING"}, "MessageType"),
        ("SendTextMessage", TEXT | {"TimeToLive": 4}, "TimeToLive"),
        ("SendTextMessage", TEXT | {"TimeToLive": True}, "TimeToLive"),
        ("SendTextMessage", TEXT | {"Context": {str(number): "x" for number in range(6)}}, "Context"),
        ("SendTextMessage", TEXT | {"Context": {"m": "x" * 801}}, "Context.m"),
        ("SendTextMessage", TEXT | {"DryRun": "no"}, "DryRun"),
        ("SendVoiceMessage", TEXT, "OriginationIdentity"),
        ("SendVoiceMessage", CALL | {"MessageBody": "x" * 6001}, "MessageBody"),
        ("SendVoiceMessage", CALL | {"VoiceId": "HAL"}, "VoiceId"),
        ("PutOptedOutNumber", {"OptOutListName": "Default"}, "OptedOutNumber"),
        ("DescribeOptedOutNumbers", {"OptOutListName": "Default", "OptedOutNumbers": [NUMBER] * 6}, "OptedOutNumbers"),
    ],
)
def test_what_the_service_would_refuse_is_refused_by_its_member(
    eum: Eum, store: Store, operation: str, members: dict[str, Any], field: str
) -> None:
    status, answer = eum(operation, **members)
    assert (status, answer["__type"]) == (400, "ValidationException")
    assert answer["Reason"] == "FIELD_VALIDATION_FAILED"
    assert field in [one["Name"] for one in answer["Fields"]]
    assert store.messages() == []


def test_who_is_opted_out_gets_nothing_until_the_practice_takes_them_off(eum: Eum, store: Store) -> None:
    named = {"OptOutListName": "Default", "OptedOutNumber": NUMBER}
    put = eum("PutOptedOutNumber", **named)[1]
    assert (put["OptedOutNumber"], put["EndUserOptedOut"]) == (NUMBER, False)
    for operation, members in (("SendTextMessage", TEXT), ("SendVoiceMessage", CALL)):
        status, refused = eum(operation, **members)
        assert (status, refused["__type"]) == (400, "ConflictException")
        assert refused["Reason"] == "DESTINATION_PHONE_NUMBER_OPTED_OUT"
    assert store.messages() == []
    (listed,) = eum("DescribeOptedOutNumbers", OptOutListName="Default")[1]["OptedOutNumbers"]
    assert listed["OptedOutNumber"] == NUMBER
    assert eum("DeleteOptedOutNumber", **named)[0] == 200
    assert eum("SendTextMessage", **TEXT)[0] == 200
    assert eum("DeleteOptedOutNumber", **named)[1]["__type"] == "ResourceNotFoundException"


def test_opted_out_numbers_come_page_by_page(eum: Eum) -> None:
    for number in ("+12125550101", "+12125550102", "+12125550103"):
        eum("PutOptedOutNumber", OptOutListName="Default", OptedOutNumber=number)
    first = eum("DescribeOptedOutNumbers", OptOutListName="Default", MaxResults=2)[1]
    rest = eum("DescribeOptedOutNumbers", OptOutListName="Default", NextToken=first["NextToken"])[1]
    found = [one["OptedOutNumber"] for page in (first, rest) for one in page["OptedOutNumbers"]]
    assert found == ["+12125550101", "+12125550102", "+12125550103"]
    assert "NextToken" not in rest


def test_there_is_one_list(eum: Eum) -> None:
    refused = eum("PutOptedOutNumber", OptOutListName="Other", OptedOutNumber=NUMBER)[1]
    assert (refused["__type"], refused["ResourceType"]) == ("ResourceNotFoundException", "opt-out-list")


def test_what_is_not_spoken_here_says_so(eum: Eum) -> None:
    assert eum("RequestPhoneNumber")[1]["__type"] == "UnknownOperationException"
