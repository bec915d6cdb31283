"""Who is linked to whom. A contact that was merged is shown as what it is now."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from carebook.clients.model import Link, LinkedContact, ShownClient, linked_contacts, shown_of, which_counts
from carebook.clients.protocols import Books
from carebook.clients.service import checked_id, clients_by_id
from carebook.contacts.model import Contact
from carebook.contacts.protocols import Found
from carebook.identity import Person
from carebook.settings.model import AccountSettings


@dataclass(frozen=True, slots=True)
class ClientLink:
    """A client of a contact, by which link."""

    client: ShownClient
    contact: Contact
    link: Link

    @property
    def copied(self) -> tuple[str, ...]:
        """The kinds of automated messages that are copied; none while client or contact is archived."""
        return self.link.terms.copied if self.client.in_use and self.contact.in_use else ()


def view_contacts_of_client(
    books: Books, *, account: str, client_id: str, viewer: Person, now: datetime
) -> tuple[list[LinkedContact], AccountSettings]:
    """:func:`contacts_of_client`, with the account's settings; looking at them is a view of the client.

    Raises:
        NotFound: when the account has no such client.
    """
    asked = checked_id(client_id)
    (_, settings), links = books.links.together(
        lambda: books.clients.view(account, asked, viewer=viewer, now=now),
        lambda: books.links.of_client(account, asked),
    )
    return contacts_behind(books, account, links), settings


def contacts_of_client(books: Books, *, account: str, client_id: str) -> list[LinkedContact]:
    """The contacts of a client by name, archived ones too; who was merged is shown as what they are now.

    A link that the purge of its contact has left behind is removed here.
    """
    return contacts_behind(books, account, books.links.of_client(account, client_id))


def contacts_behind(books: Books, account: str, links: list[Link]) -> list[LinkedContact]:
    """Whom the links of a client lead to, by name; see :func:`contacts_of_client`."""
    if not links:
        return []
    led_to = books.contacts.led_to(account, [link.contact_id for link in links])
    gone = [link for link in links if link.contact_id not in led_to]
    if gone:
        books.links.drop(gone)
    return linked_contacts(links, led_to)


def clients_of_contact(
    books: Books, view: Callable[[], Found], *, account: str, contact_id: str, before: str | None, limit: int
) -> tuple[list[ClientLink], str | None]:
    """A page of the clients of a contact, those added last first, and where the next one begins.

    Those of contacts that were merged into it are among them. The links are read beside *view*, which finds the
    contact; once more when the id leads to another one.
    """

    def read(one: str) -> dict[str, list[Link]]:
        return _links_by_client(books, account, one, before=before, limit=limit)

    (contact, _settings), together = books.links.together(view, lambda: read(contact_id))
    if contact.id != contact_id:
        together = read(contact.id)
    page = list(together)[:limit]
    linked = [
        ClientLink(client, contact, link) for client, link in _clients_by(books, account, contact.id, together, page)
    ]
    return linked, page[-1] if len(together) > limit else None


def first_clients(
    books: Books, links: Iterable[Link], *, account: str, contact_id: str, shown: int, counted: int
) -> tuple[list[tuple[ShownClient, Link]], int, bool]:
    """For a cover page: the first clients of a contact, how many there are, and whether that is all of them.

    It counts no further than *counted*. The clients are as the links show them; only those that show none are read.

    Args:
        links: those of the contact and of all who were merged into it, of each one more than are *counted*.
    """
    together = _by_client(sorted(links, key=lambda link: (link.client_id, link.contact_id), reverse=True))
    ids = list(together)[:shown]
    known = {link.client_id: link.client for client_id in ids for link in together[client_id] if link.client}
    missing = [client_id for client_id in ids if client_id not in known]
    known |= {
        one.id: shown_of(one) for one in clients_by_id(books.clients, account=account, client_ids=missing).values()
    }
    first = [(known[one], which_counts(together[one], contact_id)) for one in ids if one in known]
    return first, min(len(together), counted), len(together) <= counted


def _links_by_client(
    books: Books, account: str, contact_id: str, *, before: str | None, limit: int
) -> dict[str, list[Link]]:
    """The links of a contact's clients, of up to *limit* and one more if there is one."""
    return _by_client(books.links.of_contact(account, contact_id, before=before, limit=limit + 1))


def _by_client(links: Iterable[Link]) -> dict[str, list[Link]]:
    together: dict[str, list[Link]] = {}
    for link in links:
        together.setdefault(link.client_id, []).append(link)
    return together


def _clients_by(
    books: Books, account: str, contact_id: str, together: Mapping[str, list[Link]], client_ids: list[str]
) -> list[tuple[ShownClient, Link]]:
    """Each client with the link that counts."""
    clients = clients_by_id(books.clients, account=account, client_ids=client_ids)
    return [
        (shown_of(clients[client_id]), which_counts(together[client_id], contact_id))
        for client_id in client_ids
        if client_id in clients
    ]
