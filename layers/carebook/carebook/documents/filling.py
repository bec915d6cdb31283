"""Putting values in place of the merge fields of a document."""

from datetime import datetime

from carebook.contacts.model import Contact
from carebook.documents.collaborators import Act
from carebook.documents.fields import KNOWN_FIELDS, as_markdown, values_for
from carebook.documents.model import LONGEST_BODY, LONGEST_TITLE, Document, Template
from carebook.documents.templates import TemplateStore, check_texts, read_template
from carebook.errors import FieldError, Invalid, NotFound
from carebook.identity import Person
from carebook.merge_fields import parse
from carebook.settings.model import AccountSettings


def chosen_template(templates: TemplateStore, account: str, template_id: str) -> Template:
    """The template that a new document names.

    Raises:
        Invalid: when the account has no such template.
    """
    try:
        return read_template(templates, account=account, template_id=template_id)
    except NotFound as error:
        wrong = FieldError("template_id", "template_not_found", "There is no such template. Choose another one.")
        raise Invalid([wrong]) from error


def filled(
    contact: Contact, settings: AccountSettings, title: str, body: str, *, by: Person, now: datetime
) -> tuple[str, str]:
    """Title and body with what holds now in place of their merge fields.

    Raises:
        Invalid: when a field is not known, or the outcome too long, or the title empty.
    """
    values = values_for(contact, settings, sender=by.name, now=now)
    filled_title = parse(title, KNOWN_FIELDS, field="title").fill(values, limit=LONGEST_TITLE, field="title")
    filled_body = parse(body, KNOWN_FIELDS).fill(values, limit=LONGEST_BODY, write=as_markdown)
    title = " ".join(filled_title.split())
    if not title:
        raise Invalid([FieldError("title", "required", "With its fields filled in the title is empty.")])
    return title, filled_body


def filled_where_written(
    contact: Contact, settings: AccountSettings, before: Document, texts: tuple[str, str], act: Act
) -> tuple[str, str]:
    """What was there before had its fields filled in already: what looks like one there is meant to be printed."""
    written = ["" if old == new else new for old, new in zip((before.title, before.body), texts, strict=True)]
    if not any(written):
        return texts
    check_texts(*written)
    title, body = filled(contact, settings, written[0] or "-", written[1], by=act.by, now=act.now)
    return title if written[0] else texts[0], body if written[1] else texts[1]
