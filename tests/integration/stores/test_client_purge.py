"""What every client store promises of deleting for good; and the table's, when requests fail."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from carebook import keys
from carebook.clients import purge_steps
from carebook.clients.link_store import TableLinks
from carebook.clients.linked import clients_of_contact
from carebook.clients.linking import LinkAct, link_contact, unlink_contact
from carebook.clients.model import Client, LinkTerms
from carebook.clients.protocols import Books
from carebook.clients.purging import purge_client
from carebook.clients.store import TableClients
from carebook.contacts.history import made, viewed
from carebook.contacts.model import Contact
from carebook.contacts.store import TableContacts
from carebook.errors import Conflict, NotFound, StaleVersion
from carebook.ids import HISTORY
from carebook.items import NOT_THERE, make_item
from carebook.purging import purge_when_due
from carebook.referrals.model import STATUSES, ReferralDetails
from carebook.referrals.protocols import Desk, ReferralAct
from carebook.referrals.service import add_referral
from carebook.referrals.store import TableReferrals
from carebook.table import Table
from tests.fakes.examples import ACCOUNT, ANA, BEN, NOW, OTHER_ACCOUNT, add, client, contact
from tests.integration.stores.conftest import Shelves
from tests.integration.stores.cutting import Cut, Requests

each_store = pytest.mark.parametrize("shelves", ["memory", "dynamo"], indirect=True)


def a_client(shelves: Shelves, *, archived: bool = False) -> Client:
    new = client()
    shelves.books.clients.add(new, made("created", new, by=ANA))
    if not archived:
        return new
    away = new.archived(NOW)
    shelves.books.clients.replace(new, away, made("archived", away, by=ANA))
    return away


def linked(shelves: Shelves, who: Client, whom: Contact) -> None:
    act = LinkAct(account=ACCOUNT, client_id=who.id, contact_id=whom.id, by=ANA, now=NOW)
    link_contact(shelves.books, act, lambda _: LinkTerms(relationship="mother"))


def referred(shelves: Shelves, who: Client, by: Contact, *, status: str = "active") -> None:
    details = ReferralDetails(contact_id=by.id, role="referring", status=status, received_on="2026-11-01")
    add_referral(shelves.desk, ReferralAct(account=ACCOUNT, client_id=who.id, by=ANA, now=NOW), lambda _: details)


def with_a_past(shelves: Shelves, whom: Contact) -> Client:
    kept = a_client(shelves)
    linked(shelves, kept, whom)
    for status in STATUSES:
        referred(shelves, kept, whom, status=status)
    shelves.books.clients.view(ACCOUNT, kept.id, viewer=BEN, now=NOW)
    return kept


def rows(desk: Desk, status: str | None) -> int:
    every: dict[str, None] = dict.fromkeys(("received_from", "received_to", "before"))
    return len(desk.referrals.rows(ACCOUNT, status=status, limit=50, **every))


@each_store
def test_nothing_of_a_purged_client_can_be_read(shelves: Shelves) -> None:
    books, desk = shelves.books, shelves.desk
    ana = add(books.contacts, contact())
    kept, other = with_a_past(shelves, ana), with_a_past(shelves, ana)
    books.clients.purge(kept, by=BEN, now=NOW)
    with pytest.raises(NotFound):
        books.clients.find(ACCOUNT, kept.id)
    with pytest.raises(NotFound):
        books.clients.view(ACCOUNT, kept.id, viewer=BEN, now=NOW)
    assert books.clients.history(ACCOUNT, kept.id, before=None, limit=10) == []
    assert books.links.of_client(ACCOUNT, kept.id) == []
    assert desk.referrals.of_client(ACCOUNT, kept.id, before=None, limit=10) == []
    found, _ = clients_of_contact(
        books,
        lambda: books.contacts.find(ACCOUNT, ana.id),
        account=ACCOUNT,
        contact_id=ana.id,
        before=None,
        limit=10,
    )
    assert [one.client.id for one in found] == [other.id]
    assert {row.client_id for _, row in desk.referrals.of_contact(ACCOUNT, ana.id, before=None, limit=50)} == {other.id}
    assert [rows(desk, status) for status in (None, *STATUSES)] == [4, 1, 1, 1, 1]
    assert books.clients.find(ACCOUNT, other.id)[0] == other
    assert [row.id for _, row in books.clients.page(ACCOUNT, archived=False, after=None, limit=10)] == [other.id]


@each_store
def test_the_contacts_history_says_that_the_link_is_gone(shelves: Shelves) -> None:
    ana = add(shelves.books.contacts, contact())
    kept = a_client(shelves)
    linked(shelves, kept, ana)
    shelves.books.clients.purge(kept, by=BEN, now=NOW + timedelta(hours=1))
    entry = shelves.books.contacts.history(ACCOUNT, ana.id, before=None, limit=1)[0]
    assert (entry.action, entry.by, entry.changes[0].before) == ("unlinked", BEN, {"client_id": kept.id})


@each_store
def test_only_what_is_meant_is_purged(shelves: Shelves) -> None:
    clients, kept = shelves.books.clients, a_client(shelves)
    changed = kept.edited(replace(kept.details, last_name="Meier"), NOW)
    clients.replace(kept, changed, made("updated", changed, by=ANA))
    with pytest.raises(Conflict):
        clients.purge(kept, by=ANA, now=NOW)
    with pytest.raises(StaleVersion):
        purge_client(clients, account=ACCOUNT, client_id=kept.id, by=ANA, now=NOW, expected_version=1)
    for account, client_id in ((OTHER_ACCOUNT, kept.id), (ACCOUNT, "con_x"), (ACCOUNT, client().id)):
        with pytest.raises(NotFound):
            purge_client(clients, account=account, client_id=client_id, by=ANA, now=NOW)
    assert clients.find(ACCOUNT, kept.id)[0] == changed
    purge_client(clients, account=ACCOUNT, client_id=kept.id, by=ANA, now=NOW, expected_version=2)
    with pytest.raises(NotFound):
        clients.find(ACCOUNT, kept.id)


@each_store
@pytest.mark.parametrize(("archived", "days", "purged"), [(True, 29, False), (True, 30, True), (False, 90, False)])
def test_a_client_is_due_thirty_days_after_it_was_archived(
    shelves: Shelves, archived: bool, days: int, purged: bool
) -> None:
    kept = a_client(shelves, archived=archived)
    then = NOW + timedelta(days=days)
    done = purge_when_due(shelves.books.clients, account=ACCOUNT, record_id=kept.id, by=BEN, now=then)
    assert done is purged


@pytest.fixture
def kept_shelves(table: Table) -> Shelves:
    clients, contacts = TableClients(table), TableContacts(table)
    return Shelves(
        Books(clients, contacts, TableLinks(table, clients, contacts)),
        Desk(clients, contacts, TableReferrals(table, clients, contacts)),
    )


@pytest.mark.parametrize("event", ["before-call", "after-call"], ids=["before a request", "after a request"])
def test_a_purge_cut_short_at_any_request_is_finished_later(
    table: Table, kept_shelves: Shelves, requests: Requests, items: Callable[[], list[keys.Key]], event: str
) -> None:
    clients, ana = TableClients(table), add(kept_shelves.books.contacts, contact())
    clients.purge(a_client(kept_shelves), by=ANA, now=NOW)  # the state of the index is known from now on
    for at in count(2):  # cut at the first, nothing has happened yet
        kept = with_a_past(kept_shelves, ana)
        cut = False
        try:
            with requests.cut(at=at, event=event):
                clients.purge(kept, by=ANA, now=NOW)
        except Cut:
            cut = True
        if kept.id in clients.find_together(ACCOUNT, [kept.id]):  # cut before it began: its caller tries again
            clients.purge(kept, by=ANA, now=NOW)
        with pytest.raises(NotFound):
            clients.find(ACCOUNT, kept.id)
        for account, client_id in clients.due_for_purge(now=NOW, limit=10):
            assert clients.finish_purge(account, client_id)
        left = [key for key in items() if kept.id in f"{key}"]
        assert left == [keys.purged_key(ACCOUNT, kept.id)]
        assert [rows(kept_shelves.desk, status) for status in (None, *STATUSES)] == [0] * 5
        assert keys.vocabulary_wanted_key(ACCOUNT, "cli") in items()
        told = kept_shelves.books.contacts.history(ACCOUNT, ana.id, before=None, limit=100)
        gone = [change for entry in told if entry.action == "unlinked" for change in entry.changes]
        assert [change.before["client_id"] for change in gone].count(kept.id) == 1
        if not cut:
            break
    assert at > 8, "a purge of a client with a link and referrals takes more requests than that"


def test_what_was_written_at_the_moment_of_a_purge_goes_an_hour_later(
    table: Table, kept_shelves: Shelves, items: Callable[[], list[keys.Key]]
) -> None:
    clients, kept = TableClients(table), a_client(kept_shelves)
    clients.purge(kept, by=ANA, now=NOW)
    late = viewed(by=BEN, now=NOW).id.removeprefix(f"{HISTORY}_")
    place = keys.Key(keys.client_pk(ACCOUNT, kept.id), keys.history_sk(late))
    table.put_if(make_item(place, "history", {"by": BEN.name}), NOT_THERE)
    assert clients.due_for_purge(now=NOW + timedelta(hours=1), limit=10) == [(ACCOUNT, kept.id)]
    assert not clients.finish_purge(ACCOUNT, kept.id)
    assert [key for key in items() if kept.id in f"{key}"] == [keys.purged_key(ACCOUNT, kept.id)]


def test_nothing_comes_back_to_a_contact_that_is_being_purged_itself(
    table: Table, kept_shelves: Shelves, requests: Requests, items: Callable[[], list[keys.Key]]
) -> None:
    """The contact's purge is cut when its partition is empty; the link is still there, and goes with the client."""
    contacts, ana, kept = TableContacts(table), add(kept_shelves.books.contacts, contact()), a_client(kept_shelves)
    linked(kept_shelves, kept, ana)
    with pytest.raises(Cut), requests.cut(at=1, only="Query", event="after-call"):
        contacts.purge(ana, by=ANA, now=NOW)
    assert kept_shelves.books.links.of_client(ACCOUNT, kept.id)
    TableClients(table).purge(kept, by=ANA, now=NOW)
    assert contacts.finish_purge(ACCOUNT, ana.id)
    assert [key for key in items() if ana.id in f"{key}"] == [keys.purged_key(ACCOUNT, ana.id)]


def test_a_contact_that_is_changed_meanwhile_is_told_all_the_same(
    table: Table, kept_shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    contacts, ana, kept = TableContacts(table), add(kept_shelves.books.contacts, contact()), a_client(kept_shelves)
    linked(kept_shelves, kept, ana)
    get = Table.get

    def change_behind(store: Table, key: keys.Key) -> object:
        row = get(store, key)
        if key == keys.contact_key(ACCOUNT, ana.id):
            monkeypatch.setattr(Table, "get", get)
            after = ana.edited(replace(ana.details, notes="x"), NOW)
            contacts.replace(ana, after, made("updated", after, by=BEN))
        return row

    monkeypatch.setattr(Table, "get", change_behind)
    TableClients(table).purge(kept, by=ANA, now=NOW + timedelta(hours=1))
    assert contacts.history(ACCOUNT, ana.id, before=None, limit=1)[0].action == "unlinked"
    assert contacts.find(ACCOUNT, ana.id)[0].details.notes == "x"


def test_a_link_that_is_gone_already_is_passed_over(
    table: Table, kept_shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, kept = add(kept_shelves.books.contacts, contact()), a_client(kept_shelves)
    linked(kept_shelves, kept, ana)
    row = table.query(keys.client_pk(ACCOUNT, kept.id), low=keys.LINKS_FIRST, high=keys.LINKS_LAST, limit=1)
    unlink_contact(kept_shelves.books, LinkAct(account=ACCOUNT, client_id=kept.id, contact_id=ana.id, by=BEN, now=NOW))
    before = kept_shelves.books.contacts.history(ACCOUNT, ana.id, before=None, limit=10)
    purge_steps.unlink_contacts(table, ACCOUNT, row, {"at": "2026-11-23T10:15:30.250Z", "by": "usr_ana"})
    assert kept_shelves.books.contacts.history(ACCOUNT, ana.id, before=None, limit=10) == before
