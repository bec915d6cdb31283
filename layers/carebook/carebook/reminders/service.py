"""What staff do with appointments and bills. Each change writes its reminders and its notice in one transaction."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from carebook.appointments.model import Appointment, AppointmentDetails, refuse_past
from carebook.bills.model import Bill, BillDetails
from carebook.bills.model import Status as BillStatus
from carebook.clients.linking import Books, contacts_of_client
from carebook.clients.model import Client
from carebook.clients.service import checked_id, writable
from carebook.contacts.history import Change, HistoryEntry, noted
from carebook.errors import Conflict, FieldError, Invalid, NotFound, StaleVersion, Unavailable
from carebook.identity import Person
from carebook.ids import APPOINTMENT, BILL, is_id, new_id, ulid_of
from carebook.message_templates.model import MessageTemplate
from carebook.messages.consents import Consent
from carebook.messages.service import MessageQueue, queue_messages
from carebook.reminders.deciding import Decision, Facts, Occasion, addresses, decide, is_turned_on
from carebook.reminders.model import Dropped, Reminder, State, reminders_of_appointment, reminders_of_bill
from carebook.reminders.telling import appointment_values
from carebook.retrying import attempts
from carebook.settings.model import AccountSettings

_BUSY: Final = "The client's file is being changed by others. Try again in a moment."
_NOTICE: Final = "appointment_notice"
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


def add_appointment(
    desk: Desk, act: ScheduleAct, details: AppointmentDetails, *, request: str | None = None
) -> Appointment:
    """A new appointment, with its reminders and its notice. The same *request* again gives what it made first.

    Raises:
        NotFound: when the account has no such client.
        Invalid: when it lies in the past, or its times are none.
        Conflict: when the client is archived.
    """
    details.check_times()
    refuse_past(details, act.now)
    for _ in attempts():
        client, settings = _client(desk, act)
        made = _new_appointment(act, new_id(APPOINTMENT, act.now), details)
        try:
            _write_appointment(desk, act, client, settings, None, made, [], request=request)
        except AlreadyMade as already:
            return desk.schedule.appointment(act.account, already.client_id, already.subject_id)[0]
        except Conflict:
            continue
        return made
    raise Unavailable(_BUSY)


def change_appointment(
    desk: Desk, act: ScheduleAct, edit: Callable[[AppointmentDetails], AppointmentDetails]
) -> Appointment:
    """The appointment with other details. One that is moved gets new reminders, and a new notice goes out.

    Raises:
        NotFound: when there is no such client or appointment.
        StaleVersion: when the caller means another version.
        Invalid: when it is moved into the past, or its times are none.
        Conflict: when it is canceled, or the client is archived.
    """
    for _ in attempts():
        client, settings = _client(desk, act)
        before, reminders = _appointment(desk, act)
        details = edit(before.details)
        details.check_times()
        if details.starts_at != before.details.starts_at:
            refuse_past(details, act.now)
        if details == before.details:
            return before
        after = before.changed(details, now=act.now)
        try:
            _write_appointment(desk, act, client, settings, before, after, reminders)
        except Conflict:
            continue
        return after
    raise Unavailable(_BUSY)


def cancel_appointment(desk: Desk, act: ScheduleAct) -> Appointment:
    """The appointment called off: its reminders are dropped, and a notice goes out. Again changes nothing.

    Raises:
        NotFound: when there is no such client or appointment.
        StaleVersion: when the caller means another version.
        Conflict: when the client is archived.
    """
    for _ in attempts():
        client, settings = _client(desk, act)
        before, reminders = _appointment(desk, act)
        after = before.canceled(act.now)
        if after is before:
            return before
        try:
            _write_appointment(desk, act, client, settings, before, after, reminders)
        except Conflict:
            continue
        return after
    raise Unavailable(_BUSY)


def put_appointment(
    desk: Desk, act: ScheduleAct, external_id: str, details: AppointmentDetails, *, canceled: bool = False
) -> tuple[Appointment, bool]:
    """The appointment that another system knows by *external_id*, as it is there; whether it is new.

    The same again writes nothing and sends nothing. One that has passed is kept without a word to anybody.

    Raises:
        NotFound: when the account has no such client.
        Invalid: when its times are none.
        Conflict: when it was canceled and is to take place again, or the client is archived.
    """
    details.check_times()
    subject_id = derived_id(APPOINTMENT, act.client_id, external_id)
    act = replace(act, subject_id=subject_id)
    for _ in attempts():
        client, settings = _client(desk, act)
        known, reminders = _known_appointment(desk, act)
        if known is None:
            made = replace(_new_appointment(act, subject_id, details), external_id=external_id)
            after = replace(made.canceled(act.now), version=1) if canceled else made
        else:
            changed = known if known.details == details else known.changed(details, now=act.now)
            changed = changed.canceled(act.now) if canceled else _still_on(changed)
            if changed is known:
                return known, False
            after = replace(changed, version=known.version + 1)
        try:
            _write_appointment(desk, act, client, settings, known, after, reminders)
        except Conflict:
            continue
        return after, known is None
    raise Unavailable(_BUSY)


def add_bill(desk: Desk, act: ScheduleAct, details: BillDetails, *, request: str | None = None) -> Bill:
    """A new bill with its reminder and its late payment notice to come.

    Raises:
        NotFound: when the account has no such client.
        Invalid: when its days are none.
        Conflict: when the client is archived.
    """
    details.check_days()
    for _ in attempts():
        client, settings = _client(desk, act)
        made = _new_bill(act, new_id(BILL, act.now), details)
        try:
            _write_bill(desk, act, client, settings, None, made, [], request=request)
        except AlreadyMade as already:
            return desk.schedule.bill(act.account, already.client_id, already.subject_id)[0]
        except Conflict:
            continue
        return made
    raise Unavailable(_BUSY)


def change_bill(
    desk: Desk, act: ScheduleAct, edit: Callable[[BillDetails], BillDetails], status: BillStatus | None = None
) -> Bill:
    """The bill with other details, or paid, or void: then nothing more is sent about it.

    Raises:
        NotFound: when there is no such client or bill.
        StaleVersion: when the caller means another version.
        Invalid: when its days are none.
        Conflict: when it is paid or void and is to be something else, or the client is archived.
    """
    for _ in attempts():
        client, settings = _client(desk, act)
        before, reminders = _bill(desk, act)
        details = edit(before.details)
        details.check_days()
        after = before if details == before.details else before.changed(details, now=act.now)
        after = after if status is None else after.closed(status, now=act.now)
        if after is before:
            return before
        after = replace(after, version=before.version + 1)
        try:
            _write_bill(desk, act, client, settings, before, after, reminders)
        except Conflict:
            continue
        return after
    raise Unavailable(_BUSY)


def put_bill(
    desk: Desk, act: ScheduleAct, external_id: str, details: BillDetails, status: BillStatus
) -> tuple[Bill, bool]:
    """The bill that another system knows by *external_id*, as it is there; whether it is new.

    Raises:
        NotFound: when the account has no such client.
        Invalid: when its days are none.
        Conflict: when it is paid or void and is to be something else, or the client is archived.
    """
    details.check_days()
    subject_id = derived_id(BILL, act.client_id, external_id)
    act = replace(act, subject_id=subject_id)
    for _ in attempts():
        client, settings = _client(desk, act)
        try:
            before, _reminders = _bill(desk, act)
        except NotFound:
            made = replace(_new_bill(act, subject_id, details), external_id=external_id)
            made = replace(made.closed(status, now=act.now), version=1)
            try:
                _write_bill(desk, act, client, settings, None, made, [])
            except Conflict:
                continue
            return made, True
        return change_bill(desk, act, lambda _: details, None if status is before.status else status), False
    raise Unavailable(_BUSY)


def facts_of(desk: Desk, client: Client, settings: AccountSettings) -> Facts:
    """What decides about an automated message for a client: three requests."""
    linked = contacts_of_client(desk.books, account=client.account, client_id=client.id)
    own = {(one.kind, one.method): one for one in desk.templates.changed(client.account)}
    return Facts(client=client, linked=linked, settings=settings, templates=own, configured=desk.configured)


def decide_now(desk: Desk, facts: Facts, occasion: Occasion, *, by: Person, now: datetime) -> Decision:
    """Ask for the consents, and decide. Nothing is written."""
    consents = desk.consents.consents(facts.client.account, addresses(facts))
    return decide(facts, occasion, consents, by=by, now=now)


def derived_id(prefix: str, client_id: str, external_id: str) -> str:
    """The id of what another system names: the same name of the same client is the same id, without a look-up."""
    digest = hashlib.sha256(f"{client_id} {external_id}".encode()).digest()
    moment = datetime.fromtimestamp(int.from_bytes(digest[10:14]), UTC)
    return f"{prefix}_{ulid_of(moment, digest[:10])}"


def _client(desk: Desk, act: ScheduleAct) -> tuple[Client, AccountSettings]:
    found = desk.books.clients.find(act.account, checked_id(act.client_id))
    return writable(found), found[1]


def _appointment(desk: Desk, act: ScheduleAct) -> tuple[Appointment, list[Reminder]]:
    if not is_id(act.subject_id, APPOINTMENT):
        raise NotFound("There is no such appointment.")
    found = desk.schedule.appointment(act.account, act.client_id, act.subject_id)
    _refuse_stale(found[0], act)
    return found


def _known_appointment(desk: Desk, act: ScheduleAct) -> tuple[Appointment | None, list[Reminder]]:
    try:
        return _appointment(desk, act)
    except NotFound:
        return None, []


def _bill(desk: Desk, act: ScheduleAct) -> tuple[Bill, list[Reminder]]:
    if not is_id(act.subject_id, BILL):
        raise NotFound("There is no such bill.")
    found = desk.schedule.bill(act.account, act.client_id, act.subject_id)
    _refuse_stale(found[0], act)
    return found


def _refuse_stale(subject: Subject, act: ScheduleAct) -> None:
    if act.expected_version is not None and act.expected_version != subject.version:
        raise StaleVersion(version=subject.version, expected=act.expected_version, current={})


def _still_on(appointment: Appointment) -> Appointment:
    if appointment.canceled_at is not None:
        raise Conflict("This appointment is canceled. Give a new one another id.", code="appointment_canceled")
    return appointment


def _new_appointment(act: ScheduleAct, subject_id: str, details: AppointmentDetails) -> Appointment:
    return Appointment(
        id=subject_id,
        account=act.account,
        client_id=act.client_id,
        version=1,
        details=details,
        created_at=act.now,
        updated_at=act.now,
    )


def _new_bill(act: ScheduleAct, subject_id: str, details: BillDetails) -> Bill:
    return Bill(
        id=subject_id,
        account=act.account,
        client_id=act.client_id,
        version=1,
        details=details,
        created_at=act.now,
        updated_at=act.now,
    )


def _write_appointment(
    desk: Desk,
    act: ScheduleAct,
    client: Client,
    settings: AccountSettings,
    before: Appointment | None,
    after: Appointment,
    reminders: list[Reminder],
    *,
    request: str | None = None,
) -> None:
    moved = before is not None and before.details.starts_at != after.details.starts_at
    canceled = after.canceled_at is not None
    steps: tuple[tuple[Reminder | None, Reminder], ...] = ()
    if before is None or moved or canceled:
        reason = Dropped.APPOINTMENT_CANCELED if canceled else Dropped.APPOINTMENT_MOVED
        steps = _replaced(reminders, reminders_of_appointment(after, settings, now=act.now), reason, act.now)
    action = "appointment_added" if before is None else "appointment_canceled" if canceled else "appointment_changed"
    decision = None
    if (steps or before is None or moved or canceled) and _is_news(before, after, settings, act.now):
        moved_from = before.details.starts_at if before is not None and moved and not canceled else None
        occasion = Occasion(
            kind=_NOTICE,
            subject_id=after.id,
            values=lambda zone: appointment_values(after, zone, moved_from=moved_from, canceled=canceled),
        )
        decision = decide_now(desk, facts_of(desk, client, settings), occasion, by=act.by, now=act.now)
    writing = Writing(
        client=client,
        before=before,
        after=after,
        reminders=steps,
        entry=_entry(action, act, "appointment", before, after),
        decision=decision,
    )
    desk.schedule.write(writing, request=request)
    if decision is not None:
        queue_messages(desk.queue, decision.messages)


def _is_news(before: Appointment | None, after: Appointment, settings: AccountSettings, now: datetime) -> bool:
    """Whether anybody is told: of what lies ahead, or lay ahead until now."""
    ahead = after.details.starts_at > now or (before is not None and before.details.starts_at > now)
    unknown = before is None and after.canceled_at is not None
    return ahead and not unknown and is_turned_on(_NOTICE, settings)


def _write_bill(
    desk: Desk,
    act: ScheduleAct,
    client: Client,
    settings: AccountSettings,
    before: Bill | None,
    after: Bill,
    reminders: list[Reminder],
    *,
    request: str | None = None,
) -> None:
    steps: tuple[tuple[Reminder | None, Reminder], ...] = ()
    if before is None or before.details.due_on != after.details.due_on or not after.is_open:
        reason = Dropped.BILL_MOVED if after.is_open else Dropped.BILL_CLOSED
        steps = _replaced(reminders, reminders_of_bill(after, settings, now=act.now), reason, act.now)
    action = "bill_added" if before is None else "bill_changed" if after.is_open else "bill_closed"
    entry = _entry(action, act, "bill", before, after)
    writing = Writing(client=client, before=before, after=after, reminders=steps, entry=entry)
    desk.schedule.write(writing, request=request)


def _replaced(
    kept: Sequence[Reminder], planned: Sequence[Reminder], reason: Dropped, now: datetime
) -> tuple[tuple[Reminder | None, Reminder], ...]:
    """Each reminder that was kept with what becomes of it: planned anew, or dropped while it still waits."""
    new = {(one.kind, one.lead): one for one in planned}
    steps: list[tuple[Reminder | None, Reminder]] = []
    for before in kept:
        after = new.pop((before.kind, before.lead), None)
        if after is not None:
            steps.append((before, replace(after, version=before.version + 1)))
        elif before.state is State.WAITING:
            steps.append((before, before.handled(State.DROPPED, now, reason)))
    return (*steps, *((None, after) for after in new.values()))


def _entry(action: str, act: ScheduleAct, what: str, before: Subject | None, after: Subject) -> HistoryEntry:
    old, new = (None if one is None else _shown(one) for one in (before, after))
    return noted(action, by=act.by, now=act.now, changes=(Change(what, old, new),))


def _shown(subject: Subject) -> dict[str, Any]:
    """What the history says: which, when, and how it stands; nothing of what it is about."""
    when = (
        subject.details.starts_at.isoformat()
        if isinstance(subject, Appointment)
        else subject.details.due_on.isoformat()
    )
    return {"id": subject.id, "when": when, "status": subject.status.value}


def checked_external_id(external_id: str) -> str:
    """*external_id*, if it can stand in a path as it is.

    Raises:
        Invalid: when it cannot.
    """
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~:-")
    if not 0 < len(external_id) <= 100 or not allowed.issuperset(external_id):
        message = "Use 1 to 100 letters of ASCII, digits and . _ ~ : - in the other system's id."
        raise Invalid([FieldError("external_id", "external_id_not_valid", message)])
    return external_id


def read_status(status: object) -> BillStatus | None:
    """The status that a patch asks for; None when it asks for none.

    Raises:
        Invalid: when there is no such status.
    """
    if status is None:
        return None
    if status not in {one.value for one in BillStatus}:
        raise Invalid([FieldError("status", "not_one_of", "Use one of 'open', 'paid' or 'void'.")])
    return BillStatus(status)
