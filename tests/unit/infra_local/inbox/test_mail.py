"""SES on its way through: passed on as it came, kept whole, and refused where SES would refuse."""

import base64
from email.message import EmailMessage
from typing import Any

import httpx
import pytest
from flask.testing import FlaskClient

from infra.local.inbox.mail import is_fax_address
from infra.local.inbox.store import Store
from tests.unit.infra_local.inbox.conftest import SES_ID

SEND = "/v2/email/outbound-emails"
PDF = {"FileName": "letter.pdf", "ContentType": "application/pdf", "RawContent": base64.b64encode(b"%PDF-1").decode()}


def mail(to: str = "ana@example.org", **simple: Any) -> dict[str, Any]:
    body = {"Text": {"Data": "Hello"}, "Html": {"Data": "<p>Hello"}}
    return {
        "FromEmailAddress": "Lakeside <office@lakeside.example>",
        "ReplyToAddresses": ["reply+x@reply.lakeside.example"],
        "Destination": {"ToAddresses": [to]},
        "Content": {"Simple": {"Subject": {"Data": "News"}, "Body": body, "Attachments": [PDF]} | simple},
        "EmailTags": [{"Name": "message", "Value": "msg_1"}],
        "ConfigurationSetName": "carebook",
    }


def test_a_mail_is_kept_with_all_that_its_recipient_gets(client: FlaskClient, store: Store) -> None:
    assert client.post(SEND, json=mail()).get_json() == {"MessageId": f"{SES_ID}1"}
    (kept,) = store.messages(person="ana@example.org")
    assert (kept.id, kept.channel, kept.subject, kept.text, kept.html) == (
        f"{SES_ID}1",
        "email",
        "News",
        "Hello",
        "<p>Hello",
    )
    assert kept.request == {
        "configuration_set": "carebook",
        "reply_to": ["reply+x@reply.lakeside.example"],
        "tags": {"message": "msg_1"},
    }
    file = store.attachment(kept.id, 0)
    assert file is not None
    assert (file.name, file.content_type, file.content) == ("letter.pdf", "application/pdf", b"%PDF-1")
    assert store.attachment(kept.id, 1) is None


def test_each_recipient_gets_a_copy(client: FlaskClient, store: Store) -> None:
    sent = mail()
    sent["Destination"] = {"ToAddresses": ["Ana <ana@example.org>"], "BccAddresses": ["ben@example.org"]}
    client.post(SEND, json=sent)
    assert [(one.id, one.recipient) for one in store.messages()] == [
        (f"{SES_ID}1", "ana@example.org"),
        (f"{SES_ID}1.1", "ben@example.org"),
    ]


def test_a_mail_to_a_number_at_the_gateway_is_a_fax(client: FlaskClient, store: Store) -> None:
    client.post(SEND, json=mail("12125550188@fax.example"))
    client.post(SEND, json=mail("12125550188@example.org"))
    assert [one.channel for one in store.messages()] == ["fax", "email"]
    assert is_fax_address("+12125550188@us.gateway.example", None)
    assert not is_fax_address("ana@fax.example", "fax.example")


def test_a_raw_mail_is_read(client: FlaskClient, store: Store) -> None:
    raw = EmailMessage()
    raw["From"], raw["To"], raw["Subject"] = "office@lakeside.example", "ana@example.org", "Grüße"
    raw["Reply-To"], raw["X-Kind"] = "reply@lakeside.example", "test"
    raw.set_content("שלום")
    raw.add_attachment(b"%PDF-1", maintype="application", subtype="pdf", filename="a.pdf")
    client.post(SEND, json={"Content": {"Raw": {"Data": base64.b64encode(raw.as_bytes()).decode()}}})
    (kept,) = store.messages()
    assert (kept.sender, kept.recipient, kept.subject) == ("office@lakeside.example", "ana@example.org", "Grüße")
    assert kept.text.strip() == "שלום"
    assert kept.request["reply_to"] == ["reply@lakeside.example"]
    assert kept.request["headers"] == [{"Name": "X-Kind", "Value": "test"}]
    assert [one.name for one in kept.attachments] == ["a.pdf"]


def test_the_embedded_aws_sees_what_the_caller_signed(client: FlaskClient, passed_on: list[httpx.Request]) -> None:
    client.post(SEND, json=mail(), headers={"Authorization": "AWS4-HMAC-SHA256 x", "Host": "127.0.0.1:4567"})
    client.get("/v2/email/configuration-sets?PageSize=1", headers={"Host": "127.0.0.1:4567"})
    sent, listed = passed_on
    assert sent.headers["Host"] == listed.headers["Host"] == "127.0.0.1:4567"
    assert sent.headers["Authorization"].startswith("AWS4")
    assert b"ana@example.org" in sent.content
    assert listed.url.raw_path == b"/v2/email/configuration-sets?PageSize=1"


@pytest.mark.parametrize(
    "wrong",
    [
        {"Subject": {"Data": "News\r\nBcc: x@y.z"}},
        {"Subject": {}},
        {"Headers": [{"Name": "x" * 127, "Value": "y"}]},
        {"Headers": [{"Name": "X-A", "Value": "ü"}]},
        {"Attachments": [PDF | {"FileName": "x" * 256}]},
        {"Attachments": [{"FileName": "a"}]},
        {"Attachments": [PDF | {"RawContent": "xxxx" * (10 * 1024 * 1024 + 1)}]},
    ],
    ids=["two lines", "no subject", "long name", "no ASCII", "long file name", "no content", "more than 40 MB"],
)
def test_what_ses_would_refuse_goes_no_further(
    client: FlaskClient, store: Store, passed_on: list[httpx.Request], wrong: dict[str, Any]
) -> None:
    refused = client.post(SEND, json=mail(**wrong))
    assert (refused.status_code, refused.headers["x-amzn-ErrorType"]) == (400, "BadRequestException")
    assert (store.messages(), passed_on) == ([], [])


def test_what_the_embedded_aws_refuses_was_not_sent(
    client: FlaskClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> httpx.Response:
        return httpx.Response(403, json={"message": "not authorized to perform ses:SendEmail"})

    monkeypatch.setattr(httpx.Client, "request", refuse)
    assert client.post(SEND, json=mail()).status_code == 403
    assert store.messages() == []
