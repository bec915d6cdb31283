"""Appointments, bills and reminders kept in memory. The table's store passes the same tests."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from carebook.appointments.model import Appointment
from carebook.bills.model import Bill
from carebook.errors import Conflict, NotFound, RequestMismatch
from carebook.messages.model import Message
from carebook.reminders.deciding import Decision
from carebook.reminders.documents import decision_document
from carebook.reminders.model import Reminder, State
from carebook.reminders.protocols import AlreadyMade, Subject, Writing
from carebook.reminders.reading import no_such_referral
from tests.fakes.clients import MemoryClients, MemoryLinks
from tests.fakes.contacts import MemoryContacts
from tests.fakes.referrals import MemoryReferrals

_REQUESTS_REMEMBERED = timedelta(hours=24)
_Place = tuple[str, str, str, str, int]


class MemorySchedule:
    """A ``ScheduleStore`` and a ``DueStore`` without a table."""

    def __init__(
        self, clients: MemoryClients, contacts: MemoryContacts, links: MemoryLinks, referrals: MemoryReferrals
    ) -> None:
        self._clients = clients
        self._contacts = contacts
        self._links = links
        self._referrals = referrals
        self._subjects: dict[tuple[str, str, str], Subject] = {}
        self._reminders: dict[_Place, Reminder] = {}
        self._decisions: list[Decision] = []
        self._requests: dict[tuple[str, str], tuple[str, Subject]] = {}
        clients.when_purged.append(lambda client, *_: self._purge(client.account, client.id))

    def appointment(self, account: str, client_id: str, appointment_id: str) -> tuple[Appointment, list[Reminder]]:
        found = self._subjects.get((account, client_id, appointment_id))
        if not isinstance(found, Appointment):
            raise NotFound("There is no such appointment.")
        return found, self.reminders(account, client_id, appointment_id)

    def bill(self, account: str, client_id: str, bill_id: str) -> tuple[Bill, list[Reminder]]:
        found = self._subjects.get((account, client_id, bill_id))
        if not isinstance(found, Bill):
            raise NotFound("There is no such bill.")
        return found, self.reminders(account, client_id, bill_id)

    def appointments(self, account: str, client_id: str) -> list[Appointment]:
        found = [one for one in self._of(account, client_id) if isinstance(one, Appointment)]
        return sorted(found, key=lambda one: (one.details.starts_at, one.id), reverse=True)

    def bills(self, account: str, client_id: str) -> list[Bill]:
        found = [one for one in self._of(account, client_id) if isinstance(one, Bill)]
        return sorted(found, key=lambda one: (one.details.due_on, one.id), reverse=True)

    def reminders(self, account: str, client_id: str, subject_id: str | None = None) -> list[Reminder]:
        return [
            one
            for one in self._reminders.values()
            if (one.account, one.client_id) == (account, client_id) and subject_id in {None, one.subject_id}
        ]

    def decisions(
        self, account: str, client_id: str, *, before: str | None, limit: int
    ) -> list[tuple[str, Mapping[str, Any]]]:
        found: list[tuple[str, Mapping[str, Any]]] = [
            (one.id, decision_document(one))
            for one in self._decisions
            if (one.account, one.client.id) == (account, client_id) and (before is None or one.id < before)
        ]
        return sorted(found, key=lambda one: one[0], reverse=True)[:limit]

    @property
    def messages(self) -> list[Message]:
        """All that were written."""
        return [message for decision in self._decisions for message in decision.messages]

    def write(self, writing: Writing, *, request: str | None = None) -> None:
        after = writing.after
        place = (after.account, after.client_id, after.id)
        if request is not None:
            self._refuse_repeated(after, request)
        named = after.details.referral_id if isinstance(after, Appointment) else None
        if named is not None and (not isinstance(writing.before, Appointment) or _named(writing.before) != named):
            try:
                self._referrals.find(after.account, after.client_id, named)
            except NotFound:
                raise no_such_referral("The client has no such referral.") from None
        self._clients.refuse_outdated(writing.client)
        if self._subjects.get(place) != writing.before:
            raise Conflict("This was changed in the meantime.")
        for before, _ in writing.reminders:
            self._refuse_handled(before)
        if writing.decision is not None:
            self._decide(writing.decision)
        self._subjects[place] = after
        for _, reminder in writing.reminders:
            self._reminders[_place(reminder)] = reminder
        if request is not None:
            name, _, sent = request.partition(".")
            self._requests[after.account, name] = (sent, after)
        self._clients.note(writing.client, writing.entry)

    def due_keys(self, now: datetime) -> list[_Place]:
        """Those that are due, of every account."""
        return [place for place, one in self._reminders.items() if one.state is State.WAITING and one.due_at <= now]

    def load(self, found: Sequence[Any]) -> list[tuple[Reminder, Subject | None]]:
        reminders = [self._reminders[place] for place in found if place in self._reminders]
        return [(one, self._subjects.get((one.account, one.client_id, one.subject_id))) for one in reminders]

    def hand_over(self, before: Reminder, after: Reminder, subject: Subject, decision: Decision) -> None:
        self._refuse_handled(before)
        if self._subjects.get((subject.account, subject.client_id, subject.id)) != subject:
            raise Conflict("This was changed in the meantime.")
        self._clients.refuse_outdated(decision.client)
        self._decide(decision)
        self._reminders[_place(after)] = after

    def drop(self, before: Reminder, after: Reminder) -> bool:
        if self._reminders.get(_place(before)) != before:
            return False
        self._reminders[_place(after)] = after
        return True

    def _purge(self, account: str, client_id: str) -> None:
        self._subjects = {place: one for place, one in self._subjects.items() if place[:2] != (account, client_id)}
        self._reminders = {place: one for place, one in self._reminders.items() if place[:2] != (account, client_id)}
        self._decisions = [one for one in self._decisions if (one.account, one.client.id) != (account, client_id)]

    def _of(self, account: str, client_id: str) -> list[Subject]:
        return [one for one in self._subjects.values() if (one.account, one.client_id) == (account, client_id)]

    def _refuse_handled(self, before: Reminder | None) -> None:
        if before is not None and self._reminders.get(_place(before)) != before:
            raise Conflict("This was changed in the meantime.")

    def _refuse_repeated(self, after: Subject, request: str) -> None:
        name, _, sent = request.partition(".")
        known = self._requests.get((after.account, name))
        if known is None or after.created_at > known[1].created_at + _REQUESTS_REMEMBERED:
            return
        if known[0] != sent:
            raise RequestMismatch
        raise AlreadyMade(known[1].client_id, known[1].id)

    def _decide(self, decision: Decision) -> None:
        """Whom a copy goes to must still be who they were, and linked as they were."""
        for fate in decision.fates:
            if fate.link is None or not fate.messages:
                continue
            contact = self._contacts.find_exactly(fate.recipient.account, fate.recipient.id)[0]
            links = self._links.of_client(fate.link.account, fate.link.client_id)
            if contact.version != fate.recipient.version or fate.link not in links:
                raise Conflict("This was changed in the meantime.")
        self._decisions.append(decision)


def _named(appointment: Appointment) -> str | None:
    return appointment.details.referral_id


def _place(reminder: Reminder) -> _Place:
    return reminder.account, reminder.client_id, reminder.subject_id, reminder.kind.value, reminder.lead
