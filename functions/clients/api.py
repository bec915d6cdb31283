"""HTTP: /clients, and the links between clients and contacts."""

from functools import lru_cache
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook.clients import service
from carebook.clients.finding import find_clients
from carebook.clients.link_store import TableLinks
from carebook.clients.linked import clients_of_contact, view_contacts_of_client
from carebook.clients.linking import LinkAct, link_contact, unlink_contact
from carebook.clients.protocols import Books
from carebook.clients.purging import purge_client
from carebook.clients.reading import details_at, details_of, terms_of
from carebook.clients.schemas import (
    ClientPage,
    ClientsOfContact,
    ClientView,
    ContactOfClient,
    ContactsOfClient,
    LinkInput,
    NewClient,
)
from carebook.clients.searchable import BOOK
from carebook.clients.store import TableClients
from carebook.clients.views import client_of_contact, client_row, client_view, contact_of_client, found_row
from carebook.contacts.schemas import HistoryPage
from carebook.contacts.service import view_contact
from carebook.contacts.store import TableContacts
from carebook.contacts.views import history_entry_view
from carebook.http.api import Api, answer, no_content
from carebook.http.patches import MergePatch
from carebook.identity import Permission
from carebook.instants import instant, parse_instant, utcnow
from carebook.messages.withdrawing import Withdrawal
from carebook.search.plan import plan_search
from carebook.search.service import Position
from carebook.search.store import AccountIndex
from carebook.search.vocabulary_service import did_you_mean
from carebook.search.vocabulary_store import TableVocabularies
from carebook.settings.store import TableSettings
from carebook.table import open_table

api = Api()
Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query()]


@lru_cache(maxsize=1)
def index() -> AccountIndex:
    return AccountIndex(open_table())


@lru_cache(maxsize=1)
def vocabularies() -> TableVocabularies:
    return TableVocabularies(open_table())


@lru_cache(maxsize=1)
def clients() -> TableClients:
    return TableClients(open_table())


@lru_cache(maxsize=1)
def books() -> Books:
    contacts = TableContacts(open_table())
    return Books(clients(), contacts, TableLinks(open_table(), clients(), contacts, Withdrawal(open_table())))


@api.post("/clients", tags=["clients"], summary="Add a client", status_code=201)
def create(new: Annotated[NewClient, Body()]) -> Response[ClientView]:
    principal = api.principal
    principal.require(Permission.USE_CLIENTS)
    settings = TableSettings(open_table()).current(principal.account)
    now = utcnow()
    client = service.create_client(
        clients(),
        account=principal.account,
        details=details_of(new, settings, now=now),
        by=principal.person,
        now=now,
        request=api.once,
    )
    location = {"Location": f"/clients/{client.id}"}
    return answer(client_view(client, settings), status=201, version=client.version, headers=location)


@api.get("/clients", tags=["clients"], summary="List clients by name, or find them by name, e-mail or phone")
def list_or_find(
    q: Annotated[str | None, Query(description="Words, an e-mail or @domain, digits of a number.")] = None,
    archived: Annotated[bool, Query(description="Those that were put away; not with `q`.")] = False,  # noqa: FBT002
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[ClientPage]:
    principal = api.principal
    principal.require(Permission.USE_CLIENTS)
    if q is not None:
        return _find(q, archived=archived, limit=limit, cursor=cursor)
    position = api.unseal_cursor(cursor, "list", str(archived))
    rows, next_after = service.list_clients(
        clients(), account=principal.account, archived=archived, after=position[0] if position else None, limit=limit
    )
    next_cursor = api.seal_cursor([next_after] if next_after else None, "list", str(archived))
    items = [client_row(row) for row in rows]
    return answer({"items": items, "next_cursor": next_cursor, "partial": False, "did_you_mean": None})


def _find(q: str, *, archived: bool, limit: int, cursor: str | None) -> Response[ClientPage]:
    account = api.principal.account
    country = index().state(account).country
    position = api.unseal_cursor(cursor, "search", q, country)  # another country would be another plan
    plan = plan_search(q, country=country)
    start = Position(int(position[0]), position[1] or None) if position else None
    rows, found = find_clients(
        clients(), index().entries(account, BOOK), plan, account=account, archived=archived, start=start, limit=limit
    )
    meant = None
    if start is None:
        meant = did_you_mean(vocabularies(), account=account, book=BOOK, query=q, plan=plan, found=found, now=utcnow())
    going_on = [str(found.next.index), found.next.after or ""] if found.next else None
    page: ClientPage = {
        "items": [found_row(client, hit.entry) for client, hit in rows],
        "next_cursor": api.seal_cursor(going_on, "search", q, country),
        "partial": found.partial,
        "did_you_mean": meant,
    }
    return answer(page)


@api.get("/clients/<client_id>", tags=["clients"], summary="Read a client")
def read(client_id: str) -> Response[ClientView]:
    principal = api.principal
    principal.require(Permission.USE_CLIENTS)
    client, settings = service.view_client(
        clients(), account=principal.account, client_id=client_id, viewer=principal.person, now=utcnow()
    )
    return answer(client_view(client, settings), version=client.version)


@api.patch("/clients/<client_id>", tags=["clients"], summary="Change a client")
def change(client_id: str, patch: Annotated[MergePatch[NewClient], Body()]) -> Response[ClientView]:
    principal = api.principal
    principal.require(Permission.USE_CLIENTS)
    now = utcnow()
    client, settings = service.change_client(
        clients(),
        account=principal.account,
        client_id=client_id,
        patch=patch.root,
        read_details=details_at(now),
        by=principal.person,
        now=now,
        expected_version=api.expected_version,
    )
    return answer(client_view(client, settings), version=client.version)


@api.delete(
    "/clients/<client_id>", tags=["clients"], summary="Archive a client, or delete it for good", status_code=204
)
def remove(
    client_id: str,
    purge: Annotated[bool, Query(description="For good, at once; directors only.")] = False,  # noqa: FBT002
) -> Response[Any]:
    principal = api.principal
    principal.require(Permission.PURGE_CLIENTS if purge else Permission.USE_CLIENTS)
    act = purge_client if purge else service.archive_client
    act(
        clients(),
        account=principal.account,
        client_id=client_id,
        by=principal.person,
        now=utcnow(),
        expected_version=api.expected_version,
    )
    return no_content()


@api.post("/clients/<client_id>/restore", tags=["clients"], summary="Bring an archived client back")
def restore(client_id: str) -> Response[ClientView]:
    principal = api.principal
    principal.require(Permission.USE_CLIENTS)
    client, settings = service.restore_client(
        clients(),
        account=principal.account,
        client_id=client_id,
        by=principal.person,
        now=utcnow(),
        expected_version=api.expected_version,
    )
    return answer(client_view(client, settings), version=client.version)


@api.get("/clients/<client_id>/history", tags=["clients"], summary="Who did what with a client, and when")
def history(client_id: str, limit: Limit = 50, cursor: Cursor = None) -> Response[HistoryPage]:
    principal = api.principal
    principal.require(Permission.USE_CLIENTS)
    position = api.unseal_cursor(cursor)
    entries, next_before = service.client_history(
        clients(),
        account=principal.account,
        client_id=client_id,
        viewer=principal.person,
        now=utcnow(),
        before=(parse_instant(position[0]), position[1]) if position else None,
        limit=limit,
    )
    going_on = [instant(next_before[0]), next_before[1]] if next_before else None
    return answer({"items": [history_entry_view(entry) for entry in entries], "next_cursor": api.seal_cursor(going_on)})


@api.get("/clients/<client_id>/contacts", tags=["clients"], summary="The contacts of a client")
def list_contacts(client_id: str) -> Response[ContactsOfClient]:
    principal = api.principal
    principal.require(Permission.USE_CLIENTS)
    linked, settings = view_contacts_of_client(
        books(), account=principal.account, client_id=client_id, viewer=principal.person, now=utcnow()
    )
    return answer({"items": [contact_of_client(one, settings) for one in linked], "next_cursor": None})


@api.put("/clients/<client_id>/contacts/<contact_id>", tags=["clients"], summary="Link a contact to a client")
def link(client_id: str, contact_id: str, given: Annotated[LinkInput, Body()]) -> Response[ContactOfClient]:
    principal = api.principal
    principal.require(Permission.USE_CLIENTS)
    act = _act(client_id, contact_id)
    linked, settings, is_new = link_contact(books(), act, lambda before: terms_of(given, before))
    return answer(contact_of_client(linked, settings), status=201 if is_new else 200, version=linked.link.version)


@api.delete(
    "/clients/<client_id>/contacts/<contact_id>",
    tags=["clients"],
    summary="Unlink a contact from a client",
    status_code=204,
)
def unlink(client_id: str, contact_id: str) -> Response[Any]:
    principal = api.principal
    principal.require(Permission.USE_CLIENTS)
    unlink_contact(books(), _act(client_id, contact_id))
    return no_content()


def _act(client_id: str, contact_id: str) -> LinkAct:
    principal = api.principal
    return LinkAct(
        account=principal.account,
        client_id=client_id,
        contact_id=contact_id,
        by=principal.person,
        now=utcnow(),
        expected_version=api.expected_version,
    )


@api.get("/contacts/<contact_id>/clients", tags=["clients"], summary="The clients of a contact")
def list_clients_of(contact_id: str, limit: Limit = 50, cursor: Cursor = None) -> Response[ClientsOfContact]:
    principal = api.principal
    principal.require(Permission.USE_CLIENTS)
    position = api.unseal_cursor(cursor)
    linked, next_before = clients_of_contact(
        books(),
        lambda: view_contact(
            books().contacts, account=principal.account, contact_id=contact_id, viewer=principal.person, now=utcnow()
        ),
        account=principal.account,
        contact_id=contact_id,
        before=position[0] if position else None,
        limit=limit,
    )
    next_cursor = api.seal_cursor([next_before] if next_before else None)
    return answer({"items": [client_of_contact(one) for one in linked], "next_cursor": next_cursor})


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda entry point."""
    return api.resolve(event, context)
