"""What callers send about documents and templates, checked."""

from typing import Any

from carebook.documents.schemas import DocumentContent, NewDocument, NewTemplate
from carebook.documents.service import Content
from carebook.documents.templates import Texts
from carebook.errors import FieldError, Invalid
from carebook.validation import validated


def read_texts(document: Any) -> Texts:
    """Title and body of a template.

    Raises:
        Invalid: naming each field that cannot be accepted.
    """
    new = validated(NewTemplate, document)
    return new.title, new.body


def read_content(document: Any) -> Content:
    """Title, body and status of a document.

    Raises:
        Invalid: naming each field that cannot be accepted.
    """
    content = validated(DocumentContent, document)
    return content.title, content.body, content.status


def check_new(new: NewDocument) -> None:
    """Refuse what is neither from a template nor written.

    Raises:
        Invalid: naming the field that is missing or too much.
    """
    if new.template_id is not None and new.body is not None:
        message = "The template brings the text with it. Leave this out, or leave out template_id."
        raise Invalid([FieldError("body", "not_with_template", message)])
    if new.template_id is None and new.title is None:
        raise Invalid([FieldError("title", "required", "Give a title, or a template_id.")])
