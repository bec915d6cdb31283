"""Whom messages go to: contacts and clients. What sending must know of them, and nothing more."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from carebook.clients.model import Client
from carebook.contacts.model import Contact, Reach, reachable
from carebook.contacts.protocols import ContactStore
from carebook.errors import NotFound
from carebook.ids import CONTACT, is_id
from carebook.settings.model import AccountSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Somebody who can be written to.

    Attributes:
        version: of the record; what is written for them is written only while they are still at it.
        reach: for each method the number or address it would use, or why it cannot.
        on_file: every number and address that is theirs now.
        merging: what hangs on them is being moved at this moment, and may lie with somebody else.
    """

    account: str
    id: str
    version: int
    methods: tuple[str, ...]
    time_zone: str
    archived: bool
    reach: Mapping[str, Reach]
    on_file: frozenset[str]
    merging: bool = False
    name: str = ""
    first_name: str = ""


def recipient_of(contact: Contact | Client, settings: AccountSettings) -> Recipient:
    """A contact or a client as somebody who can be written to."""
    reach = dict(reachable(contact, settings))
    if reach["email"].ok:
        reach["email"] = Reach(ok=True, to=contact.details.emails[0].address)
    return Recipient(
        account=contact.account,
        id=contact.id,
        version=contact.version,
        methods=contact.details.messaging_methods,
        time_zone=contact.details.time_zone or settings.values["time_zone"],
        archived=contact.archived_at is not None,
        reach=reach,
        on_file=frozenset(
            [email.address for email in contact.details.emails] + [phone.number for phone in contact.details.phones]
        ),
        merging=getattr(contact, "merging", None) is not None,
        name=contact.details.display_name,
        first_name=contact.details.first_name or contact.details.display_name,
    )


class ContactRecipients:
    """Recipients that are contacts."""

    def __init__(self, contacts: ContactStore) -> None:
        self._contacts = contacts

    def those(self, account: str, ids: Iterable[str], settings: AccountSettings) -> dict[str, Recipient]:
        """The recipients by the id that was asked for, archived and merged ones too; those that are gone are missing.

        One request for all, and one for each that is not in use.
        """
        asked = list(dict.fromkeys(ids))
        found = {contact.id: contact for contact in self._contacts.find_many(account, asked)}
        for missing in (one for one in asked if one not in found):
            try:
                found[missing] = self._contacts.find(account, missing)[0]
            except NotFound:
                continue
        return {asked_id: recipient_of(contact, settings) for asked_id, contact in found.items()}


class ClientsTogether(Protocol):
    """What is needed of the client store."""

    def find_together(self, account: str, client_ids: Sequence[str]) -> dict[str, Client]:
        """Those of the clients that are there, archived or not, by their ids."""
        ...


class EveryRecipient:
    """Recipients that are contacts or clients; the id says which."""

    def __init__(self, contacts: ContactStore, clients: ClientsTogether) -> None:
        self._contacts = ContactRecipients(contacts)
        self._clients = clients

    def those(self, account: str, ids: Iterable[str], settings: AccountSettings) -> dict[str, Recipient]:
        """The recipients by the id that was asked for; see :class:`ContactRecipients`. One request more for clients."""
        asked = list(dict.fromkeys(ids))
        contact_ids = [one for one in asked if is_id(one, CONTACT)]
        client_ids = [one for one in asked if one not in contact_ids]
        found = self._contacts.those(account, contact_ids, settings) if contact_ids else {}
        clients = self._clients.find_together(account, client_ids) if client_ids else {}
        return found | {client_id: recipient_of(client, settings) for client_id, client in clients.items()}
