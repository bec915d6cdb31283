"""Whether a contact may be written to by each method now, and what its owner has said about that."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from carebook.addresses import consent_address
from carebook.contacts.service import checked_id
from carebook.identity import Person
from carebook.messages.consents import Consent
from carebook.messages.model import QUIET, WRITTEN_METHODS, Kind
from carebook.messages.planning import Draft, Text, addresses_of, plan
from carebook.messages.recipients import recipient_of
from carebook.messages.service import Outbox

_ANYTHING: Final = Text("", "x")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How it stands with one method.

    Attributes:
        to: the number or address that it would use.
        reason: why a message would not go now; the same that the message would have. Quiet hours only make it wait.
        consent: what is known of that number or address; None where none is needed, or there is none.
    """

    method: str
    to: str | None
    reason: str | None
    consent: Consent | None


def standings(outbox: Outbox, *, account: str, contact_id: str, viewer: Person, now: datetime) -> list[Standing]:
    """How it stands with each method, as a message would find it that was written now. Reading is a view.

    Raises:
        NotFound: when the account has no such contact.
    """
    contact, settings = outbox.contacts.view(account, checked_id(contact_id), viewer=viewer, now=now)
    recipient = recipient_of(contact, settings)
    consents = outbox.messages.consents(account, addresses_of(recipient, WRITTEN_METHODS))
    draft = Draft(kind=Kind.AD_HOC, texts=dict.fromkeys(WRITTEN_METHODS, _ANYTHING))
    planned = plan(
        recipient, draft, settings=settings, consents=consents, configured=outbox.configured, by=viewer, now=now
    )
    found: list[Standing] = []
    for message in planned.messages:
        if message.kind is not Kind.AD_HOC:  # a question that would go first
            continue
        where = None if message.to is None else consent_address(message.method, message.to)
        found.append(
            Standing(
                method=message.method,
                to=message.to,
                reason=None if message.reason == QUIET else message.reason,
                consent=None if where is None else consents[where],
            )
        )
    return found
