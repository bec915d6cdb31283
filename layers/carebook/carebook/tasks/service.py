"""What staff do with tasks, as functions. Collaborators come first, facts by name.

Who may not see the tasks of others finds nothing of them: neither alone nor in a list, as if they were not there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, Protocol

from carebook.contacts.history import Change, HistoryEntry, change_of
from carebook.contacts.model import Contact
from carebook.contacts.service import TOO_BUSY, ContactStore, checked_id
from carebook.errors import Conflict, FieldError, Invalid, NotFound, StaleVersion, Unavailable
from carebook.identity import Permission, Person, Principal
from carebook.ids import HISTORY, TASK, is_id, new_id
from carebook.merge_patch import merge_patch
from carebook.retrying import attempts
from carebook.settings.model import AccountSettings
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
            tasks.add(task, contact, _entry("task_added", None, task, contact, caller, now), request=request)
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
    contact, settings = contacts.view(caller.account, checked_id(contact_id), viewer=caller.person, now=now)
    return _visible(tasks, contact, task_id, caller), settings


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
    for _ in attempts():
        contact, settings = contacts.find(caller.account, checked_id(contact_id))
        before = _visible(tasks, contact, task_id, caller)
        _refuse_stale(contacts, before, caller, expected_version, now)
        _refuse_unusable(contact)
        details = read_details(merge_patch(before.details.to_document(), patch))
        if details == before.details:
            contacts.view(caller.account, contact.id, viewer=caller.person, now=now)
            return before, settings
        name = _assignee_name(staff, caller, details, before)
        after = before.edited(details, assignee_name=name, by=caller.person, now=now)
        try:
            tasks.replace(before, after, contact, _entry("task_changed", before, after, contact, caller, now))
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
    for _ in attempts():
        contact, _settings = contacts.find(caller.account, checked_id(contact_id))
        task = _visible(tasks, contact, task_id, caller)
        _refuse_stale(contacts, task, caller, expected_version, now)
        _refuse_unusable(contact)
        try:
            tasks.remove(task, contact, _entry("task_deleted", task, None, contact, caller, now))
        except Conflict:
            continue
        return
    raise Unavailable(TOO_BUSY)


def tasks_of_contact(
    contacts: ContactStore,
    tasks: TaskStore,
    *,
    contact_id: str,
    wanted: Wanted,
    caller: Principal,
    after: str | None,
    limit: int,
    now: datetime,
) -> tuple[Sequence[Task], AccountSettings, str | None]:
    """A page of a contact's tasks by due day, and the place behind which the next one begins. It is a view of it.

    Raises:
        NotFound: when the account has no such contact.
    """
    contact, settings = contacts.view(caller.account, checked_id(contact_id), viewer=caller.person, now=now)
    visible = replace(wanted, assignee=_only_of(caller, wanted.assignee))
    found = tasks.of_contact(caller.account, contact.id, visible, after=after, limit=limit + 1)
    next_after = found[limit - 1][0] if len(found) > limit else None
    return [task for _, task in found[:limit]], settings, next_after


def tasks_of_account(
    contacts: ContactStore, tasks: TaskStore, *, wanted: Wanted, caller: Principal, after: str | None, limit: int
) -> tuple[Sequence[tuple[Task, Contact]], AccountSettings, str | None]:
    """A page of tasks across contacts by due day, each with its contact, and where the next page begins.

    Tasks of archived contacts are left out: they come back with the contact. Left out they leave no gap in the page.

    Raises:
        NotAllowed: when somebody else's are asked for, and the caller may not see those of others.
    """
    visible = replace(wanted, assignee=_only_of(caller, wanted.assignee))
    kept: list[tuple[str, Task, Contact]] = []
    settings, asked = AccountSettings(), limit + 1
    while True:
        found = tasks.of_account(caller.account, visible, after=after, limit=asked)
        in_use, settings = contacts.in_use(caller.account, {task.contact_id for _, task in found})
        kept += [(place, task, in_use[task.contact_id]) for place, task in found if task.contact_id in in_use]
        if len(kept) > limit or len(found) < asked:
            break
        after = found[-1][0]
    next_after = kept[limit - 1][0] if len(kept) > limit else None
    return [(task, contact) for _, task, contact in kept[:limit]], settings, next_after


def _only_of(caller: Principal, assignee: str | None) -> str | None:
    """Whose tasks the caller is shown: those asked for; without a wish all of those that they may see."""
    if assignee is None:
        return None if caller.may(Permission.USE_TASKS_OF_OTHERS) else caller.user_id
    if assignee != caller.user_id:
        caller.require(Permission.USE_TASKS_OF_OTHERS)
    return assignee


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


def _visible(tasks: TaskStore, contact: Contact, task_id: str, caller: Principal) -> Task:
    if not is_id(task_id, TASK):
        raise NotFound(_NO_SUCH_TASK)
    task = tasks.find(contact.account, contact.id, task_id)
    if not task.may_be_seen_by(caller):
        raise NotFound(_NO_SUCH_TASK)
    return task


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


def _entry(
    action: str, before: Task | None, after: Task | None, contact: Contact, caller: Principal, now: datetime
) -> HistoryEntry:
    """What the contact's history says of a task: to those whose task it was or is, and who may see those of others."""
    one = after or before
    if one is None:
        raise ValueError("A change is of something.")
    old, new = _told(before), _told(after)
    path = f"tasks[{one.id}]"
    changes = tuple(
        _change(f"{path}.{name}", old.get(name), new.get(name))
        for name in (new or old)
        if (old.get(name) or None) != (new.get(name) or None)
    )
    concerned = dict.fromkeys(task.details.assignee for task in (before, after) if task is not None)
    return HistoryEntry(
        id=new_id(HISTORY, now),
        at=now,
        by=caller.person,
        action=action,
        version=contact.version,
        changes=changes,
        only_for=tuple(concerned),
    )


def _told(task: Task | None) -> dict[str, Any]:
    if task is None:
        return {}
    return task.details.to_document() | {"assignee": task.assignee_name}


def _change(field: str, before: Any, after: Any) -> Change:
    if field.endswith(".description"):  # what it says is for the task alone
        return Change(field, abridged=True)
    return change_of(field, before, after)
