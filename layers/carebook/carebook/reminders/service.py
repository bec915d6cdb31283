"""What changes of appointments and bills have in common, and what every automated message is decided by."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from carebook.appointments.model import Appointment
from carebook.bills.model import Bill
from carebook.clients.linked import contacts_of_client
from carebook.clients.model import Client
from carebook.clients.service import checked_id, writable
from carebook.contacts.history import Change, HistoryEntry, noted
from carebook.errors import Conflict, FieldError, Invalid, StaleVersion, Unavailable
from carebook.identity import Person
from carebook.ids import APPOINTMENT, BILL, is_id, ulid_of
from carebook.messages.service import queue_messages
from carebook.reminders.deciding import ROOM, Decision, Facts, Occasion, addresses, decide
from carebook.reminders.documents import changed_since, details_document
from carebook.reminders.model import Dropped, Reminder, State
from carebook.reminders.protocols import Desk, ScheduleAct, Subject, Writing
from carebook.retrying import attempts
from carebook.settings.model import AccountSettings

BUSY: Final = "The client's file is being changed by others. Try again in a moment."


def facts_of(desk: Desk, client: Client, settings: AccountSettings) -> Facts:
    """What decides about an automated message for a client: three requests."""
    linked = contacts_of_client(desk.books, account=client.account, client_id=client.id)
    own = {(one.kind, one.method): one for one in desk.templates.changed(client.account)}
    return Facts(client=client, linked=linked, settings=settings, templates=own, configured=desk.configured)


def decide_now(
    desk: Desk, facts: Facts, occasion: Occasion, *, by: Person, now: datetime, room: int | None = ROOM
) -> Decision:
    """Ask for the consents, and decide. Nothing is written."""
    consents = desk.consents.consents(facts.client.account, addresses(facts))
    return decide(facts, occasion, consents, by=by, now=now, room=room)


def derived_id(prefix: str, client_id: str, external_id: str) -> str:
    """The id of what another system names: the same name of the same client is the same id, without a look-up."""
    digest = hashlib.sha256(f"{client_id} {external_id}".encode()).digest()
    moment = datetime.fromtimestamp(int.from_bytes(digest[10:14]), UTC)
    return f"{prefix}_{ulid_of(moment, digest[:10])}"


def found_client(desk: Desk, act: ScheduleAct) -> tuple[Client, AccountSettings]:
    """The client, to whose file something may be added, and the settings.

    Raises:
        NotFound: when the account has no such client.
        Conflict: when the client is archived.
    """
    found = desk.books.clients.find(act.account, checked_id(act.client_id))
    return writable(found), found[1]


def refuse_stale(desk: Desk, subject: Subject, act: ScheduleAct) -> None:
    """Refuse when the caller means another version; what the refusal shows was seen, and is recorded as a view.

    Raises:
        StaleVersion: with the fields that have changed since, as they are now.
    """
    expected = act.expected_version
    if expected is None or expected == subject.version:
        return
    current = changed_since(subject, expected) if 0 < expected < subject.version else {}
    if current:
        desk.books.clients.view(act.account, act.client_id, viewer=act.by, now=act.now)
    raise StaleVersion(version=subject.version, expected=expected, current=current)


def with_changes[S: (Appointment, Bill)](before: S | None, after: S) -> S:
    """*after*, knowing which of its fields have got another value with it."""
    if before is None:
        return after
    old, new = details_document(before), details_document(after)
    differing = {name: after.version for name, value in new.items() if value != old[name]}
    return replace(after, changed_in={**before.changed_in, **differing})


def settled[S: (Appointment, Bill)](
    desk: Desk, plan: Callable[[], tuple[S, Writing | None]], *, request: str | None = None
) -> tuple[S, Writing | None]:
    """What *plan* makes of an appointment or a bill, written with all that goes with it; once more if that is too late.

    Args:
        plan: reads and decides; without anything to write, what is there is as it should be.

    Raises:
        AlreadyMade: when the same *request* has made one before.
        Unavailable: when others are always faster.
    """
    for _ in attempts():
        subject, writing = plan()
        if writing is None:
            return subject, None
        try:
            desk.schedule.write(writing, request=request)
        except Conflict:
            continue
        if writing.decision is not None:
            queue_messages(desk.queue, writing.decision.messages)
        return subject, writing
    raise Unavailable(BUSY)


def refuse_unknown(act: ScheduleAct) -> None:
    """Refuse when the caller means a version of what is not there yet.

    Raises:
        StaleVersion: when they do.
    """
    if act.expected_version is not None:
        raise StaleVersion(version=0, expected=act.expected_version, current={})


def replaced(
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


def entry_of(action: str, act: ScheduleAct, what: str, before: Subject | None, after: Subject) -> HistoryEntry:
    """What the client's history says of a change."""
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
    """*external_id*, if it can stand in a path as it is, and is none of ours: what has one is changed by PATCH.

    Raises:
        Invalid: when it cannot.
    """
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~:-")
    if not 0 < len(external_id) <= 100 or not allowed.issuperset(external_id):
        message = "Use 1 to 100 letters of ASCII, digits and . _ ~ : - in the other system's id."
        raise Invalid([FieldError("external_id", "external_id_not_valid", message)])
    if is_id(external_id, APPOINTMENT) or is_id(external_id, BILL):
        message = "This is an id of ours. Give the other system's, or change this one by PATCH."
        raise Invalid([FieldError("external_id", "external_id_not_valid", message)])
    return external_id
