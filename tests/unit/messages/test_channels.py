"""What each channel asks of its provider, checked against AWS's own models, and what it makes of the answers."""

from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.stub import ANY, Stubber

from carebook.errors import Invalid
from carebook.messages.calling import VoiceChannel
from carebook.messages.channels import Accepted, Attached, Busy, Outcome, Outgoing, Refused, Unknown
from carebook.messages.email import EmailChannel, ascii_address, html_of
from carebook.messages.faxing import FaxChannel
from carebook.messages.service import refuse_too_long
from carebook.messages.speech import LONGEST_SPEECH, LONGEST_SPOKEN, spoken
from carebook.messages.texting import SimpleTextChannel, TextChannel

IDS = {"account": "acc", "recipient": "con_1", "message": "msg_1", "attempt": "1"}
IDENTITY = "arn:aws:sms-voice:us-east-1:123456789012:phone-number/phone-1"


def outgoing(**fields: Any) -> Outgoing:
    usual: dict[str, Any] = {"ids": IDS, "to": "+13105550123", "subject": "S", "body": "Hello", "sender": "Lakeside"}
    return Outgoing(**(usual | fields))


@pytest.fixture
def stub() -> Iterator[Any]:
    stubbed: list[Stubber] = []

    def make(service: str) -> tuple[Any, Stubber]:
        client = botocore.session.get_session().create_client(
            service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        stubber = Stubber(client)
        stubber.activate()
        stubbed.append(stubber)
        return client, stubber

    yield make
    for one in stubbed:
        one.assert_no_pending_responses()


def test_an_email_has_two_parts_attachments_tags_and_a_way_back(stub: Any) -> None:
    ses, stubber = stub("sesv2")
    stubber.add_response(
        "send_email",
        {"MessageId": "ses-1"},
        {
            "FromEmailAddress": "=?utf-8?q?Praxis_M=C3=BCller?= <office@lakeside.example>",
            "Destination": {"ToAddresses": ["ana@xn--mller-kva.example"]},
            "ReplyToAddresses": ["reply+abc@reply.example"],
            "ConfigurationSetName": "carebook",
            "EmailTags": [{"Name": name, "Value": value} for name, value in IDS.items()],
            "Content": {
                "Simple": {
                    "Subject": {"Data": "S", "Charset": "UTF-8"},
                    "Body": {"Text": {"Data": "Hello", "Charset": "UTF-8"}, "Html": {"Data": ANY, "Charset": "UTF-8"}},
                    "Headers": [
                        {"Name": "List-Unsubscribe", "Value": "<mailto:reply+abc@reply.example?subject=unsubscribe>"}
                    ],
                    "Attachments": [
                        {
                            "RawContent": b"%PDF",
                            "FileName": "report.pdf",
                            "ContentType": "application/pdf",
                            "ContentDisposition": "ATTACHMENT",
                            "ContentTransferEncoding": "BASE64",
                        }
                    ],
                }
            },
        },
    )
    channel = EmailChannel(
        ses, sender="office@lakeside.example", configuration_set="carebook", reply_domain="reply.example"
    )
    sent = channel.send(
        outgoing(
            to="ana@müller.example",
            sender="Praxis Müller",
            reply_token="abc",
            attachments=(Attached("report.pdf", "application/pdf", b"%PDF"),),
        )
    )
    assert sent == Accepted("ses-1")


def test_nothing_in_a_name_or_subject_begins_another_header(stub: Any) -> None:
    ses, stubber = stub("sesv2")
    stubber.add_response("send_email", {"MessageId": "x"}, None)
    seen: list[dict[str, Any]] = []
    ses.meta.events.register("provide-client-params.sesv2.SendEmail", lambda params, **_: seen.append(params))
    channel = EmailChannel(ses, sender="office@lakeside.example", configuration_set=None, reply_domain=None)
    evil = "Lakeside\r\nBcc: all@example.org"
    file = Attached("a\r\nX: y.pdf", "application/pdf", b"x")
    channel.send(outgoing(to="ana@example.org", sender=evil, subject=evil, attachments=(file,)))
    simple = seen[0]["Content"]["Simple"]
    assert "\n" not in seen[0]["FromEmailAddress"] + simple["Subject"]["Data"] + simple["Attachments"][0]["FileName"]


def test_a_body_is_no_markup() -> None:
    page = html_of(outgoing(subject="<b>", body="<script>alert(1)</script>\nline\n\nnext & last"))
    assert "<script>" not in page
    assert "<p>&lt;script&gt;alert(1)&lt;/script&gt;<br>line</p><p>next &amp; last</p>" in page


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("ana@example.org", "ana@example.org"),
        ("ana@müller.example", "ana@xn--mller-kva.example"),
        ("änä@example.org", None),
        ('"a b"@example.org', None),
    ],
)
def test_an_address_is_written_as_ses_takes_it(address: str, sent: str | None) -> None:
    if sent is None and address.isascii():
        assert ascii_address(address) is not None
    else:
        assert ascii_address(address) == sent


def test_a_fax_is_mailed_to_its_number_at_the_gateway(stub: Any) -> None:
    ses, stubber = stub("sesv2")
    stubber.add_response(
        "send_email",
        {"MessageId": "ses-2"},
        {
            "FromEmailAddress": "Lakeside <office@lakeside.example>",
            "Destination": {"ToAddresses": ["13105550123@fax.example"]},
            "Content": ANY,
            "EmailTags": ANY,
            "ConfigurationSetName": "carebook",
        },
    )
    channel = FaxChannel(ses, sender="office@lakeside.example", configuration_set="carebook", domain="fax.example")
    assert channel.send(outgoing()) == Accepted("ses-2")


def test_a_text_carries_ids_as_its_context(stub: Any) -> None:
    texting, stubber = stub("pinpoint-sms-voice-v2")
    stubber.add_response(
        "send_text_message",
        {"MessageId": "eum-1"},
        {
            "DestinationPhoneNumber": "+13105550123",
            "OriginationIdentity": IDENTITY,
            "MessageBody": "Hello",
            "MessageType": "TRANSACTIONAL",
            "ConfigurationSetName": "carebook",
            "Context": IDS,
        },
    )
    channel = TextChannel(texting, identity=IDENTITY, configuration_set="carebook")
    assert channel.send(outgoing()) == Accepted("eum-1")


def test_a_call_reads_the_text_and_nothing_of_it_as_markup(stub: Any) -> None:
    calling, stubber = stub("pinpoint-sms-voice-v2")
    stubber.add_response(
        "send_voice_message",
        {"MessageId": "eum-2"},
        {
            "DestinationPhoneNumber": "+13105550123",
            "OriginationIdentity": IDENTITY,
            "MessageBody": '<speak><break time="1s"/><p>Call &lt;us&gt; &amp; ask</p></speak>',
            "MessageBodyTextType": "SSML",
            "VoiceId": "JOANNA",
            "Context": IDS,
        },
    )
    channel = VoiceChannel(calling, identity=IDENTITY, configuration_set=None)
    assert channel.send(outgoing(body="Call <us> & ask")) == Accepted("eum-2")


def test_the_longest_speech_fits() -> None:
    assert len(spoken("x" * LONGEST_SPEECH)) <= LONGEST_SPOKEN


@pytest.mark.parametrize("body", ["&" * 1200, "a\n" * 800])
def test_what_no_call_can_say_is_refused_before_it_is_sent(body: str) -> None:
    assert len(body) <= LONGEST_SPEECH
    refuse_too_long(body, ["email", "sms"])
    with pytest.raises(Invalid) as refused:
        refuse_too_long(body, ["email", "voice"])
    assert [(error.field, error.code) for error in refused.value.errors] == [("body", "too_long")]


def test_a_text_through_sns(stub: Any) -> None:
    sns, stubber = stub("sns")
    kind = {"DataType": "String", "StringValue": "Transactional"}
    expected = {"PhoneNumber": "+13105550123", "Message": "Hello", "MessageAttributes": {"AWS.SNS.SMS.SMSType": kind}}
    stubber.add_response("publish", {"MessageId": "sns-1"}, expected)
    assert SimpleTextChannel(sns).send(outgoing()) == Accepted("sns-1")


@pytest.mark.parametrize(
    ("code", "reason", "status", "outcome"),
    [
        ("ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT", 409, Refused("opted_out", opted_out=True)),
        (
            "ConflictException",
            "DESTINATION_PHONE_NUMBER_NOT_VERIFIED",
            409,
            Refused("destination_phone_number_not_verified"),
        ),
        (
            "ServiceQuotaExceededException",
            "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT",
            402,
            Refused("monthly_spend_limit_reached_for_text"),
        ),
        ("AccessDeniedException", "ACCOUNT_DISABLED", 400, Refused("sending_disabled")),
        ("AccessDeniedException", "INSUFFICIENT_ACCOUNT_REPUTATION", 400, Refused("sending_disabled")),
        ("AccessDeniedException", "", 400, Refused("channel_not_configured")),
        ("ValidationException", "INVALID_PARAMETER", 400, Refused("invalid_parameter")),
        ("ThrottlingException", "", 429, Busy("ThrottlingException")),
        ("InternalServerException", "", 500, Busy("InternalServerException")),
        ("GatewayTimeout", "", 504, Unknown("GatewayTimeout")),
        ("NobodyKnows", "", 400, Refused("not_accepted")),
    ],
)
def test_what_a_no_means(stub: Any, code: str, reason: str, status: int, outcome: Outcome) -> None:
    texting, stubber = stub("pinpoint-sms-voice-v2")
    known = {"modeled_fields": {"Reason": reason}} if reason else {}
    stubber.add_client_error("send_text_message", code, http_status_code=status, **known)
    assert TextChannel(texting, identity=IDENTITY, configuration_set=None).send(outgoing()) == outcome


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("AccountSuspendedException", Refused("sending_disabled")),
        ("SendingPausedException", Refused("sending_disabled")),
        ("MailFromDomainNotVerifiedException", Refused("channel_not_configured")),
        ("AccessDeniedException", Refused("channel_not_configured")),
        ("MessageRejected", Refused("rejected")),
        ("TooManyRequestsException", Busy("TooManyRequestsException")),
    ],
)
def test_what_a_no_of_ses_means(stub: Any, code: str, outcome: Outcome) -> None:
    ses, stubber = stub("sesv2")
    stubber.add_client_error("send_email", code, http_status_code=400)
    channel = EmailChannel(ses, sender="a@b.example", configuration_set=None, reply_domain=None)
    assert channel.send(outgoing(to="ana@example.org")) == outcome


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ConnectTimeoutError(endpoint_url="x"), Busy("ConnectTimeoutError")),
        (ReadTimeoutError(endpoint_url="x"), Unknown("ReadTimeoutError")),
    ],
)
def test_a_line_that_broke_after_the_question_leaves_it_open(error: Exception, outcome: Outcome) -> None:
    class Broken:
        def send_email(self, **_: Any) -> dict[str, Any]:
            raise error

    channel = EmailChannel(Broken(), sender="a@b.example", configuration_set=None, reply_domain=None)
    assert channel.send(outgoing(to="ana@example.org")) == outcome


def test_what_the_provider_would_refuse_by_its_form_is_not_sent() -> None:
    texting = botocore.session.get_session().create_client(
        "pinpoint-sms-voice-v2", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    channel = TextChannel(texting, identity=IDENTITY, configuration_set=None)
    assert channel.send(outgoing(ids={"account": 5})) == Refused("not_accepted")
