"""Replies: whose they are, what they ask for, and where they are kept."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

from carebook.clients.model import Client
from carebook.contacts.history import Change, HistoryEntry
from carebook.contacts.protocols import ContactStore
from carebook.errors import Conflict, NotFound, Unavailable
from carebook.files.model import File
from carebook.identity import Person
from carebook.ids import CONTACT, MESSAGE, is_id, ulid_of
from carebook.messages.consents import Agreement
from carebook.messages.delivery import change_consent
from carebook.messages.keeping import Keeping, described, lay_down
from carebook.messages.mail import MailAttachment
from carebook.messages.model import Kind, Message, Status, Step
from carebook.messages.recipients import Recipient, recipient_of
from carebook.messages.service import MessageQueue, MessageRef, told
from carebook.messages.sweeping import WaitingStore, release_waiting
from carebook.messages.words import Wish, wish_in
from carebook.observability import logger
from carebook.retrying import attempts
from carebook.settings.model import AccountSettings

_SYSTEM: Final = Person("carebook", "Carebook")


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """An account that has written to an address: to whom there, and which message was the last."""

    account: str
    recipient_id: str
    message_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What somebody wrote to us.

    Attributes:
        inbound_id: what makes it the same reply when it comes twice.
        said: what counts as their words, without what they quote.
        answers: providers' ids of messages that it answers; *token*: of the reply address that it was sent to.
        is_trusted: the sender is who they say; what only an address in it proves may not be theirs.
        is_infected: whoever took it in has found malware in it.
    """

    inbound_id: str
    channel: str
    method: str
    sender: str
    to: str | None
    subject: str
    body: str
    said: str
    at: datetime
    answers: tuple[str, ...] = ()
    token: str | None = None
    is_trusted: bool = True
    is_automatic: bool = False
    attached: tuple[MailAttachment, ...] = ()
    is_infected: bool = False


class ReplyStore(WaitingStore, Protocol):
    """What taking in replies needs of the message store."""

    def by_provider(self, provider_id: str) -> MessageRef | None:
        """The message to which a provider gave this id."""
        ...

    def by_token(self, token: str) -> MessageRef | None:
        """The message that a reply address belongs to."""
        ...

    def writers(self, channel: str, address: str) -> list[Writer]:
        """The accounts that have written to an address."""
        ...

    def receive(self, recipient: Recipient, message: Message, files: Sequence[File], entry: HistoryEntry) -> bool:
        """Keep a reply with whom it is from, and the files that come with it; whether it was not there already.

        Raises:
            Conflict: when the recipient was changed in the meantime.
        """
        ...


class ClientReader(Protocol):
    """Where clients are looked up."""

    def find(self, account: str, client_id: str, /) -> tuple[Client, AccountSettings]:
        """The client as last written, with the account's settings.

        Raises:
            NotFound: when the account has no such client.
        """
        ...


@dataclass(frozen=True, slots=True)
class Inbox:
    """All that taking in replies needs."""

    messages: ReplyStore
    contacts: ContactStore
    clients: ClientReader
    queue: MessageQueue
    keeping: Keeping
    now: Callable[[], datetime]


def take_in(inbox: Inbox, reply: Reply) -> int:
    """Keep a reply and do what it asks for; with how many people it lies now.

    Words are for the account that wrote last, or whose message they answer. STOP and START are for all that have
    written to that address from here: a phone tells them apart as little as its owner does. Whoever only says to be
    somebody speaks for the message that they answer, and for no other.
    """
    thread = _thread(inbox, reply)
    writers = inbox.messages.writers(reply.channel, reply.sender)
    if thread is None and not reply.is_trusted:
        logger.warning("A reply of somebody unproven")
        return 0
    wish = None if reply.is_automatic else wish_in(reply.said)
    latest = thread or max(writers, key=lambda writer: writer.at, default=None)
    if latest is None:
        logger.warning("A reply of somebody to whom nobody has written")
        return 0
    addressed = [latest]
    others = [writer for writer in writers if writer.account != latest.account and reply.is_trusted]
    if wish in {Wish.STOP, Wish.START}:
        addressed += others
    elif wish is Wish.AGREE:
        addressed += [one for one in others if _has_asked(inbox, reply, one)]
    kept = 0
    for writer in addressed:
        if wish is not None:
            _grant(inbox, reply, writer, wish)
        kept += _keep(inbox, reply if writer is latest else _word_of(reply), writer)
    return kept


def _word_of(reply: Reply) -> Reply:
    """What others than the one it is for are told of a reply: the wish that holds for them too, and no more."""
    return replace(reply, subject="", body=reply.said, attached=())


def _thread(inbox: Inbox, reply: Reply) -> Writer | None:
    """The message that a reply says it answers."""
    ref = inbox.messages.by_token(reply.token) if reply.token else None
    for provider_id in reply.answers:
        ref = ref or inbox.messages.by_provider(provider_id)
    if ref is None:
        return None
    return Writer(account=ref.account, recipient_id=ref.recipient_id, message_id=ref.message_id, at=reply.at)


def _has_asked(inbox: Inbox, reply: Reply, writer: Writer) -> bool:
    where = (reply.channel, reply.sender)
    return inbox.messages.consents(writer.account, [where])[where].agreement is Agreement.REQUESTED


def _grant(inbox: Inbox, reply: Reply, writer: Writer, wish: Wish) -> None:
    """Do what a word asks for, in one account; and send what waited for it."""
    address = _address_written_to(inbox, reply, writer)
    if address is None:
        return
    where = (reply.channel, address)
    why = f"{wish.value} ({reply.inbound_id})"
    consent = change_consent(inbox.messages, writer.account, where, lambda one: one.wished(wish, reply.at, why))
    if consent.agreement is Agreement.OPTED_IN:
        release_waiting(inbox.messages, inbox.queue, account=writer.account, where=where, now=inbox.now())


def _address_written_to(inbox: Inbox, reply: Reply, writer: Writer) -> str | None:
    """The address that we wrote to: people answer from others, and a wish is about the one that gets our messages.

    Where that message is gone, the sender's own, if it is theirs.
    """
    message = _message_of(inbox, writer)
    if message is not None and message.to and message.consent_channel == reply.channel:
        return message.to.casefold()
    return reply.sender if reply.is_trusted else None


def _message_of(inbox: Inbox, writer: Writer) -> Message | None:
    """The message that was written, also where a merge has moved it; None when it is gone."""
    try:
        return inbox.messages.find(MessageRef(writer.account, writer.recipient_id, writer.message_id))
    except NotFound:
        pass
    if not is_id(writer.recipient_id, CONTACT):
        return None
    try:
        contact, _settings = inbox.contacts.find(writer.account, writer.recipient_id)
        return inbox.messages.find(MessageRef(writer.account, contact.id, writer.message_id))
    except NotFound:
        return None


def _keep(inbox: Inbox, reply: Reply, writer: Writer) -> bool:
    for _ in attempts():
        try:
            recipient = _recipient(inbox, writer)
        except NotFound:  # purged since
            return False
        message = _message(reply, writer, recipient)
        try:
            kept = inbox.messages.find(MessageRef(message.account, message.recipient_id, message.id))
        except NotFound:
            kept = None
        if kept is not None:  # it came twice, and the first time may have been cut short
            lay_down(inbox.keeping, kept, reply.attached)
            return True
        keeping = inbox.keeping if is_id(recipient.id, CONTACT) else None
        attached = list(described(keeping, message, reply.attached, infected=reply.is_infected))
        message = replace(message, attachments=tuple(attachment for attachment, _ in attached))
        change = Change("messages", None, [{"id": message.id, "kind": "reply", "method": reply.method}])
        entry = told("reply_received", _SYSTEM, inbox.now(), (change,))
        files = [file for _, file in attached if file is not None]
        try:
            is_new = inbox.messages.receive(recipient, message, files, entry)
        except Conflict:
            continue
        if is_new:
            lay_down(inbox.keeping, message, reply.attached)
            return True
    raise Unavailable("Who wrote is being changed by others.")


def _recipient(inbox: Inbox, writer: Writer) -> Recipient:
    """Whom we had written to: a contact, wherever merges have led it, or a client."""
    if is_id(writer.recipient_id, CONTACT):
        return recipient_of(*inbox.contacts.find(writer.account, writer.recipient_id))
    return recipient_of(*inbox.clients.find(writer.account, writer.recipient_id))


def _message(reply: Reply, writer: Writer, recipient: Recipient) -> Message:
    """The reply as a message. Its id is made of what it is, so that it is kept once however often it comes."""
    randomness = hashlib.sha256(f"{reply.inbound_id} {writer.account}".encode()).digest()[:10]
    return Message(
        id=f"{MESSAGE}_{ulid_of(reply.at, randomness)}",
        account=writer.account,
        recipient_id=recipient.id,
        version=1,
        kind=Kind.REPLY,
        direction="in",
        method=reply.method,
        to=reply.to,
        sender=reply.sender,
        subject=reply.subject,
        body=reply.body,
        status=Status.RECEIVED,
        history=(Step(Status.RECEIVED, reply.at),),
        created_at=reply.at,
        created_by=_SYSTEM,
        in_reply_to=writer.message_id,
    )
