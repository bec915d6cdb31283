"""Documents and templates in the shape that callers see."""

from datetime import datetime

from carebook.documents.model import Document, Template
from carebook.documents.schemas import DocumentRow, DocumentView, PdfView, TemplateView
from carebook.instants import instant


def template_view(template: Template) -> TemplateView:
    """A template."""
    return {
        "id": template.id,
        "version": template.version,
        "title": template.title,
        "body": template.body,
        "created_at": instant(template.created_at),
        "updated_at": instant(template.updated_at),
    }


def document_row(document: Document) -> DocumentRow:
    """A row of a list: all but the text."""
    return {
        "id": document.id,
        "contact_id": document.contact_id,
        "version": document.version,
        "template_id": document.template_id,
        "title": document.title,
        "status": document.status,
        "finalized_at": None if document.finalized_at is None else instant(document.finalized_at),
        "created_at": instant(document.created_at),
        "created_by": {"id": document.created_by.id, "name": document.created_by.name},
        "updated_at": instant(document.updated_at),
        "updated_by": {"id": document.updated_by.id, "name": document.updated_by.name},
    }


def document_view(document: Document) -> DocumentView:
    """The whole document."""
    return {**document_row(document), "body": document.body}


def pdf_view(url: str, expires_at: datetime) -> PdfView:
    """Where a PDF can be fetched."""
    return {"url": url, "expires_at": instant(expires_at)}
