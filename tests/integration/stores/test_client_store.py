"""What every client store promises."""

from dataclasses import replace
from datetime import timedelta

import pytest

from carebook.clients.model import Client
from carebook.clients.protocols import Books
from carebook.clients.service import create_client, list_clients
from carebook.contacts.history import made
from carebook.errors import AlreadyExists, Conflict, NotFound
from tests.fakes.examples import ACCOUNT, ANA, BEN, CELL, NOW, OTHER_ACCOUNT, client

pytestmark = pytest.mark.parametrize("shelves", ["memory", "dynamo"], indirect=True)


def add(books: Books, new: Client, *, request: str | None = None) -> Client:
    return books.clients.add(new, made("created", new, by=ANA), request=request)


def test_a_client_is_found_as_it_was_added(books: Books) -> None:
    added = add(books, client(date_of_birth="2019-04-30", phones=(CELL,), language="es"))
    assert books.clients.find(ACCOUNT, added.id)[0] == added
    assert books.clients.find_together(ACCOUNT, [added.id, "cli_none"]) == {added.id: added}


def test_a_client_cannot_be_added_twice_but_a_request_can_be_repeated(books: Books) -> None:
    first = add(books, client(), request="k.same")
    assert add(books, client(), request="k.same") == first
    with pytest.raises(AlreadyExists):
        add(books, first)


def test_another_account_has_no_such_client(books: Books) -> None:
    added = add(books, client())
    with pytest.raises(NotFound):
        books.clients.find(OTHER_ACCOUNT, added.id)
    with pytest.raises(NotFound):
        books.clients.view(OTHER_ACCOUNT, added.id, viewer=BEN, now=NOW)
    assert books.clients.find_together(OTHER_ACCOUNT, [added.id]) == {}
    assert list_clients(books.clients, account=OTHER_ACCOUNT, archived=False, after=None, limit=10) == ([], None)


def test_what_was_changed_in_between_is_not_replaced(books: Books) -> None:
    before = add(books, client())
    after = before.edited(replace(before.details, last_name="Meier"), NOW)
    books.clients.replace(before, after, made("updated", after, by=ANA))
    late = before.archived(NOW)
    with pytest.raises(Conflict):
        books.clients.replace(before, late, made("archived", late, by=BEN))
    assert books.clients.find(ACCOUNT, before.id)[0] == after


def test_the_list_holds_who_is_in_use_by_name_or_who_is_archived(books: Books) -> None:
    zoe, abel, mia = (add(books, client(last_name=name)) for name in ("Zoe", "Abel", "Mia"))
    away = mia.archived(NOW)
    books.clients.replace(mia, away, made("archived", away, by=ANA))

    def ids(*, archived: bool) -> list[str]:
        first, after = list_clients(books.clients, account=ACCOUNT, archived=archived, after=None, limit=1)
        rest, end = list_clients(books.clients, account=ACCOUNT, archived=archived, after=after, limit=5)
        assert end is None
        return list(dict.fromkeys(row.id for row in [*first, *rest]))

    assert ids(archived=False) == [abel.id, zoe.id]
    assert ids(archived=True) == [mia.id]


def test_a_persons_views_within_an_hour_are_one_entry(books: Books) -> None:
    added = add(books, client())
    for minutes in (1, 2, 61):
        books.clients.view(ACCOUNT, added.id, viewer=BEN, now=NOW + timedelta(minutes=minutes))
    entries = books.clients.history(ACCOUNT, added.id, before=None, limit=10)
    assert [entry.action for entry in entries] == ["viewed", "viewed", "created"]


def test_a_new_client_has_the_entry_that_says_so(books: Books) -> None:
    made_by_staff = create_client(books.clients, account=ACCOUNT, details=client().details, by=ANA, now=NOW)
    (entry,) = books.clients.history(ACCOUNT, made_by_staff.id, before=None, limit=10)
    assert (entry.action, entry.by, entry.version) == ("created", ANA, 1)
    assert books.links.of_client(ACCOUNT, made_by_staff.id) == []
