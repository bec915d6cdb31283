"""Appointments, bills and reminders in the table: in the client's partition, reminders that wait on GSI2 as well."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from carebook import keys
from carebook.appointments.model import Appointment
from carebook.bills.model import Bill
from carebook.clients.model import Client
from carebook.contacts.history import Change, noted
from carebook.errors import Conflict, NotFound
from carebook.ids import BILL, is_id
from carebook.items import NOT_THERE, ConditionFailed, Item, Writes, at_version, make_item
from carebook.messages.store import add_to, history_item
from carebook.record_store import TableRecords, made_by_request, put_request_mark
from carebook.reminders.deciding import Decision, Fate
from carebook.reminders.documents import (
    appointment_document,
    appointment_from,
    bill_document,
    bill_from,
    decision_document,
    reminder_document,
    reminder_from,
)
from carebook.reminders.model import Reminder, State
from carebook.reminders.protocols import AlreadyMade, Subject, Writing
from carebook.reminders.reading import no_such_referral
from carebook.table import Row, Table

_MORE_THAN_ANY: Final = 100_000  # of one client


class TableSchedule:
    """The store of appointments, bills and reminders on DynamoDB."""

    def __init__(self, table: Table, clients: TableRecords[Client]) -> None:
        self._table = table
        self._clients = clients

    def appointment(self, account: str, client_id: str, appointment_id: str) -> tuple[Appointment, list[Reminder]]:
        """A request for the appointment, and one for its reminders."""
        row = self._table.get(keys.appointment_key(account, client_id, appointment_id))
        if row is None:
            raise NotFound("There is no such appointment.")
        found = appointment_from(account, client_id, appointment_id, row.version, row.doc)
        return found, self.reminders(account, client_id, appointment_id)

    def bill(self, account: str, client_id: str, bill_id: str) -> tuple[Bill, list[Reminder]]:
        """A request for the bill, and one for its reminders."""
        row = self._table.get(keys.bill_key(account, client_id, bill_id))
        if row is None:
            raise NotFound("There is no such bill.")
        return bill_from(account, client_id, bill_id, row.version, row.doc), self.reminders(account, client_id, bill_id)

    def subject(self, account: str, client_id: str, subject_id: str) -> Subject | None:
        """The appointment or the bill, if it is there: one request."""
        return _subject(self._table.get(_key_of(account, client_id, subject_id)))

    def appointments(self, account: str, client_id: str) -> list[Appointment]:
        """All of a client, those that start last first: one query."""
        rows = self._range(account, client_id, keys.APPOINTMENTS_FIRST, keys.APPOINTMENTS_LAST)
        found = [appointment_from(account, client_id, keys.subject_id_of(r.key.sk), r.version, r.doc) for r in rows]
        return sorted(found, key=lambda one: (one.details.starts_at, one.id), reverse=True)

    def bills(self, account: str, client_id: str) -> list[Bill]:
        """All of a client, those that are due last first: one query."""
        rows = self._range(account, client_id, keys.BILLS_FIRST, keys.BILLS_LAST)
        found = [bill_from(account, client_id, keys.subject_id_of(row.key.sk), row.version, row.doc) for row in rows]
        return sorted(found, key=lambda one: (one.details.due_on, one.id), reverse=True)

    def decisions(
        self, account: str, client_id: str, *, before: str | None, limit: int
    ) -> list[tuple[str, Mapping[str, Any]]]:
        """Up to *limit* decisions, newest first, older than *before*: one query."""
        high = keys.DECISIONS_LAST if before is None else f"{keys.DECISIONS_FIRST}{before}"
        pk = keys.client_pk(account, client_id)
        # One more, because the end of a range is in it.
        rows = self._table.query(pk, low=keys.DECISIONS_FIRST, high=high, limit=limit + 1, newest_first=True)
        found = [(keys.subject_id_of(row.key.sk), row.doc) for row in rows]
        return [one for one in found if one[0] != before][:limit]

    def _range(self, account: str, client_id: str, low: str, high: str) -> list[Row]:
        return self._table.query(keys.client_pk(account, client_id), low=low, high=high, limit=_MORE_THAN_ANY)

    def write(self, writing: Writing, *, request: str | None = None) -> None:
        """One transaction."""
        writes = Writes()
        after = writing.after
        self._clients.note(writes, writing.client, writing.entry)
        writes.put(subject_item(after), NOT_THERE if writing.before is None else at_version(writing.before.version))
        for before, reminder in writing.reminders:
            writes.put(reminder_item(reminder), NOT_THERE if before is None else at_version(before.version))
        if writing.decision is not None:
            add_decision(writes, writing.decision)
        referral = _referral_named(writing)
        if referral is not None:
            writes.check(referral, Item.pk.exists())
        if request:
            made = f"{after.client_id}/{after.id}"
            put_request_mark(writes, after.account, request, made=made, now=after.created_at)
        try:
            self._table.write(writes)
        except ConditionFailed as failed:
            if failed.key == referral:
                raise no_such_referral("The client has no such referral.") from failed
            if request and failed.key == keys.done_once_key(after.account, request):
                known = made_by_request(self._table, after.account, request, now=after.created_at)
                if known is not None:
                    raise AlreadyMade(*known.split("/")) from failed
            raise Conflict("This was changed in the meantime.") from failed

    def due(self, shard: int, *, until: str, limit: int) -> list[keys.Key]:
        """One query of GSI2."""
        return self._table.due_keys(keys.reminder_due_pk(shard), until=until, limit=limit)

    def load(self, found: Sequence[keys.Key]) -> list[tuple[Reminder, Subject | None]]:
        """The reminders that are there, each with what it is about: two requests for each hundred."""
        loaded: list[tuple[Reminder, Subject | None]] = []
        for start in range(0, len(found), 100):
            rows = [row for row in self._table.get_together(*found[start : start + 100]) if row is not None]
            reminders = [_reminder(row) for row in rows]
            wanted = list(dict.fromkeys(_subject_key(one) for one in reminders))
            subjects = dict(zip(wanted, self._table.get_together(*wanted), strict=True)) if wanted else {}
            loaded += [(one, _subject(subjects[_subject_key(one)])) for one in reminders]
        return loaded

    def hand_over(self, before: Reminder, after: Reminder, subject: Subject, decision: Decision) -> None:
        """One transaction: the reminder leaves waiting, everything that comes of it is written.

        Raises:
            Conflict: when something is not what it was any more.
        """
        writes = Writes()
        writes.put(reminder_item(after), at_version(before.version))
        writes.check(_subject_key(before), at_version(subject.version))
        client = decision.client
        writes.check(keys.client_key(client.account, client.id), at_version(client.version))
        add_decision(writes, decision)
        try:
            self._table.write(writes)
        except ConditionFailed as failed:
            raise Conflict("This was changed in the meantime.") from failed

    def drop(self, before: Reminder, after: Reminder) -> bool:
        """One conditional write; whether it was still what it was."""
        return self._table.put_if(reminder_item(after), at_version(before.version))

    def reminders(self, account: str, client_id: str, subject_id: str | None = None) -> list[Reminder]:
        """Those of an appointment or a bill, or all of the client: one query."""
        low, high = keys.reminders_range(subject_id)
        return [_reminder(row) for row in self._range(account, client_id, low, high)]


def _referral_named(writing: Writing) -> keys.Key | None:
    """The referral that an appointment names now and did not before."""
    before, after = writing.before, writing.after
    if not isinstance(after, Appointment) or after.details.referral_id is None:
        return None
    known = before.details.referral_id if isinstance(before, Appointment) else None
    named = after.details.referral_id
    return None if named == known else keys.referral_key(after.account, after.client_id, named)


def add_decision(writes: Writes, decision: Decision) -> None:
    """Add to *writes* all messages, and what is decided for whom. The client is checked by the caller.

    Whom a copy goes to must still be who they were, and linked as they were.
    """
    add_to(writes, decision.plan)
    key = keys.decision_key(decision.account, decision.client.id, decision.id)
    writes.put(make_item(key, "decision", decision_document(decision)), NOT_THERE)
    for fate in decision.fates:
        if fate.link is None or not fate.messages:
            continue
        recipient = fate.recipient
        writes.check(keys.contact_key(recipient.account, recipient.id), at_version(recipient.version))
        link = fate.link
        writes.check(keys.link_key(link.account, link.client_id, link.contact_id), at_version(link.version))
        writes.put(_told(decision, fate))


def _told(decision: Decision, fate: Fate) -> Item:
    messages = [
        {"id": one.id, "kind": one.kind.value, "method": one.method, "status": one.status.value}
        for one in fate.messages
    ]
    entry = noted("messaged", by=decision.by, now=decision.at, changes=(Change("messages", None, messages),))
    return history_item(decision.account, fate.recipient.id, entry)


def subject_item(subject: Subject) -> Item:
    """The item of an appointment or a bill."""
    if isinstance(subject, Appointment):
        key = keys.appointment_key(subject.account, subject.client_id, subject.id)
        return make_item(key, "appointment", appointment_document(subject), version=subject.version)
    key = keys.bill_key(subject.account, subject.client_id, subject.id)
    return make_item(key, "bill", bill_document(subject), version=subject.version)


def _subject_key(reminder: Reminder) -> keys.Key:
    return _key_of(reminder.account, reminder.client_id, reminder.subject_id)


def _key_of(account: str, client_id: str, subject_id: str) -> keys.Key:
    key = keys.bill_key if is_id(subject_id, BILL) else keys.appointment_key
    return key(account, client_id, subject_id)


def _subject(row: Row | None) -> Subject | None:
    if row is None:
        return None
    account, client_id = keys.parse_recipient_pk(row.key.pk)
    read = appointment_from if row.key.sk.startswith(keys.APPOINTMENTS_FIRST) else bill_from
    return read(account, client_id, keys.subject_id_of(row.key.sk), row.version, row.doc)


def reminder_item(reminder: Reminder) -> Item:
    """The item of a reminder; it is on the due index for as long as it waits."""
    key = keys.reminder_key(
        reminder.account, reminder.client_id, reminder.subject_id, reminder.kind.value, reminder.lead
    )
    item = make_item(key, "reminder", reminder_document(reminder), version=reminder.version)
    if reminder.state is State.WAITING:
        item.gsi2_pk, item.gsi2_sk = keys.reminder_due(reminder.due_at, reminder.account, reminder.client_id)
    return item


def _reminder(row: Row) -> Reminder:
    account, client_id = keys.parse_recipient_pk(row.key.pk)
    return reminder_from(account, client_id, row.version, row.doc)
