"""What the use cases of documents are handed, and who does what with which document."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from carebook.contacts.history import HistoryEntry
from carebook.contacts.model import Contact
from carebook.documents.letter import Sheet
from carebook.documents.model import Document
from carebook.errors import Conflict
from carebook.identity import Person


class NotPrintable(Conflict):
    """The document holds characters that none of our fonts has."""

    code = "not_printable"

    def __init__(self) -> None:
        super().__init__(
            "The document, its recipient or the letterhead holds characters that cannot be printed. Take out what is "
            "no letter, digit, sign or common emoji."
        )


class DocumentStore(Protocol):
    """Where documents are kept. A document and the contact's history entry are written together or not at all."""

    def find(self, account: str, contact_id: str, document_id: str) -> Document:
        """The document as last written.

        Raises:
            NotFound: when the contact has no such document.
        """
        ...

    def find_together(self, account: str, contact_id: str, document_ids: Sequence[str]) -> dict[str, Document]:
        """Those of up to a hundred documents that this very contact has, by id."""
        ...

    def add(self, document: Document, contact: Contact, entry: HistoryEntry, *, request: str | None = None) -> None:
        """Keep a new document.

        Raises:
            Conflict: when *contact* is not what is kept any more, or the *request* has made a document before.
        """
        ...

    def made_by(self, account: str, request: str, *, now: datetime) -> tuple[str, str] | None:
        """Contact and document that a request has made within the last 24 hours."""
        ...

    def replace(self, before: Document, after: Document, contact: Contact, entry: HistoryEntry) -> None:
        """Keep *after* in place of *before*.

        Raises:
            Conflict: when *before* or *contact* is not what is kept any more.
        """
        ...

    def remove(self, document: Document, contact: Contact, entry: HistoryEntry) -> None:
        """Remove it.

        Raises:
            Conflict: when *document* or *contact* is not what is kept any more.
        """
        ...

    def page(self, account: str, contact_id: str, *, before: str | None, limit: int) -> list[Document]:
        """Up to *limit* documents of a contact, newest first, older than the one with the id *before*."""
        ...

    def beside[Other, Ours](self, other: Callable[[], Other], ours: Callable[[], Ours]) -> tuple[Other, Ours]:
        """What both give, side by side where that saves time; what *other* raises comes first."""
        ...


class Press(Protocol):
    """What makes PDFs."""

    def print(self, sheet: Sheet, *, key: str) -> None:
        """Make the PDF and put it into the bucket under *key*, not kept yet.

        Raises:
            NotPrintable: when it holds characters that cannot be printed.
            Unavailable: when it could not be made now.
        """
        ...


class Pdfs(Protocol):
    """Where PDFs lie."""

    def is_kept(self, key: str) -> bool | None:
        """Whether a PDF is there and stays; None when there is none."""
        ...

    def keep(self, key: str) -> bool:
        """Let a PDF stay; False when there is none."""
        ...

    def size(self, key: str) -> int:
        """How many bytes a PDF has that is there."""
        ...

    def read(self, key: str) -> bytes:
        """A PDF that is there."""
        ...

    def url(self, key: str, *, seconds: int) -> str:
        """Where it can be fetched for a while."""
        ...

    def remove(self, key: str) -> None:
        """Delete every version of it."""
        ...


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something with which document of which contact, and when."""

    account: str
    contact_id: str
    document_id: str
    by: Person
    now: datetime
