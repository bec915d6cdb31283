"""HTTP: /contacts/{contact_id}/shares, for staff."""

from functools import lru_cache
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook.contacts.store import TableContacts
from carebook.documents.bucket import DocumentBucket
from carebook.environment import share_address
from carebook.http.api import Api, answer, no_content
from carebook.identity import Permission
from carebook.instants import utcnow
from carebook.message_templates.store import TableMessageTemplates
from carebook.messages.providers import is_configured
from carebook.messages.queue import QueuedMessages
from carebook.messages.store import TableMessages
from carebook.shares import service
from carebook.shares.collaborators import Act, Desk, Order
from carebook.shares.contents import TableContents
from carebook.shares.model import ItemRef
from carebook.shares.schemas import ItemInput, NewShare, NewShareView, SharePage, ShareView
from carebook.shares.store import TableShares
from carebook.shares.vault import SigningVault
from carebook.shares.views import new_share_view, share_view
from carebook.table import open_table

api = Api()
Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query()]


@lru_cache(maxsize=1)
def pdfs() -> DocumentBucket:
    return DocumentBucket(open_table().connection.session)


@lru_cache(maxsize=1)
def desk() -> Desk:
    table = open_table()
    return Desk(
        contacts=TableContacts(table),
        messages=TableMessages(table),
        queue=QueuedMessages(table),
        configured=is_configured,
        shares=TableShares(table),
        contents=TableContents(table, pdfs),
        templates=TableMessageTemplates(table),
        vault=SigningVault(),
    )


@api.post("/contacts/<contact_id>/shares", tags=["shares"], summary="Share files and documents", status_code=201)
def share(contact_id: str, new: Annotated[NewShare, Body()]) -> Response[NewShareView]:
    doing = act(contact_id)
    order = Order(
        items=tuple(_ref(item) for item in new.items),
        methods=None if new.methods is None else tuple(new.methods),
        message=new.message,
        days=new.expires_in_days,
        address=link_address(api.current_event.raw_event["requestContext"]),
    )
    made, code = service.create_share(desk(), doing, order, request=api.once)
    api.keep_sealed("code")
    location = {"Location": f"/contacts/{made.contact_id}/shares/{made.id}"}
    return answer(new_share_view(made, code, doing.now), status=201, version=made.version, headers=location)


@api.get("/contacts/<contact_id>/shares", tags=["shares"], summary="What was shared, newest first, and who opened it")
def list_newest_first(contact_id: str, limit: Limit = 50, cursor: Cursor = None) -> Response[SharePage]:
    doing, position = act(contact_id), api.unseal_cursor(cursor)
    found, next_before = service.list_shares(desk(), doing, before=position[0] if position else None, limit=limit)
    next_cursor = api.seal_cursor([next_before] if next_before else None)
    return answer({"items": [share_view(one, doing.now) for one in found], "next_cursor": next_cursor})


@api.get("/contacts/<contact_id>/shares/<share_id>", tags=["shares"], summary="Read a share and who opened it")
def read(contact_id: str, share_id: str) -> Response[ShareView]:
    doing = act(contact_id, share_id)
    found = service.view_share(desk(), doing)
    return answer(share_view(found, doing.now), version=found.version)


@api.delete("/contacts/<contact_id>/shares/<share_id>", tags=["shares"], summary="Take a share back", status_code=204)
def revoke(contact_id: str, share_id: str) -> Response[Any]:
    service.revoke_share(desk(), act(contact_id, share_id))
    return no_content()


def act(contact_id: str, share_id: str = "") -> Act:
    principal = api.principal
    principal.require(Permission.USE_CONTACTS)
    return Act(principal.account, contact_id, principal.person, utcnow(), share_id, api.expected_version)


def link_address(context: dict[str, Any]) -> str:
    """What stands before ``/shares/…`` in a link: the address that is set, else that by which API Gateway was called.

    API Gateway names itself in the *context* of a request; what a caller says in a header is not looked at.
    """
    address = share_address() or f"https://{context['domainName']}/{context['stage']}"
    return address.replace("{api}", str(context.get("apiId", ""))).rstrip("/")


def _ref(item: ItemInput) -> ItemRef:
    if item.file_id is not None:
        return ItemRef("file", item.file_id)
    return ItemRef("document", item.document_id or "")


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda entry point."""
    return api.resolve(event, context)
