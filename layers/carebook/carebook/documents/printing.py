"""The PDF of a document: a final one's is made once and kept, a draft's is made each time and goes soon."""

from datetime import datetime, timedelta
from typing import Final

from carebook.contacts.protocols import ContactStore
from carebook.contacts.service import checked_id
from carebook.documents.collaborators import Act, DocumentStore, Pdfs, Press
from carebook.documents.letter import letter_to
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
    elif not (kept := pdfs.is_kept(key)):
        # The step after its finalization was cut short.
        if kept is None:
            press.print(sheet_of(document, document.letter), key=key)
        _still_there(contacts, documents, act)
        pdfs.keep(key)
    return pdfs.url(key, seconds=int(FETCHED_WITHIN.total_seconds())), act.now + FETCHED_WITHIN


def _still_there(contacts: ContactStore, documents: DocumentStore, act: Act) -> None:
    """Only the PDF of a document that is still there may stay: what was deleted meanwhile would leave it behind."""
    contact, _ = contacts.find(act.account, checked_id(act.contact_id))
    documents.find(act.account, contact.id, act.document_id)
