"""Clients and links kept in memory. The table's stores pass the same tests."""

from collections.abc import Callable, Collection
from datetime import datetime

from carebook.clients.model import Client, ClientSummary, Link, summary_of
from carebook.clients.protocols import LinkWriting
from carebook.contacts.history import Change, noted
from carebook.errors import Conflict
from carebook.identity import Person
from carebook.settings.service import SettingsStore
from tests.fakes.contacts import MemoryContacts
from tests.fakes.records import MemoryRecords, OneByOne


class MemoryClients(MemoryRecords[Client]):
    """A ``ClientStore`` without a table. What hangs on clients is told of a purge. It is never cut short here."""

    def __init__(self, settings: SettingsStore | None = None) -> None:
        super().__init__(settings)
        self.when_purged: list[Callable[[Client, Person, datetime], None]] = []

    def purge(self, client: Client, /, *, by: Person, now: datetime) -> None:
        self.refuse_outdated(client)
        for tell in self.when_purged:
            tell(client, by, now)
        del self._kept[client.account, client.id]
        del self._entries[client.account, client.id]

    def finish_purge(self, account: str, client_id: str, /) -> bool:
        return False

    def page(self, account: str, *, archived: bool, after: str | None, limit: int) -> list[tuple[str, ClientSummary]]:
        rows = [
            (client.details.list_name_key, client.id, summary_of(client))
            for client in self._kept.values()
            if client.account == account and (client.archived_at is not None) == archived
        ]
        rows.sort(key=lambda row: row[:2])
        found = [(f"{name_key} {client_id}", summary) for name_key, client_id, summary in rows]
        return [row for row in found if after is None or row[0] > after][:limit]


class MemoryLinks(OneByOne):
    """A ``LinkStore`` without a table."""

    def __init__(self, clients: MemoryClients, contacts: MemoryContacts) -> None:
        self._clients = clients
        self._contacts = contacts
        self._kept: dict[tuple[str, str, str], Link] = {}
        clients.when_purged.append(self._purge)

    def of_client(self, account: str, client_id: str) -> list[Link]:
        found = [link for link in self._kept.values() if (link.account, link.client_id) == (account, client_id)]
        return sorted(found, key=lambda link: link.contact_id)

    def of_contact(self, account: str, contact_id: str, *, before: str | None, limit: int) -> list[Link]:
        ids = [contact_id, *self._contacts.merged_in(account, contact_id)]
        found = [
            link
            for link in self._kept.values()
            if link.account == account and link.contact_id in ids and (before is None or link.client_id < before)
        ]
        return sorted(found, key=lambda link: (link.client_id, link.contact_id), reverse=True)

    def of_this_contact(self, account: str, contact_id: str, *, limit: int) -> list[Link]:
        found = [link for link in self._kept.values() if (link.account, link.contact_id) == (account, contact_id)]
        return sorted(found, key=lambda link: link.client_id, reverse=True)[:limit]

    def write(self, writing: LinkWriting) -> None:
        self._clients.refuse_outdated(writing.client)
        self._contacts.refuse_outdated(writing.contact)
        kept = {_place(link): link for link in writing.before}
        after = writing.after
        if after is not None:
            kept.setdefault(_place(after), after)
        for place, link in kept.items():
            if self._kept.get(place) != (link if link in writing.before else None):
                raise Conflict("The link was changed in the meantime.")
        for place in kept:
            self._kept.pop(place, None)
        if after is not None:
            self._kept[_place(after)] = after
        self._clients.note(writing.client, writing.for_client)
        self._contacts.note(writing.contact, writing.for_contact)

    def _purge(self, client: Client, by: Person, now: datetime) -> None:
        for link in self.of_client(client.account, client.id):
            del self._kept[_place(link)]
            gone = Change("link", {"client_id": client.id}, None)
            self._contacts.note(
                self._contacts.find_exactly(link.account, link.contact_id)[0],
                noted("unlinked", by=by, now=now, changes=(gone,)),
            )

    def drop(self, links: Collection[Link]) -> None:
        for link in links:
            self._kept.pop(_place(link), None)


def _place(link: Link) -> tuple[str, str, str]:
    return link.account, link.client_id, link.contact_id
