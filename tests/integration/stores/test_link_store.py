"""What every link store promises."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from carebook.clients.linked import ClientLink, clients_of_contact, contacts_of_client
from carebook.clients.linking import LinkAct, link_contact, unlink_contact
from carebook.clients.model import Client, LinkTerms
from carebook.clients.protocols import Books
from carebook.contacts.history import made
from carebook.contacts.model import Contact
from carebook.contacts.store import TableContacts
from carebook.errors import Conflict, NotFound
from carebook.merging.service import merge_contacts
from carebook.merging.store import TableMerges
from tests.fakes.examples import ACCOUNT, ANA, NOW, OTHER_ACCOUNT, add, archive, client, contact, save

pytestmark = pytest.mark.parametrize("shelves", ["memory", "dynamo"], indirect=True)
MOTHER = LinkTerms(relationship="mother", cc_all_automated_messages=True, cc={"bill_reminder": False})


def a_client(books: Books, **fields: Any) -> Client:
    new = client(**fields)
    return books.clients.add(new, made("created", new, by=ANA))


def act(who: Client, whom: Contact, *, account: str = ACCOUNT) -> LinkAct:
    return LinkAct(account=account, client_id=who.id, contact_id=whom.id, by=ANA, now=NOW)


def merge(books: Books, duplicate: Contact, survivor: Contact) -> None:
    if isinstance(books.contacts, TableContacts):
        merge_contacts(
            books.contacts,
            TableMerges(books.contacts._table, books.contacts),
            account=ACCOUNT,
            survivor_id=survivor.id,
            duplicate_id=duplicate.id,
            chosen=frozenset(),
            by=ANA,
            now=NOW,
        )
        return
    save(books.contacts, duplicate, replace(duplicate.succeeded(NOW), merged_into=survivor.id), action="merged")


def seen(books: Books, whom: Contact, *, before: str | None, limit: int) -> tuple[list[ClientLink], str | None]:
    """What a look at the contact's clients shows."""
    return clients_of_contact(
        books,
        lambda: books.contacts.find(ACCOUNT, whom.id),
        account=ACCOUNT,
        contact_id=whom.id,
        before=before,
        limit=limit,
    )


def test_a_link_is_kept_with_its_terms(books: Books) -> None:
    mia, ana = a_client(books), add(books.contacts, contact())
    linked, _settings, is_new = link_contact(books, act(mia, ana), lambda _: MOTHER)
    assert is_new
    assert (linked.link.terms, linked.link.version) == (MOTHER, 1)
    assert books.links.of_client(ACCOUNT, mia.id) == [linked.link]
    assert books.links.of_contact(ACCOUNT, ana.id, before=None, limit=5) == [linked.link]
    assert books.links.of_client(OTHER_ACCOUNT, mia.id) == []
    assert books.links.of_contact(OTHER_ACCOUNT, ana.id, before=None, limit=5) == []


def test_both_histories_say_who_linked_whom(books: Books) -> None:
    mia, ana = a_client(books), add(books.contacts, contact())
    link_contact(books, act(mia, ana), lambda _: MOTHER)
    unlink_contact(books, act(mia, ana))
    for store, record_id in ((books.clients, mia.id), (books.contacts, ana.id)):
        entries = store.history(ACCOUNT, record_id, before=None, limit=10)
        assert sorted(entry.action for entry in entries) == ["created", "linked", "unlinked"]
    assert books.links.of_client(ACCOUNT, mia.id) == []
    with pytest.raises(NotFound):
        unlink_contact(books, act(mia, ana))


def test_a_link_to_an_archived_contact_is_not_written(books: Books) -> None:
    mia, ana = a_client(books), add(books.contacts, contact())
    archive(books.contacts, ana)
    with pytest.raises(Conflict) as refused:
        link_contact(books, act(mia, ana), lambda _: MOTHER)
    assert refused.value.code == "archived"


def test_the_clients_of_merged_contacts_are_those_of_the_survivor_page_by_page(books: Books) -> None:
    moments = [NOW + timedelta(seconds=number) for number in range(5)]
    clients = [a_client(books, now=moment, first_name=f"{moment.second}") for moment in moments]
    survivor, first, second = (add(books.contacts, contact(last_name=str(number))) for number in range(3))
    for who, whom in ((0, survivor), (1, first), (2, second), (3, first), (3, survivor), (4, second)):
        link_contact(books, act(clients[who], whom), lambda _: MOTHER)
    merge(books, first, survivor)
    merge(books, second, survivor)
    for limit in (1, 2, 3, 10):
        found: list[str] = []
        before: str | None = None
        while True:
            page, before = seen(books, survivor, before=before, limit=limit)
            found += [linked.client.id for linked in page]
            if before is None:
                break
            assert len(page) == limit
        assert found == [one.id for one in reversed(clients)]
    by_the_old_id, _ = seen(books, first, before=None, limit=10)
    assert [linked.client.id for linked in by_the_old_id] == [one.id for one in reversed(clients)]


def test_of_several_links_to_one_person_the_survivors_own_counts(books: Books) -> None:
    mia = a_client(books)
    survivor, duplicate = add(books.contacts, contact()), add(books.contacts, contact(last_name="Mueller"))
    link_contact(books, act(mia, duplicate), lambda _: MOTHER)
    link_contact(books, act(mia, survivor), lambda _: LinkTerms(relationship="aunt"))
    merge(books, duplicate, survivor)
    (linked,) = contacts_of_client(books, account=ACCOUNT, client_id=mia.id)
    assert (linked.contact.id, linked.link.terms.relationship, len(linked.links)) == (survivor.id, "aunt", 2)
    unlink_contact(books, act(mia, survivor))
    assert books.links.of_client(ACCOUNT, mia.id) == []


def test_a_client_or_contact_that_was_changed_in_between_is_read_again(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    mia, ana = a_client(books), add(books.contacts, contact())
    write, times = books.links.write, []

    def change_first(writing: Any) -> None:
        times.append(1)
        if len(times) == 1:
            changed = mia.edited(replace(mia.details, last_name="Meier"), NOW)
            books.clients.replace(mia, changed, made("updated", changed, by=ANA))
        write(writing)

    monkeypatch.setattr(books.links, "write", change_first)
    link_contact(books, act(mia, ana), lambda _: MOTHER)
    assert len(times) == 2
    assert len(books.links.of_client(ACCOUNT, mia.id)) == 1
