"""Files and final documents of a contact, as what goes along with messages."""

from collections.abc import Sequence
from typing import Final, Protocol

from carebook.documents.bucket import file_name_of
from carebook.documents.collaborators import DocumentStore, Pdfs, Press
from carebook.documents.model import Document
from carebook.documents.printing import keep_final_pdf
from carebook.errors import Invalid
from carebook.files.model import File, Place
from carebook.ids import DOCUMENT, FILE, is_id
from carebook.messages.attachments import AttachmentNotReady, AttachmentRef, refusal
from carebook.messages.model import PDF, Attachment

_ALSO_PDF: Final = frozenset({PDF, "application/x-pdf"})
_SAYS_NOTHING: Final = frozenset({"application/octet-stream", "binary/octet-stream"})


class Files(Protocol):
    """What sending needs of the file store."""

    def find_together(self, account: str, contact_id: str, file_ids: Sequence[str]) -> dict[str, File]:
        """Those of the files that this very contact has, by id."""
        ...


class FileBytes(Protocol):
    """Where the bytes of files are."""

    def content(self, place: Place) -> bytes:
        """The bytes of one version."""
        ...


class ContactAttachments:
    """The files and documents of contacts. Only what is clean or final goes out, and is looked at again when it does.

    Args:
        press: what makes the PDF of a final document that has lost it; None where only what was described is read.
    """

    def __init__(
        self,
        files: Files,
        file_bytes: FileBytes,
        documents: DocumentStore,
        pdfs: Pdfs,
        press: Press | None = None,
    ) -> None:
        self._files = files
        self._file_bytes = file_bytes
        self._documents = documents
        self._pdfs = pdfs
        self._press = press

    def describe(self, account: str, recipient_id: str, refs: Sequence[AttachmentRef]) -> list[Attachment]:
        """One request for the files, one for the documents, and two for each document, whose PDF is made to stay.

        Raises:
            Invalid: naming each that the contact does not have, is not clean, is a draft, or stands there twice.
        """
        files, documents = self._found(account, recipient_id, refs)
        errors = [refusal(index, ref, "listed_twice") for index, ref in enumerate(refs) if ref in refs[:index]]
        described: list[Attachment] = []
        for index, ref in enumerate(refs):
            try:
                described.append(self._described(ref, files, documents))
            except AttachmentNotReady as refused:
                errors.append(refusal(index, ref, refused.reason))
        if errors:
            raise Invalid(errors)
        return described

    def content(self, account: str, recipient_id: str, attachment: Attachment) -> bytes:
        """One request for the record and one for the bytes."""
        ref = AttachmentRef(attachment.kind, attachment.id or "")
        files, documents = self._found(account, recipient_id, [ref])
        if ref.kind == "file":
            return self._file_bytes.content(_clean(files.get(ref.id))[1])
        return self._pdfs.read(_final(documents.get(ref.id))[1])

    def _found(
        self, account: str, contact_id: str, refs: Sequence[AttachmentRef]
    ) -> tuple[dict[str, File], dict[str, Document]]:
        file_ids = list(dict.fromkeys(ref.id for ref in refs if ref.kind == "file" and is_id(ref.id, FILE)))
        doc_ids = list(dict.fromkeys(ref.id for ref in refs if ref.kind == "document" and is_id(ref.id, DOCUMENT)))
        files = self._files.find_together(account, contact_id, file_ids) if file_ids else {}
        return files, self._documents.find_together(account, contact_id, doc_ids) if doc_ids else {}

    def _described(self, ref: AttachmentRef, files: dict[str, File], documents: dict[str, Document]) -> Attachment:
        if ref.kind == "file":
            file, _ = _clean(files.get(ref.id))
            return Attachment("file", file.id, file.details.name, _type_of(file), file.size)
        document, _ = _final(documents.get(ref.id))
        return Attachment("document", document.id, file_name_of(document.title), PDF, self._size_of_pdf(document))

    def _size_of_pdf(self, document: Document) -> int:
        if self._press is None:
            raise RuntimeError("Documents are described where they can be printed.")

        def refuse_gone() -> None:
            self._documents.find(document.account, document.contact_id, document.id)

        return self._pdfs.size(keep_final_pdf(self._press, self._pdfs, document, refuse_gone=refuse_gone))


def _clean(file: File | None) -> tuple[File, Place]:
    if file is None:
        raise AttachmentNotReady("attachment_not_found")
    if not file.readable or file.place is None:
        raise AttachmentNotReady("file_not_clean")
    return file, file.place


def _final(document: Document | None) -> tuple[Document, str]:
    if document is None:
        raise AttachmentNotReady("attachment_not_found")
    if document.final_key is None:
        raise AttachmentNotReady("document_not_final")
    return document, document.final_key


def _type_of(file: File) -> str:
    """What the file is. One whose type says nothing was held against the ending of its name when it was scanned."""
    declared = file.content_type.partition(";")[0].strip().lower()
    is_pdf = declared in _ALSO_PDF or (declared in _SAYS_NOTHING and file.details.name.lower().endswith(".pdf"))
    return PDF if is_pdf else file.content_type
