"""Tasks in the table. A task, the entry by which lists find it, and the contact's history entry are one transaction."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from heapq import merge
from itertools import islice
from typing import Final

from carebook import keys
from carebook.contacts.documents import history_document
from carebook.contacts.history import HistoryEntry
from carebook.contacts.model import Contact
from carebook.errors import Conflict, NotFound, RequestMismatch
from carebook.ids import HISTORY
from carebook.instants import instant, parse_instant
from carebook.items import NOT_THERE, ConditionFailed, Item, Writes, at_version, make_item
from carebook.side_by_side import Reads
from carebook.table import Table
from carebook.tasks.documents import task_from
from carebook.tasks.entries import SHELVES, Placed, entry_item, entry_key, filters_of, placed, task_item, ulid_of_task
from carebook.tasks.model import Task
from carebook.tasks.service import Wanted

_REQUESTS_REMEMBERED: Final = timedelta(hours=24)


class TableTasks:
    """The task store on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._reads = Reads(table.connect, name="tasks")
        self._shelves = Reads(table.connect, name="shelves")  # a pool of its own: a task may wait for its shelves

    def find(self, account: str, contact_id: str, task_id: str) -> Task:
        """One request."""
        row = self._table.get(keys.task_key(account, contact_id, ulid_of_task(task_id)))
        if row is None:
            raise NotFound("There is no such task.")
        return replace(task_from(account, contact_id, row.doc), came_from=row.came_from)

    def add(self, task: Task, contact: Contact, entry: HistoryEntry, *, request: str | None = None) -> None:
        """One transaction; with *request* it also holds the mark by which a repeat finds this task."""
        writes = Writes()
        writes.put(task_item(task), NOT_THERE)
        writes.put(entry_item(task))
        _record(writes, contact, entry)
        mark = request and keys.done_once_key(task.account, request)
        if request and mark:
            until = task.created_at + _REQUESTS_REMEMBERED
            document = {"contact_id": task.contact_id, "task_id": task.id}
            item = make_item(mark, "done once", document | {"sent": keys.sent_with(request), "until": instant(until)})
            item.expires_at = int(until.timestamp())
            now = int(task.created_at.timestamp())
            writes.put(item, NOT_THERE | (Item.expires_at < now))  # time to live deletes late
        self._write(writes)

    def made_by(self, account: str, request: str, *, now: datetime) -> tuple[str, str] | None:
        """One request."""
        row = self._table.get(keys.done_once_key(account, request))
        if row is None or parse_instant(row.doc["until"]) < now:  # time to live deletes late
            return None
        if row.doc["sent"] != keys.sent_with(request):
            raise RequestMismatch
        return row.doc["contact_id"], row.doc["task_id"]

    def replace(self, before: Task, after: Task, contact: Contact, entry: HistoryEntry) -> None:
        """One transaction under the versions of the task and of its contact."""
        writes = Writes()
        writes.put(task_item(after), at_version(before.version))
        old, new = entry_key(before), entry_key(after)
        if old != new:
            writes.delete(old)
        writes.put(entry_item(after))
        _record(writes, contact, entry)
        self._write(writes)

    def remove(self, task: Task, contact: Contact, entry: HistoryEntry) -> None:
        """One transaction under the versions of the task and of its contact."""
        writes = Writes()
        writes.delete(keys.task_key(task.account, task.contact_id, ulid_of_task(task.id)), at_version(task.version))
        writes.delete(entry_key(task))
        _record(writes, contact, entry)
        self._write(writes)

    def beside[Other, Ours](self, other: Callable[[], Other], ours: Callable[[], Ours]) -> tuple[Other, Ours]:
        """*ours* in a thread of its own."""
        first, second = self._reads(other, ours)
        return first, second

    def of_contact(
        self, account: str, contact_id: str, wanted: Wanted, *, after: str | None, limit: int
    ) -> list[Placed]:
        """One query for each shelf, side by side."""
        pk = keys.contact_pk(account, contact_id)

        def read(shelf: str) -> list[Placed]:
            low, high = keys.tasks_on_shelf(shelf, after=after, due_before=wanted.due_before)
            low, high = keys.TASK_ENTRIES + low, keys.TASK_ENTRIES + high
            rows = self._table.query(pk, low=low, high=high, limit=limit, filters=filters_of(wanted, shelf))
            return [placed(account, row) for row in rows]

        return self._together(wanted, read, limit)

    def of_account(self, account: str, wanted: Wanted, *, after: str | None, limit: int) -> list[Placed]:
        """One query of GSI1 for each shelf, side by side."""
        pk = keys.account_tasks_pk(account)
        if wanted.assignee is not None:
            pk = keys.assignee_pk(account, wanted.assignee)
        anybody = replace(wanted, assignee=None)  # whose they are is in the key

        def read(shelf: str) -> list[Placed]:
            low, high = keys.tasks_on_shelf(shelf, after=after, due_before=wanted.due_before)
            rows = self._table.other_way(pk, low=low, high=high, limit=limit, filters=filters_of(anybody, shelf))
            return [
                (keys.place_of_task(on_shelf), task_from(account, keys.contact_of_pk(row.key.pk), row.doc))
                for on_shelf, row in rows
            ]

        return self._together(wanted, read, limit)

    def _together(self, wanted: Wanted, read: Callable[[str], list[Placed]], limit: int) -> list[Placed]:
        shelves = list(dict.fromkeys(SHELVES[status] for status in wanted.statuses))
        found = self._shelves(*(partial(read, shelf) for shelf in shelves))
        return list(islice(merge(*found, key=lambda one: one[0]), limit))

    def _write(self, writes: Writes) -> None:
        try:
            self._table.write(writes)
        except ConditionFailed as error:
            raise Conflict("The task or its contact was changed in the meantime.") from error


def _record(writes: Writes, contact: Contact, entry: HistoryEntry) -> None:
    """That the contact is still what it was, so that its tasks go where it goes; and what its history says of it."""
    writes.check(keys.contact_key(contact.account, contact.id), at_version(contact.version))
    key = keys.history_key(contact.account, contact.id, entry.id.removeprefix(f"{HISTORY}_"))
    writes.put(make_item(key, "history", history_document(entry)))
