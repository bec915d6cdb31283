"""What staff do with a contact's documents, as functions. Collaborators come first, facts by name."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from carebook.contacts.history import Change, HistoryEntry
from carebook.contacts.model import Contact
from carebook.contacts.protocols import ContactStore, Found
from carebook.contacts.service import TOO_BUSY, checked_id
from carebook.documents.collaborators import Act, DocumentStore, Pdfs, Press
from carebook.documents.filling import chosen_template, filled, filled_where_written
from carebook.documents.letter import Letter, Sheet, letter_to
from carebook.documents.model import Document, Status
from carebook.documents.templates import TemplateStore, check_texts
from carebook.errors import Conflict, NotFound, StaleVersion, Unavailable
from carebook.identity import Person
from carebook.ids import DOCUMENT, HISTORY, is_id, new_id
from carebook.merge_patch import merge_patch
from carebook.retrying import attempts
from carebook.settings.model import AccountSettings

_NO_SUCH_DOCUMENT: Final = "There is no such document."
Content = tuple[str, str, Status]  # title, body, status


def create_document(
    contacts: ContactStore,
    documents: DocumentStore,
    templates: TemplateStore,
    *,
    account: str,
    contact_id: str,
    template_id: str | None,
    title: str | None,
    body: str,
    by: Person,
    now: datetime,
    request: str | None = None,
) -> Document:
    """A new draft, out of a template or of what is given; its merge fields are filled in with what holds now.

    Raises:
        NotFound: when the account has no such contact.
        Conflict: when the contact is archived, or a merge with it is under way.
        Invalid: when the account has no such template, or a merge field is not known.
    """
    chosen = checked_id(contact_id)
    if template_id is not None:
        template = chosen_template(templates, account, template_id)
        title, body = title or template.title, template.body
    title = title or ""
    check_texts(title, body)
    for _ in attempts():
        contact, settings = contacts.find(account, chosen)
        refuse_unusable(contact)
        document_id = new_id(DOCUMENT, now)
        texts = filled(contact, settings, title, body, by=by, now=now)
        document = Document(
            id=document_id,
            account=account,
            contact_id=contact.id,
            version=1,
            template_id=template_id,
            title=texts[0],
            body=texts[1],
            created_at=now,
            created_by=by,
            updated_at=now,
            updated_by=by,
            draft_key=_new_key(document_id),
            changed=dict.fromkeys(("title", "body", "status"), 1),
        )
        changes = (_change(document, "title", None, document.title),)
        try:
            documents.add(document, contact, _entry("document_added", changes, by, now), request=request)
        except Conflict:
            made = request and documents.made_by(account, request, now=now)
            if made:
                found, _settings = contacts.find(account, made[0])
                return documents.find(account, found.id, made[1])
            continue
        return document
    raise Unavailable(TOO_BUSY)


def view_document(contacts: ContactStore, documents: DocumentStore, act: Act) -> Document:
    """The document. It tells of the contact, so this is a view of it.

    Raises:
        NotFound: when the account has no such contact, or the contact no such document.
    """
    return viewed(contacts, documents, act)[2]


def list_documents(
    contacts: ContactStore,
    documents: DocumentStore,
    *,
    account: str,
    contact_id: str,
    viewer: Person,
    now: datetime,
    before: str | None,
    limit: int,
) -> tuple[Sequence[Document], str | None]:
    """A page of a contact's documents, newest first, and the id behind which the next one begins.

    Raises:
        NotFound: when the account has no such contact.
    """
    _, _, found = _beside(
        documents,
        contact_id,
        lambda asked: contacts.view(account, asked, viewer=viewer, now=now),
        lambda asked: documents.page(account, asked, before=before, limit=limit + 1),
    )
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def change_document(
    contacts: ContactStore,
    documents: DocumentStore,
    press: Press,
    pdfs: Pdfs,
    act: Act,
    *,
    patch: Mapping[str, Any],
    read_content: Callable[[Any], Content],
    expected_version: int | None = None,
) -> Document:
    """The document with a merge patch applied. Merge fields in what the patch writes are filled in.

    One that becomes final is printed first: what cannot be printed cannot be made final.

    Raises:
        NotFound: when the account has no such contact, or the contact no such document.
        StaleVersion: when *expected_version* is given and not the current one.
        Conflict: when the document is final, or the contact archived, or a merge with it under way.
        Invalid: from *read_content*, or when a merge field is not known.
    """
    for _ in attempts():
        contact, settings, before = _found(contacts, documents, act)
        _refuse_stale(contacts, before, act, expected_version)
        refuse_unusable(contact)
        content = {"title": before.title, "body": before.body, "status": before.status}
        title, body, status = read_content(merge_patch(content, patch))
        title, body = filled_where_written(contact, settings, before, (title, body), act)
        if (title, body, status) == (before.title, before.body, before.status):
            contacts.view(act.account, contact.id, viewer=act.by, now=act.now)
            return before
        if status == "final":
            letter, key = letter_to(contact, settings, act.now), _new_key(before.id)
            after = before.finalized(letter, title=title, body=body, key=key, by=act.by, now=act.now)
            press.print(sheet_of(after, letter), key=key)
        else:
            after = before.edited(title=title, body=body, by=act.by, now=act.now)
        action = "document_finalized" if status == "final" else "document_changed"
        try:
            documents.replace(before, after, contact, _entry(action, _changes(before, after), act.by, act.now))
        except Conflict:
            continue
        if after.final_key is not None:
            pdfs.keep(after.final_key)  # when this is cut short, the first who asks for the PDF does it
        return after
    raise Unavailable(TOO_BUSY)


def remove_document(
    contacts: ContactStore,
    documents: DocumentStore,
    pdfs: Pdfs,
    act: Act,
    *,
    expected_version: int | None = None,
) -> None:
    """Delete the document and its PDFs, for good.

    Raises:
        NotFound: when the account has no such contact, or the contact no such document.
        StaleVersion: when *expected_version* is given and not the current one.
        Conflict: when the contact is archived, or a merge with it is under way.
    """
    for _ in attempts():
        contact, _settings, document = _found(contacts, documents, act)
        _refuse_stale(contacts, document, act, expected_version)
        refuse_unusable(contact)
        # First what the record names: cut short in between, the record still leads to it, and a PDF can be made anew.
        _remove_pdfs(pdfs, document)
        changes = (_change(document, "title", document.title, None),)
        try:
            documents.remove(document, contact, _entry("document_deleted", changes, act.by, act.now))
        except Conflict:
            continue
        _remove_pdfs(pdfs, document)  # somebody may have asked for it in between
        return
    raise Unavailable(TOO_BUSY)


def sheet_of(document: Document, letter: Letter) -> Sheet:
    """What is printed of a document."""
    at = document.finalized_at or document.updated_at
    return Sheet(letter=letter, title=document.title, body=document.body, draft=document.status == "draft", at=at)


def viewed(contacts: ContactStore, documents: DocumentStore, act: Act) -> tuple[Contact, AccountSettings, Document]:
    """Contact, settings and document, in one round; the look goes into the contact's history.

    Raises:
        NotFound: when the account has no such contact, or the contact no such document.
    """
    return _with_document(documents, act, lambda asked: contacts.view(act.account, asked, viewer=act.by, now=act.now))


def _found(contacts: ContactStore, documents: DocumentStore, act: Act) -> tuple[Contact, AccountSettings, Document]:
    return _with_document(documents, act, lambda asked: contacts.find(act.account, asked))


def _with_document(
    documents: DocumentStore, act: Act, find: Callable[[str], Found]
) -> tuple[Contact, AccountSettings, Document]:
    document_id = checked_document_id(act.document_id)

    def look(contact_id: str) -> Document | None:
        try:
            return documents.find(act.account, contact_id, document_id)
        except NotFound:
            return None

    contact, settings, document = _beside(documents, act.contact_id, find, look)
    if document is None:
        raise NotFound(_NO_SUCH_DOCUMENT)
    return contact, settings, document


def _beside[Ours](
    documents: DocumentStore, contact_id: str, find: Callable[[str], Found], look: Callable[[str], Ours]
) -> tuple[Contact, AccountSettings, Ours]:
    """The contact, and beside it what *look* finds; of a merged contact once more, where the id leads to."""
    asked = checked_id(contact_id)
    (contact, settings), ours = documents.beside(lambda: find(asked), lambda: look(asked))
    return contact, settings, ours if contact.id == asked else look(contact.id)


def refuse_unusable(contact: Contact) -> None:
    """Refuse to write to what hangs on an archived contact, or on one that a merge is moving.

    Raises:
        Conflict: then.
    """
    if contact.archived_at is not None:
        raise Conflict("The contact is archived. Restore it before you change it.", code="archived")
    if contact.merging is not None:
        raise Conflict("A merge with this contact is under way. Try again in a moment.", code="merging")


def _remove_pdfs(pdfs: Pdfs, document: Document) -> None:
    for key in document.keys:
        pdfs.remove(key)


def _new_key(document_id: str) -> str:
    """The name of a PDF: the document's id, and what nobody can guess."""
    return f"{document_id}/{secrets.token_urlsafe(24)}"


def _refuse_stale(contacts: ContactStore, document: Document, act: Act, expected: int | None) -> None:
    if expected is None or expected == document.version:
        return
    current = document.changed_since(expected)
    if current:  # what the refusal shows was seen
        contacts.view(act.account, document.contact_id, viewer=act.by, now=act.now)
    raise StaleVersion(version=document.version, expected=expected, current=current)


def _change(document: Document, name: str, before: Any, after: Any) -> Change:
    return Change(f"documents[{document.id}].{name}", before, after)


def _changes(before: Document, after: Document) -> tuple[Change, ...]:
    changes = [
        _change(before, name, getattr(before, name), getattr(after, name))
        for name in ("title", "status")
        if getattr(before, name) != getattr(after, name)
    ]
    if before.body != after.body:  # what it says stands in the document alone
        changes.append(Change(f"documents[{before.id}].body", abridged=True))
    return tuple(changes)


def _entry(action: str, changes: tuple[Change, ...], by: Person, now: datetime) -> HistoryEntry:
    return HistoryEntry(id=new_id(HISTORY, now), at=now, by=by, action=action, changes=changes)


def checked_document_id(document_id: str) -> str:
    """*document_id*, if it has the form of one; what has not is not found without asking."""
    if not is_id(document_id, DOCUMENT):
        raise NotFound(_NO_SUCH_DOCUMENT)
    return document_id
