"""Documents, templates and PDFs kept in memory. The table's stores pass the same tests."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from carebook.contacts.history import HistoryEntry
from carebook.contacts.model import Contact
from carebook.contacts.protocols import ContactStore
from carebook.documents.collaborators import NotPrintable
from carebook.documents.letter import Sheet
from carebook.documents.model import Document, Template
from carebook.errors import AlreadyExists, Conflict, NotFound

_REQUESTS_REMEMBERED = timedelta(hours=24)


class MemoryDocuments:
    """A ``DocumentStore`` without a table."""

    def __init__(self, contacts: ContactStore) -> None:
        self._contacts = contacts
        self._kept: dict[tuple[str, str, str], Document] = {}
        self._requests: dict[tuple[str, str], Document] = {}
        self.entries: list[HistoryEntry] = []

    def beside[Other, Ours](self, other: Callable[[], Other], ours: Callable[[], Ours]) -> tuple[Other, Ours]:
        return other(), ours()

    def find(self, account: str, contact_id: str, document_id: str) -> Document:
        try:
            return self._kept[account, contact_id, document_id]
        except KeyError:
            raise NotFound("There is no such document.") from None

    def find_together(self, account: str, contact_id: str, document_ids: Sequence[str]) -> dict[str, Document]:
        places = ((account, contact_id, document_id) for document_id in document_ids)
        return {place[2]: self._kept[place] for place in places if place in self._kept}

    def add(self, document: Document, contact: Contact, entry: HistoryEntry, *, request: str | None = None) -> None:
        if request and self.made_by(document.account, request, now=document.created_at):
            raise Conflict("The request has made one before.")
        self._refuse_outdated(contact)
        if request:
            self._requests[document.account, request] = document
        self._keep(document, entry)

    def made_by(self, account: str, request: str, *, now: datetime) -> tuple[str, str] | None:
        made = self._requests.get((account, request))
        if made is None or now > made.created_at + _REQUESTS_REMEMBERED:
            return None
        return made.contact_id, made.id

    def replace(self, before: Document, after: Document, contact: Contact, entry: HistoryEntry) -> None:
        self._refuse_outdated(contact)
        self._refuse_changed(before)
        self._keep(after, entry)

    def remove(self, document: Document, contact: Contact, entry: HistoryEntry) -> None:
        self._refuse_outdated(contact)
        self._refuse_changed(document)
        del self._kept[document.account, document.contact_id, document.id]
        self.entries.append(entry)

    def page(self, account: str, contact_id: str, *, before: str | None, limit: int) -> list[Document]:
        found = [
            document
            for place, document in self._kept.items()
            if place[:2] == (account, contact_id) and (before is None or document.id < before)
        ]
        return sorted(found, key=lambda document: document.id, reverse=True)[:limit]

    def _keep(self, document: Document, entry: HistoryEntry) -> None:
        self._kept[document.account, document.contact_id, document.id] = document
        self.entries.append(entry)

    def _refuse_outdated(self, contact: Contact) -> None:
        if self._contacts.find_exactly(contact.account, contact.id)[0].version != contact.version:
            raise Conflict("The contact was changed in the meantime.")

    def _refuse_changed(self, document: Document) -> None:
        kept = self._kept.get((document.account, document.contact_id, document.id))
        if kept is None or kept.version != document.version:
            raise Conflict("The document was changed in the meantime.")


class MemoryTemplates:
    """A ``TemplateStore`` without a table."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Template] = {}
        self._requests: dict[tuple[str, str], Template] = {}

    def find(self, account: str, template_id: str) -> Template:
        try:
            return self._kept[account, template_id]
        except KeyError:
            raise NotFound("There is no such template.") from None

    def add(self, template: Template, *, request: str | None = None) -> Template:
        made = self._requests.get((template.account, request)) if request else None
        if made is not None and template.created_at <= made.created_at + _REQUESTS_REMEMBERED:
            return self.find(made.account, made.id)
        if (template.account, template.id) in self._kept:
            raise AlreadyExists(f"Template {template.id} already exists.")
        if request:
            self._requests[template.account, request] = template
        self._kept[template.account, template.id] = template
        return template

    def replace(self, before: Template, after: Template) -> None:
        self._refuse_changed(before)
        self._kept[after.account, after.id] = after

    def remove(self, template: Template) -> None:
        self._refuse_changed(template)
        del self._kept[template.account, template.id]

    def page(self, account: str, *, after: str | None, limit: int) -> list[Template]:
        found = [
            one for (owner, _), one in self._kept.items() if owner == account and (after is None or one.id > after)
        ]
        return sorted(found, key=lambda template: template.id)[:limit]

    def _refuse_changed(self, template: Template) -> None:
        kept = self._kept.get((template.account, template.id))
        if kept is None or kept.version != template.version:
            raise Conflict("The template was changed in the meantime.")


class PaperPress:
    """A ``Press`` and ``Pdfs`` at once: what was printed lies here under its key."""

    def __init__(self) -> None:
        self.printed: list[Sheet] = []
        self.lying: dict[str, dict[str, Any]] = {}
        self.refuses = False

    def print(self, sheet: Sheet, *, key: str) -> None:
        if self.refuses:
            raise NotPrintable
        self.printed.append(sheet)
        self.lying[key] = {"sheet": sheet, "kept": False}

    def is_kept(self, key: str) -> bool | None:
        return self.lying[key]["kept"] if key in self.lying else None

    def keep(self, key: str) -> bool:
        if key not in self.lying:
            return False
        self.lying[key]["kept"] = True
        return True

    def size(self, key: str) -> int:
        return len(self.read(key))

    def read(self, key: str) -> bytes:
        return f"%PDF-{self.lying[key]['sheet'].title}".encode()

    def url(self, key: str, *, seconds: int) -> str:
        return f"https://pdf.example/{key}?for={seconds}"

    def remove(self, key: str) -> None:
        self.lying.pop(key, None)
