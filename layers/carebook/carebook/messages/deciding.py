"""What becomes of a message now: it goes, it waits, or it does not go and why."""

from dataclasses import replace
from datetime import datetime

from carebook.errors import Unavailable
from carebook.messages.attachments import TOO_LARGE, AttachmentNotReady, AttachmentSource, are_too_large, is_pdf
from carebook.messages.channels import Attached, Channel, Outgoing
from carebook.messages.filling import Filling, NotToBeFilled
from carebook.messages.model import QUIET, Message, Status
from carebook.messages.ports import Delivery
from carebook.messages.quiet import released_at
from carebook.messages.readdressing import ADDRESS_REMOVED, address_now, is_theirs, readdressed
from carebook.messages.recipients import Recipient
from carebook.messages.situations import Situation
from carebook.settings.model import AccountSettings


def decide(delivery: Delivery, situation: Situation) -> Message | tuple[Channel, Outgoing] | None:
    """What to do with a message: nothing, another status, or sending it; queued is to be asked about once more."""
    message, recipient, now = situation.message, situation.recipient, delivery.now()
    if not message.can_be_claimed or recipient is None:
        return None
    kept_back = _kept_back(delivery, situation, recipient, now)
    if kept_back is not None:
        return kept_back
    hours = situation.settings.values["quiet_hours"]
    release = released_at(now, method=message.method, time_zone=recipient.time_zone, hours=hours)
    if release is not None:
        if message.status is Status.SENDING:  # it has been tried: how far it has come does not go back
            return message.put_off(release) if message.due_at != release else None
        return message.stepped(Status.HELD, now, reason=QUIET, due_at=release)
    channel = delivery.channels.of(message.method)
    if channel is None or message.to is None:
        return message.stepped(Status.SKIPPED, now, reason="channel_not_configured")
    try:
        attached = _attached(delivery.attachments, message, recipient)
        body = _body(delivery.filling, message, recipient)
    except (AttachmentNotReady, NotToBeFilled) as refused:
        return message.stepped(Status.FAILED, now, reason=refused.reason)
    return channel, replace(_outgoing(message, message.to, situation.settings, attached), body=body)


def _kept_back(delivery: Delivery, situation: Situation, recipient: Recipient, now: datetime) -> Message | None:
    """The message in the status it has when it does not go, whatever the hour and the channel; None when it may."""
    message = situation.message
    if recipient.archived:
        return message.stepped(Status.SKIPPED, now, reason="archived")
    if message.status is Status.SENDING and message.is_given_up(now):
        return message.stepped(Status.FAILED, now, reason="provider_unavailable")
    pointless = "unlinked" if situation.is_unlinked else delivery.overtaken(message, recipient.id, now)
    if pointless is not None:
        return message.stepped(Status.SKIPPED, now, reason=pointless)
    if not is_theirs(message, recipient):
        return _for_another_address(delivery, message, recipient, situation.settings)
    refusal = None if situation.consent is None else situation.consent.refusal()
    if refusal is None:
        return None
    return message.stepped(Status.OPTED_OUT if refusal == "opted_out" else Status.SKIPPED, now, reason=refusal)


def _for_another_address(
    delivery: Delivery, message: Message, recipient: Recipient, settings: AccountSettings
) -> Message:
    """The message in the status it has when its address is off the file.

    Whoever put a wrong number right must not see a stranger get what waited. Staff see to what they wrote themselves;
    what writes itself goes to the right one.

    Raises:
        Unavailable: when the address may be on its way from one contact to another.
    """
    if recipient.merging:
        raise Unavailable("A merge is moving it.")
    to = None if message.about is None else address_now(delivery.messages, message, recipient, settings)
    if to is None:
        return message.stepped(Status.SKIPPED, delivery.now(), reason=ADDRESS_REMOVED)
    return readdressed(message, to, delivery.now())


def _attached(source: AttachmentSource, message: Message, recipient: Recipient) -> tuple[Attached, ...]:
    """What goes along, as it is now.

    Raises:
        AttachmentNotReady: when it does not go any more.
        Unavailable: when it may be on its way from one contact to another.
    """
    attached: list[Attached] = []
    for one in message.attachments:
        try:
            content = source.content(message.account, recipient.id, one)
        except AttachmentNotReady:
            if recipient.merging:
                raise Unavailable("A merge is moving it.") from None
            raise
        if message.method == "fax" and not is_pdf(content):
            raise AttachmentNotReady("attachment_not_pdf")
        attached.append(Attached(one.name, one.content_type, content))
        if are_too_large(len(each.content) for each in attached):
            raise AttachmentNotReady(TOO_LARGE)
    return tuple(attached)


def _body(filling: Filling, message: Message, recipient: Recipient) -> str:
    """The body as it goes out.

    Raises:
        NotToBeFilled: when what belongs into it is not there any more.
        Unavailable: when it may be on its way from one contact to another.
    """
    try:
        return filling.body(message, recipient.id)
    except NotToBeFilled:
        if recipient.merging:
            raise Unavailable("A merge is moving it.") from None
        raise


def _outgoing(message: Message, to: str, settings: AccountSettings, attached: tuple[Attached, ...]) -> Outgoing:
    return Outgoing(
        ids={
            "account": message.account,
            "recipient": message.recipient_id,
            "message": message.id,
            "attempt": str(message.tried + 1),
        },
        to=to,
        subject=message.subject,
        body=message.body,
        sender=settings.values["practice_name"] or "Your healthcare practice",
        attachments=attached,
        reply_token=message.reply_token,
    )
