"""Which clients and contacts belong together, asked for many at once."""

from dataclasses import dataclass

import pytest

from carebook.clients.link_store import TableLinks
from carebook.clients.linking import LinkAct, link_contact, unlink_contact
from carebook.clients.model import Client, LinkTerms
from carebook.clients.protocols import Books
from carebook.clients.store import TableClients
from carebook.contacts.history import made
from carebook.contacts.model import Contact
from carebook.contacts.store import TableContacts
from carebook.merging.service import merge_contacts
from carebook.merging.store import TableMerges
from carebook.table import Table
from tests.fakes.examples import ACCOUNT, ANA, NOW, OTHER_ACCOUNT, add, client, contact
from tests.integration.stores.cutting import Requests


@dataclass
class Families:
    """A client with a contact, and another with none."""

    books: Books
    links: TableLinks
    mia: Client
    ben: Client
    ana: Contact


@pytest.fixture
def families(table: Table) -> Families:
    contacts, clients = TableContacts(table), TableClients(table)
    links = TableLinks(table, clients, contacts)
    books = Books(clients, contacts, links)
    mia, ben = (clients.add(new, made("created", new, by=ANA)) for new in (client(), client()))
    ana = add(contacts, contact())
    link_contact(books, act(mia, ana), lambda _: LinkTerms(relationship="mother"))
    return Families(books, links, mia, ben, ana)


def act(who: Client, whom: Contact) -> LinkAct:
    return LinkAct(account=ACCOUNT, client_id=who.id, contact_id=whom.id, by=ANA, now=NOW)


def test_links_as_they_were_made_are_one_request_however_many(families: Families, requests: Requests) -> None:
    eve = add(families.books.contacts, contact())
    link_contact(families.books, act(families.ben, eve), lambda _: LinkTerms(relationship="father"))
    pairs = [(families.mia.id, families.ana.id), (families.ben.id, eve.id)]
    with requests.noted() as made_requests:
        assert families.links.linked(ACCOUNT, pairs * 2) == set(pairs)
    assert made_requests == ["BatchGetItem"]
    assert families.links.linked(OTHER_ACCOUNT, pairs) == set()


def test_nobody_is_linked_to_another_client_or_after_they_were_unlinked(families: Families) -> None:
    mine, other = (families.mia.id, families.ana.id), (families.ben.id, families.ana.id)
    assert families.links.linked(ACCOUNT, [mine, other]) == {mine}
    unlink_contact(families.books, act(families.mia, families.ana))
    assert families.links.linked(ACCOUNT, [mine, other]) == set()
    assert families.links.linked(ACCOUNT, []) == set()


def test_whoever_the_linked_contact_was_merged_into_is_linked(families: Families, table: Table) -> None:
    contacts = TableContacts(table)
    survivor = add(contacts, contact())
    merge_contacts(
        contacts,
        TableMerges(table, contacts),
        account=ACCOUNT,
        survivor_id=survivor.id,
        duplicate_id=families.ana.id,
        chosen=frozenset(),
        by=ANA,
        now=NOW,
    )
    pair = (families.mia.id, survivor.id)
    assert families.links.linked(ACCOUNT, [pair, (families.ben.id, survivor.id)]) == {pair}
