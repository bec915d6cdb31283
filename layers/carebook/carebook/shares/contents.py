"""What is shared: files and documents, when they are chosen and when they are fetched."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from carebook import keys
from carebook.documents.entries import document_of
from carebook.documents.model import Document
from carebook.errors import FieldError, Invalid
from carebook.files.documents import file_from
from carebook.files.model import File
from carebook.ids import DOCUMENT, FILE, is_id
from carebook.shares.model import ItemRef, SharedItem
from carebook.table import Row, Table

type Thing = File | Document


class KeptPdfs(Protocol):
    """Where PDFs of documents lie."""

    def keep(self, key: str) -> bool:
        """Let a PDF stay; False when there is none."""
        ...


class TableContents:
    """Files and documents of a contact, to be shared."""

    def __init__(self, table: Table, pdfs: Callable[[], KeptPdfs]) -> None:
        self._table = table
        self._pdfs = pdfs

    def describe(self, account: str, contact_id: str, refs: Sequence[ItemRef]) -> tuple[SharedItem, ...]:
        """One request for all, and one for each PDF: a link must not lead to one that was never kept.

        Raises:
            Invalid: naming each that cannot be shared.
        """
        asked = [ref for ref in dict.fromkeys(refs) if is_id(ref.id, FILE if ref.kind == "file" else DOCUMENT)]
        rows = self._table.get_together(*(key_of(account, contact_id, ref) for ref in asked)) if asked else []
        things = things_in(account, asked, rows)
        items: list[SharedItem] = []
        errors: list[FieldError] = []
        for number, ref in enumerate(refs):
            place = f"items[{number}].{ref.kind}_id"
            thing = things.get(ref.id)
            if ref in refs[:number]:
                errors.append(FieldError(place, "listed_twice", "This is listed twice."))
            elif thing is None:
                errors.append(FieldError(place, "item_not_found", f"This contact has no such {ref.kind}."))
            elif (wrong := self._why_not(place, thing)) is not None:
                errors.append(wrong)
            else:
                items.append(SharedItem(ref.kind, ref.id, name_of(thing)))
        if errors:
            raise Invalid(errors)
        return tuple(items)

    def _why_not(self, place: str, thing: Thing) -> FieldError | None:
        if isinstance(thing, File):
            why = f"Only a clean file can be shared; this one is {thing.status.value}."
            return None if thing.readable else FieldError(place, "file_not_clean", why)
        if thing.final_key is None:
            return FieldError(place, "document_not_final", "Only a final document can be shared. Finish it first.")
        if not self._pdfs().keep(thing.final_key):
            return FieldError(place, "document_not_printed", "Its PDF is not there. Get it once, then share it.")
        return None


def key_of(account: str, contact_id: str, ref: ItemRef) -> keys.Key:
    """Where a file or document lies."""
    key = keys.file_key if ref.kind == "file" else keys.document_key
    return key(account, contact_id, ref.id)


def things_in(account: str, refs: Sequence[ItemRef], rows: Sequence[Row | None]) -> Mapping[str, Thing]:
    """The files and documents in rows, by their ids; without those that are not there or are being deleted."""
    found: dict[str, Thing] = {}
    for ref, row in zip(refs, rows, strict=True):
        if row is not None and ref.kind == "document":
            found[ref.id] = document_of(account, row)
        elif row is not None and "status" in row.doc:
            found[ref.id] = file_from(account, keys.contact_of_pk(row.key.pk), row)
    return found


def name_of(thing: Thing) -> str:
    """What it is called."""
    return thing.details.name if isinstance(thing, File) else thing.title
