"""Documents and templates in the table. A document and the contact's history entry are one transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from carebook import keys
from carebook.contacts.documents import history_document
from carebook.contacts.history import HistoryEntry
from carebook.contacts.model import Contact
from carebook.documents.documents import document_document, template_document, template_from
from carebook.documents.entries import document_of
from carebook.documents.model import Document, Template
from carebook.errors import AlreadyExists, Conflict, NotFound, RequestMismatch
from carebook.ids import HISTORY
from carebook.instants import instant, parse_instant
from carebook.items import NOT_THERE, ConditionFailed, Item, Writes, at_version, make_item
from carebook.side_by_side import Reads
from carebook.table import Row, Table

_REQUESTS_REMEMBERED: Final = timedelta(hours=24)
_NO_SUCH_TEMPLATE: Final = "There is no such template."


class TableDocuments:
    """The document store on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._reads = Reads(table.connect, name="documents")

    def beside[Other, Ours](self, other: Callable[[], Other], ours: Callable[[], Ours]) -> tuple[Other, Ours]:
        """*ours* in a thread of its own."""
        first, second = self._reads(other, ours)
        return first, second

    def find(self, account: str, contact_id: str, document_id: str) -> Document:
        """One request."""
        row = self._table.get(keys.document_key(account, contact_id, document_id))
        if row is None:
            raise NotFound("There is no such document.")
        return document_of(account, row)

    def find_together(self, account: str, contact_id: str, document_ids: Sequence[str]) -> dict[str, Document]:
        """One request."""
        rows = self._table.get_together(*(keys.document_key(account, contact_id, one) for one in document_ids))
        found = (document_of(account, row) for row in rows if row is not None)
        return {document.id: document for document in found}

    def add(self, document: Document, contact: Contact, entry: HistoryEntry, *, request: str | None = None) -> None:
        """One transaction; with *request* it also holds the mark by which a repeat finds this document."""
        writes = Writes()
        writes.put(_document_item(document), NOT_THERE)
        _record(writes, contact, entry)
        if request:
            made = {"contact_id": document.contact_id, "document_id": document.id}
            _mark(writes, document.account, request, made, document.created_at)
        self._write(writes)

    def made_by(self, account: str, request: str, *, now: datetime) -> tuple[str, str] | None:
        """One request."""
        row = _marked(self._table, account, request, now)
        return None if row is None else (row.doc["contact_id"], row.doc["document_id"])

    def replace(self, before: Document, after: Document, contact: Contact, entry: HistoryEntry) -> None:
        """One transaction under the versions of the document and of its contact."""
        writes = Writes()
        writes.put(_document_item(after), at_version(before.version))
        _record(writes, contact, entry)
        self._write(writes)

    def remove(self, document: Document, contact: Contact, entry: HistoryEntry) -> None:
        """One transaction under the versions of the document and of its contact."""
        writes = Writes()
        key = keys.document_key(document.account, document.contact_id, document.id)
        writes.delete(key, at_version(document.version))
        _record(writes, contact, entry)
        self._write(writes)

    def page(self, account: str, contact_id: str, *, before: str | None, limit: int) -> list[Document]:
        """One query, backwards; more only where long texts exceed the 1 MB of a page."""
        pk = keys.contact_pk(account, contact_id)
        high = keys.DOCUMENTS_LAST if before is None else keys.document_key(account, contact_id, before).sk
        wanted = limit + (before is not None)  # the one that the page begins behind is met again
        rows = self._table.query(pk, low=keys.DOCUMENTS_FIRST, high=high, limit=wanted, newest_first=True)
        found = [document_of(account, row) for row in rows]
        return [document for document in found if document.id != before][:limit]

    def _write(self, writes: Writes) -> None:
        try:
            self._table.write(writes)
        except ConditionFailed as error:
            raise Conflict("The document or its contact was changed in the meantime.") from error


class TableTemplates:
    """The template store on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, account: str, template_id: str) -> Template:
        """One request."""
        row = self._table.get(keys.template_key(account, template_id))
        if row is None:
            raise NotFound(_NO_SUCH_TEMPLATE)
        return template_from(account, template_id, row.version, row.doc)

    def add(self, template: Template, *, request: str | None = None) -> Template:
        """One transaction; with *request* it also holds the mark by which a repeat finds this template."""
        writes = Writes()
        writes.put(_template_item(template), NOT_THERE)
        if request:
            _mark(writes, template.account, request, {"template_id": template.id}, template.created_at)
        try:
            self._table.write(writes)
        except ConditionFailed as failed:
            marked = _marked(self._table, template.account, request, template.created_at) if request else None
            if marked is None:
                raise AlreadyExists(f"Template {template.id} already exists.") from failed
            return self.find(template.account, marked.doc["template_id"])
        return template

    def replace(self, before: Template, after: Template) -> None:
        """One conditional write."""
        if not self._table.put_if(_template_item(after), at_version(before.version)):
            raise Conflict("The template was changed in the meantime.")

    def remove(self, template: Template) -> None:
        """One conditional write."""
        writes = Writes()
        writes.delete(keys.template_key(template.account, template.id), at_version(template.version))
        try:
            self._table.write(writes)
        except ConditionFailed as error:
            raise Conflict("The template was changed in the meantime.") from error

    def page(self, account: str, *, after: str | None, limit: int) -> list[Template]:
        """One query."""
        first = keys.template_key(account, after or "")
        # Nothing but longer keys lies between a key and the key with a space behind it.
        low = f"{first.sk} " if after else first.sk
        rows = self._table.query(first.pk, low=low, high=keys.TEMPLATES_LAST, limit=limit)
        return [template_from(account, keys.id_of_template(row.key.sk), row.version, row.doc) for row in rows]


def _document_item(document: Document) -> Item:
    key = keys.document_key(document.account, document.contact_id, document.id)
    item = make_item(key, "document", document_document(document), version=document.version)
    item.came_from = document.came_from
    return item


def _template_item(template: Template) -> Item:
    key = keys.template_key(template.account, template.id)
    return make_item(key, "document template", template_document(template), version=template.version)


def _record(writes: Writes, contact: Contact, entry: HistoryEntry) -> None:
    """That the contact is still what it was, so that its documents go where it goes; and what its history says."""
    writes.check(keys.contact_key(contact.account, contact.id), at_version(contact.version))
    key = keys.history_key(contact.account, contact.id, entry.id.removeprefix(f"{HISTORY}_"))
    writes.put(make_item(key, "history", history_document(entry)))


def _mark(writes: Writes, account: str, request: str, made: dict[str, str], now: datetime) -> None:
    until = now + _REQUESTS_REMEMBERED
    document = {**made, "sent": keys.sent_with(request), "until": instant(until)}
    item = make_item(keys.done_once_key(account, request), "done once", document)
    item.expires_at = int(until.timestamp())
    writes.put(item, NOT_THERE | (Item.expires_at < int(now.timestamp())))  # time to live deletes late


def _marked(table: Table, account: str, request: str, now: datetime) -> Row | None:
    row = table.get(keys.done_once_key(account, request))
    if row is None or parse_instant(row.doc["until"]) < now:  # time to live deletes late
        return None
    if row.doc["sent"] != keys.sent_with(request):
        raise RequestMismatch
    return row
