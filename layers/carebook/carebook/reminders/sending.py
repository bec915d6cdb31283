"""The sweep of what is due: each reminder is decided and handed over in one transaction, or dropped and why.

Cut off before it, nothing has happened, and the next run does it; cut off after it, the sweep of the messages queues
them. Run twice at once, the reminder's version lets one of the two win.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from carebook.appointments.model import Appointment
from carebook.clients.model import Client
from carebook.errors import Conflict
from carebook.messages.service import queue_messages
from carebook.reminders.deciding import AUTOMATIC, Decision, Occasion, is_turned_on
from carebook.reminders.model import Dropped, Reminder, State
from carebook.reminders.service import Desk, Subject, decide_now, facts_of
from carebook.reminders.telling import appointment_values, bill_values
from carebook.settings.model import AccountSettings


class DueStore(Protocol):
    """What the sweep needs of the schedule's store. *found* are its own keys, which nobody else reads."""

    def load(self, found: Sequence[Any]) -> list[tuple[Reminder, Subject | None]]:
        """The reminders that are there, each with what it is about."""
        ...

    def hand_over(self, before: Reminder, after: Reminder, subject: Subject, decision: Decision) -> None:
        """Write the reminder and all that comes of it, or nothing.

        Raises:
            Conflict: when something is not what it was any more.
        """
        ...

    def drop(self, before: Reminder, after: Reminder) -> bool:
        """Write a reminder that is not sent; whether it was still what it was."""
        ...


class SettingsReader(Protocol):
    """Where settings are looked up."""

    def current(self, account: str) -> AccountSettings:
        """The account's settings."""
        ...


@dataclass(slots=True)
class Sweep:
    """One run. Settings are read once an account."""

    desk: Desk
    due: DueStore
    settings: SettingsReader
    now: Callable[[], datetime]
    _known: dict[str, AccountSettings] = field(default_factory=dict)

    def settings_of(self, account: str) -> AccountSettings:
        """The account's settings, as they were when this run first asked."""
        if account not in self._known:
            self._known[account] = self.settings.current(account)
        return self._known[account]


def send_due(sweep: Sweep, found: Sequence[Any]) -> list[Callable[[], bool]]:
    """For each due reminder what is to be done; each can be done beside the others and says whether it was sent."""
    loaded = sweep.due.load(found)
    clients: dict[str, dict[str, Client]] = {}
    for account in dict.fromkeys(reminder.account for reminder, _ in loaded):
        ids = list(dict.fromkeys(reminder.client_id for reminder, _ in loaded if reminder.account == account))
        clients[account] = sweep.desk.books.clients.find_together(account, ids)
        sweep.settings_of(account)

    def step(reminder: Reminder, subject: Subject | None) -> Callable[[], bool]:
        client = clients[reminder.account].get(reminder.client_id)
        return lambda: _send(sweep, reminder, subject, client)

    return [step(reminder, subject) for reminder, subject in loaded]


def _send(sweep: Sweep, reminder: Reminder, subject: Subject | None, client: Client | None) -> bool:
    now = sweep.now()
    if not reminder.is_due(now):  # the index is a moment behind
        return False
    settings = sweep.settings_of(reminder.account)
    reason = _why_not(reminder, subject, client, settings, now)
    if reason is not None or subject is None or client is None:
        sweep.due.drop(reminder, reminder.handled(State.DROPPED, now, reason or Dropped.CLIENT_GONE))
        return False
    occasion = Occasion(
        kind=reminder.kind.value, subject_id=subject.id, lead=reminder.lead, values=lambda zone: _values(subject, zone)
    )
    facts = facts_of(sweep.desk, client, settings)
    decision = decide_now(sweep.desk, facts, occasion, by=AUTOMATIC, now=now)
    try:
        sweep.due.hand_over(reminder, reminder.handled(State.SENT, now), subject, decision)
    except Conflict:  # somebody was faster, or changed what decides: it is still due then, and the next run looks again
        return False
    queue_messages(sweep.desk.queue, decision.messages)
    return True


def _why_not(
    reminder: Reminder, subject: Subject | None, client: Client | None, settings: AccountSettings, now: datetime
) -> Dropped | None:
    if client is None or client.archived_at is not None or subject is None:
        return Dropped.CLIENT_GONE
    if isinstance(subject, Appointment):
        if subject.canceled_at is not None:
            return Dropped.APPOINTMENT_CANCELED
    elif not subject.is_open:
        return Dropped.BILL_CLOSED
    if not is_turned_on(reminder.kind.value, settings):
        return Dropped.TURNED_OFF
    return Dropped.TOO_LATE if reminder.is_too_late(now) else None


def _values(subject: Subject, zone: str) -> dict[str, str | None]:
    return appointment_values(subject, zone) if isinstance(subject, Appointment) else bill_values(subject)
