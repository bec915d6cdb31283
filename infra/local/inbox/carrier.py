"""The carrier between a practice and its recipients: keeps what is sent, tells what became of it, hands on answers."""

import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from infra.local.inbox.answers import (
    HELP_ANSWER,
    HELP_WORDS,
    OPT_OUT_WORDS,
    OPTED_OUT_ANSWER,
    inbound_text,
    keyword_of,
    raw_mail,
    received_notification,
    reply_subject,
)
from infra.local.inbox.aws import NAMES, SentByAws, Undeliverable
from infra.local.inbox.events import AUTOMATIC, ORIGIN, bare_address, event_body, event_types
from infra.local.inbox.mail import is_fax_address, ses_message_id
from infra.local.inbox.sms_voice import DEFAULT_LIST, e164
from infra.local.inbox.store import Attachment, Message, Store

BETWEEN_EVENTS: Final = 0.2
LOOKED_EVERY: Final = 0.1
ON_ITS_WAY: Final = 5.0
"""Seconds for which a mail in the embedded AWS's list may still be one that is just coming through here."""
MAIL_PREFIX: Final = "mail/"
"""Where the receipt rule lays mail in its bucket, unless the stack says otherwise."""
SES_SUBJECT: Final = "Amazon SES Email Event Notification"


class Network(Protocol):
    """What the carrier needs of the embedded AWS."""

    def find(self, name: str) -> str | None: ...

    def publish(self, name: str, body: Mapping[str, Any], *, subject: str | None = None) -> None: ...

    def put_mail(self, bucket: str, key: str, raw: bytes) -> None: ...

    def sent(self) -> SentByAws: ...


@dataclass(slots=True)
class Receipts:
    """Whether the carrier tells by itself that messages arrived, and how many seconds after they were sent."""

    automatic: bool = True
    after_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody writes to the practice: a reply when it stands on *to_message*, else out of the blue.

    A *forged* mail is one for which the sender's domain does not vouch.
    """

    channel: str
    sender: str
    to: str
    text: str
    subject: str = ""
    attachments: Sequence[Attachment] = ()
    to_message: Message | None = None
    forged: bool = False


class Carrier:
    """All that a carrier does."""

    def __init__(
        self, store: Store, aws: Network, receipts: Receipts | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        self.store, self.aws, self.receipts, self._clock = store, aws, receipts or Receipts(), clock
        self._ended = threading.Event()

    def sent(self, message: Message) -> None:
        """Take a message; what becomes of it by itself follows."""
        if not self.store.add(message) or not self.receipts.automatic:
            return
        begin = self._clock() + self.receipts.after_seconds
        self.store.add_events(
            (message.id, kind, {}, begin + BETWEEN_EVENTS * position)
            for position, kind in enumerate(AUTOMATIC[message.channel])
            if kind in event_types(message)
        )

    def is_fax(self, address: str) -> bool:
        """Whether a mail to *address* comes out of a fax machine."""
        return is_fax_address(address, self.aws.find("fax_domain"))

    def tell(self, message: Message, kind: str, details: Mapping[str, Any]) -> None:
        """Publish that *kind* became of *message*, now."""
        self.store.add_events([(message.id, kind, details, self._clock())])
        self.publish_due()

    def publish_due(self) -> int:
        """Publish what is due; how many events. Each may go out twice, as AWS's do."""
        events = self.store.due(self._clock())
        for event in events:
            message = self.store.find(event.message_id)
            if message is None:
                self.store.unpublished(event.number, "The message is gone.")
                continue
            body = event_body(message, event.type, event.due_at, event.details)
            try:
                self.aws.publish("receipts", body, subject=SES_SUBJECT if message.provider == "ses" else None)
            except Undeliverable as problem:
                self.store.unpublished(event.number, str(problem))
            else:
                self.store.published(event.number, self._clock())
        return len(events)

    def answer(self, answer: Answer) -> Message:
        """Hand on what somebody wrote; the message as kept.

        Raises:
            Undeliverable: when the stack has no place for it. It is kept all the same.
            ValueError: when an address or a subject cannot stand in a mail.
        """
        return self._text(answer) if answer.channel == "sms" else self._mail(answer)

    def _text(self, answer: Answer) -> Message:
        before = answer.to_message
        message_id, sender = str(uuid.uuid4()), e164(answer.sender)
        made = Message(
            id=message_id,
            provider="sms_voice",
            provider_id=message_id,
            channel="sms",
            direction="in",
            sender=sender,
            recipient=answer.to or ORIGIN,
            text=answer.text,
            at=self._clock(),
        )
        self.store.add(made)
        self._obey(made)
        body = inbound_text(
            sender=sender,
            to=made.recipient,
            text=answer.text,
            message_id=message_id,
            in_reply_to=before.provider_id if before else None,
        )
        self.aws.publish("inbound", body)
        return made

    def _obey(self, made: Message) -> None:
        """What the platform does by itself with the words that it knows."""
        word = keyword_of(made.text)
        if word in OPT_OUT_WORDS:
            self.store.opt_out(DEFAULT_LIST, made.sender, made.at, by_recipient=True)
        if word is not None:
            text = HELP_ANSWER if word in HELP_WORDS else OPTED_OUT_ANSWER
            answer = replace(
                made, id=str(uuid.uuid4()), direction="out", sender=made.recipient, recipient=made.sender, text=text
            )
            self.store.add(replace(answer, provider_id=answer.id, request={"automatic": True}))

    def _mail(self, answer: Answer) -> Message:
        before, at = answer.to_message, self._clock()
        subject = answer.subject or (reply_subject(before.subject) if before else "")
        raw = raw_mail(
            sender=answer.sender,
            to=answer.to,
            subject=subject,
            text=answer.text,
            at=at,
            attachments=answer.attachments,
            in_reply_to=before,
            forged=answer.forged,
        )
        message_id = uuid.uuid4().hex
        made = Message(
            id=message_id,
            provider="ses",
            provider_id=message_id,
            channel="fax" if answer.channel == "fax" else "email",
            direction="in",
            sender=bare_address(answer.sender),
            recipient=bare_address(answer.to),
            subject=subject,
            text=answer.text,
            at=at,
            attachments=answer.attachments,
        )
        self.store.add(made)
        self._receive(made, answer, raw)
        return made

    def _receive(self, made: Message, answer: Answer, raw: bytes) -> None:
        """Do as a receipt rule of SES does: the mail into S3, the news to the topic."""
        bucket, topic = self.aws.find("inbound_bucket"), self.aws.find("inbound")
        for found, name in ((bucket, "inbound_bucket"), (topic, "inbound")):
            if found is None:
                raise Undeliverable(f"The stack has no output {NAMES[name]}, so nobody hears of it.")
        assert bucket is not None  # noqa: S101 - for mypy
        assert topic is not None  # noqa: S101
        prefix = self.aws.find("inbound_prefix")
        key = (MAIL_PREFIX if prefix is None else prefix) + made.provider_id
        self.aws.put_mail(bucket, key, raw)
        body = received_notification(
            sender=answer.sender,
            to=made.recipient,
            subject=made.subject,
            message_id=made.provider_id,
            at=made.at,
            bucket=bucket,
            key=key,
            topic=topic,
            forged=answer.forged,
        )
        self.aws.publish("inbound", body, subject="Amazon SES Email Receipt Notification")

    def collect(self) -> None:
        """Take in what the embedded AWS sent by itself."""
        sent = self.aws.sent()
        for text in sent.texts:
            number = text["PhoneNumber"]
            attributes = text.get("MessageAttributes") or {}
            self.store.add(
                Message(
                    id=text["MessageId"],
                    provider="sns",
                    provider_id=text["MessageId"],
                    channel="sms",
                    direction="out",
                    sender=ORIGIN,
                    recipient=number,
                    text=text["Message"],
                    at=self._clock(),
                    request={"attributes": attributes} if attributes else {},
                )
            )
        for mail in sent.mails:
            if self._clock() - mail["Timestamp"] > ON_ITS_WAY:
                self._collect_mail(mail)

    def _collect_mail(self, mail: Mapping[str, Any]) -> None:
        known = ses_message_id(mail["MessageId"])
        for position, address in enumerate([*mail["To"], *mail["CC"], *mail["BCC"]]):
            self.sent(
                Message(
                    id=known if position == 0 else f"{known}.{position}",
                    provider="ses",
                    provider_id=known,
                    channel="fax" if self.is_fax(address) else "email",
                    direction="out",
                    sender=mail["Source"],
                    recipient=bare_address(address),
                    subject=mail["Subject"],
                    text=mail["BodyText"] or "",
                    html=mail["BodyHtml"],
                    at=mail["Timestamp"],
                )
            )

    def work(self) -> None:
        """Publish what comes due, until :meth:`end`."""
        while not self._ended.is_set():
            if not self.publish_due():
                self._ended.wait(LOOKED_EVERY)

    def end(self) -> None:
        """Stop working."""
        self._ended.set()
