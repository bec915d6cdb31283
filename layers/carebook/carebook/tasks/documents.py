"""Tasks as JSON documents, and back."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from carebook.identity import Person
from carebook.instants import instant, parse_instant
from carebook.tasks.model import Task, TaskDetails


def task_document(task: Task) -> dict[str, Any]:
    """All of a task but its account and contact: those are where it lies."""
    document = {
        "id": task.id,
        "version": task.version,
        "details": task.details.to_document(),
        "assignee_name": task.assignee_name,
        "created_at": instant(task.created_at),
        "created_by": asdict(task.created_by),
        "updated_at": instant(task.updated_at),
        "changed": dict(task.changed),
    }
    if task.completed_at is not None and task.completed_by is not None:
        document |= {"completed_at": instant(task.completed_at), "completed_by": asdict(task.completed_by)}
    return document


def task_from(account: str, contact_id: str, document: Mapping[str, Any]) -> Task:
    """The task out of :func:`task_document`."""
    completed_at, completed_by = document.get("completed_at"), document.get("completed_by")
    return Task(
        id=document["id"],
        account=account,
        contact_id=contact_id,
        version=document["version"],
        details=TaskDetails.from_document(document["details"]),
        assignee_name=document["assignee_name"],
        created_at=parse_instant(document["created_at"]),
        created_by=Person(**document["created_by"]),
        updated_at=parse_instant(document["updated_at"]),
        completed_at=completed_at and parse_instant(completed_at),
        completed_by=completed_by and Person(**completed_by),
        changed=document["changed"],
    )
