"""Shares in the table, as who has a link reaches them: by the hash of its token, and by nothing else."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from carebook import keys
from carebook.documents.bucket import file_name_of
from carebook.documents.model import Document
from carebook.errors import Conflict
from carebook.files.model import File
from carebook.items import at_version
from carebook.retrying import attempts
from carebook.settings.model import AccountSettings
from carebook.shares.contents import Thing, key_of, name_of, things_in
from carebook.shares.documents import share_from
from carebook.shares.model import Share
from carebook.shares.opening import Found, Place
from carebook.shares.store import share_item
from carebook.table import Row, Table

_LOOKS: Final = 3  # the index may be a moment behind a merge
# Where nothing is: asked for when there is no share, so that it takes as long.
_NOWHERE: Final = [keys.Key("NOWHERE", name) for name in ("SHARE", "CONTACT", "SETTINGS", "ITEM")]


class FileUrls(Protocol):
    """Where files are fetched."""

    def download_url(self, file: File, *, seconds: int) -> str:
        """For a while."""
        ...


class PdfUrls(Protocol):
    """Where PDFs are fetched."""

    def url(self, key: str, *, seconds: int) -> str:
        """For a while."""
        ...


class TableOpenShares:
    """What there is behind links, on DynamoDB."""

    def __init__(self, table: Table, files: FileUrls, pdfs: PdfUrls) -> None:
        self._table = table
        self._files = files
        self._pdfs = pdfs

    def look(self, token_hash: str) -> Found | None:
        """One request for where the share is, and one for it, its contact and what is shared, all as last written.

        The first is eventually consistent; where it leads nowhere any more, we look again.
        """
        for attempt in attempts():
            known = [row for _, row in self._table.other_way(keys.shared_pk(token_hash), limit=1)]
            rows = self._table.get_together(*(_beside(known[0]) if known else _NOWHERE))
            if not known:
                return None
            if rows[0] is not None:
                return _found(rows[0], rows[1:])
            if attempt + 1 >= _LOOKS:
                break
        return None

    def places(self, found: Found, *, seconds: int) -> Mapping[str, Place]:
        """No request: addresses are signed here."""
        return {ready: self._place(thing, seconds) for ready, thing in found.ready.items()}

    def keep(self, before: Share, after: Share) -> None:
        """One conditional write."""
        if not self._table.put_if(share_item(after), at_version(before.version)):
            raise Conflict("The share was changed in the meantime.")

    def _place(self, thing: Thing, seconds: int) -> Place:
        if isinstance(thing, File):
            url = self._files.download_url(thing, seconds=seconds)
            return Place(name_of(thing), thing.content_type, thing.size, url)
        url = self._pdfs.url(thing.final_key or "", seconds=seconds)
        return Place(file_name_of(thing.title), "application/pdf", None, url)


def _beside(known: Row) -> list[keys.Key]:
    """Keys of the share that the index knows, its contact, the settings and what is shared."""
    account, contact_id = keys.parse_recipient_pk(known.key.pk)
    share = share_from(account, known)  # what is shared never changes
    items = (key_of(account, contact_id, item) for item in share.items)
    return [known.key, keys.contact_key(account, contact_id), keys.settings_key(account), *items]


def _found(share_row: Row, rows: Sequence[Row | None]) -> Found | None:
    contact, settings, *items = rows
    if contact is None or "purging" in contact.doc or contact.doc.get("archived_at") is not None:
        return None
    account, _contact_id = keys.parse_recipient_pk(share_row.key.pk)
    share = share_from(account, share_row)
    kept = AccountSettings.stored(settings.version, settings.doc) if settings else AccountSettings()
    things = things_in(account, share.items, items)
    return Found(
        share=share,
        practice_name=kept.values["practice_name"],
        # While a merge moves them, some are with one contact and some with the other.
        moving=bool(contact.doc.get("merged_into") or contact.doc.get("merging")),
        ready={thing_id: thing for thing_id, thing in things.items() if _may_be_fetched(thing)},
    )


def _may_be_fetched(thing: Thing) -> bool:
    return thing.final_key is not None if isinstance(thing, Document) else thing.readable
