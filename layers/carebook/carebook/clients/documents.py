"""A client, its row in lists and its links as JSON documents, and back."""

from collections.abc import Mapping
from typing import Any, Final

from carebook.clients.model import Client, ClientDetails, ClientSummary, Link, LinkTerms, ShownClient
from carebook.contacts.documents import moments_from
from carebook.instants import instant, parse_instant

SHOWN: Final = "client"  # the field of a row's document in which it keeps what is shown of its client


def client_from(account: str, client_id: str, version: int, document: Mapping[str, Any]) -> Client:
    """The client out of ``record_document``."""
    details = ClientDetails.from_document(document["details"])
    return Client(id=client_id, account=account, version=version, details=details, **moments_from(document))


def summary_from(document: Mapping[str, Any]) -> ClientSummary:
    """The row out of ``summary_document``."""
    fields: dict[str, Any] = {name: document.get(name) for name in ClientSummary.__slots__}
    return ClientSummary(**fields)


def link_document(link: Link) -> dict[str, Any]:
    """All of a link but its key and version."""
    moments = {"created_at": instant(link.created_at), "updated_at": instant(link.updated_at)}
    changed_in = {"changed_in": dict(link.changed_in)} if link.changed_in else {}
    return link.terms.to_document() | moments | changed_in | with_shown(link.client)


def with_shown(client: ShownClient | None) -> dict[str, Any]:
    """What a row of something else keeps of its client, as a piece of its document."""
    if client is None:
        return {}
    return {SHOWN: {name: getattr(client, name) for name in ShownClient.__slots__ if name != "id"}}


def shown_in(client_id: str, document: Mapping[str, Any]) -> ShownClient | None:
    """The client out of :func:`with_shown`."""
    kept = document.get(SHOWN)
    return None if kept is None else ShownClient(id=client_id, **kept)


def link_from(account: str, client_id: str, contact_id: str, version: int, document: Mapping[str, Any]) -> Link:
    """The link out of :func:`link_document`."""
    return Link(
        account=account,
        client_id=client_id,
        contact_id=contact_id,
        version=version,
        terms=LinkTerms(**{name: document[name] for name in LinkTerms.__slots__}),
        created_at=parse_instant(document["created_at"]),
        updated_at=parse_instant(document["updated_at"]),
        changed_in=document.get("changed_in", {}),
        client=shown_in(client_id, document),
    )
