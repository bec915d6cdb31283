"""Files in the table. A file's record and its entry in the contact's history are one transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from carebook import keys
from carebook.contacts.documents import history_document
from carebook.contacts.history import HistoryEntry
from carebook.contacts.model import Contact
from carebook.errors import Conflict, RequestMismatch
from carebook.files.documents import FILE_KIND, IN_SIGHT, added_to, file_document, file_from
from carebook.files.model import File
from carebook.ids import HISTORY
from carebook.instants import instant
from carebook.items import NOT_THERE, ConditionFailed, Item, Writes, at_version, make_item
from carebook.objects import StoredObjects
from carebook.retrying import attempts
from carebook.table import Row, Table

_REQUESTS_REMEMBERED: Final = timedelta(hours=24)
_LONGEST_CHAIN: Final = 501  # as many as can be merged into one, one after the other, and that one
_LOOKS_WHILE_MERGED: Final = 3
_CHANGED: Final = "The file or the contact was changed in the meantime."
_DELETING: Final = "deleting"  # of a document: out of sight, its objects and itself still to be deleted


class TableFiles:
    """The file store on DynamoDB."""

    def __init__(self, table: Table, objects: StoredObjects | None = None) -> None:
        self._table = table
        self._objects = objects or StoredObjects(table)

    def find(self, account: str, contact_id: str, file_id: str) -> File | None:
        """One request."""
        row = self._table.get(keys.file_key(account, contact_id, file_id))
        return None if row is None or _DELETING in row.doc else file_from(account, contact_id, row)

    def find_together(self, account: str, contact_id: str, file_ids: Sequence[str]) -> dict[str, File]:
        """One request."""
        rows = self._table.get_together(*(keys.file_key(account, contact_id, file_id) for file_id in file_ids))
        found = (file_from(account, contact_id, row) for row in rows if row is not None and _DELETING not in row.doc)
        return {file.id: file for file in found}

    def locate(self, account: str, contact_id: str, file_id: str) -> File | None:
        """One request for the contact and the file; one more for each merge that leads on."""
        row = self._row_wherever(account, contact_id, file_id)
        return None if row is None or _DELETING in row[1].doc else file_from(account, *row)

    def _row_wherever(self, account: str, contact_id: str, file_id: str) -> tuple[str, Row] | None:
        """The file's row and whose it is now.

        A merge that is under way takes it from one to the other, so when it is in neither place we look again.
        """
        for attempt in attempts():
            merged, holder = False, contact_id
            for _ in range(_LONGEST_CHAIN):
                contact, row = self._table.get_together(
                    keys.contact_key(account, holder), keys.file_key(account, holder, file_id)
                )
                if row is not None:
                    return holder, row
                if contact is None or not contact.doc.get("merged_into"):
                    break
                merged, holder = True, contact.doc["merged_into"]
            if not merged or attempt >= _LOOKS_WHILE_MERGED:
                return None
        return None

    def add(
        self, contact: Contact, files: Sequence[File], entries: Sequence[HistoryEntry], *, request: str | None
    ) -> list[File]:
        """One transaction; with *request* it also holds the mark by which a repeat finds these files."""
        writes = Writes()
        writes.check(keys.contact_key(contact.account, contact.id), at_version(contact.version))
        for file, entry in zip(files, entries, strict=True):
            writes.put(file_item(file), NOT_THERE)
            writes.put(_history_item(file, entry))
        mark = request and keys.done_once_key(contact.account, request)
        if request and mark:
            now = files[0].created_at
            until = now + _REQUESTS_REMEMBERED
            document = {
                "contact_id": contact.id,
                "file_ids": [file.id for file in files],
                "sent": keys.sent_with(request),
                "until": instant(until),
            }
            item = make_item(mark, "done once", document)
            item.expires_at = int(until.timestamp())
            writes.put(item, NOT_THERE | (Item.expires_at < int(now.timestamp())))  # time to live deletes late
        try:
            self._table.write(writes)
        except ConditionFailed as failed:
            if request and failed.key == mark:
                return self._made_by(contact.account, request)
            raise Conflict(_CHANGED) from failed
        return list(files)

    def _made_by(self, account: str, request: str) -> list[File]:
        row = self._table.get(keys.done_once_key(account, request))
        if row is None:
            raise Conflict(_CHANGED)
        if row.doc["sent"] != keys.sent_with(request):
            raise RequestMismatch
        made = (self.locate(account, row.doc["contact_id"], file_id) for file_id in row.doc["file_ids"])
        return [file for file in made if file is not None]

    def replace(self, before: File, after: File, entry: HistoryEntry | None, *, contact: Contact | None = None) -> None:
        """One transaction under the versions of *before* and *contact*."""
        writes = Writes()
        if contact is not None:
            writes.check(keys.contact_key(contact.account, contact.id), at_version(contact.version))
        writes.put(file_item(after), at_version(before.version))
        if entry is not None:
            writes.put(_history_item(after, entry))
        self._write(writes)

    def record(self, file: File, entry: HistoryEntry) -> None:
        """One write."""
        self._table.put_if(_history_item(file, entry), NOT_THERE)

    def hide(self, file: File, entry: HistoryEntry, *, contact: Contact, now: datetime) -> None:
        """One transaction."""
        document = {_DELETING: True, "objects": file_document(file)["objects"]}
        key = keys.file_key(file.account, file.contact_id, file.id)
        item = make_item(key, "file being deleted", document, version=file.version + 1)
        item.gsi2_pk = keys.FILE_PK
        item.gsi2_sk = keys.file_due_sk(now, file.account, added_to(file), file.id)
        writes = Writes()
        writes.check(keys.contact_key(contact.account, contact.id), at_version(contact.version))
        item.came_from = file.came_from
        writes.put(item, at_version(file.version))
        writes.put(_history_item(file, entry))
        self._write(writes)

    def finish_deletion(self, account: str, contact_id: str, file_id: str) -> bool:
        """The objects first: as long as one is there, the item knows of it."""
        found = self._row_wherever(account, contact_id, file_id)
        if found is None or _DELETING not in found[1].doc:
            return False
        self._objects.delete_named_in([found[1].doc])
        writes = Writes()
        writes.delete(found[1].key, at_version(found[1].version))
        self._write(writes)
        return True

    def all_of(self, account: str, contact_id: str) -> list[File]:
        """One query for each hundred."""
        files: list[File] = []
        while True:
            page = self.page(account, contact_id, before=files[-1].id if files else None, limit=100)
            files += page
            if len(page) < 100:
                return files

    def page(self, account: str, contact_id: str, *, before: str | None, limit: int) -> list[File]:
        """One query; what is being deleted is read and dropped."""
        pk = keys.contact_pk(account, contact_id)
        high = keys.FILES_LAST if before is None else keys.file_key(account, contact_id, before).sk
        wanted = limit + (before is not None)  # the upper end is included
        rows = self._table.query(
            pk, low=keys.FILES_FIRST, high=high, limit=wanted, newest_first=True, filters=IN_SIGHT, drops_few=True
        )
        return [file_from(account, contact_id, row) for row in rows if before is None or row.key.sk != high][:limit]

    def due(self, *, now: datetime, limit: int) -> list[tuple[str, str, str]]:
        """One query of GSI2."""
        rows = self._table.due(keys.FILE_PK, until=keys.due_until(now), limit=limit)
        return [keys.parse_file_due_sk(row) for row in rows]

    def _write(self, writes: Writes) -> None:
        try:
            self._table.write(writes)
        except ConditionFailed as error:
            raise Conflict(_CHANGED) from error


def file_item(file: File) -> Item:
    """The file's item, with its place among what is due."""
    key = keys.file_key(file.account, file.contact_id, file.id)
    item = make_item(key, FILE_KIND, file_document(file), version=file.version)
    item.came_from = file.came_from
    if file.due_at is not None:
        item.gsi2_pk = keys.FILE_PK
        item.gsi2_sk = keys.file_due_sk(file.due_at, file.account, added_to(file), file.id)
    return item


def _history_item(file: File, entry: HistoryEntry) -> Item:
    ulid = entry.id.removeprefix(f"{HISTORY}_")
    return make_item(keys.history_key(file.account, file.contact_id, ulid), "history", history_document(entry))
