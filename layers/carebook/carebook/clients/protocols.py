"""What is needed of the stores of clients and of links."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from carebook.clients.model import Client, ClientSummary, Link
from carebook.contacts.history import HistoryEntry
from carebook.contacts.model import Contact
from carebook.contacts.protocols import ContactStore
from carebook.purging import PurgingStore
from carebook.settings.model import AccountSettings
from carebook.side_by_side import SideBySide

Found = tuple[Client, AccountSettings]


class ClientStore(PurgingStore[Client], Protocol):
    """Where clients are kept. A client, its place in the list and its history are written together or not at all."""

    def find(self, account: str, client_id: str, /) -> Found:
        """The client as last written, with the account's settings.

        Raises:
            NotFound: when the account has no such client.
        """
        ...

    def find_together(self, account: str, client_ids: Sequence[str]) -> dict[str, Client]:
        """Those of the clients that are there, archived or not, by their ids."""
        ...

    def add(self, client: Client, entry: HistoryEntry, /, *, request: str | None = None) -> Client:
        """Keep a new client; when this *request* has added one before, that one is returned.

        Raises:
            AlreadyExists: when the id is taken.
        """
        ...

    def page(self, account: str, *, archived: bool, after: str | None, limit: int) -> list[tuple[str, ClientSummary]]:
        """Up to *limit* clients by name behind the position *after*, each with its own position."""
        ...


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
class Books:
    """The stores that links stand between."""

    clients: ClientStore
    contacts: ContactStore
    links: LinkStore
