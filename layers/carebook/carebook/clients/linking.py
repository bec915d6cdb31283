"""Linking contacts to clients. A link belongs to the client; a contact that was merged is linked as what it is now."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from carebook.clients.linked import contacts_behind
from carebook.clients.model import (
    Client,
    Link,
    LinkedContact,
    LinkTerms,
)
from carebook.clients.protocols import Books, LinkWriting
from carebook.clients.service import checked_id, writable
from carebook.contacts.history import Change, HistoryEntry, noted
from carebook.contacts.model import Contact
from carebook.contacts.service import checked_id as checked_contact_id
from carebook.contacts.service import refuse_unwritable
from carebook.errors import Conflict, NotFound, StaleVersion, Unavailable
from carebook.identity import Person
from carebook.retrying import attempts
from carebook.settings.model import AccountSettings

MOST_LINKS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAct:
    """Who does something to which link, when, and which version of it they mean."""

    account: str
    client_id: str
    contact_id: str
    by: Person
    now: datetime
    expected_version: int | None = None


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
    everybody = contacts_behind(books, act.account, links)
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
