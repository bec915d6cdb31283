"""Contacts in the table. A contact, its places in lists and its history entry are one transaction."""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from carebook import keys
from carebook.contacts.claims import AddedMeanwhile, Claim
from carebook.contacts.documents import contact_from, summary_from
from carebook.contacts.history import HistoryEntry, Passed, passed_in
from carebook.contacts.in_use import contacts_in_use
from carebook.contacts.model import Contact, ContactSummary
from carebook.contacts.protocols import Found
from carebook.contacts.purge_steps import purge_merged
from carebook.contacts.rows import added_last, claim_holds, claim_item, contact_item, list_items
from carebook.contacts.searchable import BOOK, searchable
from carebook.contacts.unlinking import unlink_everywhere
from carebook.errors import AlreadyExists, NotFound
from carebook.identity import Person
from carebook.ids import CONTACT
from carebook.items import NOT_THERE, ConditionFailed, Item, Writes
from carebook.record_purge import PurgeableRecords, Purging
from carebook.record_store import LONGEST_CHAIN, put_request_mark
from carebook.search.rebuild_notes import note_of
from carebook.search.tokens import Searchable
from carebook.settings.model import AccountSettings
from carebook.table import Row, Table

_HISTORIES_AT_ONCE: Final = 8
_NO_SUCH_CONTACT: Final = "There is no such contact."


class TableContacts(PurgeableRecords[Contact]):
    """The contact store on DynamoDB."""

    book = BOOK
    prefix = f"{CONTACT}_"
    noun = Contact.noun

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self._histories = ThreadPoolExecutor(max_workers=_HISTORIES_AT_ONCE, thread_name_prefix="history")

    def find(self, account: str, contact_id: str, /) -> Found:
        """One request for the contact and the settings together; one more for each merge that the id leads through."""
        for _ in range(LONGEST_CHAIN):
            contact, settings = self.find_exactly(account, contact_id)
            if contact.merged_into is None:
                return contact, settings
            contact_id = contact.merged_into
        raise NotFound(_NO_SUCH_CONTACT)

    def leads_to(self, record: Contact, /) -> str | None:
        """The contact into which it was merged."""
        return record.merged_into

    def find_many(self, account: str, contact_ids: Sequence[str]) -> list[Contact]:
        """One request for each hundred."""
        found = self.find_together(account, contact_ids)
        in_order = (found.get(contact_id) for contact_id in contact_ids)
        return [contact for contact in in_order if contact is not None and contact.in_use]

    def in_use(self, account: str, contact_ids: Collection[str]) -> tuple[dict[str, Contact], AccountSettings]:
        """One request, rarely more; see :func:`contacts_in_use`."""
        return contacts_in_use(self._table, account, contact_ids)

    def led_to(self, account: str, contact_ids: Collection[str]) -> dict[str, Contact]:
        """One request for each hundred, and one more for each merge that ids lead through."""
        leads = {contact_id: contact_id for contact_id in contact_ids}
        found: dict[str, Contact] = {}
        for _ in range(LONGEST_CHAIN):
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

    def add(
        self, record: Contact, entry: HistoryEntry, *, request: str | None = None, claim: Claim | None = None
    ) -> Contact:
        """One transaction; with *request* it also holds the mark by which a repeat finds this contact."""
        contact, writes = record, Writes()
        writes.put(self._item(contact), NOT_THERE)
        writes.put(self._history_item(contact.account, contact.id, entry))
        state = self._index.of(contact.account)
        for item in self._places(contact, state).values():
            writes.put(item)
        if state.rebuilding:
            writes.put(note_of(None, contact))
        mark = request and keys.done_once_key(contact.account, request)
        if request:
            put_request_mark(writes, contact.account, request, made=contact.id, now=contact.created_at)
        claimed = claim and keys.added_key(contact.account, claim.name)
        if claim:
            writes.put(claim_item(contact, claim), claim_holds(claim))
        try:
            self._table.write(writes)
        except ConditionFailed as failed:
            if request and failed.key == mark:
                made = self.made_by(contact.account, request, now=contact.created_at)
                if made is not None:
                    return made
            if claim and failed.key == claimed:
                raise AddedMeanwhile(added_last(self._table.get(failed.key))) from failed
            raise AlreadyExists(f"Contact {contact.id} already exists.") from failed
        return contact

    def page(
        self, account: str, *, archived: bool, contact_type: str | None, after: str | None, limit: int
    ) -> list[tuple[str, ContactSummary]]:
        """One query."""
        pk = keys.contact_list_pk(account, archived=archived, contact_type=contact_type)
        return [(row.key.sk, summary_from(row.doc)) for row in self._page(pk, after=after, limit=limit)]

    def histories(
        self,
        account: str,
        contact_ids: Sequence[str],
        *,
        before: Passed | None,
        limit: int,
        seen_by: Person | None = None,
    ) -> list[tuple[str, HistoryEntry]]:
        """For each contact what :meth:`history` asks, side by side."""

        def read(contact_id: str) -> list[tuple[str, HistoryEntry]]:
            passed = passed_in(before, contact_id)
            entries = self.history(account, contact_id, before=passed, limit=limit, seen_by=seen_by)
            return [(contact_id, entry) for entry in entries]

        if len(contact_ids) == 1:
            return read(contact_ids[0])
        self._table.connect()
        found = [each for entries in self._histories.map(read, contact_ids) for each in entries]
        return sorted(found, key=lambda each: (each[1].at, each[1].id, each[0]), reverse=True)[:limit]

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
        return contact_item(record)

    def _list_items(self, record: Contact) -> list[Item]:
        return list_items(record)

    def _before_purged(self, account: str, record_id: str, purging: Purging) -> None:
        purge_merged(self._table, account, record_id, purging, self.finish_purge)

    def _beside_purged(self, account: str, rows: Sequence[Row], purging: Purging) -> None:
        pass  # what hangs on a contact lies with it

    def _after_purged(self, account: str, record_id: str, purging: Purging) -> None:
        unlink_everywhere(self._table, account, record_id, purging)
