"""HTTP: /contacts/{contact_id}/messages and notes."""

from functools import lru_cache
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook.contacts.store import TableContacts
from carebook.documents.bucket import DocumentBucket
from carebook.documents.store import TableDocuments
from carebook.documents.typesetting import TypesettingFunction
from carebook.files.bucket import FileBuckets
from carebook.files.store import TableFiles
from carebook.http.api import Api, answer
from carebook.identity import Permission
from carebook.instants import utcnow
from carebook.messages import reading, service
from carebook.messages.attaching import ContactAttachments
from carebook.messages.attachments import AttachmentRef
from carebook.messages.providers import is_configured
from carebook.messages.queue import QueuedMessages
from carebook.messages.schemas import (
    AttachmentInput,
    MessageKind,
    MessageMethod,
    MessagePage,
    MessageStatus,
    MessagesView,
    MessageView,
    NewMessage,
    NewNote,
    StandingsView,
)
from carebook.messages.sending_again import retry_message
from carebook.messages.standing import standings
from carebook.messages.store import TableMessages
from carebook.messages.views import message_view, standing_view
from carebook.table import Table, open_table

api = Api()
Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query()]


def attachments(table: Table) -> ContactAttachments:
    session = table.connection.session
    return ContactAttachments(
        TableFiles(table),
        FileBuckets(table),
        TableDocuments(table),
        DocumentBucket(session),
        TypesettingFunction(session),
    )


@lru_cache(maxsize=1)
def outbox() -> service.Outbox:
    table = open_table()
    return service.Outbox(
        contacts=TableContacts(table),
        messages=TableMessages(table),
        queue=QueuedMessages(table),
        attachments=attachments(table),
        configured=is_configured,
    )


@api.post("/contacts/<contact_id>/messages", tags=["messages"], summary="Write to a contact", status_code=202)
def send(contact_id: str, new: Annotated[NewMessage, Body()]) -> Response[MessagesView]:
    principal = api.principal
    principal.require(Permission.USE_CONTACTS)
    made = service.send_message(
        outbox(),
        account=principal.account,
        contact_id=contact_id,
        subject=new.subject,
        body=new.body,
        methods=new.methods,
        attachments=[_ref(one) for one in new.attachments],
        by=principal.person,
        now=utcnow(),
        request=api.once,
    )
    return answer({"items": [message_view(message) for message in made]}, status=202)


@api.get("/contacts/<contact_id>/messages", tags=["messages"], summary="What was written, newest first")
def list_newest_first(
    contact_id: str,
    kind: Annotated[MessageKind | None, Query()] = None,
    method: Annotated[MessageMethod | None, Query()] = None,
    status: Annotated[MessageStatus | None, Query()] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[MessagePage]:
    principal = api.principal
    principal.require(Permission.USE_CONTACTS)
    query = (kind or "", method or "", status or "")
    position = api.unseal_cursor(cursor, *query)
    messages, next_before = reading.list_messages(
        outbox(),
        account=principal.account,
        contact_id=contact_id,
        wanted={"kind": kind, "method": method, "status": status},
        viewer=principal.person,
        now=utcnow(),
        before=position[0] if position else None,
        limit=limit,
    )
    next_cursor = api.seal_cursor([next_before] if next_before else None, *query)
    return answer({"items": [message_view(message) for message in messages], "next_cursor": next_cursor})


@api.get("/contacts/<contact_id>/messages/<message_id>", tags=["messages"], summary="Read a message")
def read(contact_id: str, message_id: str) -> Response[MessageView]:
    principal = api.principal
    principal.require(Permission.USE_CONTACTS)
    message = reading.view_message(
        outbox(),
        account=principal.account,
        contact_id=contact_id,
        message_id=message_id,
        viewer=principal.person,
        now=utcnow(),
    )
    return answer(message_view(message), version=message.version)


@api.post(
    "/contacts/<contact_id>/messages/<message_id>/retry",
    tags=["messages"],
    summary="Send a message that failed once more",
    status_code=202,
)
def retry(contact_id: str, message_id: str) -> Response[MessageView]:
    principal = api.principal
    principal.require(Permission.USE_CONTACTS)
    message = retry_message(
        outbox(),
        account=principal.account,
        contact_id=contact_id,
        message_id=message_id,
        by=principal.person,
        now=utcnow(),
        expected_version=api.expected_version,
    )
    return answer(message_view(message), status=202, version=message.version)


@api.post(
    "/contacts/<contact_id>/notes", tags=["messages"], summary="Note what was said by other ways", status_code=201
)
def note(contact_id: str, new: Annotated[NewNote, Body()]) -> Response[MessageView]:
    principal = api.principal
    principal.require(Permission.USE_CONTACTS)
    now = utcnow()
    message = service.add_note(
        outbox(),
        account=principal.account,
        contact_id=contact_id,
        body=new.body,
        channel=new.channel,
        direction=new.direction,
        occurred_at=new.occurred_at or now,
        by=principal.person,
        now=now,
        request=api.once,
    )
    location = {"Location": f"/contacts/{message.recipient_id}/messages/{message.id}"}
    return answer(message_view(message), status=201, version=message.version, headers=location)


@api.get(
    "/contacts/<contact_id>/consents",
    tags=["messages"],
    summary="Whether each method may be used now, and what was said about that",
)
def list_consents(contact_id: str) -> Response[StandingsView]:
    principal = api.principal
    principal.require(Permission.USE_CONTACTS)
    found = standings(outbox(), account=principal.account, contact_id=contact_id, viewer=principal.person, now=utcnow())
    return answer({"items": [standing_view(one) for one in found]})


def _ref(given: AttachmentInput) -> AttachmentRef:
    if given.file_id is not None:
        return AttachmentRef("file", given.file_id)
    return AttachmentRef("document", given.document_id or "")


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda entry point."""
    return api.resolve(event, context)
