"""HTTP: the cover pages of contacts and clients."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook.clients.link_store import TableLinks
from carebook.clients.linked import first_clients
from carebook.clients.protocols import Books
from carebook.clients.store import TableClients
from carebook.contacts.store import TableContacts
from carebook.cover.model import COUNTED, SHOWN, Part
from carebook.cover.of_client import view_client_cover
from carebook.cover.schemas import ClientCoverView, CoverView
from carebook.cover.sections import SECTIONS
from carebook.cover.service import view_cover
from carebook.cover.store import Gathering, TableSections
from carebook.cover.views import client_cover_view, cover_view
from carebook.http.api import Api, answer
from carebook.identity import Permission
from carebook.instants import utcnow
from carebook.referrals.listing import first_referrals
from carebook.referrals.protocols import Desk
from carebook.referrals.store import TableReferrals
from carebook.table import open_table

api = Api()


@lru_cache(maxsize=1)
def contacts() -> TableContacts:
    return TableContacts(open_table())


@lru_cache(maxsize=1)
def books() -> Books:
    return Books(clients(), contacts(), TableLinks(open_table(), clients(), contacts()))


@lru_cache(maxsize=1)
def desk() -> Desk:
    return Desk(clients(), contacts(), TableReferrals(open_table(), clients(), contacts()))


@lru_cache(maxsize=1)
def clients() -> TableClients:
    return TableClients(open_table())


def _clients(account: str, contact_id: str, links: Sequence[Any]) -> Part:
    items, count, exact = first_clients(
        books(), links, account=account, contact_id=contact_id, shown=SHOWN, counted=COUNTED
    )
    return Part(tuple(items), count, exact)


def _referrals(account: str, contact_id: str, found: Sequence[Any]) -> Part:
    items, count, exact = first_referrals(
        desk(), found, account=account, contact_id=contact_id, shown=SHOWN, counted=COUNTED
    )
    return Part(tuple(items), count, exact)


# What stays with a contact that was merged into another. One more than are counted tells whether there are more.
GATHERED: Final = {
    "clients": Gathering(
        lambda account, contact_id: books().links.of_this_contact(account, contact_id, limit=COUNTED + 1), _clients
    ),
    "referrals": Gathering(
        lambda account, contact_id: desk().referrals.of_this_contact(account, contact_id, limit=COUNTED + 1), _referrals
    ),
}


@lru_cache(maxsize=1)
def sections() -> TableSections:
    return TableSections(open_table(), SECTIONS, GATHERED)


@api.get("/contacts/<contact_id>/cover", tags=["contacts"], summary="A contact and what hangs on it, in one call")
def read(contact_id: str) -> Response[CoverView]:
    principal = api.principal
    principal.require(Permission.USE_CONTACTS)
    now = utcnow()
    cover = view_cover(contacts(), sections(), contact_id=contact_id, caller=principal, now=now)
    return answer(cover_view(cover, now))


@api.get("/clients/<client_id>/cover", tags=["clients"], summary="A client and what hangs on it, in one call")
def read_client(client_id: str) -> Response[ClientCoverView]:
    principal = api.principal
    principal.require(Permission.USE_CLIENTS)
    cover = view_client_cover(
        books(), desk(), account=principal.account, client_id=client_id, viewer=principal.person, now=utcnow()
    )
    return answer(client_cover_view(cover))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda entry point."""
    return api.resolve(event, context)
