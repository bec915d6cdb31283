"""How an appointment or a bill stands, and whether what a message tells of it is still so when it is to go out."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from carebook.appointments.model import Appointment
from carebook.clients.model import Client, Link, linked_contacts
from carebook.contacts.model import Contact
from carebook.instants import instant
from carebook.messages.model import TOO_LATE, About, Message
from carebook.reminders.model import Dropped
from carebook.reminders.protocols import Subject

_FRESH: Final = timedelta(minutes=5)  # longer than the queue takes, also when thousands are due at once
_NOT_COPIED: Final = "not_copied"


def about(subject: Subject, until: datetime) -> About:
    """What a message tells of *subject* as it stands now, of use *until* then."""
    return About(subject.id, _stands(subject), until)


def _stands(subject: Subject) -> str:
    """The same words as long as what was told of it is so."""
    if isinstance(subject, Appointment):
        return instant(subject.details.starts_at) if subject.canceled_at is None else "canceled"
    return subject.details.due_on.isoformat() if subject.is_owed else "not owed"


class Plans(Protocol):
    """Where appointments and bills are looked up."""

    def subject(self, account: str, client_id: str, subject_id: str) -> Subject | None:
        """The appointment or the bill, if it is there."""
        ...


class Clients(Protocol):
    """Where clients are looked up."""

    def find_together(self, account: str, client_ids: Sequence[str]) -> dict[str, Client]:
        """Those of the clients that are there, archived or not."""
        ...


class Contacts(Protocol):
    """Where merged contacts are followed."""

    def led_to(self, account: str, contact_ids: Collection[str]) -> dict[str, Contact]:
        """For each id the contact that it leads to."""
        ...


class Links(Protocol):
    """Where links are looked up."""

    def of_client(self, account: str, client_id: str) -> list[Link]:
        """All links of a client."""
        ...


class Overtaken:
    """Why a message is not so any more. What is fresh was so a moment ago, and is not asked about: most never wait."""

    def __init__(self, plans: Plans, clients: Clients, contacts: Contacts, links: Links) -> None:
        self._plans = plans
        self._clients = clients
        self._contacts = contacts
        self._links = links

    def __call__(self, message: Message, recipient_id: str, now: datetime) -> str | None:
        """The reason; None when it may go. Of one that has waited: a request, and three more for a copy."""
        told = message.about
        if told is None or message.client_id is None:
            return None
        if now >= told.until:
            return TOO_LATE
        if now - message.created_at < _FRESH:
            return None
        subject = self._plans.subject(message.account, message.client_id, told.id)
        if subject is None:
            return Dropped.CLIENT_GONE.value
        if _stands(subject) != told.stood:
            return _what_became(subject).value
        return None if message.cc_of is None else self._why_no_copy(message, message.client_id, recipient_id)

    def _why_no_copy(self, message: Message, client_id: str, contact_id: str) -> str | None:
        client = self._clients.find_together(message.account, [client_id]).get(client_id)
        if client is None or not client.in_use:
            return Dropped.CLIENT_GONE.value
        links = self._links.of_client(message.account, client_id)
        led_to = self._contacts.led_to(message.account, [link.contact_id for link in links])
        linked = next((one for one in linked_contacts(links, led_to) if one.contact.id == contact_id), None)
        return None if linked is not None and message.kind.value in linked.copied else _NOT_COPIED


def _what_became(subject: Subject) -> Dropped:
    if isinstance(subject, Appointment):
        return Dropped.APPOINTMENT_MOVED if subject.canceled_at is None else Dropped.APPOINTMENT_CANCELED
    return Dropped.BILL_MOVED if subject.is_owed else Dropped.BILL_CLOSED
