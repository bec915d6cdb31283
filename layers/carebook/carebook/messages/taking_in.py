"""Taking in replies: whose they are, what they ask for, and where they are kept."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from carebook.contacts.history import Change
from carebook.errors import Conflict, NotFound, Unavailable
from carebook.identity import Person
from carebook.ids import CONTACT, MESSAGE, is_id, ulid_of
from carebook.messages.consents import Agreement
from carebook.messages.delivery import change_consent
from carebook.messages.keeping import described, lay_down
from carebook.messages.model import Kind, Message, Status, Step
from carebook.messages.recipients import Recipient, recipient_of
from carebook.messages.replies import Inbox, Reply, Writer
from carebook.messages.service import MessageRef, told
from carebook.messages.sweeping import release_waiting
from carebook.messages.words import Wish, wish_in
from carebook.observability import logger
from carebook.retrying import attempts

TELEPHONE: Final = "tel"
_SYSTEM: Final = Person("carebook", "Carebook")


def take_in(inbox: Inbox, reply: Reply) -> int:
    """Keep a reply and do what it asks for; with how many people it lies now.

    Words are for the account that wrote last, or whose message they answer. STOP and START are for all that have
    written to that address from here: a phone tells them apart as little as its owner does. Whoever only says to be
    somebody speaks for the message that they answer, and for no other.
    """
    thread = _thread(inbox, reply)
    writers = inbox.messages.writers(reply.channel, reply.sender)
    accounts = {writer.account for writer in (thread, *writers) if writer is not None}
    kept_as = inbox.messages.received(accounts, reply.inbound_id)
    if thread is None and not reply.is_trusted:
        logger.warning("A reply of somebody unproven")
        return 0
    wish = None if reply.is_automatic else wish_in(reply.said)
    # Whoever has got it already: somebody else may have written to that address since.
    latest = thread or next((writer for writer in writers if writer.account in kept_as), None)
    latest = latest or max(writers, key=lambda writer: writer.at, default=None)
    if latest is None:
        logger.warning("A reply of somebody to whom nobody has written")
        return 0
    addressed = [latest]
    others = [writer for writer in writers if writer.account != latest.account and reply.is_trusted]
    if wish in {Wish.STOP, Wish.START}:
        addressed += others
    elif wish is Wish.AGREE:
        addressed += [one for one in others if _has_asked(inbox, reply, one)]
    if wish is not None:
        # What it asks for is done before it is kept: where it lies already, a repeat must not ask once more.
        _grant(inbox, reply, wish, [writer for writer in addressed if writer.account not in kept_as])
    kept = 0
    for writer in addressed:
        told_of = reply if writer is latest else _word_of(reply)
        kept += _keep(inbox, told_of, writer, kept_as.get(writer.account))
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
    consent = inbox.messages.consents(writer.account, [where])[where]
    # Or it did, and the run in which the answer came was cut short.
    return consent.agreement is Agreement.REQUESTED or consent.was_said(Wish.AGREE, reply.inbound_id)


def _grant(inbox: Inbox, reply: Reply, wish: Wish, writers: Sequence[Writer]) -> None:
    """Do what a word asks for, in the accounts of *writers*; and send what waited for it."""
    agreed: list[tuple[str, tuple[str, str]]] = []
    for writer in writers:
        address = _address_meant(inbox, reply, wish, writer)
        if address is None:
            continue
        where = (reply.channel, address)
        consent = change_consent(
            inbox.messages, writer.account, where, lambda one: one.wished(wish, reply.at, reply.inbound_id)
        )
        if consent.agreement is Agreement.OPTED_IN:
            agreed.append((writer.account, where))
    if wish is Wish.START and reply.channel == TELEPHONE and agreed:
        inbox.opt_outs().take_off(reply.sender)
    for account, where in agreed:
        release_waiting(inbox.messages, inbox.queue, account=account, where=where, now=inbox.now())


def _address_meant(inbox: Inbox, reply: Reply, wish: Wish, writer: Writer) -> str | None:
    """The address that a wish is about: the one that gets our messages, as people answer e-mails from others.

    Where that message is gone, the sender's own, if it is theirs. Who wants texts to a number has to text from it.
    """
    if reply.channel == TELEPHONE and wish is not Wish.STOP:
        return reply.sender
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


def _keep(inbox: Inbox, reply: Reply, writer: Writer, kept_as: str | None) -> bool:
    """Keep a reply with whom it is from; whether it lies there now.

    Args:
        kept_as: the message as which it was kept before; only what the first time may have left undone is done.
    """
    for _ in attempts():
        try:
            recipient = _recipient(inbox, writer)
        except NotFound:  # purged since
            return False
        if kept_as is not None:
            _lay_down_again(inbox, MessageRef(writer.account, recipient.id, kept_as), reply)
            return True
        message = _message(reply, writer, recipient)
        keeping = inbox.keeping if is_id(recipient.id, CONTACT) else None
        attached = list(described(keeping, message, reply.attached, infected=reply.is_infected))
        message = replace(message, attachments=tuple(attachment for attachment, _ in attached))
        change = Change("messages", None, [{"id": message.id, "kind": "reply", "method": reply.method}])
        entry = told("reply_received", _SYSTEM, inbox.now(), (change,))
        files = [file for _, file in attached if file is not None]
        try:
            is_new = inbox.messages.receive(recipient, message, files, entry, inbound_id=reply.inbound_id)
        except Conflict:
            continue
        if is_new:
            lay_down(inbox.keeping, message, reply.attached)
            return True
        # Somebody else has taken it in at this moment.
        kept_as = inbox.messages.received([writer.account], reply.inbound_id).get(writer.account, message.id)
    raise Unavailable("Who wrote is being changed by others.")


def _lay_down_again(inbox: Inbox, ref: MessageRef, reply: Reply) -> None:
    """Lay down what came with a reply that is kept: the first time may have been cut short."""
    try:
        kept = inbox.messages.find(ref)
    except NotFound:  # it was moved since, or is gone
        return
    lay_down(inbox.keeping, kept, reply.attached)


def _recipient(inbox: Inbox, writer: Writer) -> Recipient:
    """Whom we had written to: a contact, wherever merges have led it, or a client."""
    if is_id(writer.recipient_id, CONTACT):
        return recipient_of(*inbox.contacts.find(writer.account, writer.recipient_id))
    return recipient_of(*inbox.clients.find(writer.account, writer.recipient_id))


def _message(reply: Reply, writer: Writer, recipient: Recipient) -> Message:
    """The reply as a message, in the order of when it came."""
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
