"""HTTP: /contacts/duplicates, and merging them."""

import time
from functools import lru_cache
from typing import Annotated, Any, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook.contacts.schemas import ContactView
from carebook.contacts.searchable import BOOK
from carebook.contacts.store import TableContacts
from carebook.contacts.views import contact_view
from carebook.duplicates.model import Reason
from carebook.duplicates.schemas import DuplicatePage
from carebook.duplicates.service import Place, list_duplicates
from carebook.duplicates.store import IndexedThings
from carebook.duplicates.views import duplicate_pair
from carebook.errors import BadCursor
from carebook.http.api import Api, answer
from carebook.identity import Permission
from carebook.instants import utcnow
from carebook.merging.schemas import MergeRequest, UnmergeRequest
from carebook.merging.service import merge_contacts, unmerge_contacts
from carebook.merging.store import TableMerges
from carebook.search.store import AccountIndex
from carebook.table import open_table

api = Api()
Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query()]
_SECONDS_FOR_A_PAGE: Final = 8.0


@lru_cache(maxsize=1)
def contacts() -> TableContacts:
    return TableContacts(open_table())


@lru_cache(maxsize=1)
def index() -> AccountIndex:
    return AccountIndex(open_table())


@api.get("/contacts/duplicates", tags=["contacts"], summary="Contacts that look like one")
def list_pairs(limit: Limit = 50, cursor: Cursor = None) -> Response[DuplicatePage]:
    principal = api.principal
    principal.require(Permission.USE_CONTACTS)
    position = api.unseal_cursor(cursor)
    start = _place(position) if position else Place()
    until = time.monotonic() + _SECONDS_FOR_A_PAGE
    pairs, going_on = list_duplicates(
        contacts(),
        IndexedThings(contacts(), index().entries(principal.account, BOOK), principal.account),
        account=principal.account,
        start=start,
        limit=limit,
        go_on=lambda: time.monotonic() < until,
    )
    next_position = None
    if going_on:
        next_position = [going_on.reason, going_on.after or "", going_on.text, going_on.one, going_on.other]
    page: DuplicatePage = {
        "items": [duplicate_pair(pair) for pair in pairs],
        "next_cursor": api.seal_cursor(next_position),
    }
    return answer(page)


def _place(position: list[str]) -> Place:
    if len(position) != 5:  # of an earlier release
        raise BadCursor("The list has changed since this page. Start again without a cursor.")
    reason, after, text, one, other = position
    return Place(Reason(reason), after or None, text, one, other)


@api.post("/contacts/<contact_id>/merge", tags=["contacts"], summary="Take a duplicate in")
def merge(contact_id: str, request: Annotated[MergeRequest, Body()]) -> Response[ContactView]:
    principal = api.principal
    principal.require(Permission.MERGE_CONTACTS)
    contact, settings = merge_contacts(
        contacts(),
        TableMerges(open_table(), contacts()),
        account=principal.account,
        survivor_id=contact_id,
        duplicate_id=request.duplicate_id,
        chosen=frozenset(name for name, whose in request.fields.items() if whose == "duplicate"),
        by=principal.person,
        now=utcnow(),
    )
    return answer(contact_view(contact, settings), version=contact.version)


@api.post("/contacts/<contact_id>/unmerge", tags=["contacts"], summary="Make a merged duplicate its own contact again")
def unmerge(contact_id: str, request: Annotated[UnmergeRequest, Body()]) -> Response[ContactView]:
    principal = api.principal
    principal.require(Permission.MERGE_CONTACTS)
    contact, settings = unmerge_contacts(
        contacts(),
        TableMerges(open_table(), contacts()),
        account=principal.account,
        survivor_id=contact_id,
        duplicate_id=request.duplicate_id,
        by=principal.person,
        now=utcnow(),
    )
    return answer(contact_view(contact, settings), version=contact.version)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda entry point."""
    return api.resolve(event, context)
