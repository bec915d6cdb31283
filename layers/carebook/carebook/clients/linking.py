"""Linking contacts to clients. A link belongs to the client; a contact that was merged is linked as what it is now."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from carebook.clients.model import (
    Client,
    Link,
    LinkedContact,
    LinkTerms,
    ShownClient,
    linked_contacts,
    shown_of,
    which_counts,
)
from carebook.clients.service import ClientStore, checked_id, clients_by_id, writable
from carebook.contacts.history import Change, HistoryEntry, noted
from carebook.contacts.model import Contact
from carebook.contacts.protocols import ContactStore, Found
from carebook.contacts.service import checked_id as checked_contact_id
from carebook.contacts.service import refuse_unwritable
from carebook.errors import Conflict, NotFound, StaleVersion, Unavailable
from carebook.identity import Person
from carebook.retrying import attempts
from carebook.settings.model import AccountSettings
from carebook.side_by_side import SideBySide

MOST_LINKS: Final = 100


class LinkStore(SideBySide, Protocol):
    """Where links are kept. A link and its entries in the histories of both are written together or not at all."""

    def of_client(self, account: str, client_id: str) -> list[Link]:
        """All links of a client."""
        ...

    def of_contact(self, account: str, contact_id: str, *, before: str | None, limit: int) -> list[Link]:
        """The links of a contact, and of those merged into it, of at least *limit* clients if there are so many.

        The latest client first, older than a client's id.
        """
        ...

    def of_this_contact(self, account: str, contact_id: str, *, limit: int) -> list[Link]:
        """Up to *limit* links that name this very contact, the latest client first."""
        ...

    def write(self, writing: "LinkWriting") -> None:
        """Write a link, or take it away.

        Raises:
            Conflict: when client, contact or link are not what they were any more.
        """
        ...

    def drop(self, links: Collection[Link]) -> None:
        """Remove links whose contact is gone for good."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkWriting:
    """A link's next version (None: it goes), those that were there, and what the histories of both will say."""

    client: Client
    contact: Contact
    before: tuple[Link, ...]
    after: Link | None
    for_client: HistoryEntry
    for_contact: HistoryEntry


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


@dataclass(frozen=True, slots=True)
class Books:
    """The stores that links stand between."""

    clients: ClientStore
    contacts: ContactStore
    links: LinkStore


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAct:
    """Who does something to which link, when, and which version of it they mean."""

    account: str
    client_id: str
    contact_id: str
    by: Person
    now: datetime
    expected_version: int | None = None


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
    return _behind(books, account, links), settings


def contacts_of_client(books: Books, *, account: str, client_id: str) -> list[LinkedContact]:
    """The contacts of a client by name, archived ones too; who was merged is shown as what they are now.

    A link that the purge of its contact has left behind is removed here.
    """
    return _behind(books, account, books.links.of_client(account, client_id))


def _behind(books: Books, account: str, links: list[Link]) -> list[LinkedContact]:
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


def link_contact(
    books: Books, act: LinkAct, edit: Callable[[LinkTerms], LinkTerms]
) -> tuple[LinkedContact, AccountSettings, bool]:
    """Link a contact to a client, or change the terms; with the settings, and whether the link is new.

    The same again changes nothing.

    Args:
        edit: the terms out of those that stand; out of none but the defaults when the two are not linked yet.

    Raises:
        NotFound: when the account has no such client or contact.
        StaleVersion: when the caller means another version of the link.
        Conflict: when one of the two is archived, a merge is under way, or the client has too many contacts.
    """
    for _ in attempts():
        client, contact, settings, linked, count = _both(books, act)
        refuse_unwritable(contact)
        known = linked.link if linked else None
        _refuse_stale(known, act.expected_version)
        terms = edit(known.terms if known else LinkTerms())
        if linked and known and known.terms == terms:
            return linked, settings, False
        if known is None and count >= MOST_LINKS:
            raise Conflict(f"A client can have {MOST_LINKS} contacts. Unlink one first.", code="too_many")
        after = known.succeeded(contact.id, terms, act.now) if known else _new(act, contact, terms)
        replaced = tuple(link for link in (linked.links if linked else ()) if link.contact_id == contact.id)
        action = "link_changed" if known else "linked"
        try:
            books.links.write(_writing(act, action, client, contact, replaced, known, after))
        except Conflict:
            continue
        others = tuple(link for link in (linked.links if linked else ()) if link.contact_id != contact.id)
        return LinkedContact(contact, (after, *others)), settings, known is None
    raise Unavailable(_BUSY)


def unlink_contact(books: Books, act: LinkAct) -> None:
    """Take the link away, and with it those of contacts that were merged into this one.

    Raises:
        NotFound: when the account has no such client or contact, or they are not linked.
        StaleVersion: when the caller means another version of the link.
        Conflict: when the client is archived, or a merge is under way.
    """
    for _ in attempts():
        client, contact, _settings, linked, _count = _both(books, act)
        if contact.merging is not None:
            refuse_unwritable(contact)
        if linked is None:
            raise NotFound("This contact is not linked to this client.")
        _refuse_stale(linked.link, act.expected_version)
        try:
            books.links.write(_writing(act, "unlinked", client, contact, linked.links, linked.link, None))
        except Conflict:
            continue
        return
    raise Unavailable(_BUSY)


_BUSY: Final = "The link is being changed by others. Try again in a moment."


def _both(books: Books, act: LinkAct) -> tuple[Client, Contact, AccountSettings, LinkedContact | None, int]:
    """Client, contact, settings, their link if there is one, and how many contacts the client has."""
    client_id, contact_id = checked_id(act.client_id), checked_contact_id(act.contact_id)
    found, (contact, settings), links = books.links.together(
        lambda: books.clients.find(act.account, client_id),
        lambda: books.contacts.find(act.account, contact_id),
        lambda: books.links.of_client(act.account, client_id),
    )
    client = writable(found)
    everybody = _behind(books, act.account, links)
    linked = next((linked for linked in everybody if linked.contact.id == contact.id), None)
    return client, contact, settings, linked, len(everybody)


def _new(act: LinkAct, contact: Contact, terms: LinkTerms) -> Link:
    return Link(
        account=act.account,
        client_id=act.client_id,
        contact_id=contact.id,
        version=1,
        terms=terms,
        created_at=act.now,
        updated_at=act.now,
    )


def _refuse_stale(link: Link | None, expected: int | None) -> None:
    version = link.version if link else 0
    if expected is not None and expected != version:
        current = link.changed_since(expected) if link and 0 < expected < version else {}
        raise StaleVersion(version=version, expected=expected, current=current)


def _writing(
    act: LinkAct,
    action: str,
    client: Client,
    contact: Contact,
    before: tuple[Link, ...],
    was: Link | None,
    after: Link | None,
) -> LinkWriting:
    def entry(whom: str, other_id: str) -> HistoryEntry:
        old, new = ({whom: other_id} | link.terms.to_document() if link else None for link in (was, after))
        return noted(action, by=act.by, now=act.now, changes=(Change("link", old, new),))

    return LinkWriting(
        client=client,
        contact=contact,
        before=before,
        after=after,
        for_client=entry("contact_id", contact.id),
        for_contact=entry("client_id", client.id),
    )
