"""What every referral store promises."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from carebook.clients.linked import first_clients
from carebook.clients.linking import LinkAct, link_contact
from carebook.clients.model import Client, LinkTerms
from carebook.contacts.history import made, noted
from carebook.errors import Conflict, NotFound
from carebook.identity import Person
from carebook.referrals.listing import first_referrals
from carebook.referrals.model import Referral, ReferralDetails
from carebook.referrals.protocols import AlreadyMade, Desk, ReferralAct, ReferralWriting
from carebook.referrals.service import add_referral, delete_referral, view_referral
from tests.fakes.examples import ACCOUNT, ANA, BEN, NOW, OTHER_ACCOUNT, add, client, contact
from tests.integration.stores.conftest import Shelves

pytestmark = pytest.mark.parametrize("shelves", ["memory", "dynamo"], indirect=True)


def a_client(desk: Desk, **fields: Any) -> Client:
    new = client(**fields)
    return desk.clients.add(new, made("created", new, by=ANA))


def act(who: Client, *, referral_id: str = "", account: str = ACCOUNT, by: Person = ANA) -> ReferralAct:
    return ReferralAct(account=account, client_id=who.id, referral_id=referral_id, by=by, now=NOW)


def refer(
    desk: Desk, who: Client, contact_id: str | None = None, *, request: str | None = None, **fields: Any
) -> Referral:
    usual: dict[str, Any] = {"role": "referring", "status": "active", "received_on": "2026-11-20"}
    details = ReferralDetails(contact_id=contact_id, **(usual | fields))
    return add_referral(desk, act(who), lambda _: details, request=request).referral


def rows(desk: Desk, **asked: Any) -> list[str]:
    usual: dict[str, Any] = {"status": None, "received_from": None, "received_to": None, "before": None, "limit": 50}
    return [row.id for _, row in desk.referrals.rows(ACCOUNT, **(usual | asked))]


def test_a_referral_is_found_as_it_was_added(shelves: Shelves) -> None:
    desk, mia, ana = shelves.desk, a_client(shelves.desk), add(shelves.desk.contacts, contact())
    referral = refer(desk, mia, ana.id, diagnosis_codes=("E11.9",), notes="x", expires_on="2027-01-01")
    assert desk.referrals.find(ACCOUNT, mia.id, referral.id) == referral
    assert desk.referrals.of_client(ACCOUNT, mia.id, before=None, limit=5) == [referral]
    assert referral.referrer is not None
    assert referral.referrer["last_name"] == "Müller"
    for account, client_id in ((OTHER_ACCOUNT, mia.id), (ACCOUNT, a_client(desk).id)):
        with pytest.raises(NotFound):
            desk.referrals.find(account, client_id, referral.id)
    assert desk.referrals.of_client(OTHER_ACCOUNT, mia.id, before=None, limit=5) == []
    assert desk.referrals.of_contact(OTHER_ACCOUNT, ana.id, before=None, limit=5) == []


def test_a_request_that_is_repeated_finds_what_it_made(shelves: Shelves) -> None:
    desk, mia = shelves.desk, a_client(shelves.desk)
    first = refer(desk, mia, request="k.same")
    assert refer(desk, mia, request="k.same") == first
    writing = ReferralWriting(
        client=mia,
        before=None,
        after=replace(first, id="ref_other"),
        for_client=noted("referral_added", by=ANA, now=NOW, changes=()),
    )
    with pytest.raises(AlreadyMade):
        desk.referrals.write(writing, request="k.same")
    assert len(rows(desk)) == 1


def test_lists_are_by_day_and_select_by_status_and_period(shelves: Shelves) -> None:
    desk, mia = shelves.desk, a_client(shelves.desk)
    one, two, three = (
        refer(desk, mia, received_on=day, status=status).id
        for day, status in (("2026-11-01", "active"), ("2026-11-10", "closed"), ("2026-11-20", "active"))
    )
    assert rows(desk) == [three, two, one]
    assert rows(desk, status="active") == [three, one]
    assert rows(desk, received_from="2026-11-10") == [three, two]
    assert rows(desk, received_to="2026-11-10") == [two, one]
    assert rows(desk, received_from="2026-11-02", received_to="2026-11-19") == [two]
    found: list[str] = []
    before: str | None = None
    while True:
        asked = {"status": None, "received_from": "2026-11-01", "received_to": None}
        page = desk.referrals.rows(ACCOUNT, **asked, before=before, limit=1)
        if not page:
            break
        before = page[0][0]
        found.append(page[0][1].id)
    assert found == [three, two, one]


def test_what_was_changed_in_between_is_not_replaced(shelves: Shelves) -> None:
    desk, mia = shelves.desk, a_client(shelves.desk)
    before = refer(desk, mia)
    entry = noted("referral_changed", by=BEN, now=NOW, changes=())

    def write(after: Referral | None) -> None:
        desk.referrals.write(ReferralWriting(client=mia, before=before, after=after, for_client=entry))

    write(before.edited(replace(before.details, status="on_hold"), NOW))
    for late in (before.edited(replace(before.details, notes="late"), NOW), None):
        with pytest.raises(Conflict):
            write(late)
    assert desk.referrals.find(ACCOUNT, mia.id, before.id).details.status == "on_hold"
    assert (rows(desk, status="active"), rows(desk, status="on_hold")) == ([], [before.id])


def test_a_deleted_referral_is_nowhere(shelves: Shelves) -> None:
    desk, mia, ana = shelves.desk, a_client(shelves.desk), add(shelves.desk.contacts, contact())
    referral = refer(desk, mia, ana.id)
    delete_referral(desk, act(mia, referral_id=referral.id))
    assert rows(desk) == rows(desk, status="active") == []
    assert desk.referrals.of_contact(ACCOUNT, ana.id, before=None, limit=5) == []
    with pytest.raises(NotFound):
        view_referral(desk, act(mia, referral_id=referral.id))
    for store, record_id in ((desk.clients, mia.id), (desk.contacts, ana.id)):
        actions = [entry.action for entry in store.history(ACCOUNT, record_id, before=None, limit=10)]
        assert actions.count("referral_deleted") == actions.count("referral_added") == 1


def test_a_cover_page_has_the_first_and_how_many_there_are(shelves: Shelves) -> None:
    desk, ana = shelves.desk, add(shelves.desk.contacts, contact())
    clients = [a_client(desk, now=NOW + timedelta(seconds=second)) for second in range(4)]
    for who in clients:
        refer(desk, who, ana.id)
        mother = LinkAct(account=ACCOUNT, client_id=who.id, contact_id=ana.id, by=ANA, now=NOW)
        link_contact(shelves.books, mother, lambda _: LinkTerms())
    for counted, expected in ((10, (4, True)), (4, (4, True)), (3, (3, False))):
        limit = counted + 1
        links = shelves.books.links.of_this_contact(ACCOUNT, ana.id, limit=limit)
        linked, *count = first_clients(
            shelves.books, links, account=ACCOUNT, contact_id=ana.id, shown=2, counted=counted
        )
        assert ([one.id for one, _ in linked], tuple(count)) == ([clients[3].id, clients[2].id], expected)
        found = desk.referrals.of_this_contact(ACCOUNT, ana.id, limit=limit)
        listed, *count = first_referrals(desk, found, account=ACCOUNT, contact_id=ana.id, shown=2, counted=counted)
        assert (len(listed), tuple(count)) == (2, expected)
