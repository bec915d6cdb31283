"""What appointments, bills and their reminders need of where they are kept, and what is asked of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from carebook.appointments.model import Appointment
from carebook.bills.model import Bill
from carebook.clients.model import Client
from carebook.clients.protocols import Books
from carebook.contacts.history import HistoryEntry
from carebook.identity import Person
from carebook.message_templates.model import MessageTemplate
from carebook.messages.consents import Consent
from carebook.messages.service import MessageQueue
from carebook.reminders.deciding import Decision
from carebook.reminders.model import Reminder

type Subject = Appointment | Bill


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """An appointment or a bill before and after, its reminders likewise, its notice, and what the history says."""

    client: Client
    before: Subject | None
    after: Subject
    reminders: tuple[tuple[Reminder | None, Reminder], ...]
    entry: HistoryEntry
    decision: Decision | None = None


class ScheduleStore(Protocol):
    """Where appointments, bills and their reminders are kept."""

    def appointment(self, account: str, client_id: str, appointment_id: str) -> tuple[Appointment, list[Reminder]]:
        """The appointment with its reminders.

        Raises:
            NotFound: when the client has no such appointment.
        """
        ...

    def bill(self, account: str, client_id: str, bill_id: str) -> tuple[Bill, list[Reminder]]:
        """The bill with its reminders.

        Raises:
            NotFound: when the client has no such bill.
        """
        ...

    def write(self, writing: Writing, *, request: str | None = None) -> None:
        """All of *writing*, or nothing.

        Raises:
            Invalid: when an appointment names a referral that the client does not have.
            AlreadyMade: when the same *request* has made one before.
            Conflict: when something is not what it was any more.
        """
        ...


class AlreadyMade(Exception):
    """A request has made its appointment or bill before."""

    def __init__(self, client_id: str, subject_id: str) -> None:
        super().__init__(subject_id)
        self.client_id = client_id
        self.subject_id = subject_id


class Templates(Protocol):
    """Where a practice's own templates are kept."""

    def changed(self, account: str) -> list[MessageTemplate]:
        """The templates that were ever changed."""
        ...


class ConsentReader(Protocol):
    """Where consents are kept."""

    def consents(self, account: str, addresses: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Consent]:
        """What is known of each channel and address."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """All that appointments and bills need."""

    books: Books
    schedule: ScheduleStore
    templates: Templates
    consents: ConsentReader
    queue: MessageQueue
    configured: Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleAct:
    """Who does something to which appointment or bill of which client, when, and which version of it they mean."""

    account: str
    client_id: str
    subject_id: str = ""
    by: Person
    now: datetime
    expected_version: int | None = None
