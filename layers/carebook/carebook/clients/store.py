"""Clients in the table."""

from collections.abc import Mapping, Sequence
from typing import Any

from carebook import keys
from carebook.clients.documents import client_from, summary_from
from carebook.clients.model import Client, ClientSummary, summary_of
from carebook.clients.purge_steps import unlink_contacts, unlist_referrals
from carebook.clients.searchable import BOOK, searchable
from carebook.clients.service import Found
from carebook.contacts.documents import record_document, summary_document
from carebook.ids import CLIENT
from carebook.items import Item, make_item
from carebook.record_purge import PurgeableRecords, Purging
from carebook.search.tokens import Searchable
from carebook.table import Row


class TableClients(PurgeableRecords[Client]):
    """The client store on DynamoDB."""

    book = BOOK
    prefix = f"{CLIENT}_"
    noun = Client.noun

    def find(self, account: str, client_id: str, /) -> Found:
        """One request for the client and the settings together."""
        return self.find_exactly(account, client_id)

    def page(self, account: str, *, archived: bool, after: str | None, limit: int) -> list[tuple[str, ClientSummary]]:
        """One query."""
        rows = self._page(keys.client_list_pk(account, archived=archived), after=after, limit=limit)
        return [(row.key.sk, summary_from(row.doc)) for row in rows]

    def key(self, account: str, record_id: str) -> keys.Key:
        """The client's own item; what hangs on it lies in its partition."""
        return keys.client_key(account, record_id)

    def list_pk(self, account: str) -> str:
        """The list of all clients in use."""
        return keys.client_list_pk(account, archived=False)

    def searchable(self, record: Client) -> Searchable | None:
        """The client as the index sees it."""
        return searchable(record)

    def _from(self, account: str, record_id: str, version: int, document: Mapping[str, Any]) -> Client:
        return client_from(account, record_id, version, document)

    def _item(self, record: Client) -> Item:
        item = make_item(
            self.key(record.account, record.id), self.noun, record_document(record), version=record.version
        )
        if record.purge_at is not None:  # while it is archived, the purge function can find it
            item.gsi2_pk, item.gsi2_sk = keys.PURGE_PK, keys.purge_sk(record.purge_at, record.account, record.id)
        return item

    def _list_items(self, record: Client) -> list[Item]:
        pk = keys.client_list_pk(record.account, archived=record.archived_at is not None)
        key = keys.list_key(pk, record.details.list_name_key, record.id)
        return [make_item(key, "client in a list", summary_document(summary_of(record)))]

    def _before_purged(self, account: str, record_id: str, purging: Purging) -> None:
        pass  # nobody is merged into a client

    def _beside_purged(self, account: str, rows: Sequence[Row], purging: Purging) -> None:
        unlist_referrals(self._table, account, rows)
        unlink_contacts(self._table, account, rows, purging)

    def _after_purged(self, account: str, record_id: str, purging: Purging) -> None:
        pass  # what lies elsewhere went with what names it
