"""What becomes of a message now: it goes, it waits, or it does not go and why."""

from dataclasses import replace

from carebook.errors import Unavailable
from carebook.messages.attachments import TOO_LARGE, AttachmentNotReady, AttachmentSource, are_too_large, is_pdf
from carebook.messages.channels import Attached, Channel, Outgoing
from carebook.messages.filling import Filling, NotToBeFilled
from carebook.messages.model import QUIET, Message, Status
from carebook.messages.ports import Delivery
from carebook.messages.quiet import released_at
from carebook.messages.recipients import Recipient
from carebook.messages.situations import Situation
from carebook.settings.model import AccountSettings


def decide(delivery: Delivery, situation: Situation) -> Message | tuple[Channel, Outgoing] | None:
    """What to do with a message: nothing, another status, or sending it."""
    message, recipient, now = situation.message, situation.recipient, delivery.now()
    if not message.can_be_claimed or recipient is None:
        return None
    if recipient.archived:
        return message.stepped(Status.SKIPPED, now, reason="archived")
    if message.status is Status.SENDING and message.is_given_up(now):
        return message.stepped(Status.FAILED, now, reason="provider_unavailable")
    pointless = _out_of_place(situation, message, recipient) or delivery.overtaken(message, recipient.id, now)
    if pointless is not None:
        return message.stepped(Status.SKIPPED, now, reason=pointless)
    refusal = None if situation.consent is None else situation.consent.refusal()
    if refusal is not None:
        status = Status.OPTED_OUT if refusal == "opted_out" else Status.SKIPPED
        return message.stepped(status, now, reason=refusal)
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


def _out_of_place(situation: Situation, message: Message, recipient: Recipient) -> str | None:
    """Why this recipient is not to be written to at that address any more.

    Raises:
        Unavailable: when the address may be on its way from one contact to another.
    """
    if situation.is_unlinked:
        return "unlinked"
    if message.to is None or message.to in recipient.on_file:
        return None
    if recipient.merging:
        raise Unavailable("A merge is moving it.")
    return "address_removed"  # whoever put a wrong number right must not see a stranger get what waited


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
