"""Referrals in the table: in the client's partition, by referrer on GSI1, and in lists of the account by day."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final

from carebook import keys
from carebook.clients.model import Client, shown_of
from carebook.contacts.merged import with_merged
from carebook.contacts.store import TableContacts
from carebook.errors import Conflict, NotFound
from carebook.items import NOT_THERE, ConditionFailed, Item, Writes, at_version, make_item
from carebook.record_store import TableRecords, made_by_request, put_request_mark
from carebook.referrals.documents import appointment_from, referral_document, referral_from, row_document, row_from
from carebook.referrals.model import Appointment, Referral, ReferralRow, row_of
from carebook.referrals.protocols import AlreadyMade, ReferralWriting
from carebook.side_by_side import Reads
from carebook.table import Row, Table

_AT_ONCE: Final = 8
_MORE_THAN_ANY: Final = 100_000  # appointments of one client


class TableReferrals:
    """The referral store on DynamoDB."""

    def __init__(self, table: Table, clients: TableRecords[Client], contacts: TableContacts) -> None:
        self._table = table
        self._clients = clients
        self._contacts = contacts
        self._pool = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="referrals")
        self.together: Any = Reads(table.connect, name="beside referrals")

    def find(self, account: str, client_id: str, referral_id: str) -> Referral:
        """One request."""
        row = self._table.get(keys.referral_key(account, client_id, referral_id))
        if row is None:
            raise NotFound("There is no such referral.")
        return _referral(account, row)

    def of_client(self, account: str, client_id: str, *, before: str | None, limit: int) -> list[Referral]:
        """One query."""
        high = keys.REFERRALS_LAST if before is None else keys.referral_key(account, client_id, before).sk
        pk = keys.client_pk(account, client_id)
        # One more, because the end of a range is in it.
        rows = self._table.query(pk, low=keys.REFERRALS_FIRST, high=high, limit=limit + 1, newest_first=True)
        return [_referral(account, row) for row in rows if before is None or row.key.sk < high][:limit]

    def appointments(self, account: str, client_id: str) -> list[Appointment]:
        """One query."""
        rows = self._table.query(
            keys.client_pk(account, client_id),
            low=keys.APPOINTMENTS_FIRST,
            high=keys.APPOINTMENTS_LAST,
            limit=_MORE_THAN_ANY,
        )
        return [appointment_from(row.doc) for row in rows]

    def of_contact(
        self, account: str, contact_id: str, *, before: str | None, limit: int
    ) -> list[tuple[str, ReferralRow]]:
        """One round: a query of GSI1, and beside it of what was merged into the contact; another for that."""
        high = keys.REFERRALS_LAST if before is None else before

        def read(one: str) -> list[tuple[str, Row]]:
            # One more, because the end of a range is in it.
            return self._table.other_way(
                keys.contact_pk(account, one), low=keys.REFERRALS_FIRST, high=high, limit=limit + 1, newest_first=True
            )

        found = with_merged(self._pool, self._contacts, read, account, contact_id)
        older = [pair for pairs in found for pair in pairs if before is None or pair[0] < before]
        older.sort(key=lambda pair: pair[0], reverse=True)
        return [(sk, row_of(_referral(account, row))) for sk, row in older[:limit]]

    def of_this_contact(self, account: str, contact_id: str, *, limit: int) -> list[tuple[str, Referral]]:
        """One query of GSI1."""
        pk = keys.contact_pk(account, contact_id)
        rows = self._table.other_way(
            pk, low=keys.REFERRALS_FIRST, high=keys.REFERRALS_LAST, limit=limit, newest_first=True
        )
        return [(sk, _referral(account, row)) for sk, row in rows]

    def rows(
        self,
        account: str,
        *,
        status: str | None,
        received_from: str | None,
        received_to: str | None,
        before: str | None,
        limit: int,
    ) -> list[tuple[str, ReferralRow]]:
        """One query of a list."""
        high = f"{received_to or ''}{keys.HIGHEST}" if before is None else before
        pk = keys.referral_list_pk(account, status)
        rows = self._table.query(pk, low=received_from, high=high, limit=limit + 1, newest_first=True)
        return [(row.key.sk, row_from(row.doc)) for row in rows if before is None or row.key.sk < before][:limit]

    def write(self, writing: ReferralWriting, *, request: str | None = None) -> None:
        """One transaction: the referral, its rows in lists, an entry in each history, the request's mark."""
        referral = writing.after or writing.before
        if referral is None:
            raise ValueError("There is nothing to write.")
        writes = Writes()
        self._clients.note(writes, writing.client, writing.for_client)
        for contact, entry in writing.for_contacts:
            self._contacts.note(writes, contact, entry)
        after = writing.after and replace(writing.after, client=shown_of(writing.client))
        _put(writes, writing.before, after)
        if request:
            made = f"{referral.client_id}/{referral.id}"
            put_request_mark(writes, referral.account, request, made=made, now=referral.created_at)
        try:
            self._table.write(writes)
        except ConditionFailed as failed:
            if request and failed.key == keys.done_once_key(referral.account, request):
                known = made_by_request(self._table, referral.account, request, now=referral.created_at)
                if known is not None:
                    raise AlreadyMade(*known.split("/")) from failed
            raise Conflict("The referral was changed in the meantime.") from failed


def _put(writes: Writes, before: Referral | None, after: Referral | None) -> None:
    old, new = _rows(before), _rows(after)
    if after is not None:
        writes.put(_item(after), NOT_THERE if before is None else at_version(before.version))
    elif before is not None:
        writes.delete(_key(before), at_version(before.version))
    for key, item in new.items():
        if key not in old or old[key].doc != item.doc:
            writes.put(item)
    for key in old.keys() - new.keys():
        writes.delete(key)


def _key(referral: Referral) -> keys.Key:
    return keys.referral_key(referral.account, referral.client_id, referral.id)


def _item(referral: Referral) -> Item:
    details = referral.details
    item = make_item(_key(referral), "referral", referral_document(referral), version=referral.version)
    if details.contact_id is not None:
        item.gsi1_pk = keys.contact_pk(referral.account, details.contact_id)
        item.gsi1_sk = keys.referral_sk(details.received_on, referral.id)
    return item


def _rows(referral: Referral | None) -> dict[keys.Key, Item]:
    if referral is None:
        return {}
    document, details = row_document(row_of(referral)), referral.details
    places = keys.referral_places(referral.account, details.status, details.received_on, referral.id)
    return {place: make_item(place, "referral in a list", document) for place in places}


def _referral(account: str, row: Row) -> Referral:
    return referral_from(account, keys.client_of(row.key.pk), keys.id_of_referral(row.key.sk), row.version, row.doc)
