"""Tasks kept in memory. The table's store passes the same tests."""

from collections.abc import Callable
from datetime import datetime, timedelta

from carebook.contacts.history import HistoryEntry
from carebook.contacts.model import Contact
from carebook.contacts.service import ContactStore
from carebook.errors import Conflict, NotFound
from carebook.identity import Person
from carebook.tasks.model import RANKS, Task
from carebook.tasks.service import Wanted

_REQUESTS_REMEMBERED = timedelta(hours=24)


class MemoryTasks:
    """A ``TaskStore`` without a table, beside contacts of any kind."""

    def __init__(self, contacts: ContactStore) -> None:
        self._contacts = contacts
        self._kept: dict[tuple[str, str, str], Task] = {}
        self._requests: dict[tuple[str, str], Task] = {}
        self.entries: list[HistoryEntry] = []

    def find(self, account: str, contact_id: str, task_id: str) -> Task:
        task = self._kept.get((account, contact_id, task_id))
        if task is None:
            raise NotFound("There is no such task.")
        return task

    def add(self, task: Task, contact: Contact, entry: HistoryEntry, *, request: str | None = None) -> None:
        self._refuse_outdated(contact)
        if request is not None:
            if self.made_by(task.account, request, now=task.created_at):
                raise Conflict("The request has made one.")
            self._requests[task.account, request] = task
        self._kept[_key(task)] = task
        self.entries.append(entry)

    def made_by(self, account: str, request: str, *, now: datetime) -> tuple[str, str] | None:
        first = self._requests.get((account, request))
        if first is None or now > first.created_at + _REQUESTS_REMEMBERED:
            return None
        return first.contact_id, first.id

    def replace(self, before: Task, after: Task, contact: Contact, entry: HistoryEntry) -> None:
        self._refuse_outdated(contact, before)
        self._kept[_key(after)] = after
        self.entries.append(entry)

    def remove(self, task: Task, contact: Contact, entry: HistoryEntry) -> None:
        self._refuse_outdated(contact, task)
        del self._kept[_key(task)]
        self.entries.append(entry)

    def beside[Other, Ours](self, other: Callable[[], Other], ours: Callable[[], Ours]) -> tuple[Other, Ours]:
        return other(), ours()

    def of_contact(
        self, account: str, contact_id: str, wanted: Wanted, *, after: str | None, limit: int
    ) -> list[tuple[str, Task]]:
        return [
            found
            for found in self.of_account(account, wanted, after=after, limit=len(self._kept))
            if found[1].contact_id == contact_id
        ][:limit]

    def of_account(self, account: str, wanted: Wanted, *, after: str | None, limit: int) -> list[tuple[str, Task]]:
        found = [
            (_place(task), task)
            for task in self._kept.values()
            if task.account == account
            and task.details.status in wanted.statuses
            and wanted.assignee in {None, task.details.assignee}
            and (after is None or _place(task) > after)
            and (wanted.due_before is None or (task.details.due_on and task.details.due_on < wanted.due_before))
        ]
        return sorted(found, key=lambda one: one[0])[:limit]

    def _refuse_outdated(self, contact: Contact, task: Task | None = None) -> None:
        if self._contacts.find_exactly(contact.account, contact.id)[0].version != contact.version:
            raise Conflict("The contact was changed in the meantime.")
        if task is not None and self._kept.get(_key(task)) != task:
            raise Conflict("The task was changed in the meantime.")


class MemoryStaff:
    """A ``Staff`` of known people."""

    def __init__(self, *people: tuple[str, Person]) -> None:
        self._people = {(account, person.id): person for account, person in people}

    def find(self, account: str, user_id: str) -> Person | None:
        return self._people.get((account, user_id))


def _key(task: Task) -> tuple[str, str, str]:
    return task.account, task.contact_id, task.id


def _place(task: Task) -> str:
    due_on = task.details.due_on
    return f"{due_on or 'none'} {RANKS[task.details.priority]} {task.id}"
