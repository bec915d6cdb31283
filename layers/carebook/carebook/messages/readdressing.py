"""What becomes of a message whose address was taken off its recipient's file before it went."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol

from carebook.addresses import consent_address, is_among
from carebook.messages.consents import Agreement, Consent
from carebook.messages.model import QUEUED_FOR, Message, Status
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
    """The recipient's number or address of today for the message's method; None when they may not be written to there.

    A share's link and code were sent by ways that were chosen together, and go by no others.
    """
    reach = recipient.reach.get(message.method)
    if reach is None or not reach.ok or reach.to is None or message.share_id is not None:
        return None
    where = consent_address(message.method, reach.to)
    if where is None:
        return reach.to
    consent = known.consents(message.account, [where])[where]
    is_agreed = consent.agreement is Agreement.OPTED_IN or not settings.values["opt_in_required"]
    return reach.to if is_agreed and consent.refusal() is None else None


def readdressed(message: Message, to: str, now: datetime) -> Message:
    """The next version of a message that was not sent yet, queued for another address."""
    queued = message.stepped(Status.QUEUED, now, detail="to the address on file now", due_at=now + QUEUED_FOR)
    return replace(queued, to=to)
