"""A document and a template as JSON documents, and back."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from carebook.documents.letter import Letter
from carebook.documents.model import Document, Template
from carebook.identity import Person
from carebook.instants import instant, parse_instant


def template_document(template: Template) -> dict[str, Any]:
    """All of a template but its key and version."""
    return {
        "title": template.title,
        "body": template.body,
        "created_at": instant(template.created_at),
        "updated_at": instant(template.updated_at),
        "changed": dict(template.changed),
    }


def template_from(account: str, template_id: str, version: int, document: Mapping[str, Any]) -> Template:
    """The template out of :func:`template_document`."""
    times = {name: parse_instant(document[name]) for name in ("created_at", "updated_at")}
    return Template(id=template_id, account=account, version=version, **{**document, **times})


def document_document(document: Document) -> dict[str, Any]:
    """All of a document but its key, version and what merges noted on it.

    ``objects`` names what lies in the bucket for it, so that a purge deletes that first.
    """
    kept = {
        "template_id": document.template_id,
        "title": document.title,
        "body": document.body,
        "status": document.status,
        "created_at": instant(document.created_at),
        "created_by": asdict(document.created_by),
        "updated_at": instant(document.updated_at),
        "updated_by": asdict(document.updated_by),
        "changed": dict(document.changed),
        "objects": {"documents": document.keys},
    }
    if document.letter is not None and document.finalized_at is not None:
        kept |= {"letter": document.letter.to_document(), "finalized_at": instant(document.finalized_at)}
    return kept


def document_from(
    account: str,
    contact_id: str,
    document_id: str,
    version: int,
    document: Mapping[str, Any],
    *,
    came_from: str | None = None,
) -> Document:
    """The document out of :func:`document_document`."""
    draft_key, *final = document["objects"]["documents"]
    finalized_at, letter = document.get("finalized_at"), document.get("letter")
    return Document(
        id=document_id,
        account=account,
        contact_id=contact_id,
        version=version,
        template_id=document["template_id"],
        title=document["title"],
        body=document["body"],
        status=document["status"],
        created_at=parse_instant(document["created_at"]),
        created_by=Person(**document["created_by"]),
        updated_at=parse_instant(document["updated_at"]),
        updated_by=Person(**document["updated_by"]),
        draft_key=draft_key,
        final_key=final[0] if final else None,
        finalized_at=finalized_at and parse_instant(finalized_at),
        letter=letter and Letter.from_document(letter),
        changed=document["changed"],
        came_from=came_from,
    )
