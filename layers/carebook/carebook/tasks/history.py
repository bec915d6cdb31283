"""What a contact's history says of its tasks."""

from datetime import datetime
from typing import Any

from carebook.contacts.history import Change, HistoryEntry, change_of
from carebook.contacts.model import Contact
from carebook.identity import Principal
from carebook.ids import HISTORY, new_id
from carebook.tasks.model import Task


def told(
    action: str, before: Task | None, after: Task | None, contact: Contact, caller: Principal, now: datetime
) -> HistoryEntry:
    """What the contact's history says of a task: to those whose task it was or is, and who may see those of others."""
    one = after or before
    if one is None:
        raise ValueError("A change is of something.")
    old, new = _fields(before), _fields(after)
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


def _fields(task: Task | None) -> dict[str, Any]:
    if task is None:
        return {}
    return task.details.to_document() | {"assignee": task.assignee_name}


def _change(field: str, before: Any, after: Any) -> Change:
    if field.endswith(".description"):  # what it says is for the task alone
        return Change(field, abridged=True)
    return change_of(field, before, after)
