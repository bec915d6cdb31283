"""Tasks in the shape that callers see."""

from datetime import datetime
from typing import cast

from carebook.contacts.model import Contact
from carebook.contacts.schemas import PersonView
from carebook.identity import Person
from carebook.instants import instant
from carebook.settings.model import AccountSettings
from carebook.tasks.model import Task
from carebook.tasks.schemas import TaskRow, TaskView


def task_view(task: Task, settings: AccountSettings, now: datetime) -> TaskView:
    """The whole task; whether it is overdue is a matter of *now* and of the practice's time zone."""
    view = {
        "id": task.id,
        "contact_id": task.contact_id,
        "version": task.version,
        **task.details.to_document(),
        "assignee_name": task.assignee_name,
        "overdue": task.is_overdue(zone=settings.time_zone, now=now),
        "completed_at": None if task.completed_at is None else instant(task.completed_at),
        "completed_by": None if task.completed_by is None else _person(task.completed_by),
        "created_at": instant(task.created_at),
        "created_by": _person(task.created_by),
        "updated_at": instant(task.updated_at),
    }
    return cast("TaskView", view)  # the resolver checks every answer against the schema


def task_row(task: Task, contact: Contact, settings: AccountSettings, now: datetime) -> TaskRow:
    """A task in a list across contacts, with the name of its contact."""
    view = {**task_view(task, settings, now), "contact_id": contact.id, "contact_name": contact.details.display_name}
    return cast("TaskRow", view)


def _person(person: Person) -> PersonView:
    return {"id": person.id, "name": person.name}
