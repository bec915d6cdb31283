"""Clients and their links in the shape that callers see."""

from typing import Any, cast

from carebook.clients.linked import ClientLink
from carebook.clients.model import Client, ClientSummary, Link, LinkedContact, ShownClient, summary_of
from carebook.clients.schemas import (
    ClientMatched,
    ClientOfContact,
    ClientRow,
    ClientView,
    ContactOfClient,
    LinkedClientRow,
    LinkedContactRow,
)
from carebook.contacts.model import Contact
from carebook.contacts.model import summary_of as contact_summary
from carebook.contacts.search_views import matched
from carebook.contacts.views import reach_view, record_view, row_fields
from carebook.instants import instant
from carebook.search.entries import Entry
from carebook.settings.model import AccountSettings


def client_view(client: Client, settings: AccountSettings) -> ClientView:
    """The whole record, with the ways in which the client can be reached now."""
    return cast("ClientView", record_view(client) | {"reachable": reach_view(client, settings)})


def client_row(summary: ClientSummary) -> ClientRow:
    """A row of the list."""
    return cast("ClientRow", row_fields(summary) | {"matched": None})


def found_row(client: Client, entry: Entry) -> ClientRow:
    """The row of a client that a search has found, and why."""
    row = client_row(summary_of(client))
    row["matched"] = cast("ClientMatched", matched(entry))
    return row


def contact_of_client(linked: LinkedContact, settings: AccountSettings) -> ContactOfClient:
    """A contact of a client."""
    view = _link(linked.link, linked.copied) | {
        "contact": linked_contact_row(linked.contact),
        "reachable": reach_view(linked.contact, settings),
    }
    return cast("ContactOfClient", view)


def client_of_contact(linked: ClientLink) -> ClientOfContact:
    """A client of a contact."""
    view = _link(linked.link, linked.copied) | {"client": linked_client_row(linked.client)}
    return cast("ClientOfContact", view)


def linked_client_row(client: ShownClient) -> LinkedClientRow:
    """A client in a row of something else."""
    return {
        "id": client.id,
        "name": client.name,
        "date_of_birth": client.date_of_birth,
        "archived_at": client.archived_at,
    }


def linked_contact_row(contact: Contact) -> LinkedContactRow:
    """A contact in a row of something else."""
    fields = row_fields(contact_summary(contact))
    return cast("LinkedContactRow", {name: fields[name] for name in LinkedContactRow.__annotations__})


def _link(link: Link, copied: tuple[str, ...]) -> dict[str, Any]:
    return link.terms.to_document() | {
        "copied": list(copied),
        "version": link.version,
        "created_at": instant(link.created_at),
        "updated_at": instant(link.updated_at),
    }
