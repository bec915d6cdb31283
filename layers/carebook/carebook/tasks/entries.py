"""How tasks lie in the table: the record, and the entry by which lists find it."""

from collections.abc import Mapping
from typing import Final

from pynamodb.expressions.condition import Condition

from carebook import keys
from carebook.ids import TASK
from carebook.items import Item, make_item
from carebook.table import Row
from carebook.tasks.documents import task_document, task_from
from carebook.tasks.model import RANKS, STATUSES, UNFINISHED, Task
from carebook.tasks.service import Wanted

TO_DO: Final = "todo"
# What is to be done lies apart from what is over, which only grows.
SHELVES: Final[Mapping[str, str]] = {status: TO_DO if status in UNFINISHED else status for status in STATUSES}

Placed = tuple[str, Task]


def placed(account: str, row: Row) -> Placed:
    """The task out of its entry beside its contact, and its place."""
    task = task_from(account, keys.contact_of_pk(row.key.pk), row.doc)
    return keys.place_of_task(row.key.sk.removeprefix(keys.TASK_ENTRIES)), task


def only_of(assignee: str) -> Condition:
    """Entries of one person's tasks."""
    condition: Condition = Item.type.contains(f" {assignee} ")
    return condition


def filters_of(wanted: Wanted, shelf: str) -> Condition | None:
    """What of the entries on a shelf is wanted; None: all of them."""
    condition = None if wanted.assignee is None else only_of(wanted.assignee)
    statuses = [status for status in wanted.statuses if SHELVES[status] == shelf]
    if shelf == TO_DO and len(statuses) < len(UNFINISHED):  # the two share a shelf, where they are few
        of_status = Item.type.startswith(f"{statuses[0]} ")
        condition = of_status if condition is None else condition & of_status
    return condition


def task_item(task: Task) -> Item:
    """The record. Through GSI1 it is in the list of who is to do it."""
    key = keys.task_key(task.account, task.contact_id, ulid_of_task(task.id))
    item = make_item(key, "task", task_document(task), version=task.version)
    return _listed(item, task, keys.assignee_pk(task.account, task.details.assignee))


def entry_item(task: Task) -> Item:
    """The task once more, where the contact's list and, through GSI1, the account's find it in order."""
    item = make_item(entry_key(task), "task in a list", task_document(task), version=task.version)
    return _listed(item, task, keys.account_tasks_pk(task.account))


def _listed(item: Item, task: Task, gsi1_pk: str) -> Item:
    item.gsi1_pk, item.gsi1_sk = gsi1_pk, _on_shelf(task)
    item.type = f"{task.details.status} {task.details.assignee} "  # what lists are filtered by
    item.came_from = task.came_from
    return item


def entry_key(task: Task) -> keys.Key:
    """Where the entry of a task lies."""
    return keys.task_entry_key(task.account, task.contact_id, _on_shelf(task))


def _on_shelf(task: Task) -> str:
    details = task.details
    place = keys.task_place(details.due_on, RANKS[details.priority], ulid_of_task(task.id))
    return keys.task_on_shelf(SHELVES[details.status], place)


def ulid_of_task(task_id: str) -> str:
    """The ULID in a task's id."""
    return task_id.removeprefix(f"{TASK}_")
