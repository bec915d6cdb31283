"""What every store of appointments, bills and reminders promises."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol

import pytest

from carebook import keys
from carebook.appointments.model import Appointment, AppointmentDetails
from carebook.bills.model import BillDetails
from carebook.bills.model import Status as BillStatus
from carebook.clients.link_store import TableLinks
from carebook.clients.linking import LinkAct, link_contact, unlink_contact
from carebook.clients.model import Client, LinkTerms
from carebook.clients.protocols import Books
from carebook.clients.store import TableClients
from carebook.contacts.history import made
from carebook.contacts.model import Contact, Email
from carebook.contacts.store import TableContacts
from carebook.errors import Conflict, Invalid, NotFound, RequestMismatch, StaleVersion
from carebook.message_templates.store import TableMessageTemplates
from carebook.messages.consents import Consent
from carebook.messages.service import MessageRef
from carebook.referrals.model import ReferralDetails
from carebook.referrals.protocols import Desk as ReferralDesk
from carebook.referrals.protocols import ReferralAct
from carebook.referrals.service import add_referral
from carebook.referrals.store import TableReferrals
from carebook.reminders.appointing import add_appointment, cancel_appointment, change_appointment, put_appointment
from carebook.reminders.billing import add_bill, change_bill, put_bill
from carebook.reminders.gathering import Gathering
from carebook.reminders.model import Reminder
from carebook.reminders.protocols import Desk, ScheduleAct, ScheduleStore
from carebook.reminders.sending import Counts, DueStore, Run, send_due
from carebook.reminders.store import TableSchedule
from carebook.settings.model import AccountSettings
from carebook.settings.store import TableSettings
from carebook.table import Table
from tests.fakes.clients import MemoryClients, MemoryLinks
from tests.fakes.contacts import MemoryContacts
from tests.fakes.examples import ACCOUNT, ANA, NOW, OTHER_ACCOUNT, add, client, contact, edit
from tests.fakes.message_templates import MemoryMessageTemplates
from tests.fakes.referrals import MemoryReferrals
from tests.fakes.schedule import MemorySchedule
from tests.fakes.settings import MemorySettings

pytestmark = pytest.mark.parametrize("office", ["memory", "dynamo"], indirect=True)
STARTS = NOW + timedelta(days=4)
TIMES = AppointmentDetails(starts_at=STARTS, ends_at=STARTS + timedelta(minutes=50))
BILL = BillDetails(number="7", amount=12_000, currency="USD", issued_on=date(2026, 11, 23), due_on=date(2026, 12, 10))


class AnyStore(ScheduleStore, DueStore, Protocol):
    """Everything that is asked of a store."""

    def appointments(self, account: str, client_id: str) -> list[Appointment]: ...
    def reminders(self, account: str, client_id: str, subject_id: str | None = None) -> list[Reminder]: ...
    def decisions(
        self, account: str, client_id: str, *, before: str | None, limit: int
    ) -> list[tuple[str, Mapping[str, Any]]]: ...


class NoConsents:
    """Nobody has said anything yet."""

    def consents(self, account: str, addresses: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Consent]:
        return {where: Consent(account=account, channel=where[0], address=where[1]) for where in addresses}


class Queue:
    def __init__(self) -> None:
        self.refs: list[MessageRef] = []

    def put(self, refs: Sequence[MessageRef]) -> None:
        self.refs += refs


class InTurn:
    """Rounds of one after the other."""

    def map[I, O](self, act: Callable[[I], O], items: Any, /) -> Any:
        return iter([act(one) for one in items])


@dataclass
class Office:
    """A practice's desk, over one kind of store."""

    desk: Desk
    referrals: ReferralDesk
    schedule: AnyStore
    settings: Any
    due_keys: Callable[[datetime], Sequence[Any]]
    queue: Queue

    def client(self) -> Client:
        new = client(emails=(Email("mia@example.org", None),))
        return self.desk.books.clients.add(new, made("created", new, by=ANA))

    def mother(self, of: Client) -> Contact:
        found = add(self.desk.books.contacts, contact(emails=(Email("ana@example.org", None),)))
        link_contact(self.desk.books, self.link(of, found), lambda _: LinkTerms(cc_all_automated_messages=True))
        return found

    def link(self, of: Client, whom: Contact) -> LinkAct:
        return LinkAct(account=ACCOUNT, client_id=of.id, contact_id=whom.id, by=ANA, now=NOW)

    def run(self, at: datetime) -> tuple[Run, Sequence[Any]]:
        gathering = Gathering(self.desk, self.settings, InTurn())
        return Run(gathering, self.schedule, lambda: at, lambda _: None), self.due_keys(at)

    def sweep(self, at: datetime) -> Counts:
        return send_due(*self.run(at), go_on=lambda: True)

    def states(self, of: Client) -> list[tuple[str, int, str, str | None]]:
        found = self.schedule.reminders(ACCOUNT, of.id)
        return sorted((one.kind.value, one.lead, one.state.value, one.reason) for one in found)


@pytest.fixture
def office(request: pytest.FixtureRequest) -> Office:
    queue = Queue()
    if request.param == "memory":
        settings = MemorySettings()
        clients, contacts = MemoryClients(settings), MemoryContacts(settings)
        links, referrals = MemoryLinks(clients, contacts), MemoryReferrals(clients, contacts)
        kept = MemorySchedule(clients, contacts, links, referrals)
        books = Books(clients, contacts, links)
        desk = Desk(books, kept, MemoryMessageTemplates(), NoConsents(), queue, lambda _: True)
        return Office(desk, ReferralDesk(clients, contacts, referrals), kept, settings, kept.due_keys, queue)
    table: Table = request.getfixturevalue("empty_table")()
    stored_clients, stored_contacts = TableClients(table), TableContacts(table)
    stored = TableSchedule(table, stored_clients)
    books = Books(stored_clients, stored_contacts, TableLinks(table, stored_clients, stored_contacts))
    desk = Desk(books, stored, TableMessageTemplates(table), NoConsents(), queue, lambda _: True)

    def due_keys(now: datetime) -> list[keys.Key]:
        until = keys.due_until(now)
        return [key for shard in range(keys.REMINDER_SHARDS) for key in stored.due(shard, until=until, limit=100)]

    referral_desk = ReferralDesk(
        stored_clients, stored_contacts, TableReferrals(table, stored_clients, stored_contacts)
    )
    return Office(desk, referral_desk, stored, TableSettings(table), due_keys, queue)


def act(who: Client, subject_id: str = "", **fields: Any) -> ScheduleAct:
    usual: dict[str, Any] = {"account": ACCOUNT, "by": ANA, "now": NOW}
    return ScheduleAct(**(usual | {"client_id": who.id, "subject_id": subject_id} | fields))


def test_an_appointment_is_found_as_it_was_made_and_by_its_account_alone(office: Office) -> None:
    mia = office.client()
    made_one = add_appointment(office.desk, act(mia), replace(TIMES, location="12 Lake Street"))
    found, reminders = office.schedule.appointment(ACCOUNT, mia.id, made_one.id)
    assert found == made_one
    assert [one.lead for one in sorted(reminders, key=lambda one: one.due_at)] == [2880, 120]
    assert office.schedule.appointments(ACCOUNT, mia.id) == [made_one]
    for account, client_id in ((OTHER_ACCOUNT, mia.id), (ACCOUNT, office.client().id)):
        with pytest.raises(NotFound):
            office.schedule.appointment(account, client_id, made_one.id)
        assert office.schedule.reminders(account, client_id) == []


def test_a_bill_is_found_as_it_was_added_and_closed(office: Office) -> None:
    mia = office.client()
    bill = add_bill(office.desk, act(mia), BILL)
    assert office.schedule.bill(ACCOUNT, mia.id, bill.id)[0] == bill
    paid = change_bill(office.desk, act(mia, bill.id), lambda before: before, BillStatus.PAID)
    assert office.schedule.bill(ACCOUNT, mia.id, bill.id)[0] == paid
    assert {(state, reason) for _, _, state, reason in office.states(mia)} == {("dropped", "bill_closed")}


def test_a_request_that_is_repeated_finds_what_it_made(office: Office) -> None:
    mia = office.client()
    first, again = (add_appointment(office.desk, act(mia), TIMES, request="r.1") for _ in range(2))
    assert first == again
    with pytest.raises(RequestMismatch):
        add_appointment(office.desk, act(mia), TIMES, request="r.2")
    assert len(office.schedule.appointments(ACCOUNT, mia.id)) == 1
    assert len(office.queue.refs) == 1


def test_a_change_of_another_version_is_refused(office: Office) -> None:
    mia = office.client()
    one = add_appointment(office.desk, act(mia), TIMES)
    moved = replace(TIMES, starts_at=STARTS + timedelta(minutes=10))
    change_appointment(office.desk, act(mia, one.id), lambda _: moved)
    with pytest.raises(StaleVersion) as stale:
        change_appointment(office.desk, act(mia, one.id, expected_version=1), lambda _: TIMES)
    assert stale.value.current["starts_at"].startswith(moved.starts_at.strftime("%Y-%m-%dT%H:%M:%S"))


def test_a_client_that_was_changed_meanwhile_is_looked_at_again(office: Office) -> None:
    mia = office.client()
    one = add_appointment(office.desk, act(mia), TIMES)
    run, due = office.run(STARTS - timedelta(minutes=2880))
    ((reminder, subject),) = run.due.load(due)
    clients = office.desk.books.clients
    after = mia.edited(replace(mia.details, first_name="Mira"), NOW)
    clients.replace(mia, after, made("updated", after, by=ANA))
    assert subject == one
    with pytest.raises(Conflict):
        hand_over(office, run, reminder, subject, mia)
    assert office.sweep(STARTS - timedelta(minutes=2880)) == Counts(sent=1)


def hand_over(office: Office, run: Run, reminder: Reminder, subject: Any, who: Client) -> None:
    """What a run would write that still sees *who*."""
    from carebook.reminders.deciding import AUTOMATIC, Occasion
    from carebook.reminders.service import decide_now, facts_of

    occasion = Occasion(kind="appointment_reminder", subject_id=subject.id, values=lambda _: {})
    facts = facts_of(office.desk, who, AccountSettings())
    decision = decide_now(office.desk, facts, occasion, by=AUTOMATIC, now=NOW)
    run.due.hand_over(reminder, reminder.sent(NOW, None), subject, decision)


def test_a_reminder_is_handed_over_once(office: Office) -> None:
    mia = office.client()
    office.mother(mia)
    add_appointment(office.desk, act(mia), TIMES)
    at = STARTS - timedelta(minutes=2880)
    first, late = office.run(at), office.run(at)
    assert send_due(*first, go_on=lambda: True) == Counts(sent=1)
    assert send_due(*late, go_on=lambda: True) == Counts()
    assert office.sweep(at) == Counts()
    (reminder, notice) = [doc for _, doc in office.schedule.decisions(ACCOUNT, mia.id, before=None, limit=5)]
    assert (reminder["kind"], notice["kind"]) == ("appointment_reminder", "appointment_notice")
    assert [len(one["messages"]) for one in reminder["people"]] == [1, 1]


@pytest.mark.parametrize("change", ["unlinked", "edited"])
def test_a_contact_that_was_changed_or_unlinked_meanwhile_is_looked_at_again(office: Office, change: str) -> None:
    mia = office.client()
    ana = office.mother(mia)
    one = add_appointment(office.desk, act(mia), TIMES)
    at = STARTS - timedelta(minutes=2880)
    run, due = office.run(at)
    ((reminder, _),) = run.due.load(due)
    from carebook.reminders.deciding import AUTOMATIC, Occasion
    from carebook.reminders.service import decide_now, facts_of

    occasion = Occasion(kind="appointment_reminder", subject_id=one.id, values=lambda _: {})
    decision = decide_now(office.desk, facts_of(office.desk, mia, AccountSettings()), occasion, by=AUTOMATIC, now=at)
    if change == "unlinked":
        unlink_contact(office.desk.books, office.link(mia, ana))
    else:
        edit(office.desk.books.contacts, ana, first_name="Anna")
    with pytest.raises(Conflict):
        run.due.hand_over(reminder, reminder.sent(at, None), one, decision)
    assert office.sweep(at) == Counts(sent=1)


def test_a_reminder_that_is_not_sent_is_dropped_once(office: Office) -> None:
    mia = office.client()
    one = add_appointment(office.desk, act(mia), TIMES)
    run, due = office.run(STARTS + timedelta(hours=1))
    assert len(due) == 2
    assert send_due(run, due, go_on=lambda: True) == Counts(other=2)
    assert {(state, reason) for _, _, state, reason in office.states(mia)} == {("dropped", "too_late")}
    reminder = office.schedule.reminders(ACCOUNT, mia.id, one.id)[0]
    assert not office.schedule.drop(replace(reminder, version=1), reminder)


def test_what_is_moved_or_canceled_takes_its_reminders_along(office: Office) -> None:
    mia = office.client()
    one = add_appointment(office.desk, act(mia), TIMES)
    later = replace(TIMES, starts_at=STARTS + timedelta(days=5), ends_at=STARTS + timedelta(days=5, hours=1))
    change_appointment(office.desk, act(mia, one.id), lambda _: later)
    assert office.due_keys(STARTS - timedelta(minutes=120)) == []
    cancel_appointment(office.desk, act(mia, one.id))
    assert {(state, reason) for _, _, state, reason in office.states(mia)} == {("dropped", "appointment_canceled")}
    assert office.due_keys(STARTS + timedelta(days=9)) == []


def test_another_system_s_id_is_one_appointment_and_one_bill(office: Office) -> None:
    mia = office.client()
    firsts = [put_appointment(office.desk, act(mia), "A", TIMES), put_appointment(office.desk, act(mia), "A", TIMES)]
    assert [is_new for _, is_new in firsts] == [True, False]
    assert firsts[0][0] == firsts[1][0]
    bills = [put_bill(office.desk, act(mia), "A", BILL, BillStatus.OPEN) for _ in range(2)]
    assert [is_new for _, is_new in bills] == [True, False]
    assert len(office.schedule.appointments(ACCOUNT, mia.id)) == 1


def test_a_referral_must_be_there(office: Office) -> None:
    mia = office.client()
    details = ReferralDetails(contact_id=None, role="referring", status="active", received_on="2026-11-20")
    asked = ReferralAct(account=ACCOUNT, client_id=mia.id, referral_id="", by=ANA, now=NOW)
    referral = add_referral(office.referrals, asked, lambda _: details).referral
    named = replace(TIMES, referral_id=referral.id)
    assert add_appointment(office.desk, act(mia), named).details.referral_id == referral.id
    with pytest.raises(Invalid) as refused:
        add_appointment(office.desk, act(office.client()), named)
    assert [one.code for one in refused.value.errors] == ["no_such_referral"]


def test_a_purge_of_the_client_takes_all_of_it(office: Office) -> None:
    mia = office.client()
    one = add_appointment(office.desk, act(mia), TIMES)
    add_bill(office.desk, act(mia), BILL)
    books: Any = office.desk.books.clients
    archived = mia.archived(NOW)
    books.replace(mia, archived, made("archived", archived, by=ANA))
    books.purge(archived, by=ANA, now=NOW)
    assert office.due_keys(STARTS + timedelta(days=90)) == []
    assert office.schedule.reminders(ACCOUNT, mia.id) == []
    with pytest.raises(NotFound):
        office.schedule.appointment(ACCOUNT, mia.id, one.id)
