"""The cover page of a client: who belongs to them, and who referred them with what remains of that."""

from dataclasses import dataclass
from datetime import datetime

from carebook.clients.model import Client, linked_contacts
from carebook.clients.protocols import Books
from carebook.clients.service import checked_id
from carebook.cover.model import COUNTED, Part, part_of
from carebook.identity import Person
from carebook.referrals.protocols import Desk
from carebook.referrals.service import known_today
from carebook.settings.model import AccountSettings


@dataclass(frozen=True, slots=True)
class ClientCover:
    """What the cover page of a client shows."""

    client: Client
    settings: AccountSettings
    contacts: Part
    referrals: Part


def view_client_cover(
    books: Books, desk: Desk, *, account: str, client_id: str, viewer: Person, now: datetime
) -> ClientCover:
    """The client with all its sections; the view goes into the history.

    Two rounds: what lies with the client, then the contacts that it names.

    Raises:
        NotFound: when the account has no such client.
    """
    asked = checked_id(client_id)
    (client, settings), links, referrals, appointments = books.links.together(
        lambda: books.clients.view(account, asked, viewer=viewer, now=now),
        lambda: books.links.of_client(account, asked),
        lambda: desk.referrals.of_client(account, asked, before=None, limit=COUNTED + 1),
        lambda: desk.referrals.appointments(account, asked),
    )
    found = part_of(referrals)
    named = {one.details.contact_id for one in found.items} | {link.contact_id for link in links}
    led_to = books.contacts.led_to(account, named - {None})
    known = known_today(found.items, led_to, appointments, settings, now)
    return ClientCover(
        client, settings, part_of(linked_contacts(links, led_to)), Part(tuple(known), found.count, found.exact)
    )
