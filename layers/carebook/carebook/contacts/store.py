"""Contacts in the table. A contact, its places in lists and its history entry are one transaction."""

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Final

from carebook import keys
from carebook.contacts.documents import (
    contact_document,
    contact_from,
    history_document,
    summary_document,
    summary_from,
)
from carebook.contacts.history import HistoryEntry, end_of_hour, viewed
from carebook.contacts.history_page import history_page
from carebook.contacts.in_use import contacts_in_use
from carebook.contacts.model import Contact, ContactSummary, summary_of
from carebook.contacts.rebuild_notes import note_of, note_of_purge, purge_notes
from carebook.contacts.searchable import BOOK, searchable
from carebook.contacts.service import Found
from carebook.errors import AlreadyExists, Conflict, NotFound, RequestMismatch
from carebook.identity import Person
from carebook.ids import HISTORY
from carebook.instants import instant, parse_instant
from carebook.items import NOT_THERE, ConditionFailed, Item, Writes, at_version, make_item
from carebook.search.entries import entries_of
from carebook.search.state import IndexState, TableIndexStates
from carebook.search.store import items_of
from carebook.settings.model import AccountSettings
from carebook.table import Table

_REQUESTS_REMEMBERED: Final = timedelta(hours=24)
_VIEWS_REMEMBERED: Final = 10_000
_LONGEST_CHAIN: Final = 100
_NO_SUCH_CONTACT: Final = "There is no such contact."


class TableContacts:
    """The contact store on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._views: OrderedDict[tuple[str, str, str], datetime] = OrderedDict()
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="view")
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
        writing = self._beside.submit(self._table.put_if, _history_item(account, contact_id, entry), NOT_THERE)
        try:
            found = self.find(account, contact_id)
        except NotFound:
            if writing.result():
                self._table.delete_all([_history_item_key(account, contact_id, entry)])
            raise
        writing.result()
        if found[0].id != contact_id:  # a merged contact's id was looked up: the view is of the one it leads to
            self._table.put_if(_history_item(account, found[0].id, entry), NOT_THERE)
        self._views[seen] = end_of_hour(now)
        if len(self._views) > _VIEWS_REMEMBERED:
            self._views.popitem(last=False)
        return found

    def add(self, contact: Contact, entry: HistoryEntry, *, request: str | None = None) -> Contact:
        """One transaction; with *request* it also holds the mark by which a repeat finds this contact."""
        writes = Writes()
        writes.put(_contact_item(contact), NOT_THERE)
        writes.put(_history_item(contact.account, contact.id, entry))
        state = self._index.of(contact.account)
        for item in self._places(contact, state).values():
            writes.put(item)
        if state.rebuilding:
            writes.put(note_of(None, contact))
        mark = request and keys.done_once_key(contact.account, request)
        if request and mark:
            until = contact.created_at + _REQUESTS_REMEMBERED
            document = {"contact_id": contact.id, "sent": keys.sent_with(request), "until": instant(until)}
            item = make_item(mark, "done once", document)
            item.expires_at = int(until.timestamp())
            now = int(contact.created_at.timestamp())
            writes.put(item, NOT_THERE | (Item.expires_at < now))  # time to live deletes late
        try:
            self._table.write(writes)
        except ConditionFailed as failed:
            if request and failed.key == mark:
                made = self.made_by(contact.account, request, now=contact.created_at)
                if made is not None:
                    return made
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
        writes.put(_contact_item(after), at_version(before.version))
        if entry is not None:
            writes.put(_history_item(after.account, after.id, entry))
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
        """Delete what hangs on a contact that is being purged, and last the contact itself."""
        key = keys.contact_key(account, contact_id)
        row = self._table.get(key)
        if row is None or "purging" not in row.doc:
            return False
        self._purge_merged(account, contact_id, row.doc["purging"])
        purge_notes(self._table, account, contact_id)
        while True:
            found = self._table.query(key.pk, limit=100)
            rest = [other.key for other in found if other.key != key]
            if not rest:
                break
            self._table.delete_all(rest + _kept_answers(account, rest))
        writes = Writes()
        writes.put(make_item(keys.purged_key(account, contact_id), "purged contact", row.doc["purging"]))
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

    def _places(self, contact: Contact, state: IndexState) -> dict[keys.Key, Item]:
        """Everything by which a contact is found: its rows in lists, its entries in the search index."""
        rows = {keys.Key(item.pk, item.sk): item for item in _list_items(contact)}
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


def _kept_answers(account: str, beside_contact: Sequence[keys.Key]) -> list[keys.Key]:
    """Where answers lie that show the contact, and the marks of the requests that got them."""
    requests = [request for key in beside_contact if (request := keys.request_of_answer(key.sk))]
    return [key(account, request) for request in requests for key in (keys.answer_key, keys.done_once_key)]


def _contact_item(contact: Contact) -> Item:
    key = keys.contact_key(contact.account, contact.id)
    item = make_item(key, "contact", contact_document(contact), version=contact.version)
    if contact.purge_at is not None:
        item.gsi2_pk, item.gsi2_sk = keys.PURGE_PK, keys.purge_sk(contact.purge_at, contact.account, contact.id)
    return item


def _history_item_key(account: str, contact_id: str, entry: HistoryEntry) -> keys.Key:
    return keys.history_key(account, contact_id, entry.id.removeprefix(f"{HISTORY}_"))


def _history_item(account: str, contact_id: str, entry: HistoryEntry) -> Item:
    return make_item(_history_item_key(account, contact_id, entry), "history", history_document(entry))


def _list_items(contact: Contact) -> list[Item]:
    if contact.merged_into is not None:
        return []
    document = summary_document(summary_of(contact))
    archived, name_key = contact.archived_at is not None, contact.details.list_name_key
    return [
        make_item(
            keys.list_key(
                keys.contact_list_pk(contact.account, archived=archived, contact_type=contact_type),
                name_key,
                contact.id,
            ),
            "contact in a list",
            document,
        )
        for contact_type in (None, contact.details.type)
    ]
