"""HTTP: /tasks, and those of a contact."""

from datetime import date
from functools import lru_cache
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook.contacts.store import TableContacts
from carebook.fields import Day
from carebook.http.api import Api, answer, no_content
from carebook.http.patches import MergePatch
from carebook.identity import Permission
from carebook.instants import utcnow
from carebook.staff import UserPool
from carebook.table import open_table
from carebook.tasks import listing, service
from carebook.tasks.model import wanted_statuses
from carebook.tasks.reading import details_of, read_details
from carebook.tasks.schemas import NewTask, StatusFilter, TaskPage, TaskRowPage, TaskView, Whose
from carebook.tasks.store import TableTasks
from carebook.tasks.views import task_row, task_view

api = Api()
Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query()]
Status = Annotated[StatusFilter | None, Query(description="All of them when left out.")]
DueBefore = Annotated[Day | None, Query(description="Only what is due before this day.")]


@lru_cache(maxsize=1)
def contacts() -> TableContacts:
    return TableContacts(open_table())


@lru_cache(maxsize=1)
def tasks() -> TableTasks:
    return TableTasks(open_table())


@api.get("/tasks", tags=["tasks"], summary="List tasks across contacts, the soonest due first")
def list_across_contacts(
    assignee: Annotated[Whose | None, Query(description="Whose. When left out: everybody's that you may see.")] = None,
    status: Status = None,
    due_before: DueBefore = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[TaskRowPage]:
    principal = api.principal
    principal.require(Permission.USE_TASKS)
    query = (assignee or "", status or "", due_before or "")
    position = api.unseal_cursor(cursor, *query)
    found, settings, next_after = listing.tasks_of_account(
        contacts(),
        tasks(),
        wanted=service.Wanted(
            statuses=wanted_statuses(status),
            assignee=principal.user_id if assignee == "me" else assignee,
            due_before=date.fromisoformat(due_before) if due_before else None,
        ),
        caller=principal,
        after=position[0] if position else None,
        limit=limit,
    )
    now = utcnow()
    page: TaskRowPage = {
        "items": [task_row(task, contact, settings, now) for task, contact in found],
        "next_cursor": api.seal_cursor([next_after] if next_after else None, *query),
    }
    return answer(page)


@api.post("/contacts/<contact_id>/tasks", tags=["tasks"], summary="Add a task", status_code=201)
def create(contact_id: str, new: Annotated[NewTask, Body()]) -> Response[TaskView]:
    principal = api.principal
    principal.require(Permission.USE_TASKS)
    now = utcnow()
    task, settings = service.add_task(
        contacts(),
        tasks(),
        UserPool(),
        contact_id=contact_id,
        details=details_of(new, caller_id=principal.user_id),
        caller=principal,
        now=now,
        request=api.once,
    )
    location = {"Location": f"/contacts/{task.contact_id}/tasks/{task.id}"}
    return answer(task_view(task, settings, now), status=201, version=task.version, headers=location)


@api.get("/contacts/<contact_id>/tasks", tags=["tasks"], summary="List a contact's tasks, the soonest due first")
def list_of_contact(
    contact_id: str,
    status: Status = None,
    due_before: DueBefore = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[TaskPage]:
    principal = api.principal
    principal.require(Permission.USE_TASKS)
    query = (status or "", due_before or "")
    position = api.unseal_cursor(cursor, *query)
    now = utcnow()
    found, settings, next_after = listing.tasks_of_contact(
        contacts(),
        tasks(),
        contact_id=contact_id,
        wanted=service.Wanted(
            statuses=wanted_statuses(status), due_before=date.fromisoformat(due_before) if due_before else None
        ),
        caller=principal,
        after=position[0] if position else None,
        limit=limit,
        now=now,
    )
    page: TaskPage = {
        "items": [task_view(task, settings, now) for task in found],
        "next_cursor": api.seal_cursor([next_after] if next_after else None, *query),
    }
    return answer(page)


@api.get("/contacts/<contact_id>/tasks/<task_id>", tags=["tasks"], summary="Read a task")
def read(contact_id: str, task_id: str) -> Response[TaskView]:
    principal = api.principal
    principal.require(Permission.USE_TASKS)
    now = utcnow()
    task, settings = service.view_task(
        contacts(), tasks(), contact_id=contact_id, task_id=task_id, caller=principal, now=now
    )
    return answer(task_view(task, settings, now), version=task.version)


@api.patch("/contacts/<contact_id>/tasks/<task_id>", tags=["tasks"], summary="Change a task")
def change(contact_id: str, task_id: str, patch: Annotated[MergePatch[NewTask], Body()]) -> Response[TaskView]:
    principal = api.principal
    principal.require(Permission.USE_TASKS)
    now = utcnow()
    task, settings = service.change_task(
        contacts(),
        tasks(),
        UserPool(),
        contact_id=contact_id,
        task_id=task_id,
        patch=patch.root,
        read_details=lambda document: read_details(document, caller_id=principal.user_id),
        caller=principal,
        now=now,
        expected_version=api.expected_version,
    )
    return answer(task_view(task, settings, now), version=task.version)


@api.delete("/contacts/<contact_id>/tasks/<task_id>", tags=["tasks"], summary="Delete a task", status_code=204)
def remove(contact_id: str, task_id: str) -> Response[Any]:
    principal = api.principal
    principal.require(Permission.USE_TASKS)
    service.remove_task(
        contacts(),
        tasks(),
        contact_id=contact_id,
        task_id=task_id,
        caller=principal,
        now=utcnow(),
        expected_version=api.expected_version,
    )
    return no_content()


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda entry point."""
    return api.resolve(event, context)
