"""HTTP: /contacts."""

from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook.contacts import service
from carebook.contacts.purging import purge_contact
from carebook.contacts.reading import details_of, read_details
from carebook.contacts.schemas import ContactPage, ContactType, ContactView, HistoryPage, NewContact
from carebook.contacts.searchable import BOOK
from carebook.contacts.store import TableContacts
from carebook.contacts.views import contact_row, contact_view, history_entry_view
from carebook.duplicates.service import create_unless_duplicate
from carebook.http.api import Api, answer, no_content
from carebook.http.patches import MergePatch
from carebook.identity import Permission
from carebook.instants import instant, parse_instant, utcnow
from carebook.search.store import AccountIndex
from carebook.settings.store import TableSettings
from carebook.table import open_table

api = Api()
Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query()]


@lru_cache(maxsize=1)
def index() -> AccountIndex:
    return AccountIndex(open_table())


@lru_cache(maxsize=1)
def contacts() -> TableContacts:
    return TableContacts(open_table())


@api.post("/contacts", tags=["contacts"], summary="Add a contact", status_code=201)
def create(
    new: Annotated[NewContact, Body()],
    allow_duplicate: Annotated[bool, Query(description="Add it although one like it is there.")] = False,  # noqa: FBT002
) -> Response[ContactView]:
    principal = api.principal
    principal.require(Permission.USE_CONTACTS)
    settings = TableSettings(open_table()).current(principal.account)
    contact = create_unless_duplicate(
        contacts(),
        index().entries(principal.account, BOOK),
        account=principal.account,
        details=details_of(new, settings),
        by=principal.person,
        now=utcnow(),
        request=api.once,
        allow_duplicate=allow_duplicate,
    )
    location = {"Location": f"/contacts/{contact.id}"}
    return answer(contact_view(contact, settings), status=201, version=contact.version, headers=location)


@api.get("/contacts", tags=["contacts"], summary="List contacts by name")
def list_by_name(
    type: Annotated[ContactType | None, Query()] = None,  # noqa: A002 - the name that callers know
    archived: Annotated[bool, Query()] = False,  # noqa: FBT002
    sort: Annotated[Literal["name"], Query()] = "name",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[ContactPage]:
    principal = api.principal
    principal.require(Permission.USE_CONTACTS)
    query = (type or "", str(archived), sort)
    position = api.unseal_cursor(cursor, *query)
    rows, next_after = service.list_contacts(
        contacts(),
        account=principal.account,
        archived=archived,
        contact_type=type,
        after=position[0] if position else None,
        limit=limit,
    )
    next_cursor = api.seal_cursor([next_after] if next_after else None, *query)
    return answer({"items": [contact_row(row) for row in rows], "next_cursor": next_cursor})


@api.get("/contacts/<contact_id>", tags=["contacts"], summary="Read a contact")
def read(contact_id: str) -> Response[ContactView]:
    principal = api.principal
    principal.require(Permission.USE_CONTACTS)
    contact, settings = service.view_contact(
        contacts(), account=principal.account, contact_id=contact_id, viewer=principal.person, now=utcnow()
    )
    return answer(contact_view(contact, settings), version=contact.version)


@api.patch("/contacts/<contact_id>", tags=["contacts"], summary="Change a contact")
def change(contact_id: str, patch: Annotated[MergePatch[NewContact], Body()]) -> Response[ContactView]:
    principal = api.principal
    principal.require(Permission.USE_CONTACTS)
    contact, settings = service.change_contact(
        contacts(),
        account=principal.account,
        contact_id=contact_id,
        patch=patch.root,
        read_details=read_details,
        by=principal.person,
        now=utcnow(),
        expected_version=api.expected_version,
    )
    return answer(contact_view(contact, settings), version=contact.version)


@api.delete(
    "/contacts/<contact_id>", tags=["contacts"], summary="Archive a contact, or delete it for good", status_code=204
)
def remove(
    contact_id: str,
    purge: Annotated[bool, Query(description="For good, at once; directors only.")] = False,  # noqa: FBT002
) -> Response[Any]:
    principal = api.principal
    principal.require(Permission.PURGE_CONTACTS if purge else Permission.USE_CONTACTS)
    act = purge_contact if purge else service.archive_contact
    act(
        contacts(),
        account=principal.account,
        contact_id=contact_id,
        by=principal.person,
        now=utcnow(),
        expected_version=api.expected_version,
    )
    return no_content()


@api.post("/contacts/<contact_id>/restore", tags=["contacts"], summary="Bring an archived contact back")
def restore(contact_id: str) -> Response[ContactView]:
    principal = api.principal
    principal.require(Permission.USE_CONTACTS)
    contact, settings = service.restore_contact(
        contacts(),
        account=principal.account,
        contact_id=contact_id,
        by=principal.person,
        now=utcnow(),
        expected_version=api.expected_version,
    )
    return answer(contact_view(contact, settings), version=contact.version)


@api.get("/contacts/<contact_id>/history", tags=["contacts"], summary="Who did what with a contact, and when")
def history(contact_id: str, limit: Limit = 50, cursor: Cursor = None) -> Response[HistoryPage]:
    principal = api.principal
    principal.require(Permission.USE_CONTACTS)
    entries, next_before = service.contact_history(
        contacts(),
        account=principal.account,
        contact_id=contact_id,
        viewer=principal.person,
        now=utcnow(),
        before=_moment(api.unseal_cursor(cursor)),
        limit=limit,
        whole=principal.may(Permission.USE_TASKS_OF_OTHERS),
    )
    position = [instant(next_before[0]), next_before[1]] if next_before else None
    return answer({"items": [history_entry_view(entry) for entry in entries], "next_cursor": api.seal_cursor(position)})


def _moment(position: list[str] | None) -> tuple[datetime, str] | None:
    return (parse_instant(position[0]), position[1]) if position else None


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda entry point."""
    return api.resolve(event, context)
