"""The inbox over HTTP: its switches, its pages, and whom it refuses."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from infra.local.inbox.carrier import Carrier
from infra.local.inbox.faults import KINDS, Faults
from tests.unit.infra_local.inbox.conftest import Eum, WrittenDown
from tests.unit.infra_local.inbox.test_carrier import NUMBER, sent
from tests.unit.infra_local.inbox.test_mail import SEND, mail

TEXT = {"DestinationPhoneNumber": NUMBER, "MessageBody": "Hello"}
ERRORS = {
    "throttle": ("ThrottlingException", None),
    "outage": ("InternalServerException", None),
    "opted_out": ("ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT"),
    "not_verified": ("ConflictException", "DESTINATION_PHONE_NUMBER_NOT_VERIFIED"),
    "no_origin": ("ConflictException", "NO_ORIGINATION_IDENTITIES_FOUND"),
    "spend_limit": ("ServiceQuotaExceededException", "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT"),
    "disabled": ("AccessDeniedException", "ACCOUNT_DISABLED"),
}


@pytest.mark.parametrize("kind", ERRORS)
def test_end_user_messaging_fails_as_asked_and_then_works_again(
    client: FlaskClient, eum: Eum, carrier: Carrier, kind: str
) -> None:
    client.post("/faults", json={"service": "sms_voice", "kind": kind, "times": 1})
    status, refused = eum("SendTextMessage", **TEXT)
    assert (refused["__type"], refused.get("Reason")) == ERRORS[kind]
    assert status == (500 if kind == "outage" else 400)
    assert carrier.store.messages() == []
    assert eum("SendTextMessage", **TEXT)[0] == 200


@pytest.mark.parametrize(("kind", "status"), [("throttle", 429), ("outage", 503), ("rejected", 400), ("disabled", 400)])
def test_ses_fails_as_asked(client: FlaskClient, carrier: Carrier, kind: str, status: int) -> None:
    client.post("/faults", json={"service": "email", "kind": kind})
    for _ in range(2):
        assert client.post(SEND, json=mail()).status_code == status
    assert carrier.store.messages() == []
    client.delete("/faults")
    assert client.post(SEND, json=mail()).status_code == 200


def test_a_lost_answer_belongs_to_a_message_that_went_out(client: FlaskClient, carrier: Carrier, eum: Eum) -> None:
    client.post("/faults", json={"service": "sms_voice", "kind": "lost_answer", "times": 1})
    client.post("/faults", json={"service": "email", "kind": "lost_answer", "times": 1})
    assert eum("SendTextMessage", **TEXT)[0] == 504
    assert client.post(SEND, json=mail()).status_code == 504
    assert [one.channel for one in carrier.store.messages()] == ["sms", "email"]


def test_a_share_of_the_calls_fails(client: FlaskClient, eum: Eum) -> None:
    client.post("/faults", json={"service": "sms_voice", "kind": "throttle", "rate": 0.2})
    failed = [eum("SendTextMessage", **TEXT)[0] for _ in range(300)].count(400)
    assert 30 <= failed <= 90
    assert client.get("/faults").get_json()["items"][0]["rate"] == 0.2


@pytest.mark.parametrize(
    "fault",
    [
        None, [], {"service": "email"}, {"service": "fax", "kind": "throttle"},
        {"service": "email", "kind": "opted_out"},
        {"service": "email", "kind": "throttle", "times": 0}, {"service": "email", "kind": "throttle", "rate": 2},
        {"service": "email", "kind": "throttle", "often": True},
    ],
)  # fmt: skip
def test_a_fault_that_cannot_be_is_refused(client: FlaskClient, faults: Faults, fault: Any) -> None:
    assert client.post("/faults", json=fault).status_code == 422
    assert faults.all() == []


def test_every_kind_of_fault_has_an_answer() -> None:
    assert set(KINDS["sms_voice"]) == {*ERRORS, "lost_answer"}


def test_events_are_published_when_they_are_asked_for(client: FlaskClient, carrier: Carrier, aws: WrittenDown) -> None:
    message = sent(carrier, "email")
    made = client.post(f"/messages/{message.id}/events", json={"type": "Bounce", "bounce_type": "Transient"})
    assert made.status_code == 201
    assert aws.receipts == ["Bounce"]
    assert aws.published[0][1]["bounce"]["bounceType"] == "Transient"
    for wrong in ({"type": "TEXT_DELIVERED"}, {"type": "Bounce", "bounce_type": "Soft"}, {"kind": "Bounce"}, {}):
        assert client.post(f"/messages/{message.id}/events", json=wrong).status_code == 422
    assert client.post("/messages/nobody/events", json={"type": "Bounce"}).status_code == 404
    assert aws.receipts == ["Bounce"]


def test_messages_are_found_by_whom_they_went_to(client: FlaskClient, carrier: Carrier) -> None:
    sent(carrier), sent(carrier, "email"), sent(carrier, "voice")
    found = client.get("/messages", query_string={"to": NUMBER}).get_json()["items"]
    assert [one["channel"] for one in found] == ["sms", "voice"]
    assert [one["channel"] for one in client.get("/messages?channel=email").get_json()["items"]] == ["email"]
    assert client.get("/messages?form=sms").status_code == 422
    assert client.get("/messages?limit=0").status_code == 422
    assert client.delete("/messages").status_code == 204
    assert client.get("/messages").get_json()["items"] == []


def test_the_page_shows_a_recipient_all_that_came(client: FlaskClient, carrier: Carrier) -> None:
    sent(carrier, text="See https://example.org/s/1 & <b>")
    sent(carrier, "voice", text="<speak>Good <break/> day</speak>")
    page = client.get("/", query_string={"with": NUMBER}).get_data(as_text=True)
    assert '<a href="https://example.org/s/1"' in page
    assert "&amp; &lt;b&gt;" in page
    assert "“Good day”" in page
    assert "Nobody has got" not in page


def test_the_page_of_nobody_is_a_page(client: FlaskClient) -> None:
    assert "Nobody has got a message yet" in client.get("/").get_data(as_text=True)
    assert client.get("/?with=nobody").status_code == 200


def test_a_button_and_a_form_do_what_the_api_does(client: FlaskClient, carrier: Carrier, aws: WrittenDown) -> None:
    message = sent(carrier)
    client.post("/outcomes", data={"message": message.id, "type": "TEXT_BLOCKED"})
    assert aws.receipts == ["TEXT_BLOCKED"]
    back = client.post("/answers", data={"message": message.id, "text": "YES"})
    assert back.status_code == 303
    assert aws.published[-1][1]["messageBody"] == "YES"
    client.post("/answers", data={"channel": "sms", "from": "+12125550188", "to": "", "text": "Who is this?"})
    assert aws.published[-1][1]["originationNumber"] == "+12125550188"
    assert (
        "problem=" in client.post("/answers", data={"channel": "pigeon", "from": "x", "text": "x"}).headers["Location"]
    )


def test_a_mail_in_html_can_do_nothing(client: FlaskClient, carrier: Carrier) -> None:
    message = sent(carrier, "email", html="<script>alert(1)</script>")
    shown = client.get(f"/messages/{message.id}/html")
    policy = shown.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "script-src 'self'" in client.get("/").headers["Content-Security-Policy"]


def test_only_harmless_files_open_in_the_browser(client: FlaskClient) -> None:
    files = [
        {"FileName": "a.html", "ContentType": "text/html", "RawContent": "PGI+"},
        {"FileName": "b.png", "ContentType": "image/png", "RawContent": "AAAA"},
    ]
    client.post(SEND, json=mail(Attachments=files))
    (message,) = client.get("/messages").get_json()["items"]
    page, image = (client.get(one["url"]) for one in message["attachments"])
    assert page.headers["Content-Disposition"].startswith("attachment")
    assert page.mimetype == "application/octet-stream"
    assert image.mimetype == "image/png"
    assert client.get(f"/messages/{message['id']}/attachments/9").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Host": "localhost:4567", "Origin": "https://evil.example"}, {"Origin": "null"}],
)
def test_a_page_from_elsewhere_can_neither_read_nor_write(
    client: FlaskClient, carrier: Carrier, headers: dict[str, str]
) -> None:
    message = sent(carrier)
    assert client.post("/answers", data={"message": message.id, "text": "STOP"}, headers=headers).status_code == 403
    assert client.get("/messages", headers=headers).status_code == 403


def test_the_switch_of_receipts(client: FlaskClient, carrier: Carrier) -> None:
    assert client.get("/receipts").get_json() == {"after_seconds": 1.0, "automatic": True}
    client.put("/receipts", json={"automatic": True, "after_seconds": 0.1})
    assert carrier.receipts.after_seconds == 0.1
    client.post("/receipts", data={"automatic": "off"})
    assert carrier.receipts.automatic is False
    assert client.put("/receipts", json={"automatic": 1}).status_code == 422
