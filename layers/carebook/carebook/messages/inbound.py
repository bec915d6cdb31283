"""What providers publish of replies, read: texts of End User Messaging, e-mail that SES has laid into our bucket."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from carebook.messages.envelopes import Envelope
from carebook.messages.mail import Mail, read_mail
from carebook.messages.replies import Reply
from carebook.messages.words import wish_in

_LONGEST_TEXT: Final = 20_000


@dataclass(frozen=True, slots=True)
class Inbound:
    """A reply, and where it lies as it came."""

    reply: Reply
    key: str | None = None


def read_inbound(envelope: Envelope, *, bucket: str, fetch: Callable[[str], bytes | None]) -> Inbound | None:
    """The reply in what a provider has published; None when it is about something else, or already gone.

    Args:
        bucket: where SES lays e-mail; another one is not read.
        fetch: an object of that bucket by its key; None when it is not there any more.

    Raises:
        ValueError: when it cannot be read.
    """
    content = envelope.content
    try:
        if "inboundMessageId" in content:
            return Inbound(_text(content, envelope))
        if content.get("notificationType") == "Received":
            return _email(content, envelope, bucket, fetch)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"unreadable reply: {type(error).__name__}") from error
    return None


def _text(content: Mapping[str, Any], envelope: Envelope) -> Reply:
    previous = content.get("previousPublishedMessageId")
    body = str(content["messageBody"])[:_LONGEST_TEXT]
    return Reply(
        inbound_id=str(content["inboundMessageId"]),
        channel="tel",
        method="sms",
        sender=str(content["originationNumber"]),
        to=str(content["destinationNumber"]),
        subject="",
        body=body,
        said=body,
        at=envelope.at,
        answers=(str(previous),) if previous else (),
    )


def _email(
    content: Mapping[str, Any], envelope: Envelope, bucket: str, fetch: Callable[[str], bytes | None]
) -> Inbound | None:
    action, receipt = content["receipt"]["action"], content["receipt"]
    if action["type"] != "S3":
        return None
    if action["bucketName"] != bucket:
        raise ValueError("an e-mail in another bucket")
    key = str(action["objectKey"])
    raw = fetch(key)
    if raw is None:
        return None
    mail = read_mail(raw)
    forged = receipt.get("dmarcVerdict", {}).get("status") == "FAIL"
    reply = Reply(
        inbound_id=str(content["mail"]["messageId"]),
        channel="email",
        method="email",
        sender=mail.sender,
        to=next((one for one in receipt.get("recipients", ())), None),
        subject=mail.subject,
        body=mail.body,
        said=_wish_of(mail),
        at=_received_at(content, envelope),
        answers=mail.answers,
        token=mail.tokens[0] if mail.tokens else None,
        is_trusted=mail.is_proven and not forged,
        is_automatic=mail.is_automatic,
        attached=mail.attachments,
        is_infected=receipt.get("virusVerdict", {}).get("status") == "FAIL",
    )
    return Inbound(reply, key)


def _received_at(content: Mapping[str, Any], envelope: Envelope) -> datetime:
    """When SES took it in; the notification about it may be published later, and twice."""
    at = datetime.fromisoformat(str(content["mail"]["timestamp"]))
    return at if at.tzinfo is not None else envelope.at


def _wish_of(mail: Mail) -> str:
    """Their words; the first line when that alone is a wish, the subject when there are none."""
    first = mail.said.partition("\n")[0]
    if wish_in(first) is not None:
        return first
    return mail.said or mail.subject
