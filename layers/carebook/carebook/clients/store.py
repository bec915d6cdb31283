"""Clients in the table."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import batched
from typing import Any, Final

from carebook import keys
from carebook.clients.documents import SHOWN, client_from, summary_from, with_shown
from carebook.clients.model import Client, ClientSummary, ShownClient, shown_of, summary_of
from carebook.clients.protocols import Found
from carebook.clients.purge_steps import unlink_contacts, unlist_referrals
from carebook.clients.searchable import BOOK, searchable
from carebook.contacts.documents import record_document, summary_document
from carebook.contacts.history import HistoryEntry
from carebook.errors import Unavailable
from carebook.identity import Person
from carebook.ids import CLIENT
from carebook.items import ConditionFailed, Item, Writes, make_item
from carebook.record_purge import PurgeableRecords, Purging
from carebook.retrying import attempts
from carebook.search.tokens import Searchable
from carebook.table import Row

_MOST_TOGETHER: Final = 100  # actions of a transaction


class TableClients(PurgeableRecords[Client]):
    """The client store on DynamoDB."""

    book = BOOK
    prefix = f"{CLIENT}_"
    noun = Client.noun

    def find(self, account: str, client_id: str, /) -> Found:
        """One request for the client and the settings together."""
        return self.find_exactly(account, client_id)

    def replace(self, before: Client, after: Client, entry: HistoryEntry, /) -> None:
        """One transaction; where links and referrals show the client otherwise, they are in it.

        They are asked before, and once more behind it: one may have come in between. Where there are more of them than
        a transaction holds, the rest shows nothing meanwhile, and whoever reads it reads the client.
        """
        if _same_to_others(before, after):
            super().replace(before, after, entry)
            return
        shown = shown_of(after)
        writes, outdated = self.changes(before, after, entry), self._outdated(after)
        room = _MOST_TOGETHER - len(writes.puts) - len(writes.deletes) - len(writes.checks)
        for some in batched(outdated[room:], _MOST_TOGETHER, strict=False):
            self._write(_showing(some, None))
        with_rows = _showing(outdated[:room], shown)
        writes.puts += with_rows.puts
        self._write(writes)
        self._show(shown, after)

    def purge(self, record: Client, *, by: Person, now: datetime) -> None:
        """Out of sight means that links and referrals, which go later, show nothing of the client, either."""
        showing = [item for item in self._rows(record) if _version_shown(item) >= 0]
        for some in batched(showing, _MOST_TOGETHER, strict=False):
            self._write(_showing(some, None))
        super().purge(record, by=by, now=now)

    def _outdated(self, client: Client) -> list[Item]:
        """Links and referrals that show the client as it was, or not at all."""
        return [item for item in self._rows(client) if _version_shown(item) < client.version]

    def _rows(self, client: Client) -> list[Item]:
        """Links and referrals: two queries, side by side."""
        pk = keys.client_pk(client.account, client.id)
        self._table.connect()
        referrals = self._beside.submit(self._table.whole, pk, low=keys.REFERRALS_FIRST, high=keys.REFERRALS_LAST)
        links = self._table.whole(pk, low=keys.LINKS_FIRST, high=keys.LINKS_LAST)
        return [*links, *referrals.result()]

    def _show(self, shown: ShownClient, client: Client) -> None:
        """Let what came in between show the client, too, and what shows nothing."""
        for _ in attempts():
            outdated = self._outdated(client)
            if not outdated:
                return
            with suppress(ConditionFailed, Unavailable):  # somebody else writes them: look again
                for some in batched(outdated, _MOST_TOGETHER, strict=False):
                    self._table.write(_showing(some, shown))

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


def _same_to_others(before: Client, after: Client) -> bool:
    return shown_of(before) == replace(shown_of(after), version=before.version)


def _version_shown(item: Item) -> int:
    shown = json.loads(item.doc).get(SHOWN)
    return -1 if shown is None else int(shown["version"])


def _showing(items: Iterable[Item], client: ShownClient | None) -> Writes:
    """The writes by which rows show *client*, or none: each as it is, if it still is."""
    writes = Writes()
    for item in items:
        unchanged = (Item.version == item.version) & (Item.doc == item.doc)
        document = {name: value for name, value in json.loads(item.doc).items() if name != SHOWN}
        item.doc = json.dumps(document | with_shown(client), ensure_ascii=False, separators=(",", ":"))
        writes.put(item, unchanged)
    return writes
