"""What staff do with tasks, as functions. Collaborators come first, facts by name.

Who may not see the tasks of others finds nothing of them: neither alone nor in a list, as if they were not there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Protocol

from carebook.contacts.history import HistoryEntry
from carebook.contacts.model import Contact
from carebook.contacts.service import TOO_BUSY, ContactStore, Found, checked_id
from carebook.errors import Conflict, FieldError, Invalid, NotFound, StaleVersion, Unavailable
from carebook.identity import Permission, Person, Principal
from carebook.ids import TASK, is_id, new_id
from carebook.merge_patch import merge_patch
from carebook.retrying import attempts
from carebook.settings.model import AccountSettings
from carebook.tasks.history import told
from carebook.tasks.model import Task, TaskDetails, completed

Shown = tuple[Task, AccountSettings]
_NO_SUCH_TASK: Final = "There is no such task."


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tasks a list is to hold: of these statuses, of one person or of anybody, due before a day or ever."""

    statuses: tuple[str, ...]
    assignee: str | None = None
    due_before: date | None = None


class TaskStore(Protocol):
    """Where tasks are kept. A task, its places in lists and the contact's history entry are written together."""

    def find(self, account: str, contact_id: str, task_id: str) -> Task:
        """The task as last written.

        Raises:
            NotFound: when the contact has no such task.
        """
        ...

    def add(self, task: Task, contact: Contact, entry: HistoryEntry, *, request: str | None = None) -> None:
        """Keep a new task, unless this *request* has made one before.

        Raises:
            Conflict: when *contact* is not what is kept any more, or the request has made one.
        """
        ...

    def made_by(self, account: str, request: str, *, now: datetime) -> tuple[str, str] | None:
        """Contact and task that a request has made within the last 24 hours."""
        ...

    def replace(self, before: Task, after: Task, contact: Contact, entry: HistoryEntry) -> None:
        """Keep *after* in place of *before*.

        Raises:
            Conflict: when *before* or *contact* is not what is kept any more.
        """
        ...

    def remove(self, task: Task, contact: Contact, entry: HistoryEntry) -> None:
        """Remove a task.

        Raises:
            Conflict: when *task* or *contact* is not what is kept any more.
        """
        ...

    def beside[Other, Ours](self, other: Callable[[], Other], ours: Callable[[], Ours]) -> tuple[Other, Ours]:
        """What both give, side by side where that saves time; what *other* raises comes first."""
        ...

    def of_contact(
        self, account: str, contact_id: str, wanted: Wanted, *, after: str | None, limit: int
    ) -> list[tuple[str, Task]]:
        """Up to *limit* tasks of a contact behind the place *after*, by due day, each with its own place."""
        ...

    def of_account(self, account: str, wanted: Wanted, *, after: str | None, limit: int) -> list[tuple[str, Task]]:
        """The same across contacts."""
        ...


class Staff(Protocol):
    """Who works in a practice."""

    def find(self, account: str, user_id: str) -> Person | None:
        """The person with this id, if the account has them and they may sign in."""
        ...


def add_task(
    contacts: ContactStore,
    tasks: TaskStore,
    staff: Staff,
    *,
    contact_id: str,
    details: TaskDetails,
    caller: Principal,
    now: datetime,
    request: str | None = None,
) -> Shown:
    """A new task of a contact. The same *request* again gives the task that it made the first time.

    Raises:
        NotFound: when the account has no such contact.
        Conflict: when the contact is archived, or a merge with it is under way.
        NotAllowed: when it is for somebody else, and the caller may not give tasks to others.
        Invalid: when it is for nobody who works in the practice.
    """
    account, name = caller.account, None
    for _ in attempts():
        contact, settings = contacts.find(account, checked_id(contact_id))
        _refuse_unusable(contact)
        name = name or _assignee_name(staff, caller, details, None)
        new = Task(
            id=new_id(TASK, now),
            account=account,
            contact_id=contact.id,
            version=1,
            details=details,
            assignee_name=name,
            created_at=now,
            created_by=caller.person,
            updated_at=now,
        )
        task = completed(new, by=caller.person, now=now)
        try:
            tasks.add(task, contact, told("task_added", None, task, contact, caller, now), request=request)
        except Conflict:
            made = request and tasks.made_by(account, request, now=now)
            if made:
                return _found(contacts, tasks, account, *made)
            continue
        return task, settings
    raise Unavailable(TOO_BUSY)


def view_task(
    contacts: ContactStore, tasks: TaskStore, *, contact_id: str, task_id: str, caller: Principal, now: datetime
) -> Shown:
    """The task and the account's settings. It tells of the contact, so this is a view of it.

    Raises:
        NotFound: when the contact has no such task that the caller may see.
    """

    def view(asked: str) -> Found:
        return contacts.view(caller.account, asked, viewer=caller.person, now=now)

    _contact, settings, task = _visible(tasks, view, contact_id, task_id, caller)
    return task, settings


def change_task(
    contacts: ContactStore,
    tasks: TaskStore,
    staff: Staff,
    *,
    contact_id: str,
    task_id: str,
    patch: dict[str, Any],
    read_details: Callable[[Any], TaskDetails],
    caller: Principal,
    now: datetime,
    expected_version: int | None = None,
) -> Shown:
    """The task with a merge patch applied. Fields that the patch does not name keep what others wrote.

    Raises:
        NotFound: when the contact has no such task that the caller may see.
        StaleVersion: when *expected_version* is given and not the current one.
        Conflict: when the contact is archived, or a merge with it is under way.
        NotAllowed: when it is to go to somebody else, and the caller may not give tasks to others.
        Invalid: from *read_details*, or when the new assignee is nobody who works in the practice.
    """

    def find(asked: str) -> Found:
        return contacts.find(caller.account, asked)

    for _ in attempts():
        contact, settings, before = _visible(tasks, find, contact_id, task_id, caller)
        _refuse_stale(contacts, before, caller, expected_version, now)
        _refuse_unusable(contact)
        details = read_details(merge_patch(before.details.to_document(), patch))
        if details == before.details:
            contacts.view(caller.account, contact.id, viewer=caller.person, now=now)
            return before, settings
        name = _assignee_name(staff, caller, details, before)
        after = before.edited(details, assignee_name=name, by=caller.person, now=now)
        try:
            tasks.replace(before, after, contact, told("task_changed", before, after, contact, caller, now))
        except Conflict:
            continue
        return after, settings
    raise Unavailable(TOO_BUSY)


def remove_task(
    contacts: ContactStore,
    tasks: TaskStore,
    *,
    contact_id: str,
    task_id: str,
    caller: Principal,
    now: datetime,
    expected_version: int | None = None,
) -> None:
    """Remove the task; the contact's history keeps that it was there.

    Raises:
        NotFound, StaleVersion, Conflict: as :func:`change_task`.
    """

    def find(asked: str) -> Found:
        return contacts.find(caller.account, asked)

    for _ in attempts():
        contact, _settings, task = _visible(tasks, find, contact_id, task_id, caller)
        _refuse_stale(contacts, task, caller, expected_version, now)
        _refuse_unusable(contact)
        try:
            tasks.remove(task, contact, told("task_deleted", task, None, contact, caller, now))
        except Conflict:
            continue
        return
    raise Unavailable(TOO_BUSY)


def _assignee_name(staff: Staff, caller: Principal, details: TaskDetails, before: Task | None) -> str:
    """The name of who is to do it, when the caller may give it to them."""
    if before is not None and details.assignee == before.details.assignee:
        return before.assignee_name
    if details.assignee == caller.user_id:
        return caller.name
    caller.require(Permission.USE_TASKS_OF_OTHERS)
    person = staff.find(caller.account, details.assignee)
    if person is None:
        nobody = FieldError("assignee", "unknown_user", "Give the id of somebody who works in the practice.")
        raise Invalid([nobody])
    return person.name


def _visible(
    tasks: TaskStore, find: Callable[[str], Found], contact_id: str, task_id: str, caller: Principal
) -> tuple[Contact, AccountSettings, Task]:
    """The contact and its task, if the caller may see that; both are looked for at once.

    What was merged is looked for once more where the contact's id leads to.
    """

    def look(where: str) -> Task | None:
        try:
            return tasks.find(caller.account, where, task_id)
        except NotFound:
            return None

    asked = checked_id(contact_id)
    if not is_id(task_id, TASK):
        raise NotFound(_NO_SUCH_TASK)
    (contact, settings), task = tasks.beside(lambda: find(asked), lambda: look(asked))
    if contact.id != asked:
        task = look(contact.id)
    if task is None or not task.may_be_seen_by(caller):
        raise NotFound(_NO_SUCH_TASK)
    return contact, settings, task


def _found(contacts: ContactStore, tasks: TaskStore, account: str, contact_id: str, task_id: str) -> Shown:
    contact, settings = contacts.find(account, contact_id)
    return tasks.find(account, contact.id, task_id), settings


def _refuse_unusable(contact: Contact) -> None:
    if contact.archived_at is not None:
        raise Conflict("The contact is archived. Restore it before you change its tasks.", code="archived")
    if contact.merging is not None:
        raise Conflict("A merge with this contact is under way. Try again in a moment.", code="merging")


def _refuse_stale(contacts: ContactStore, task: Task, caller: Principal, expected: int | None, now: datetime) -> None:
    """Refuse when the caller means another version; what the refusal shows was seen, and is recorded as a view."""
    if expected is None or expected == task.version:
        return
    current = task.changed_since(expected) if 0 < expected < task.version else {}
    if current:
        contacts.view(task.account, task.contact_id, viewer=caller.person, now=now)
    raise StaleVersion(version=task.version, expected=expected, current=current)
