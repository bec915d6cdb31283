"""HTTP: the cover page of a contact."""

from functools import lru_cache
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook.contacts.store import TableContacts
from carebook.cover.schemas import CoverView
from carebook.cover.sections import SECTIONS
from carebook.cover.service import view_cover
from carebook.cover.store import TableSections
from carebook.cover.views import cover_view
from carebook.http.api import Api, answer
from carebook.identity import Permission
from carebook.instants import utcnow
from carebook.table import open_table

api = Api()


@lru_cache(maxsize=1)
def contacts() -> TableContacts:
    return TableContacts(open_table())


@lru_cache(maxsize=1)
def sections() -> TableSections:
    return TableSections(open_table(), SECTIONS)


@api.get("/contacts/<contact_id>/cover", tags=["contacts"], summary="A contact and what hangs on it, in one call")
def read(contact_id: str) -> Response[CoverView]:
    principal = api.principal
    principal.require(Permission.USE_CONTACTS)
    now = utcnow()
    cover = view_cover(contacts(), sections(), contact_id=contact_id, caller=principal, now=now)
    return answer(cover_view(cover, now))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda entry point."""
    return api.resolve(event, context)
