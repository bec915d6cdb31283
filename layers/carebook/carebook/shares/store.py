"""Shares in the table, as staff use them. A share, its messages and the history entry are one transaction."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from carebook import keys
from carebook.contacts.documents import history_document
from carebook.contacts.history import HistoryEntry
from carebook.contacts.model import Contact
from carebook.errors import Conflict, NotFound
from carebook.ids import HISTORY
from carebook.items import NOT_THERE, ConditionFailed, Item, Writes, at_version, make_item
from carebook.messages.planning import Plan
from carebook.messages.store import add_to
from carebook.record_store import made_by_request, put_request_mark
from carebook.shares.collaborators import Sealed
from carebook.shares.documents import sealed_document, sealed_from, share_document, share_from
from carebook.shares.model import Share
from carebook.side_by_side import Reads
from carebook.table import Table

_CHANGED: Final = "The share or its contact was changed in the meantime."


class TableShares:
    """The share store on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._reads = Reads(table.connect, name="shares")

    def beside[Other, Ours](self, other: Callable[[], Other], ours: Callable[[], Ours]) -> tuple[Other, Ours]:
        """*ours* in a thread of its own."""
        first, second = self._reads(other, ours)
        return first, second

    def find(self, account: str, contact_id: str, share_id: str) -> Share:
        """One request."""
        row = self._table.get(keys.share_key(account, contact_id, share_id))
        if row is None:
            raise NotFound("There is no such share.")
        return share_from(account, row)

    def add(
        self,
        share: Share,
        sealed: Sealed,
        contact: Contact,
        planned: Plan,
        entry: HistoryEntry,
        *,
        request: str | None = None,
    ) -> None:
        """One transaction; with *request* it also holds the mark by which a repeat finds this share."""
        writes = Writes()
        writes.put(share_item(share), NOT_THERE)
        waiting = make_item(
            keys.sealed_share_key(share.account, share.contact_id, share.id), "sealed share", sealed_document(sealed)
        )
        waiting.expires_at = int(sealed.until.timestamp())
        writes.put(waiting, NOT_THERE)
        add_to(writes, planned)
        _record(writes, contact, entry)
        if request:
            made = f"{share.contact_id} {share.id}"
            put_request_mark(writes, share.account, request, made=made, now=share.created_at)
        self._write(writes)

    def made_by(self, account: str, request: str, *, now: datetime) -> tuple[str, str] | None:
        """One request."""
        made = made_by_request(self._table, account, request, now=now)
        if made is None:
            return None
        contact_id, _, share_id = made.partition(" ")
        return contact_id, share_id

    def sealed(self, account: str, contact_id: str, share_id: str) -> Sealed | None:
        """One request."""
        row = self._table.get(keys.sealed_share_key(account, contact_id, share_id))
        return None if row is None else sealed_from(row)

    def revoke(self, before: Share, after: Share, contact: Contact, entry: HistoryEntry) -> None:
        """One transaction under the versions of the share and of its contact."""
        writes = Writes()
        writes.put(share_item(after), at_version(before.version))
        writes.delete(keys.sealed_share_key(after.account, after.contact_id, after.id))
        _record(writes, contact, entry)
        self._write(writes)

    def page(self, account: str, contact_id: str, *, before: str | None, limit: int) -> list[Share]:
        """One query, backwards; more only where long logs exceed the 1 MB of a page."""
        pk = keys.contact_pk(account, contact_id)
        high = keys.SHARES_LAST if before is None else keys.share_key(account, contact_id, before).sk
        wanted = limit + (before is not None)  # the one that the page begins behind is met again
        rows = self._table.query(pk, low=keys.SHARES_FIRST, high=high, limit=wanted, newest_first=True)
        found = [share_from(account, row) for row in rows]
        return [share for share in found if share.id != before][:limit]

    def _write(self, writes: Writes) -> None:
        try:
            self._table.write(writes)
        except ConditionFailed as failed:
            raise Conflict(_CHANGED) from failed


def share_item(share: Share) -> Item:
    """The share's item, with the place on GSI1 where its token leads."""
    key = keys.share_key(share.account, share.contact_id, share.id)
    item = make_item(key, "share", share_document(share), version=share.version)
    item.gsi1_pk, item.gsi1_sk = keys.shared_pk(share.token_hash), share.id
    item.came_from = share.came_from
    return item


def _record(writes: Writes, contact: Contact, entry: HistoryEntry) -> None:
    """That the contact is still what it was, so that its shares go where it goes; and what its history says."""
    writes.check(keys.contact_key(contact.account, contact.id), at_version(contact.version))
    key = keys.history_key(contact.account, contact.id, entry.id.removeprefix(f"{HISTORY}_"))
    writes.put(make_item(key, "history", history_document(entry)))
