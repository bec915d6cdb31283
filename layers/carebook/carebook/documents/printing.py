"""The PDF of a document: a final one's is made once and kept, a draft's is made each time and goes soon."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from carebook.contacts.protocols import ContactStore
from carebook.contacts.service import checked_id
from carebook.documents.collaborators import Act, DocumentStore, Pdfs, Press
from carebook.documents.letter import letter_to
from carebook.documents.model import Document
from carebook.documents.service import sheet_of, viewed

FETCHED_WITHIN: Final = timedelta(minutes=5)


def pdf_of_document(
    contacts: ContactStore, documents: DocumentStore, press: Press, pdfs: Pdfs, act: Act
) -> tuple[str, datetime]:
    """Where the PDF can be fetched, and until when. It tells of the contact, so this is a view of it.

    Raises:
        NotFound: when the account has no such contact, or the contact no such document.
        NotPrintable: when a draft holds characters that cannot be printed.
        Unavailable: when it could not be made now.
    """
    contact, settings, document = viewed(contacts, documents, act)
    key = document.final_key or document.draft_key
    if document.letter is None:
        press.print(sheet_of(document, letter_to(contact, settings, act.now)), key=key)
    else:
        keep_final_pdf(press, pdfs, document, refuse_gone=lambda: _still_there(contacts, documents, act))
    return pdfs.url(key, seconds=int(FETCHED_WITHIN.total_seconds())), act.now + FETCHED_WITHIN


def keep_final_pdf(press: Press, pdfs: Pdfs, document: Document, *, refuse_gone: Callable[[], None]) -> str:
    """The name of a final document's PDF, which is there and stays: the step after its finalization may be missing.

    Args:
        refuse_gone: raises when the document is not there any more: its PDF would be left behind.

    Raises:
        ValueError: when the document is a draft.
        Unavailable: when it could not be made now.
    """
    if document.letter is None or document.final_key is None:
        raise ValueError("A draft's PDF is not kept.")
    key = document.final_key
    kept = pdfs.is_kept(key)
    if not kept:
        if kept is None:
            press.print(sheet_of(document, document.letter), key=key)
        refuse_gone()
        pdfs.keep(key)
    return key


def _still_there(contacts: ContactStore, documents: DocumentStore, act: Act) -> None:
    """Only the PDF of a document that is still there may stay: what was deleted meanwhile would leave it behind."""
    contact, _ = contacts.find(act.account, checked_id(act.contact_id))
    documents.find(act.account, contact.id, act.document_id)
