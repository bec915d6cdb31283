"""Contacts in the table. A contact, its places in lists and its history entry are one transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from carebook import keys
from carebook.contacts.documents import contact_document, contact_from, summary_document, summary_from
from carebook.contacts.model import Contact, ContactSummary, summary_of
from carebook.contacts.searchable import BOOK, searchable
from carebook.contacts.service import Found
from carebook.contacts.unlinking import unlink_everywhere
from carebook.errors import Conflict, NotFound
from carebook.identity import Person
from carebook.ids import CONTACT
from carebook.instants import instant
from carebook.items import Item, Writes, at_version, make_item
from carebook.record_store import TableRecords
from carebook.search.rebuilding import note_for_rebuild
from carebook.search.tokens import Searchable

_LONGEST_CHAIN: Final = 100
_NO_SUCH_CONTACT: Final = "There is no such contact."


class TableContacts(TableRecords[Contact]):
    """The contact store on DynamoDB."""

    book = BOOK
    prefix = f"{CONTACT}_"
    noun = Contact.noun

    def find(self, account: str, contact_id: str, /) -> Found:
        """One request for the contact and the settings together; one more for each merge that the id leads through."""
        for _ in range(_LONGEST_CHAIN):
            contact, settings = self.find_exactly(account, contact_id)
            if contact.merged_into is None:
                return contact, settings
            contact_id = contact.merged_into
        raise NotFound(_NO_SUCH_CONTACT)

    def find_many(self, account: str, contact_ids: Sequence[str]) -> list[Contact]:
        """One request for each hundred."""
        found = self.find_together(account, contact_ids)
        in_order = (found.get(contact_id) for contact_id in contact_ids)
        return [contact for contact in in_order if contact is not None and contact.in_use]

    def led_to(self, account: str, contact_ids: Collection[str]) -> dict[str, Contact]:
        """One request for each hundred, and one more for each merge that ids lead through."""
        leads = {contact_id: contact_id for contact_id in contact_ids}
        found: dict[str, Contact] = {}
        for _ in range(_LONGEST_CHAIN):
            missing = sorted(set(leads.values()) - found.keys())
            if not missing:
                break
            more = self.find_together(account, missing)
            found |= more
            leads = {one: other for one, other in leads.items() if other in found}
            leads = {one: found[other].merged_into or other for one, other in leads.items()}
        return {one: found[other] for one, other in leads.items() if other in found}

    def merged_in(self, account: str, contact_id: str) -> list[str]:
        """One query for the contact, and one for each that was merged into it."""
        found: list[str] = []
        waiting = [contact_id]
        while waiting:
            pk = keys.contact_pk(account, waiting.pop())
            rows = self._table.query(pk, low=keys.MERGES_FIRST, high=keys.MERGES_LAST, limit=1000)
            more = [keys.merged_id(row.key.sk) for row in rows]
            found += more
            waiting += more
        return found

    def page(
        self, account: str, *, archived: bool, contact_type: str | None, after: str | None, limit: int
    ) -> list[tuple[str, ContactSummary]]:
        """One query."""
        pk = keys.contact_list_pk(account, archived=archived, contact_type=contact_type)
        return [(row.key.sk, summary_from(row.doc)) for row in self._page(pk, after=after, limit=limit)]

    def purge(self, contact: Contact, *, by: Person, now: datetime) -> None:
        """First out of sight in one transaction, then piece by piece; :meth:`finish_purge` can go on at any point."""
        writes = Writes()
        doc = {"purging": {"at": instant(now), "by": by.id, "name": by.name}}
        key = keys.contact_key(contact.account, contact.id)
        item = make_item(key, "contact being purged", doc, version=contact.version + 1)
        item.gsi2_pk, item.gsi2_sk = keys.PURGE_PK, keys.purge_sk(now, contact.account, contact.id)
        writes.put(item, at_version(contact.version))
        state = self._index.of(contact.account)
        for place in self._places(contact, state):
            writes.delete(place)
        if state.rebuilding:
            writes.put(note_for_rebuild(replace(contact, version=contact.version + 1), searchable(contact)))
        self._write(writes)
        self.finish_purge(contact.account, contact.id)

    def finish_purge(self, account: str, contact_id: str) -> bool:
        """Delete what hangs on a contact that is being purged, and last the contact itself."""
        key = keys.contact_key(account, contact_id)
        row = self._table.get(key)
        if row is None or "purging" not in row.doc:
            return False
        self._purge_merged(account, contact_id, row.doc["purging"])
        while True:
            found = self._table.query(key.pk, limit=100)
            rest = [other.key for other in found if other.key != key]
            if not rest:
                break
            self._table.delete_all(rest + _kept_answers(account, rest))
        unlink_everywhere(self._table, account, contact_id, row.doc["purging"])
        writes = Writes()
        trace = {name: row.doc["purging"][name] for name in ("at", "by")}
        writes.put(make_item(keys.purged_key(account, contact_id), "purged contact", trace))
        writes.delete(key)
        self._table.write(writes)
        return True

    def _purge_merged(self, account: str, contact_id: str, purging: Mapping[str, str]) -> None:
        """What was merged into a contact goes with it: it is the same person's file."""
        pk = keys.contact_pk(account, contact_id)
        for row in self._table.query(pk, low=keys.MERGES_FIRST, high=keys.MERGES_LAST, limit=1000):
            merged = keys.merged_id(row.key.sk)
            kept = self._table.get(keys.contact_key(account, merged))
            if kept is None:
                continue
            if kept.doc.get("merged_into") == contact_id:
                item = make_item(kept.key, "contact being purged", {"purging": purging}, version=kept.version + 1)
                if not self._table.put_if(item, at_version(kept.version)):
                    raise Conflict("The contact was changed in the meantime.")
            self.finish_purge(account, merged)

    def due_for_purge(self, *, now: datetime, limit: int) -> list[tuple[str, str]]:
        """One query of GSI2."""
        rows = self._table.due(keys.PURGE_PK, until=keys.due_until(now), limit=limit)
        return [keys.parse_purge_sk(row) for row in rows]

    def key(self, account: str, record_id: str) -> keys.Key:
        """The contact's own item; what hangs on it lies in its partition."""
        return keys.contact_key(account, record_id)

    def list_pk(self, account: str) -> str:
        """The list of all contacts in use."""
        return keys.contact_list_pk(account, archived=False, contact_type=None)

    def searchable(self, record: Contact) -> Searchable | None:
        """The contact as the index sees it."""
        return searchable(record)

    def _from(self, account: str, record_id: str, version: int, document: Mapping[str, Any]) -> Contact:
        return contact_from(account, record_id, version, document)

    def _item(self, record: Contact) -> Item:
        item = make_item(
            self.key(record.account, record.id), record.noun, contact_document(record), version=record.version
        )
        if record.purge_at is not None:
            item.gsi2_pk, item.gsi2_sk = keys.PURGE_PK, keys.purge_sk(record.purge_at, record.account, record.id)
        return item

    def _list_items(self, record: Contact) -> list[Item]:
        if record.merged_into is not None:
            return []
        document = summary_document(summary_of(record))
        archived, name_key = record.archived_at is not None, record.details.list_name_key
        lists = (
            keys.contact_list_pk(record.account, archived=archived, contact_type=contact_type)
            for contact_type in (None, record.details.type)
        )
        return [make_item(keys.list_key(pk, name_key, record.id), "contact in a list", document) for pk in lists]


def _kept_answers(account: str, beside_contact: Sequence[keys.Key]) -> list[keys.Key]:
    """Where answers lie that show the contact, and the marks of the requests that got them."""
    requests = [request for key in beside_contact if (request := keys.request_of_answer(key.sk))]
    return [key(account, request) for request in requests for key in (keys.answer_key, keys.done_once_key)]
