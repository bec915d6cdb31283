"""Sending what is queued: each message once, whatever falls over, and whoever asks for it again.

A message is claimed by a conditional write before the provider is called, and what came of it is written after. What
was claimed and never told of is never sent again by itself: only the provider knows, and its receipt may still say so.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Protocol

from carebook.addresses import consent_address
from carebook.errors import Conflict, NotFound, Unavailable
from carebook.ids import CONTACT, is_id
from carebook.messages.attachments import TOO_LARGE, AttachmentNotReady, AttachmentSource, are_too_large, is_pdf
from carebook.messages.channels import Accepted, Attached, Busy, Channel, Channels, Outcome, Outgoing, Refused, Unknown
from carebook.messages.consents import Agreement, Consent
from carebook.messages.filling import NOTHING_TO_FILL, Filling, NotToBeFilled
from carebook.messages.model import OUTCOME_UNKNOWN, QUIET, Message, Status
from carebook.messages.quiet import released_at
from carebook.messages.recipients import Recipient
from carebook.messages.service import MessageRef, ref_of
from carebook.observability import logger
from carebook.retrying import attempts
from carebook.settings.model import AccountSettings

_FIRST_PAUSE: Final = 30
_LONGEST_PAUSE: Final = 900


class DeliveryStore(Protocol):
    """What the delivery needs of the message store."""

    def find(self, ref: MessageRef) -> Message:
        """One message as last written; see :class:`carebook.messages.service.MessageStore`."""
        ...

    def load(self, refs: Sequence[MessageRef]) -> dict[MessageRef, Message]:
        """Those of the messages that are where the references say."""
        ...

    def consents(self, account: str, addresses: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Consent]:
        """What is known of each channel and address."""
        ...

    def replace(self, before: Message, after: Message) -> None:
        """Keep *after* in place of *before*.

        Raises:
            Conflict: when *before* is not what is kept any more.
        """
        ...

    def claim(self, before: Message, claimed: Message, done: tuple[Message, Message] | None) -> tuple[bool, bool]:
        """Keep the claim, note that the account writes to that address, and keep what came of the message *done*.

        Returns:
            Whether the claim is kept, and whether *done* is; each only if it was still what it was before.
        """
        ...

    def change_consent(self, before: Consent, after: Consent) -> None:
        """Keep *after* in place of *before*.

        Raises:
            Conflict: when *before* is not what is kept any more.
        """
        ...


class Recipients(Protocol):
    """Where recipients are looked up."""

    def those(self, account: str, ids: Iterable[str], settings: AccountSettings) -> dict[str, Recipient]:
        """The recipients by the id that was asked for; those that are gone are missing."""
        ...


class SettingsReader(Protocol):
    """Where settings are looked up."""

    def current(self, account: str) -> AccountSettings:
        """The account's settings."""
        ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """All that the delivery needs.

    Attributes:
        is_linked: whether, in an account, a client has a contact; who was unlinked gets no copy any more.
        overtaken: why a message that has waited for a recipient tells of what is not so any more; None when it is.
    """

    messages: DeliveryStore
    recipients: Recipients
    settings: SettingsReader
    attachments: AttachmentSource
    channels: Channels
    now: Callable[[], datetime]
    filling: Filling = NOTHING_TO_FILL
    is_linked: Callable[[str, str, str], bool] = lambda _account, _client_id, _contact_id: True
    overtaken: Callable[[Message, str, datetime], str | None] = lambda _message, _recipient_id, _now: None


@dataclass(slots=True)
class Situation:
    """A message and what decides about it."""

    ref: MessageRef
    message: Message
    settings: AccountSettings
    recipient: Recipient | None
    consent: Consent | None


def deliver(delivery: Delivery, refs: Sequence[MessageRef], *, go_on: Callable[[], bool]) -> dict[MessageRef, int]:
    """Send what *refs* name; those to be tried again, each with the seconds to wait."""
    run = _Run(delivery)
    for situation in situations(delivery, refs):
        if not go_on():
            run.later[situation.ref] = 0
            continue
        try:
            run.take(situation)
        except Exception:  # noqa: BLE001 - one bad message must not keep the others waiting
            logger.exception("Message failed", message_id=situation.ref.message_id)
            run.later[situation.ref] = pause(situation.message.tried + 1)
    run.finish()
    return run.later


@dataclass(slots=True)
class _Run:
    """One run of the delivery.

    Attributes:
        later: what is to be tried again, with the seconds to wait.
        busy: methods whose provider has said that it has too much to do; it is not asked again in this run.
        done: the last message that went to a provider, and what came of it: written with the next claim.
    """

    delivery: Delivery
    later: dict[MessageRef, int] = field(default_factory=dict)
    busy: set[str] = field(default_factory=set)
    done: tuple[Message, Message] | None = None

    def take(self, situation: Situation) -> None:
        """Decide about one message, and send it if that is the decision."""
        message = situation.message
        step = _decide(self.delivery, situation)
        if isinstance(step, Message):
            _keep(self.delivery, message, step)
        elif step is not None and message.method in self.busy:
            self.later[situation.ref] = pause(message.tried + 1)
        elif step is not None:
            self._hand_over(situation.ref, message, *step)

    def _hand_over(self, ref: MessageRef, message: Message, channel: Channel, outgoing: Outgoing) -> None:
        claimed = message.claimed(self.delivery.now())
        is_mine, is_done = self.delivery.messages.claim(message, claimed, self.done)
        if is_done:
            self.done = None
        self.finish()
        if not is_mine:
            return
        outcome = _send(channel, outgoing)
        self.done = (claimed, _after(claimed, outcome, self.delivery.now()))
        if isinstance(outcome, Busy):
            self.busy.add(claimed.method)
            self.later[ref] = pause(claimed.tried)
        if isinstance(outcome, Refused) and outcome.opted_out:
            note_opt_out(self.delivery.messages, claimed, self.delivery.now(), "the provider says so")

    def finish(self) -> None:
        """Write what came of the last message, if that is not written yet."""
        if self.done is not None:
            done, self.done = self.done, None
            _finish(self.delivery, *done)


def situations(delivery: Delivery, refs: Sequence[MessageRef]) -> list[Situation]:
    """Messages with what decides about them: a request for the messages, and three for each account."""
    loaded = delivery.messages.load(refs)
    for ref in refs:
        if ref not in loaded and (moved := found_elsewhere(delivery, ref)) is not None:
            loaded[ref] = moved
    found: list[Situation] = []
    for account in dict.fromkeys(ref.account for ref in loaded):
        messages = {ref: message for ref, message in loaded.items() if ref.account == account}
        settings = delivery.settings.current(account)
        ids = [message.recipient_id for message in messages.values()]
        recipients = delivery.recipients.those(account, ids, settings)
        wheres = {ref: where_of(message) for ref, message in messages.items()}
        addresses = [where for where in dict.fromkeys(wheres.values()) if where is not None]
        consents = delivery.messages.consents(account, addresses)
        for ref, message in messages.items():
            where = wheres[ref]
            consent = None if where is None else consents[where]
            found.append(Situation(ref, message, settings, recipients.get(message.recipient_id), consent))
    return found


def found_elsewhere(delivery: Delivery, ref: MessageRef) -> Message | None:
    """The message with the contact into which its recipient was merged; None when it is gone.

    What an unmerge gave back is found by the sweep, which knows where everything lies.
    """
    if not is_id(ref.recipient_id, CONTACT):
        return None
    settings = delivery.settings.current(ref.account)
    now = delivery.recipients.those(ref.account, [ref.recipient_id], settings).get(ref.recipient_id)
    if now is None or now.id == ref.recipient_id:
        return None
    try:
        return delivery.messages.find(MessageRef(ref.account, now.id, ref.message_id))
    except NotFound:
        return None


def where_of(message: Message) -> tuple[str, str] | None:
    """Channel and address of the consent that a message needs."""
    return None if message.to is None else consent_address(message.method, message.to)


def pause(tried: int) -> int:
    """Seconds until the next try: longer each time, and never all at the same moment."""
    longest = min(_FIRST_PAUSE * 2 ** min(max(tried - 1, 0), 10), _LONGEST_PAUSE)
    return random.randint(longest // 2, longest)  # noqa: S311 - spreads retries, guards nothing


def _decide(delivery: Delivery, situation: Situation) -> Message | tuple[Channel, Outgoing] | None:
    """What to do with a message: nothing, another status, or sending it."""
    message, recipient, now = situation.message, situation.recipient, delivery.now()
    if not message.can_be_claimed or recipient is None:
        return None
    if recipient.archived:
        return message.stepped(Status.SKIPPED, now, reason="archived")
    if message.status is Status.SENDING and message.is_given_up(now):
        return message.stepped(Status.FAILED, now, reason="provider_unavailable")
    pointless = (
        "unlinked" if _is_unlinked(delivery, message, recipient) else delivery.overtaken(message, recipient.id, now)
    )
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
            return message.released(release) if message.due_at != release else None
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


def _is_unlinked(delivery: Delivery, message: Message, recipient: Recipient) -> bool:
    """Whether it is a copy for somebody who does not belong to the client any more."""
    if message.cc_of is None or message.client_id is None:
        return False
    return not delivery.is_linked(message.account, message.client_id, recipient.id)


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


def _send(channel: Channel, outgoing: Outgoing) -> Outcome:
    try:
        return channel.send(outgoing)
    except Exception as surprise:  # noqa: BLE001 - the provider may have been called: never again by itself
        logger.exception("Channel failed", message_id=outgoing.ids["message"])
        return Unknown(type(surprise).__name__)


def _after(message: Message, outcome: Outcome, now: datetime) -> Message:
    """The message after what came of it."""
    match outcome:
        case Accepted(provider_id):
            return message.accepted(provider_id, now)
        case Refused(reason, opted_out):
            return message.stepped(Status.OPTED_OUT if opted_out else Status.FAILED, now, reason=reason)
        case Busy():
            return message.released(now)
        case Unknown(detail):
            return message.stepped(Status.FAILED, now, reason=OUTCOME_UNKNOWN, detail=f"{OUTCOME_UNKNOWN}: {detail}")


def _keep(delivery: Delivery, before: Message, after: Message) -> None:
    try:
        delivery.messages.replace(before, after)
    except Conflict:
        logger.info("Message was changed in the meantime", message_id=before.id)  # whoever did will have it sent


def _finish(delivery: Delivery, claimed: Message, after: Message) -> None:
    """Keep what came of a message, also when a receipt was faster or a merge has moved it."""
    before = claimed
    for _ in attempts():
        try:
            delivery.messages.replace(before, after)
        except Conflict:
            now = _now(delivery, claimed)
            if now is None:
                return
            before, after = now, _on_top_of(now, after)
            if after is before:
                return
            continue
        return
    raise Unavailable("The message is being changed by others.")


def _now(delivery: Delivery, message: Message) -> Message | None:
    try:
        return delivery.messages.find(ref_of(message))
    except NotFound:
        return found_elsewhere(delivery, ref_of(message))


def _on_top_of(now: Message, outcome: Message) -> Message:
    """What we know of a message, put on top of what somebody else has written meanwhile."""
    if outcome.provider_id is not None and now.provider_id is None:
        return now.accepted(outcome.provider_id, outcome.history[-1].at)
    if now.claimed_at is None or not now.is_behind(outcome.status):
        return now
    last = outcome.history[-1]
    return now.told(last.status, last.at, detail=last.detail, reason=outcome.reason)


def note_opt_out(messages: DeliveryStore, message: Message, now: datetime, why: str) -> None:
    """Remember that the owner of a message's address wants none."""
    where = where_of(message)
    if where is not None:
        change_consent(messages, message.account, where, lambda one: one.changed(Agreement.OPTED_OUT, now, why))


def change_consent(
    messages: DeliveryStore, account: str, where: tuple[str, str], change: Callable[[Consent], Consent]
) -> Consent:
    """An address's consent with a change applied, whoever else changes it."""
    for _ in attempts():
        before = messages.consents(account, [where])[where]
        after = change(before)
        if after is before:
            return before
        try:
            messages.change_consent(before, after)
        except Conflict:
            continue
        return after
    raise Unavailable("The consent is being changed by others.")
