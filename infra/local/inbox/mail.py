"""SES on its way through the carrier: passed on to the embedded AWS, and kept whole.

The embedded AWS checks who may send and gives the message its id, but keeps neither attachments nor headers.
"""

import base64
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Final

import httpx

from infra.local.inbox.events import bare_address
from infra.local.inbox.faults import Faults
from infra.local.inbox.shapes import Problem, problems, service_model
from infra.local.inbox.sms_voice import LostAnswer
from infra.local.inbox.store import Attachment, Channel, Message

SEND: Final = "/v2/email/outbound-emails"
LARGEST: Final = 40 * 1024 * 1024
"""Bytes of a message as it goes over the wire, attachments in base64."""
HOP_BY_HOP: Final = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "content-length"}
SHOWN: Final = frozenset(
    {"from", "to", "cc", "bcc", "subject", "reply-to", "mime-version", "content-type", "content-transfer-encoding"}
)
"""Headers of a raw mail that are kept elsewhere, or say nothing to a reader."""
FAX_NUMBER: Final = re.compile(r"\+?\d{7,15}")
FAULTS: Final = {
    "throttle": (429, "TooManyRequestsException", "Maximum sending rate exceeded."),
    "outage": (503, "ServiceUnavailableException", "Service is unavailable."),
    "rejected": (400, "MessageRejected", "Email address is not verified."),
    "disabled": (400, "SendingPausedException", "Email sending is disabled."),
}


@dataclass(frozen=True, slots=True)
class Passed:
    """What came back, as it goes on to the caller."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Mail:
    """SES between the functions and the embedded AWS; *sent* hears of each message that it took."""

    def __init__(
        self,
        aws: httpx.Client,
        faults: Faults,
        sent: Callable[[Message], None],
        *,
        is_fax: Callable[[str], bool],
    ) -> None:
        self._aws, self._faults, self._sent, self._is_fax = aws, faults, sent, is_fax

    def pass_on(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Passed:
        """Answer one request.

        Raises:
            LostAnswer: when the answer is to be lost on the way.
        """
        sends = method == "POST" and path.partition("?")[0] == SEND
        if not sends:
            return self._ask(method, path, headers, body)
        fault = self._faults.take("email")
        if fault in FAULTS:
            return _refused(*FAULTS[fault])
        try:
            asked = json.loads(body)
        except ValueError:
            return _refused(400, "SerializationException", "The body is no JSON.")
        found = next(problems_of_mail(asked), None)
        if found:
            return _refused(400, "BadRequestException", f"{found.field}: {found.message}")
        answer = self._ask(method, path, headers, body)
        if answer.status != 200:
            return answer
        message_id = ses_message_id(json.loads(answer.body)["MessageId"])
        for message in messages_of(asked, message_id, self._is_fax):
            self._sent(message)
        if fault:
            raise LostAnswer
        return Passed(200, json.dumps({"MessageId": message_id}).encode(), answer.headers)

    def _ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Passed:
        # The caller signed its Host header; the embedded AWS verifies that signature, so it must see the same.
        passed = {name: value for name, value in headers.items() if name.lower() not in HOP_BY_HOP}
        answer = self._aws.request(method, path, headers=passed, content=body)
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP}
        kept.pop("content-encoding", None)
        return Passed(answer.status_code, answer.content, kept)


def _refused(status: int, code: str, message: str) -> Passed:
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": code}
    return Passed(status, json.dumps({"message": message}).encode(), headers)


def ses_message_id(told: str) -> str:
    """The id as SES itself gives it: the embedded AWS tells the whole Message-ID header, of which it is a part."""
    return told.partition("@")[0]


def problems_of_mail(asked: Any) -> Iterator[Problem]:
    """What SES would refuse that the embedded AWS lets through."""
    yield from problems(service_model("sesv2").operation_model("SendEmail").input_shape, asked)
    content = asked.get("Content", {}) if isinstance(asked, dict) else {}
    simple = content.get("Simple") or {}
    for header in simple.get("Headers") or ():
        if not re.fullmatch(r"[\x20-\x7e]*", header.get("Value", "")):
            yield Problem("Content.Simple.Headers", "a value holds more than printable ASCII")
    if re.search(r"[\r\n]", (simple.get("Subject") or {}).get("Data", "")):
        yield Problem("Content.Simple.Subject.Data", "a subject is one line")
    size = len((content.get("Raw") or {}).get("Data", "")) + sum(
        len(file.get("RawContent", "")) for file in simple.get("Attachments") or ()
    )
    if size > LARGEST:
        yield Problem("Content", f"Message length is more than {LARGEST} bytes long: '{size}'.")


def messages_of(asked: Mapping[str, Any], provider_id: str, is_fax: Callable[[str], bool]) -> list[Message]:
    """What each recipient of a SendEmail request gets."""
    destination = asked.get("Destination") or {}
    recipients = [
        bare_address(address)
        for member in ("ToAddresses", "CcAddresses", "BccAddresses")
        for address in destination.get(member) or ()
    ]
    content = asked["Content"]
    raw = content.get("Raw")
    mail = _parsed(base64.b64decode(raw["Data"])) if raw else _simple(content.get("Simple") or {})
    request = {
        "configuration_set": asked.get("ConfigurationSetName"),
        "reply_to": asked.get("ReplyToAddresses") or mail.reply_to,
        "tags": {tag["Name"]: tag["Value"] for tag in asked.get("EmailTags") or ()},
        "headers": mail.headers,
    }
    sender = asked.get("FromEmailAddress") or mail.sender
    at = time.time()
    made = []
    for position, recipient in enumerate(recipients or mail.recipients):
        channel: Channel = "fax" if is_fax(recipient) else "email"
        made.append(
            Message(
                id=provider_id if position == 0 else f"{provider_id}.{position}",
                provider="ses",
                provider_id=provider_id,
                channel=channel,
                direction="out",
                sender=sender,
                recipient=recipient,
                subject=mail.subject,
                text=mail.text,
                html=mail.html,
                at=at,
                request={name: value for name, value in request.items() if value},
                attachments=mail.attachments,
            )
        )
    return made


def is_fax_address(address: str, domain: str | None) -> bool:
    """Whether *address* is a number at the fax gateway; of an unknown gateway, whether it looks like one."""
    name, _, host = bare_address(address).rpartition("@")
    return bool(FAX_NUMBER.fullmatch(name)) and (domain is None or host.lower() == domain.lower())


@dataclass(frozen=True, slots=True)
class _Mail:
    subject: str
    text: str
    html: str | None
    attachments: list[Attachment]
    headers: list[dict[str, str]]
    sender: str = ""
    recipients: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()


def _simple(content: Mapping[str, Any]) -> _Mail:
    body = content.get("Body") or {}
    files = []
    for file in content.get("Attachments") or ():
        data = base64.b64decode(file["RawContent"])
        kind = file.get("ContentType") or "application/octet-stream"
        files.append(Attachment(file["FileName"], kind, len(data), data))
    return _Mail(
        (content.get("Subject") or {}).get("Data", ""),
        (body.get("Text") or {}).get("Data", ""),
        (body.get("Html") or {}).get("Data"),
        files,
        list(content.get("Headers") or ()),
    )


def _parsed(raw: bytes) -> _Mail:
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)  # noqa: S101 - the policy's own kind
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    files = []
    for part in mail.iter_attachments():
        data = part.get_payload(decode=True)
        content = data if isinstance(data, bytes) else b""
        files.append(Attachment(part.get_filename("attachment"), part.get_content_type(), len(content), content))
    return _Mail(
        str(mail.get("Subject", "")),
        text.get_content() if text else "",
        html.get_content() if html else None,
        files,
        [{"Name": name, "Value": str(value)} for name, value in mail.items() if name.lower() not in SHOWN],
        str(mail.get("From", "")),
        tuple(bare_address(str(mail[name])) for name in ("To", "Cc", "Bcc") if mail[name]),
        (str(mail["Reply-To"]),) if mail["Reply-To"] else (),
    )
