"""What is done about reminders that are due: each is decided and handed over in one transaction, or dropped and why.

Cut off before it, nothing has happened, and the next run does it; cut off after it, the sweep of the messages queues
them. Run twice at once, the reminder's version lets one of the two win.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from carebook.appointments.model import Appointment
from carebook.clients.model import Client
from carebook.errors import Conflict
from carebook.messages.model import Message
from carebook.messages.planning import Consents
from carebook.messages.service import queue_messages
from carebook.reminders.deciding import AUTOMATIC, Decision, Facts, Occasion, decide, is_turned_on
from carebook.reminders.gathering import ClientRef, Gathering
from carebook.reminders.model import Dropped, Kind, News, Reminder, State
from carebook.reminders.protocols import Subject
from carebook.reminders.standing import about
from carebook.reminders.telling import appointment_values, bill_values
from carebook.settings.model import AccountSettings

_AT_ONCE = 100


class DueStore(Protocol):
    """What is needed of the schedule's store. *found* are its own keys, which nobody else reads."""

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


@dataclass(frozen=True, slots=True)
class Run:
    """All that a run needs; *note* keeps the exception that is being handled, with a word about it."""

    gathering: Gathering
    due: DueStore
    now: Callable[[], datetime]
    note: Callable[[str], object]


@dataclass(slots=True)
class Counts:
    """How many reminders were sent, not sent for a reason, and failed."""

    sent: int = 0
    other: int = 0
    failed: int = 0


type _Step = Callable[[], list[Message] | None]


def send_due(run: Run, found: Sequence[Any], *, go_on: Callable[[], bool]) -> Counts:
    """Do what is due, a hundred at a time, while *go_on* says that there is time."""
    counts = Counts()
    for start in range(0, len(found), _AT_ONCE):
        if not go_on():
            break
        _send_some(run, found[start : start + _AT_ONCE], counts)
    return counts


def _send_some(run: Run, found: Sequence[Any], counts: Counts) -> None:
    try:
        steps = _steps(run, found)
    except Exception:  # noqa: BLE001 - whichever of them it is, it must not keep the others waiting
        if len(found) == 1:
            run.note("Reminder failed")
            counts.failed += 1
            return
        middle = len(found) // 2
        for half in (found[:middle], found[middle:]):
            _send_some(run, half, counts)
        return
    written: list[Message] = []
    for outcome in run.gathering.rounds.map(lambda step: _tried(run, step), steps):
        if isinstance(outcome, Exception):
            counts.failed += 1
        elif outcome is None:
            counts.other += 1
        else:
            counts.sent += 1
            written += outcome
    try:
        queue_messages(run.gathering.desk.queue, written)
    except Exception:  # noqa: BLE001 - they are written: their own sweep will queue them
        run.note("Messages were not queued")
        counts.failed += 1


def _tried(run: Run, step: _Step) -> list[Message] | Exception | None:
    try:
        return step()
    except Exception as error:  # noqa: BLE001 - one bad reminder must not keep the others waiting
        run.note("Reminder failed")
        return error


def _steps(run: Run, found: Sequence[Any]) -> list[_Step]:
    """For each reminder what is to be done about it, beside the others; it gives the messages, or None for none."""
    now, gathering = run.now(), run.gathering
    # The index is a moment behind.
    loaded = [(reminder, subject) for reminder, subject in run.due.load(found) if reminder.is_due(now)]
    gathering.learn(reminder.account for reminder, _ in loaded)
    clients = gathering.clients(_whose(reminder) for reminder, _ in loaded)
    steps: list[_Step] = []
    to_send: list[tuple[Reminder, Subject]] = []
    for reminder, subject in loaded:
        client = clients.get(_whose(reminder))
        reason = _why_not(reminder, subject, client, gathering.settings_of(reminder.account), now)
        if reason is not None or subject is None:
            steps.append(_dropping(run, reminder, reason or Dropped.CLIENT_GONE, now))
        else:
            to_send.append((reminder, subject))
    facts = gathering.facts([clients[ref] for ref in dict.fromkeys(_whose(reminder) for reminder, _ in to_send)])
    consents = gathering.consents(facts.values())

    def sending(reminder: Reminder, subject: Subject) -> _Step:
        known, agreed = facts[_whose(reminder)], consents.get(reminder.account, {})
        return lambda: _hand_over(run, reminder, subject, known, agreed, now)

    return steps + [sending(reminder, subject) for reminder, subject in to_send]


def _hand_over(
    run: Run, reminder: Reminder, subject: Subject, facts: Facts, consents: Consents, now: datetime
) -> list[Message] | None:
    """One transaction, and another for each rest that did not fit in; cut off between them, the next run goes on."""
    occasion = _occasion(reminder, subject)
    written: list[Message] = []
    while True:
        decision = decide(facts, occasion, consents, by=AUTOMATIC, now=now, part=reminder.rest)
        after = reminder.sent(now, decision.rest)
        try:
            run.due.hand_over(reminder, after, subject, decision)
        except Conflict:  # somebody was faster, or changed what decides: if it is due still, the next run looks again
            return written or None
        written += decision.messages
        if after.rest is None:
            return written
        reminder = after


def _dropping(run: Run, reminder: Reminder, reason: Dropped, now: datetime) -> _Step:
    def drop() -> None:
        run.due.drop(reminder, reminder.handled(State.DROPPED, now, reason))

    return drop


def _why_not(
    reminder: Reminder, subject: Subject | None, client: Client | None, settings: AccountSettings, now: datetime
) -> Dropped | None:
    if client is None or client.archived_at is not None or subject is None:
        return Dropped.CLIENT_GONE
    if isinstance(subject, Appointment):
        if subject.canceled_at is not None and not (reminder.news and reminder.news.canceled):
            return Dropped.APPOINTMENT_CANCELED
    elif not subject.is_owed:
        return Dropped.BILL_CLOSED
    if not is_turned_on(reminder.kind.value, settings):
        return Dropped.TURNED_OFF
    return Dropped.TOO_LATE if reminder.is_too_late(now) else None


def _whose(reminder: Reminder) -> ClientRef:
    return ClientRef(reminder.account, reminder.client_id)


def _occasion(reminder: Reminder, subject: Subject) -> Occasion:
    def values(zone: str) -> dict[str, str | None]:
        if not isinstance(subject, Appointment):
            return bill_values(subject)
        news = reminder.news or News()
        return appointment_values(subject, zone, moved_from=news.moved_from, canceled=news.canceled)

    is_notice = reminder.kind is Kind.APPOINTMENT_NOTICE
    lead = None if is_notice else reminder.lead
    return Occasion(
        kind=reminder.kind.value,
        subject_id=subject.id,
        lead=lead,
        values=values,
        about=about(subject, reminder.useless_at),
    )
