"""What becomes of a message whose address was taken off its recipient's file before it went."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol

from carebook.addresses import consent_address, is_among
from carebook.messages.consents import Agreement, Consent
from carebook.messages.model import NOT_OPTED_IN, QUEUED_FOR, Kind, Message, Status
from carebook.messages.recipients import Recipient
from carebook.settings.model import AccountSettings

ADDRESS_REMOVED: Final = "address_removed"


class KnownConsents(Protocol):
    """Where it is kept who may be written to."""

    def consents(self, account: str, addresses: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Consent]:
        """What is known of each channel and address."""
        ...


def is_theirs(message: Message, recipient: Recipient) -> bool:
    """Whether what a message goes to is on its recipient's file."""
    return message.to is None or is_among(message.to, recipient.on_file)


def address_now(known: KnownConsents, message: Message, recipient: Recipient, settings: AccountSettings) -> str | None:
    """The recipient's number or address of today for the message's method; None when it may not go there.

    Once a provider was asked, a message has its address for good: what is told of it later, receipts and replies, is
    about that one. A share's link and code were sent by ways that were chosen together, and go by no others.
    """
    reach = recipient.reach.get(message.method)
    if message.was_asked or message.share_id is not None or reach is None or not reach.ok or reach.to is None:
        return None
    return reach.to if refusal_at(known, message, reach.to, settings) is None else None


def refusal_at(known: KnownConsents, message: Message, to: str, settings: AccountSettings) -> str | None:
    """Why a message may not go to a number or address; None when it may."""
    where = consent_address(message.method, to)
    if where is None:
        return None
    consent = known.consents(message.account, [where])[where]
    asks = settings.values["opt_in_required"] and message.kind is not Kind.OPT_IN_REQUEST
    if asks and consent.agreement is not Agreement.OPTED_IN:
        return consent.refusal() or NOT_OPTED_IN
    return consent.refusal()


def readdressed(message: Message, to: str, now: datetime) -> Message:
    """The next version of a message that was not sent yet, queued for another address."""
    queued = message.stepped(Status.QUEUED, now, detail="to the address on file now", due_at=now + QUEUED_FOR)
    return replace(queued, to=to)
