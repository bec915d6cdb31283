"""Links in the table: in the client's partition, and the other way round on GSI1 by contact."""

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final

from carebook import keys
from carebook.clients.documents import link_document, link_from
from carebook.clients.model import Client, Link, shown_of
from carebook.clients.protocols import LinkWriting
from carebook.contacts.merged import with_merged
from carebook.contacts.store import TableContacts
from carebook.errors import Conflict
from carebook.items import NOT_THERE, ConditionFailed, Item, Writes, at_version, make_item
from carebook.record_store import TableRecords
from carebook.side_by_side import Reads
from carebook.table import Row, Table

_AT_ONCE: Final = 8
_MORE_THAN_ANY: Final = 1_000  # links of one client


class TableLinks:
    """The link store on DynamoDB. *withdraw* adds to a transaction that unlinks what else must end with the link."""

    def __init__(
        self,
        table: Table,
        clients: TableRecords[Client],
        contacts: TableContacts,
        withdraw: Callable[[Writes, LinkWriting], None] | None = None,
    ) -> None:
        self._table = table
        self._withdraw = withdraw
        self._clients = clients
        self._contacts = contacts
        self._pool = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="links")
        self.together: Any = Reads(table.connect, name="beside links")

    def of_client(self, account: str, client_id: str) -> list[Link]:
        """One query."""
        pk = keys.client_pk(account, client_id)
        rows = self._table.query(pk, low=keys.LINKS_FIRST, high=keys.LINKS_LAST, limit=_MORE_THAN_ANY)
        return [_link(account, row) for row in rows]

    def of_contact(self, account: str, contact_id: str, *, before: str | None, limit: int) -> list[Link]:
        """One round: a query of GSI1, and beside it of what was merged into the contact; another for that."""
        high = keys.LINKS_LAST if before is None else keys.link_sk(before)

        def read(one: str) -> list[Row]:
            # One more, because the end of a range is in it.
            rows = self._table.other_way(
                keys.contact_pk(account, one), low=keys.LINKS_FIRST, high=high, limit=limit + 1, newest_first=True
            )
            return [row for sk, row in rows if before is None or sk < high]

        found = with_merged(self._pool, self._contacts, read, account, contact_id)
        links = [_link(account, row) for rows in found for row in rows]
        return sorted(links, key=lambda link: (link.client_id, link.contact_id), reverse=True)

    def of_this_contact(self, account: str, contact_id: str, *, limit: int) -> list[Link]:
        """One query of GSI1."""
        pk = keys.contact_pk(account, contact_id)
        rows = self._table.other_way(pk, low=keys.LINKS_FIRST, high=keys.LINKS_LAST, limit=limit, newest_first=True)
        return [_link(account, row) for _, row in rows]

    def linked(self, account: str, pairs: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Those of the pairs of client and contact that belong together, whatever contacts were merged since.

        One request for each hundred; for pairs that are not among the links as they were made, one round for the
        clients, and where merges lead.
        """
        asked = list(dict.fromkeys(pairs))
        found: set[tuple[str, str]] = set()
        for start in range(0, len(asked), 100):
            some = asked[start : start + 100]
            rows = self._table.get_together(*(keys.link_key(account, *pair) for pair in some))
            found |= {pair for pair, row in zip(some, rows, strict=True) if row is not None}
        missing = [pair for pair in asked if pair not in found]
        if not missing:
            return found
        clients = list(dict.fromkeys(client_id for client_id, _ in missing))
        self._table.connect()
        links = dict(zip(clients, self._pool.map(lambda one: self.of_client(account, one), clients), strict=True))
        led_to = self._contacts.led_to(account, {link.contact_id for some in links.values() for link in some})
        now = {
            (client_id, led_to[link.contact_id].id)
            for client_id, some in links.items()
            for link in some
            if link.contact_id in led_to
        }
        return found | (now & set(missing))

    def write(self, writing: LinkWriting) -> None:
        """One transaction: the link, an entry in both histories; both records are as they were."""
        writes = Writes()
        self._clients.note(writes, writing.client, writing.for_client)
        self._contacts.note(writes, writing.contact, writing.for_contact)
        kept = {_key(link): link for link in writing.before}
        if writing.after is not None:
            before = kept.pop(_key(writing.after), None)
            shown = replace(writing.after, client=shown_of(writing.client))
            writes.put(_item(shown), at_version(before.version) if before else NOT_THERE)
        for key, link in kept.items():
            writes.delete(key, at_version(link.version))
        if writing.after is None and self._withdraw is not None:
            self._withdraw(writes, writing)
        try:
            self._table.write(writes)
        except ConditionFailed as error:
            raise Conflict("The link was changed in the meantime.") from error

    def drop(self, links: Collection[Link]) -> None:
        """Batches."""
        self._table.delete_all([_key(link) for link in links])


def _key(link: Link) -> keys.Key:
    return keys.link_key(link.account, link.client_id, link.contact_id)


def _item(link: Link) -> Item:
    item = make_item(_key(link), "link", link_document(link), version=link.version)
    item.gsi1_pk, item.gsi1_sk = keys.contact_pk(link.account, link.contact_id), keys.link_sk(link.client_id)
    return item


def _link(account: str, row: Row) -> Link:
    client_id = keys.client_of(row.key.pk)
    return link_from(account, client_id, keys.linked_id(row.key.sk), row.version, row.doc)
