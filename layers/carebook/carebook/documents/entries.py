"""A document out of the row that holds it."""

from carebook import keys
from carebook.documents.documents import document_from
from carebook.documents.model import Document
from carebook.table import Row


def document_of(account: str, row: Row) -> Document:
    """The document in a row of a contact's partition."""
    contact_id, document_id = keys.contact_of_pk(row.key.pk), keys.id_of_document(row.key.sk)
    return document_from(account, contact_id, document_id, row.version, row.doc, came_from=row.came_from)
