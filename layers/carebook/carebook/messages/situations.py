"""Messages of a batch with what decides about each, gathered for all of them together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from carebook.errors import NotFound
from carebook.ids import CONTACT, is_id
from carebook.messages.consenting import where_of
from carebook.messages.consents import Consent
from carebook.messages.model import Message
from carebook.messages.ports import Delivery
from carebook.messages.recipients import Recipient
from carebook.messages.service import MessageRef
from carebook.settings.model import AccountSettings


@dataclass(slots=True)
class Situation:
    """A message and what decides about it.

    Attributes:
        is_unlinked: it is a copy for somebody who does not belong to the client any more.
    """

    ref: MessageRef
    message: Message
    settings: AccountSettings
    recipient: Recipient | None
    consent: Consent | None
    is_unlinked: bool


def situations(delivery: Delivery, refs: Sequence[MessageRef]) -> list[Situation]:
    """Messages with what decides about them: one request for the messages, and two for each account; one for copies."""
    loaded, settings_of = delivery.messages.load_with_settings(refs)
    for ref in refs:
        if ref not in loaded and (moved := found_elsewhere(delivery, ref)) is not None:
            loaded[ref] = moved
    found: list[Situation] = []
    for account in dict.fromkeys(ref.account for ref in loaded):
        messages = {ref: message for ref, message in loaded.items() if ref.account == account}
        settings = settings_of[account]
        ids = [message.recipient_id for message in messages.values()]
        recipients = delivery.recipients.those(account, ids, settings)
        wheres = {ref: where_of(message) for ref, message in messages.items()}
        addresses = [where for where in dict.fromkeys(wheres.values()) if where is not None]
        consents = delivery.messages.consents(account, addresses)
        unlinked = _unlinked(delivery, account, messages.values(), recipients)
        for ref, message in messages.items():
            where = wheres[ref]
            consent = None if where is None else consents[where]
            recipient = recipients.get(message.recipient_id)
            found.append(Situation(ref, message, settings, recipient, consent, message.id in unlinked))
    return found


def _unlinked(
    delivery: Delivery, account: str, messages: Iterable[Message], recipients: Mapping[str, Recipient]
) -> set[str]:
    """The ids of copies for people who do not belong to the client any more."""
    copies = {
        message.id: (message.client_id, recipients[message.recipient_id].id)
        for message in messages
        if message.cc_of is not None and message.client_id is not None and message.recipient_id in recipients
    }
    if not copies:
        return set()
    linked = set(delivery.linked(account, set(copies.values())))
    return {message_id for message_id, pair in copies.items() if pair not in linked}


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
