"""HTTP: /contacts/search."""

from functools import lru_cache
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook.contacts.schemas import ContactType
from carebook.contacts.search_views import SearchPage, search_row
from carebook.contacts.searchable import BOOK, TYPE_CODES
from carebook.http.api import Api, answer
from carebook.identity import Permission
from carebook.instants import utcnow
from carebook.search.plan import plan_search
from carebook.search.service import Position, search
from carebook.search.store import AccountIndex
from carebook.search.vocabulary_service import did_you_mean
from carebook.search.vocabulary_store import TableVocabularies
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


@api.get("/contacts/search", tags=["contacts"], summary="Find contacts by name, organization, e-mail, phone or NPI")
def find(
    q: Annotated[str, Query(description="Words, an e-mail or @domain, digits of a number, an NPI.")],
    type: Annotated[ContactType | None, Query()] = None,  # noqa: A002 - the name that callers know
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[SearchPage]:
    principal = api.principal
    principal.require(Permission.USE_CONTACTS)
    country = index().state(principal.account).country
    position = api.unseal_cursor(cursor, q, type or "", country)  # another country would be another plan
    plan = plan_search(q, country=country)
    found = search(
        index().entries(principal.account, BOOK),
        plan,
        record_type=type and TYPE_CODES[type],
        start=Position(int(position[0]), position[1] or None) if position else None,
        limit=limit,
    )
    meant = None
    if position is None:
        meant = did_you_mean(
            vocabularies(), account=principal.account, book=BOOK, query=q, plan=plan, found=found, now=utcnow()
        )
    going_on = [str(found.next.index), found.next.after or ""] if found.next else None
    page: SearchPage = {
        "items": [search_row(hit.entry) for hit in found.hits],
        "next_cursor": api.seal_cursor(going_on, q, type or "", country),
        "partial": found.partial,
        "did_you_mean": meant,
    }
    return answer(page)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda entry point."""
    return api.resolve(event, context)
