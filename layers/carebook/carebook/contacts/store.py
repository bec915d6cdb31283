"""Contacts in the table. A contact, its places in lists and its history entry are one transaction."""

from collections import OrderedDict
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final

from carebook import keys
from carebook.contacts.claims import AddedMeanwhile, Claim
from carebook.contacts.documents import contact_from, summary_from
from carebook.contacts.history import HistoryEntry, Passed, end_of_hour, passed_in, viewed
from carebook.contacts.history_page import history_page
from carebook.contacts.in_use import contacts_in_use
from carebook.contacts.model import Contact, ContactSummary
from carebook.contacts.protocols import Found
from carebook.contacts.purge_steps import finish_purge
from carebook.contacts.rebuild_notes import note_of, note_of_purge
from carebook.contacts.rows import (
    added_last,
    claim_holds,
    claim_item,
    contact_item,
    done_once,
    history_item,
    history_item_key,
    list_items,
)
from carebook.contacts.searchable import BOOK, searchable
from carebook.errors import AlreadyExists, Conflict, NotFound, RequestMismatch
from carebook.identity import Person
from carebook.instants import instant, parse_instant
from carebook.items import NOT_THERE, ConditionFailed, Item, Writes, at_version, make_item
from carebook.search.entries import entries_of
from carebook.search.state import IndexState, TableIndexStates
from carebook.search.store import items_of
from carebook.settings.model import AccountSettings
from carebook.table import Table

_VIEWS_REMEMBERED: Final = 10_000
_LONGEST_CHAIN: Final = 100
_HISTORIES_AT_ONCE: Final = 8
_NO_SUCH_CONTACT: Final = "There is no such contact."


class TableContacts:
    """The contact store on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._views: OrderedDict[tuple[str, str, str], datetime] = OrderedDict()
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="view")
        self._histories = ThreadPoolExecutor(max_workers=_HISTORIES_AT_ONCE, thread_name_prefix="history")
        self._index = TableIndexStates(table)

    def find(self, account: str, contact_id: str) -> Found:
        """One request for the contact and the settings together; one more for each merge that the id leads through."""
        for _ in range(_LONGEST_CHAIN):
            contact, settings = self.find_exactly(account, contact_id)
            if contact.merged_into is None:
                return contact, settings
            contact_id = contact.merged_into
        raise NotFound(_NO_SUCH_CONTACT)

    def find_exactly(self, account: str, contact_id: str) -> Found:
        """One request for the contact and the settings together."""
        row, kept = self._table.get_together(keys.contact_key(account, contact_id), keys.settings_key(account))
        if row is None or "purging" in row.doc:
            raise NotFound(_NO_SUCH_CONTACT)
        settings = AccountSettings.stored(kept.version, kept.doc) if kept else AccountSettings()
        return contact_from(account, contact_id, row.version, row.doc), settings

    def find_many(self, account: str, contact_ids: Sequence[str]) -> list[Contact]:
        """One request for each hundred."""
        found: list[Contact] = []
        for start in range(0, len(contact_ids), 100):
            ids = contact_ids[start : start + 100]
            rows = self._table.get_together(*(keys.contact_key(account, contact_id) for contact_id in ids))
            found += [
                contact_from(account, contact_id, row.version, row.doc)
                for contact_id, row in zip(ids, rows, strict=True)
                if row is not None and "purging" not in row.doc
            ]
        return [contact for contact in found if contact.in_use]

    def in_use(self, account: str, contact_ids: Collection[str]) -> tuple[dict[str, Contact], AccountSettings]:
        """One request, rarely more; see :func:`contacts_in_use`."""
        return contacts_in_use(self._table, account, contact_ids)

    def view(self, account: str, contact_id: str, *, viewer: Person, now: datetime) -> Found:
        """The view is written beside the read, unless this environment has written it in this hour.

        When it cannot be written the read fails with it: no view goes unrecorded.
        """
        seen = (account, contact_id, viewer.id)
        if self._views.get(seen) == end_of_hour(now):
            found = self.find(account, contact_id)
            if found[0].id == contact_id:
                return found
            return self.view(account, found[0].id, viewer=viewer, now=now)  # merged since: a view of another
        entry = viewed(by=viewer, now=now)
        self._table.connect()
        writing = self._beside.submit(self._table.put_if, history_item(account, contact_id, entry), NOT_THERE)
        try:
            found = self.find(account, contact_id)
        except NotFound:
            if writing.result():
                self._table.delete_all([history_item_key(account, contact_id, entry)])
            raise
        is_first = writing.result()
        if found[0].id != contact_id:  # a merged contact's id was looked up: the view is of the one it leads to
            if is_first:
                self._table.delete_all([history_item_key(account, contact_id, entry)])
            self._table.put_if(history_item(account, found[0].id, entry), NOT_THERE)
        self._views[seen] = end_of_hour(now)
        if len(self._views) > _VIEWS_REMEMBERED:
            self._views.popitem(last=False)
        return found

    def add(
        self, contact: Contact, entry: HistoryEntry, *, request: str | None = None, claim: Claim | None = None
    ) -> Contact:
        """One transaction; with *request* it also holds the mark by which a repeat finds this contact."""
        writes = Writes()
        writes.put(contact_item(contact), NOT_THERE)
        writes.put(history_item(contact.account, contact.id, entry))
        state = self._index.of(contact.account)
        for item in self._places(contact, state).values():
            writes.put(item)
        if state.rebuilding:
            writes.put(note_of(None, contact))
        mark = request and keys.done_once_key(contact.account, request)
        if request and mark:
            writes.put(*done_once(contact, request, mark))
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

    def made_by(self, account: str, request: str, *, now: datetime) -> Contact | None:
        """One request for the mark, and one for the contact."""
        row = self._table.get(keys.done_once_key(account, request))
        if row is None or parse_instant(row.doc["until"]) < now:  # time to live deletes late
            return None
        if row.doc["sent"] != keys.sent_with(request):
            raise RequestMismatch
        try:
            return self.find_exactly(account, row.doc["contact_id"])[0]
        except NotFound:  # purged since
            return None

    def replace(self, before: Contact, after: Contact, entry: HistoryEntry) -> None:
        """One transaction under the version of *before*; only rows and entries that differ are written."""
        self._write(self.changes(before, after, entry))

    def changes(self, before: Contact, after: Contact, entry: HistoryEntry | None) -> Writes:
        """What :meth:`replace` writes, for transactions that hold more."""
        writes = Writes()
        writes.put(contact_item(after), at_version(before.version))
        if entry is not None:
            writes.put(history_item(after.account, after.id, entry))
        state = self._index.of(after.account)
        old, new = self._places(before, state), self._places(after, state)
        for key, item in new.items():
            if key not in old or not _same(old[key], item):
                writes.put(item)
        for key in old.keys() - new.keys():
            writes.delete(key)
        if state.rebuilding:
            writes.put(note_of(before, after))
        return writes

    def page(
        self, account: str, *, archived: bool, contact_type: str | None, after: str | None, limit: int
    ) -> list[tuple[str, ContactSummary]]:
        """One query."""
        pk = keys.contact_list_pk(account, archived=archived, contact_type=contact_type)
        # Nothing but longer keys lies between a key and the key with a space behind it.
        rows = self._table.query(pk, low=None if after is None else f"{after} ", limit=limit)
        return [(row.key.sk, summary_from(row.doc)) for row in rows]

    def history(
        self,
        account: str,
        contact_id: str,
        *,
        before: tuple[datetime, str] | None,
        limit: int,
        seen_by: Person | None = None,
    ) -> list[HistoryEntry]:
        """One query, rarely two; see :func:`history_page`."""
        return history_page(self._table, account, contact_id, before=before, limit=limit, seen_by=seen_by)

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

    def purge(self, contact: Contact, *, by: Person, now: datetime) -> None:
        """First out of sight in one transaction, then piece by piece; :meth:`finish_purge` can go on at any point."""
        writes = Writes()
        doc = {"purging": {"at": instant(now), "by": by.id}}
        key = keys.contact_key(contact.account, contact.id)
        item = make_item(key, "contact being purged", doc, version=contact.version + 1)
        item.gsi2_pk, item.gsi2_sk = keys.PURGE_PK, keys.purge_sk(now, contact.account, contact.id)
        writes.put(item, at_version(contact.version))
        state = self._index.of(contact.account)
        for place in self._places(contact, state):
            writes.delete(place)
        if state.rebuilding:
            writes.put(note_of_purge(contact))
        self._write(writes)
        self.finish_purge(contact.account, contact.id)

    def finish_purge(self, account: str, contact_id: str) -> bool:
        """See :func:`finish_purge`."""
        return finish_purge(self._table, account, contact_id)

    def due_for_purge(self, *, now: datetime, limit: int) -> list[tuple[str, str]]:
        """One query of GSI2."""
        rows = self._table.due(keys.PURGE_PK, until=keys.due_until(now), limit=limit)
        return [keys.parse_purge_sk(row) for row in rows]

    def _places(self, contact: Contact, state: IndexState) -> dict[keys.Key, Item]:
        """Everything by which a contact is found: its rows in lists, its entries in the search index."""
        rows = {keys.Key(item.pk, item.sk): item for item in list_items(contact)}
        record = searchable(contact)
        if record is None:
            return rows
        return rows | items_of(entries_of(record), contact.account, BOOK, version=state.version)

    def _write(self, writes: Writes) -> None:
        try:
            self._table.write(writes)
        except ConditionFailed as error:
            raise Conflict("The contact was changed in the meantime.") from error


def _same(one: Item, other: Item) -> bool:
    return (one.doc, one.words, one.type) == (other.doc, other.words, other.type)
