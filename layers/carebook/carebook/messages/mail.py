"""E-mail as it comes in: who wrote, in answer to what, what they say, and what they attached."""

import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from email.utils import getaddresses
from typing import Any, Final

from carebook.files.naming import plain_name, plain_type
from carebook.messages.pages import words_of

_LONGEST_BODY: Final = 20_000
_LONGEST_SUBJECT: Final = 200
_MOST_ANSWERED: Final = 20  # each is looked up; a thread that is longer is known by its last ones
_LONGEST_HEADER: Final = 16_000
_TOKEN: Final = re.compile(r"reply\+([0-9a-f]{24})@", re.IGNORECASE)
_MESSAGE_ID: Final = re.compile(r"<([^<>@\s]+)@[^<>\s]*amazonses\.com>")
_QUOTED: Final = re.compile(r"^(>|On .*wrote:$|-{2,} ?Original Message|_{10,}|From: )", re.IGNORECASE)
_SIGNED_FOR: Final = re.compile(r"dkim=pass\b.*?\bheader\.[id]=[^@\s]*@?([^\s@]+)", re.IGNORECASE)
_SENT_FOR: Final = re.compile(r"envelope-from=[^@\s]*@([^\s@]+)", re.IGNORECASE)
# Of a share's link what opens it, also as programs that look through mail write it. Who answers quotes it.
_SHARED: Final = re.compile(r"(?<=shares)(/|%2f)[\w-]{27,}", re.IGNORECASE | re.ASCII)
_UNSEEN: Final = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f]")


@dataclass(frozen=True, slots=True)
class MailAttachment:
    """A file that came with an e-mail."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """An e-mail that came in.

    Attributes:
        tokens: of reply addresses that it was sent to.
        answers: SES's ids of messages that it names as those it answers.
        said: what was newly written in it, without what it quotes.
        is_automatic: a machine wrote it, such as a notice of absence; it wishes for nothing.
        is_proven: the mailbox's domain vouches for the sender.
    """

    sender: str
    recipients: tuple[str, ...]
    subject: str
    body: str
    said: str
    tokens: tuple[str, ...]
    answers: tuple[str, ...]
    attachments: tuple[MailAttachment, ...]
    is_automatic: bool
    is_proven: bool


def _cut(name: str, value: str) -> Any:
    """A header, or the beginning of one that is longer than people write: for those the parser needs minutes."""
    return policy.default.header_factory(name, value[:_LONGEST_HEADER])


_CUT: Final = policy.default.clone(header_factory=_cut)


def read_mail(raw: bytes) -> Mail:
    """The e-mail in *raw*; what is damaged in it is left out.

    Raises:
        ValueError: when nobody can be said to have sent it.
    """
    message = BytesParser(policy=_CUT).parsebytes(raw)
    senders = _addresses(message, "From")
    if not senders:
        raise ValueError("an e-mail without a sender")
    recipients = (*_addresses(message, "To"), *_addresses(message, "Cc"), *_addresses(message, "Delivered-To"))
    body = _body(message)
    answered, thread = (_MESSAGE_ID.findall(_header(message, name)) for name in ("In-Reply-To", "References"))
    return Mail(
        sender=senders[0],
        recipients=recipients,
        subject=" ".join(_header(message, "Subject").split())[:_LONGEST_SUBJECT],
        body=body[:_LONGEST_BODY],
        said=_new_in(body),
        tokens=tuple(dict.fromkeys(_TOKEN.findall(" ".join(recipients).lower()))),
        answers=tuple(dict.fromkeys((*answered, *reversed(thread))))[:_MOST_ANSWERED],
        attachments=tuple(_attachments(message)),
        is_automatic=_is_automatic(message),
        is_proven=_is_proven(message, senders[0]),
    )


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, ""))
    except (ValueError, LookupError, IndexError, AttributeError):  # a header that breaks the parser says nothing
        return ""


def _addresses(message: EmailMessage, name: str) -> tuple[str, ...]:
    found = getaddresses([_header(message, name)])
    return tuple(address.casefold() for _, address in found if "@" in address)


def _body(message: EmailMessage) -> str:
    try:
        part = message.get_body(preferencelist=("plain", "html"))
    except (ValueError, LookupError, AttributeError):
        return ""
    if part is None:
        return ""
    text = _text(part)
    if part.get_content_type() == "text/html":
        text = words_of(text)
    text = _SHARED.sub(r"\1[link]", text)
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).replace("\ufffd", "?").strip()


def _text(part: MIMEPart) -> str:
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    try:
        return raw.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:  # a character set that nobody knows
        return raw.decode("utf-8", "replace")


def _new_in(body: str) -> str:
    """What stands before the first line that quotes."""
    lines = []
    for line in body.splitlines():
        if _QUOTED.match(line.strip()):
            break
        if line.strip():
            lines.append(line.strip())
    return "\n".join(lines)


def _attachments(part: MIMEPart) -> Iterator[MailAttachment]:
    """What is more than the words of the mail: files by name, pictures, mail that was passed on."""
    content_type = plain_type(part.get_content_type())
    if content_type == "message/rfc822":
        inner = part.get_payload()
        content = _bytes(inner[0]) if isinstance(inner, list) and inner else b""
    elif part.is_multipart():
        for inner_part in part.iter_parts():
            if isinstance(inner_part, MIMEPart):
                yield from _attachments(inner_part)
        return
    else:
        payload = part.get_payload(decode=True)
        content = payload if isinstance(payload, bytes) else b""
    name = _name(part)
    if content and (name or part.get_content_disposition() == "attachment" or part.get_content_maintype() != "text"):
        ending = mimetypes.MimeTypes().guess_extension(content_type) or ""
        yield MailAttachment(plain_name(name) if name else f"attachment{ending}", content_type, content)


def _name(part: MIMEPart) -> str:
    try:
        return part.get_filename() or ""
    except (ValueError, LookupError, AttributeError, TypeError):  # a header that breaks the parser says nothing
        return ""


def _bytes(inner: Any) -> bytes:
    """A mail within the mail, as near to how it came as can be."""
    try:
        raw: bytes = inner.as_bytes(policy=policy.SMTP)
    except (ValueError, LookupError, AttributeError, TypeError):
        return b""
    return raw


def _is_automatic(message: EmailMessage) -> bool:
    automatic = _header(message, "Auto-Submitted").strip().lower()
    bulk = _header(message, "Precedence").strip().lower()
    return (bool(automatic) and automatic != "no") or bulk in {"bulk", "junk", "auto_reply"}


def _is_proven(message: EmailMessage, sender: str) -> bool:
    """What SES has found when it took the message in: its own header stands above those that came along.

    A domain can vouch for its own mailboxes only: that somebody may send for theirs says nothing of whom they name.
    """
    found = message.get_all("Authentication-Results") or []
    server, *results = (part.strip() for part in str(found[0] if found else "").split(";"))
    if server != "amazonses.com" or any(result.startswith("dmarc=fail") for result in results):
        return False
    if any(result.startswith("dmarc=pass") for result in results):
        return True
    domains = [match[1] for result in results if (match := _SIGNED_FOR.match(result))]
    if any(result.startswith("spf=pass") for result in results):
        domains += [match[1] for result in results if (match := _SENT_FOR.match(result))]
    return any(_is_of(sender.rpartition("@")[2], domain.casefold().rstrip(".")) for domain in domains)


def _is_of(mailbox: str, domain: str) -> bool:
    return mailbox == domain or mailbox.endswith(f".{domain}") or domain.endswith(f".{mailbox}")
