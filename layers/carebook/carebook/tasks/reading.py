"""From what a caller sent to a task's details."""

from datetime import date
from typing import Any

from carebook.tasks.model import TaskDetails
from carebook.tasks.schemas import NewTask
from carebook.validation import validated


def read_details(document: Any, *, caller_id: str) -> TaskDetails:
    """Details out of a whole JSON document.

    Raises:
        Invalid: when a field has the wrong shape or breaks a rule; all of them are named.
    """
    return details_of(validated(NewTask, document), caller_id=caller_id)


def details_of(new: NewTask, *, caller_id: str) -> TaskDetails:
    """Details out of input of the right shape. A task for nobody in particular is the caller's."""
    return TaskDetails(
        title=new.title,
        description=new.description,
        due_on=date.fromisoformat(new.due_on) if new.due_on else None,
        priority=new.priority,
        assignee=new.assignee or caller_id,
        status=new.status,
    )
