"""What a recipient sends back, in the shapes in which AWS hands it to the practice."""

import re
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any, Final

from infra.local.inbox.events import AWS_ACCOUNT, bare_address, instant
from infra.local.inbox.store import Attachment, Message

OPT_OUT_WORDS: Final = frozenset(
    {"ARRET", "CANCEL", "END", "OPT-OUT", "OPTOUT", "QUIT", "REMOVE", "STOP", "TD", "UNSUBSCRIBE"}
)
"""The platform's own list for the US and Canada. It does not know what else the FCC counts ("revoke", "opt out")."""
HELP_WORDS: Final = frozenset({"HELP", "INFO"})
OPTED_OUT_ANSWER: Final = "You have opted out and will receive no further messages from this number."
HELP_ANSWER: Final = "This number is used by a healthcare practice. Reply STOP to receive no more messages."


def keyword_of(text: str) -> str | None:
    """The word of the platform's own lists that *text* consists of, or None."""
    word = text.strip().upper()
    return word if word in OPT_OUT_WORDS | HELP_WORDS else None


def inbound_text(*, sender: str, to: str, text: str, message_id: str, in_reply_to: str | None) -> dict[str, Any]:
    """The body that two-way SMS publishes."""
    body = {
        "originationNumber": sender,
        "destinationNumber": to,
        "messageKeyword": keyword_of(text) or f"KEYWORD_{AWS_ACCOUNT}",
        "messageBody": text,
        "inboundMessageId": message_id,
    }
    return body | ({"previousPublishedMessageId": in_reply_to} if in_reply_to else {})


def raw_mail(
    *,
    sender: str,
    to: str,
    subject: str,
    text: str,
    at: float,
    attachments: Sequence[Attachment] = (),
    in_reply_to: Message | None = None,
    forged: bool = False,
) -> bytes:
    """A mail as SES lays it into the bucket: what the other server sent, below what SES found out about it.

    Raises:
        ValueError: when an address or the subject cannot stand in a header.
    """
    when = datetime.fromtimestamp(at, UTC)
    mail = EmailMessage(policy=SMTP)
    domain = bare_address(sender).rpartition("@")[2] or "example.org"
    mail["Return-Path"] = f"<{bare_address(sender)}>"
    mail["X-SES-Spam-Verdict"], mail["X-SES-Virus-Verdict"] = "PASS", "PASS"
    mail["Authentication-Results"] = authentication(domain, forged=forged)
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Date"] = format_datetime(when)
    mail["Message-ID"] = f"<{uuid.uuid4()}@{domain}>"
    body = text
    if in_reply_to is not None:
        named = message_id_header(in_reply_to)
        mail["In-Reply-To"], mail["References"] = named, named
        body = f"{text}\n\n{quoted(in_reply_to)}"
    mail.set_content(body)
    for file in attachments:
        main, _, sub = (file.content_type or "application/octet-stream").partition("/")
        mail.add_attachment(file.content, maintype=main, subtype=sub or "octet-stream", filename=file.name)
    return mail.as_bytes()


def message_id_header(message: Message) -> str:
    """The Message-ID that SES gave *message* on its way out."""
    return f"<{message.provider_id}@email.amazonses.com>"


def authentication(domain: str, *, forged: bool) -> str:
    """What SES found out about where a mail came from."""
    found = "fail" if forged else "pass"
    return (
        f"amazonses.com; spf={found} (spfCheck: domain of {domain}) client-ip=192.0.2.1;"
        f" dkim={found} header.i=@{domain}; dmarc={found} header.from={domain};"
    )


def quoted(message: Message) -> str:
    """What was sent, as mail programs put it below an answer."""
    when = datetime.fromtimestamp(message.at, UTC)
    lines = "\n".join(f"> {line}" for line in message.text.splitlines())
    return f"On {when:%a, %d %b %Y at %H:%M}, {message.sender} wrote:\n{lines}"


def reply_subject(subject: str) -> str:
    """The subject of an answer."""
    return subject if re.match(r"re:", subject, re.IGNORECASE) else f"Re: {subject}".strip()


def received_notification(
    *,
    sender: str,
    to: str,
    subject: str,
    message_id: str,
    at: float,
    bucket: str,
    key: str,
    topic: str,
    forged: bool = False,
) -> dict[str, Any]:
    """What SES publishes when a receipt rule has put a mail into S3."""
    passed, proven = {"status": "PASS"}, {"status": "FAIL" if forged else "PASS"}
    return {
        "notificationType": "Received",
        "mail": {
            "timestamp": instant(at),
            "source": bare_address(sender),
            "messageId": message_id,
            "destination": [to],
            "headersTruncated": False,
            "headers": [
                {"name": "From", "value": sender},
                {"name": "To", "value": to},
                {"name": "Subject", "value": subject},
            ],
            "commonHeaders": {"returnPath": bare_address(sender), "from": [sender], "to": [to], "subject": subject},
        },
        "receipt": {
            "timestamp": instant(at),
            "processingTimeMillis": 312,
            "recipients": [to],
            "spamVerdict": passed,
            "virusVerdict": passed,
            "spfVerdict": proven,
            "dkimVerdict": proven,
            "dmarcVerdict": proven,
            "action": {"type": "S3", "topicArn": topic, "bucketName": bucket, "objectKey": key},
        },
    }
