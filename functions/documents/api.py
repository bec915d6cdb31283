"""HTTP: /document-templates, and /contacts/{contact_id}/documents."""

from functools import lru_cache
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook.contacts.store import TableContacts
from carebook.documents import service, templates
from carebook.documents.bucket import DocumentBucket
from carebook.documents.collaborators import Act
from carebook.documents.printing import pdf_of_document
from carebook.documents.reading import check_new, read_content, read_texts
from carebook.documents.schemas import (
    DocumentContent,
    DocumentPage,
    DocumentView,
    NewDocument,
    NewTemplate,
    PdfView,
    TemplatePage,
    TemplateView,
)
from carebook.documents.store import TableDocuments, TableTemplates
from carebook.documents.typesetting import TypesettingFunction
from carebook.documents.views import document_row, document_view, pdf_view, template_view
from carebook.http.api import Api, answer, no_content
from carebook.http.patches import MergePatch
from carebook.identity import Permission, Principal
from carebook.instants import utcnow
from carebook.table import open_table

api = Api()
Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query()]


@lru_cache(maxsize=1)
def contacts() -> TableContacts:
    return TableContacts(open_table())


@lru_cache(maxsize=1)
def documents() -> TableDocuments:
    return TableDocuments(open_table())


@lru_cache(maxsize=1)
def kept_templates() -> TableTemplates:
    return TableTemplates(open_table())


@lru_cache(maxsize=1)
def press() -> TypesettingFunction:
    return TypesettingFunction(open_table().connection.session)


@lru_cache(maxsize=1)
def pdfs() -> DocumentBucket:
    return DocumentBucket(open_table().connection.session)


@api.post("/document-templates", tags=["documents"], summary="Add a template", status_code=201)
def create_template(new: Annotated[NewTemplate, Body()]) -> Response[TemplateView]:
    template = templates.create_template(
        kept_templates(), account=caller().account, title=new.title, body=new.body, now=utcnow(), request=api.once
    )
    location = {"Location": f"/document-templates/{template.id}"}
    return answer(template_view(template), status=201, version=template.version, headers=location)


@api.get("/document-templates", tags=["documents"], summary="List templates")
def list_templates(limit: Limit = 50, cursor: Cursor = None) -> Response[TemplatePage]:
    account, position = caller().account, api.unseal_cursor(cursor)
    after = position[0] if position else None
    found, next_after = templates.list_templates(kept_templates(), account=account, after=after, limit=limit)
    next_cursor = api.seal_cursor([next_after] if next_after else None)
    return answer({"items": [template_view(template) for template in found], "next_cursor": next_cursor})


@api.get("/document-templates/<template_id>", tags=["documents"], summary="Read a template")
def read_template(template_id: str) -> Response[TemplateView]:
    template = templates.read_template(kept_templates(), account=caller().account, template_id=template_id)
    return answer(template_view(template), version=template.version)


@api.patch("/document-templates/<template_id>", tags=["documents"], summary="Change a template")
def change_template(template_id: str, patch: Annotated[MergePatch[NewTemplate], Body()]) -> Response[TemplateView]:
    template = templates.change_template(
        kept_templates(),
        account=caller().account,
        template_id=template_id,
        patch=patch.root,
        read_texts=read_texts,
        now=utcnow(),
        expected_version=api.expected_version,
    )
    return answer(template_view(template), version=template.version)


@api.delete("/document-templates/<template_id>", tags=["documents"], summary="Delete a template", status_code=204)
def remove_template(template_id: str) -> Response[Any]:
    templates.remove_template(
        kept_templates(),
        account=caller().account,
        template_id=template_id,
        expected_version=api.expected_version,
    )
    return no_content()


@api.post("/contacts/<contact_id>/documents", tags=["documents"], summary="Add a document", status_code=201)
def create(contact_id: str, new: Annotated[NewDocument, Body()]) -> Response[DocumentView]:
    principal = caller()
    check_new(new)
    document = service.create_document(
        contacts(),
        documents(),
        kept_templates(),
        account=principal.account,
        contact_id=contact_id,
        template_id=new.template_id,
        title=new.title,
        body=new.body or "",
        by=principal.person,
        now=utcnow(),
        request=api.once,
    )
    location = {"Location": f"/contacts/{document.contact_id}/documents/{document.id}"}
    return answer(document_view(document), status=201, version=document.version, headers=location)


@api.get("/contacts/<contact_id>/documents", tags=["documents"], summary="List a contact's documents, newest first")
def list_of_contact(contact_id: str, limit: Limit = 50, cursor: Cursor = None) -> Response[DocumentPage]:
    principal, position = caller(), api.unseal_cursor(cursor)
    found, next_before = service.list_documents(
        contacts(),
        documents(),
        account=principal.account,
        contact_id=contact_id,
        viewer=principal.person,
        now=utcnow(),
        before=position[0] if position else None,
        limit=limit,
    )
    next_cursor = api.seal_cursor([next_before] if next_before else None)
    return answer({"items": [document_row(document) for document in found], "next_cursor": next_cursor})


@api.get("/contacts/<contact_id>/documents/<doc_id>", tags=["documents"], summary="Read a document")
def read(contact_id: str, doc_id: str) -> Response[DocumentView]:
    document = service.view_document(contacts(), documents(), act(contact_id, doc_id))
    return answer(document_view(document), version=document.version)


@api.patch("/contacts/<contact_id>/documents/<doc_id>", tags=["documents"], summary="Change a document, or finish it")
def change(
    contact_id: str, doc_id: str, patch: Annotated[MergePatch[DocumentContent], Body()]
) -> Response[DocumentView]:
    document = service.change_document(
        contacts(),
        documents(),
        press(),
        pdfs(),
        act(contact_id, doc_id),
        patch=patch.root,
        read_content=read_content,
        expected_version=api.expected_version,
    )
    return answer(document_view(document), version=document.version)


@api.delete(
    "/contacts/<contact_id>/documents/<doc_id>", tags=["documents"], summary="Delete a document", status_code=204
)
def remove(contact_id: str, doc_id: str) -> Response[Any]:
    service.remove_document(
        contacts(), documents(), pdfs(), act(contact_id, doc_id), expected_version=api.expected_version
    )
    return no_content()


@api.get("/contacts/<contact_id>/documents/<doc_id>/pdf", tags=["documents"], summary="A document as PDF")
def pdf(contact_id: str, doc_id: str) -> Response[PdfView]:
    url, expires_at = pdf_of_document(contacts(), documents(), press(), pdfs(), act(contact_id, doc_id))
    return answer(pdf_view(url, expires_at))


def caller() -> Principal:
    principal = api.principal
    principal.require(Permission.USE_CONTACTS)
    return principal


def act(contact_id: str, document_id: str) -> Act:
    principal = caller()
    return Act(principal.account, contact_id, document_id, principal.person, utcnow())


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda entry point."""
    return api.resolve(event, context)
