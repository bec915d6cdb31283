"""Automated messages to come: when each is due, and when it is too late to send it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from carebook.appointments.model import Appointment
from carebook.bills.model import Bill
from carebook.settings.model import AccountSettings

BY_DAY_AT: Final = time(9)  # what is counted in days is sent at nine in the morning of the account's day
_LATE_NOTICE_KEEPS: Final = timedelta(days=7)  # being told of a late payment is right a week later as well


class Kind(StrEnum):
    """The messages that are sent at a time of their own; a notice for those whom its transaction could not hold."""

    APPOINTMENT_NOTICE = "appointment_notice"
    APPOINTMENT_REMINDER = "appointment_reminder"
    BILL_REMINDER = "bill_reminder"
    LATE_PAYMENT_NOTICE = "late_payment_notice"


class State(StrEnum):
    """What has become of a reminder. It leaves ``waiting`` once and for all."""

    WAITING = "waiting"
    SENT = "sent"
    DROPPED = "dropped"


class Dropped(StrEnum):
    """Why a reminder was not sent."""

    TOO_LATE = "too_late"
    TURNED_OFF = "turned_off"
    APPOINTMENT_CANCELED = "appointment_canceled"
    APPOINTMENT_MOVED = "appointment_moved"
    BILL_CLOSED = "bill_closed"
    BILL_MOVED = "bill_moved"
    CLIENT_GONE = "client_gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """Who is still to be decided about when not all fit into one transaction, and what went before.

    Attributes:
        people: their ids.
        used: channels and addresses at which somebody before them gets it, and what that is called.
        original: the client's message, of which they get copies.
        first: the id of the decision that this continues.
    """

    people: tuple[str, ...]
    used: Mapping[tuple[str, str], str]
    original: str | None
    first: str


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a notice is about besides the appointment: when it would have been, and whether it is called off."""

    moved_from: datetime | None = None
    canceled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """One automated message to come, about one appointment or bill of a client.

    Attributes:
        subject_id: the appointment's or the bill's id.
        lead: minutes before the appointment; days before or after the bill's last day.
        due_at: when it is to be sent.
        useless_at: from when on it is no longer sent.
        rest: who is still to get it, when others have got it.
        news: of a notice.
    """

    kind: Kind
    account: str
    client_id: str
    subject_id: str
    lead: int
    due_at: datetime
    useless_at: datetime
    state: State = State.WAITING
    reason: Dropped | None = None
    handled_at: datetime | None = None
    rest: Rest | None = None
    news: News | None = None
    version: int = 1

    def sent(self, now: datetime, rest: Rest | None) -> "Reminder":
        """The next version: sent, or to be sent to the *rest*."""
        if rest is None:
            return self.handled(State.SENT, now)
        return replace(self, version=self.version + 1, rest=rest)

    def handled(self, state: State, now: datetime, reason: Dropped | None = None) -> "Reminder":
        """The next version, that no longer waits."""
        return replace(self, version=self.version + 1, state=state, reason=reason, handled_at=now, rest=None)

    def is_due(self, now: datetime) -> bool:
        """Whether it waits and its moment has come."""
        return self.state is State.WAITING and self.due_at <= now

    def is_too_late(self, now: datetime) -> bool:
        """Whether it would only confuse: its moment has passed by more than its lead, or the next one's has come."""
        return now >= self.useless_at


def reminders_of_appointment(
    appointment: Appointment, settings: AccountSettings, *, now: datetime
) -> tuple[Reminder, ...]:
    """The reminders of a scheduled appointment whose moment is still to come, one for each lead time of the settings.

    Leads are minutes of real time: 2,880 minutes before is 48 hours before, also across a change of clocks. A lead
    that has passed already yields none: whoever books today for this afternoon has just been told. Each is of use until
    the next one is due, the last until the appointment begins: after an outage nobody is told the same twice at once.
    """
    rule = settings.values["automated_messages"]["appointment_reminder"]
    if not rule["enabled"] or appointment.canceled_at is not None:
        return ()
    starts_at = appointment.details.starts_at
    leads = _distinct(rule["lead_minutes"])
    moments = [starts_at - timedelta(minutes=lead) for lead in leads]
    return tuple(
        Reminder(
            kind=Kind.APPOINTMENT_REMINDER,
            account=appointment.account,
            client_id=appointment.client_id,
            subject_id=appointment.id,
            lead=lead,
            due_at=due_at,
            useless_at=next_due_at,
        )
        for lead, due_at, next_due_at in zip(leads, moments, [*moments[1:], starts_at], strict=True)
        if due_at > now
    )


def rest_of_notice(
    appointment: Appointment, rest: Rest, news: News, *, useless_at: datetime, now: datetime
) -> Reminder:
    """A notice for those whom its own transaction could not hold: due at once."""
    return Reminder(
        kind=Kind.APPOINTMENT_NOTICE,
        account=appointment.account,
        client_id=appointment.client_id,
        subject_id=appointment.id,
        lead=0,
        due_at=now,
        useless_at=useless_at,
        rest=rest,
        news=news,
    )


def reminders_of_bill(bill: Bill, settings: AccountSettings, *, now: datetime) -> tuple[Reminder, ...]:
    """The bill reminder and the late payment notice of a bill that is owed, where their moment is still to come.

    Days are counted in the account's time zone; 0 days after is the last day itself.
    """
    if not bill.is_owed:
        return ()
    rules = settings.values["automated_messages"]
    zone = ZoneInfo(settings.values["time_zone"])
    due_on = bill.details.due_on
    before, after = rules["bill_reminder"], rules["late_payment_notice"]
    planned = []
    if before["enabled"]:
        lead = before["days_before_due"]
        planned.append((Kind.BILL_REMINDER, lead, due_on - timedelta(days=lead)))
    if after["enabled"]:
        lead = after["days_after_due"]
        planned.append((Kind.LATE_PAYMENT_NOTICE, lead, due_on + timedelta(days=lead)))
    found = (
        Reminder(
            kind=kind,
            account=bill.account,
            client_id=bill.client_id,
            subject_id=bill.id,
            lead=lead,
            due_at=at_local_time(day, BY_DAY_AT, zone),
            useless_at=useless_at(kind, bill, settings),
        )
        for kind, lead, day in planned
    )
    return tuple(reminder for reminder in found if reminder.due_at > now)


def useless_at(kind: str, subject: Appointment | Bill, settings: AccountSettings) -> datetime:
    """From when on a message of *kind* is of no use: not after the appointment has begun, nor the bill's last day.

    A late payment notice is for a week after its day, or as many days as it comes after the last one.
    """
    if isinstance(subject, Appointment):
        return subject.details.starts_at
    zone, due_on = ZoneInfo(settings.values["time_zone"]), subject.details.due_on
    if kind == Kind.BILL_REMINDER:
        return at_local_time(due_on + timedelta(days=1), time(0), zone)
    late = timedelta(days=settings.values["automated_messages"]["late_payment_notice"]["days_after_due"])
    return at_local_time(due_on + late, BY_DAY_AT, zone) + max(_LATE_NOTICE_KEEPS, late)


def at_local_time(day: date, hour: time, zone: ZoneInfo) -> datetime:
    """The instant at which clocks of *zone* show *hour* on *day*, in UTC.

    An hour that clocks show twice is the first of the two. One that they skip is the moment at which they skip it.
    """
    wall = datetime.combine(day, hour, zone)
    moment = wall.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return moment
    # Skipped: before the change the offset is fold 0's, after it fold 1's; read with the later offset, the moment
    # lies as far before the change as the skipped hour lies behind its beginning.
    late, early = moment, wall.replace(fold=1).astimezone(UTC)
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if middle.astimezone(zone).utcoffset() == early.astimezone(zone).utcoffset():
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


def _distinct(leads: Iterable[int]) -> list[int]:
    return sorted(set(leads), reverse=True)
