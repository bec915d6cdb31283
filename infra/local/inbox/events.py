"""The JSON by which the providers tell what became of a message: event publishing of SES, and of End User Messaging."""

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from carebook.sms_segments import parts_of
from infra.local.home import REGION
from infra.local.inbox.store import Message

AWS_ACCOUNT: Final = "000000000000"
ORIGIN: Final = "+12065550100"
"""The practice's number when a message went out by the name of a pool or a number's id."""

AUTOMATIC: Final = {
    "email": ("Send", "Delivery"),
    "fax": ("Send", "Delivery"),
    "sms": ("TEXT_QUEUED", "TEXT_DELIVERED"),
    "voice": ("VOICE_INITIATED", "VOICE_RINGING", "VOICE_ANSWERED", "VOICE_COMPLETED"),
}
"""What becomes of a message when nobody interferes."""

MAIL_EVENTS: Final = ("Send", "Delivery", "Bounce", "Complaint", "Reject", "DeliveryDelay")
TEXT_EVENTS: Final = {
    "TEXT_PENDING": "Message is pending",
    "TEXT_QUEUED": "Message is queued for delivery",
    "TEXT_SUCCESSFUL": "Message has been accepted by carrier",
    "TEXT_DELIVERED": "Message has been accepted by phone",
    "TEXT_INVALID": "Destination phone number is invalid",
    "TEXT_INVALID_MESSAGE": "Message body is invalid",
    "TEXT_UNREACHABLE": "Phone is currently unreachable/unavailable",
    "TEXT_CARRIER_UNREACHABLE": "Phone carrier is currently unreachable/unavailable",
    "TEXT_BLOCKED": "Phone has blocked SMS or is on a do-not-contact list",
    "TEXT_CARRIER_BLOCKED": "Phone carrier has blocked this message",
    "TEXT_SPAM": "Message has been identified as spam",
    "TEXT_UNKNOWN": "Unknown error attempting to reach phone",
    "TEXT_TTL_EXPIRED": "Message was not delivered before its time to live ended",
    "TEXT_PROTECT_BLOCKED": "Message is blocked by the protect configuration",
}
VOICE_EVENTS: Final = (
    *("VOICE_INITIATED", "VOICE_RINGING", "VOICE_ANSWERED", "VOICE_COMPLETED"),
    *("VOICE_BUSY", "VOICE_NO_ANSWER", "VOICE_FAILED", "VOICE_TTL_EXPIRED"),
)
UNDER_WAY: Final = {"TEXT_PENDING", "TEXT_QUEUED", "VOICE_INITIATED", "VOICE_RINGING", "VOICE_ANSWERED"}
BOUNCES: Final = {
    "Permanent": ("General", "5.1.1", "smtp; 550 5.1.1 user unknown"),
    "Transient": ("MailboxFull", "4.2.2", "smtp; 452 4.2.2 mailbox full"),
    "Undetermined": ("Undetermined", "5.0.0", "smtp; 554 5.0.0 unspecified failure"),
}


def event_types(message: Message) -> tuple[str, ...]:
    """What can become of *message*, by the provider's names.

    Nothing for one that SNS itself sent, of which it tells no topic, and for what the platform answered by itself.
    """
    if message.direction == "in" or message.provider == "sns" or message.request.get("automatic"):
        return ()
    return {"sms": tuple(TEXT_EVENTS), "voice": VOICE_EVENTS}.get(message.channel, MAIL_EVENTS)


def event_body(message: Message, kind: str, at: float, details: Mapping[str, Any]) -> dict[str, Any]:
    """The event that the provider publishes.

    Args:
        message: What it is about.
        kind: The provider's name of the event, one of :func:`event_types`.
        at: When it came about, in seconds of the epoch.
        details: ``bounce_type`` of a bounce: Permanent (the default), Transient or Undetermined.
    """
    if message.channel in ("sms", "voice"):
        return _phone_event(message, kind, at)
    member, fill = _MAIL_MEMBERS[kind]
    return {"eventType": kind, "mail": mail_object(message), member: fill(message, instant(at), details)}


def instant(at: float) -> str:
    """ISO 8601 in UTC with milliseconds, as SES writes it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def mail_object(message: Message) -> dict[str, Any]:
    """What SES says of the mail that an event is about."""
    request = message.request
    source = bare_address(message.sender)
    headers = [
        {"name": "From", "value": message.sender},
        {"name": "To", "value": message.recipient},
        {"name": "Subject", "value": message.subject},
        *({"name": one["Name"], "value": one["Value"]} for one in request.get("headers", ())),
    ]
    if request.get("reply_to"):
        headers.append({"name": "Reply-To", "value": ", ".join(request["reply_to"])})
    own = {
        "ses:operation": ["SendEmail"],
        "ses:source-ip": ["127.0.0.1"],
        "ses:from-domain": [source.rpartition("@")[2]],
        "ses:caller-identity": ["carebook"],
    }
    if request.get("configuration_set"):
        own["ses:configuration-set"] = [request["configuration_set"]]
    return {
        "timestamp": instant(message.at),
        "source": message.sender,
        "sourceArn": f"arn:aws:ses:{REGION}:{AWS_ACCOUNT}:identity/{source.rpartition('@')[2]}",
        "sendingAccountId": AWS_ACCOUNT,
        "messageId": message.provider_id,
        "destination": [message.recipient],
        "headersTruncated": False,
        "headers": headers,
        "commonHeaders": {
            "from": [message.sender],
            "to": [message.recipient],
            "messageId": message.provider_id,
            "subject": message.subject,
        },
        "tags": own | {name: [value] for name, value in request.get("tags", {}).items()},
    }


def bare_address(text: str) -> str:
    """The address in ``Name <address>``."""
    found = re.search(r"<([^<>]+)>\s*$", text)
    return found.group(1) if found else text.strip()


def _feedback_id() -> str:
    return f"0100{uuid.uuid4().hex[:12]}-{uuid.uuid4()}-000000"


def _delivery(message: Message, when: str, details: Mapping[str, Any]) -> dict[str, Any]:
    del details
    return {
        "timestamp": when,
        "processingTimeMillis": 546,
        "recipients": [message.recipient],
        "smtpResponse": "250 2.6.0 Message received",
        "reportingMTA": "a8-70.smtp-out.amazonses.com",
    }


def _bounce(message: Message, when: str, details: Mapping[str, Any]) -> dict[str, Any]:
    bounce_type = details.get("bounce_type", "Permanent")
    subtype, status, code = BOUNCES[bounce_type]
    failed = {"emailAddress": message.recipient, "action": "failed", "status": status, "diagnosticCode": code}
    return {
        "bounceType": bounce_type,
        "bounceSubType": subtype,
        "bouncedRecipients": [failed],
        "timestamp": when,
        "feedbackId": _feedback_id(),
        "reportingMTA": "dsn; a8-70.smtp-out.amazonses.com",
    }


def _complaint(message: Message, when: str, details: Mapping[str, Any]) -> dict[str, Any]:
    del details
    return {
        "complainedRecipients": [{"emailAddress": message.recipient}],
        "timestamp": when,
        "feedbackId": _feedback_id(),
        "complaintSubType": None,
        "complaintFeedbackType": "abuse",
        "userAgent": "Amazon SES Mailbox Simulator",
        "arrivalDate": when,
    }


def _delay(message: Message, when: str, details: Mapping[str, Any]) -> dict[str, Any]:
    del details
    expires = datetime.fromisoformat(when) + timedelta(hours=14)
    delayed = {"emailAddress": message.recipient, "status": "4.4.1", "diagnosticCode": "smtp; 421 4.4.1 timed out"}
    return {
        "timestamp": when,
        "delayType": "MailboxFull",
        "expirationTime": instant(expires.timestamp()),
        "delayedRecipients": [delayed],
    }


def _nothing(message: Message, when: str, details: Mapping[str, Any]) -> dict[str, Any]:
    del message, when, details
    return {}


def _reject(message: Message, when: str, details: Mapping[str, Any]) -> dict[str, Any]:
    del message, when, details
    return {"reason": "Bad content"}


_MAIL_MEMBERS: Final[Mapping[str, tuple[str, Callable[[Message, str, Mapping[str, Any]], dict[str, Any]]]]] = {
    "Send": ("send", _nothing),
    "Delivery": ("delivery", _delivery),
    "Bounce": ("bounce", _bounce),
    "Complaint": ("complaint", _complaint),
    "Reject": ("reject", _reject),
    "DeliveryDelay": ("deliveryDelay", _delay),
}


def _phone_event(message: Message, kind: str, at: float) -> dict[str, Any]:
    body: dict[str, Any] = {
        "eventType": kind,
        "eventVersion": "1.0",
        "eventTimestamp": round(at * 1000),
        "isFinal": kind not in UNDER_WAY,
        "originationPhoneNumber": message.sender,
        "destinationPhoneNumber": message.recipient,
        "isoCountryCode": "US",
        "messageId": message.provider_id,
        "messageRequestTimestamp": round(message.at * 1000),
        "messageStatus": kind.partition("_")[2],
    }
    if message.request.get("context"):
        body["context"] = dict(message.request["context"])
    if message.channel == "voice":
        return body
    parts = parts_of(message.text)
    return body | {
        "isInternationalSend": False,
        "mcc": "310",
        "mnc": "800",
        "carrierName": "Laptop Mobile",
        "messageEncoding": "GSM" if parts.encoding == "GSM" else "Unicode",
        "messageType": message.request.get("message_type", "TRANSACTIONAL"),
        "messageStatusDescription": TEXT_EVENTS[kind],
        "totalMessageParts": parts.parts,
        "totalMessagePrice": round(0.00581 * parts.parts, 5),
        "totalCarrierFee": round(0.006 * parts.parts, 5),
    }
