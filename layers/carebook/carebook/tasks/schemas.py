"""Tasks as callers send and see them."""

import unicodedata
from typing import Annotated, Literal, TypedDict

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from carebook.contacts.schemas import PersonView
from carebook.fields import MANY_LINES, Day, LongName, OfForm
from carebook.tasks.model import Priority, Status


def _not_blank(title: str) -> str:
    if all(unicodedata.category(character)[0] in "CZ" for character in title):
        raise PydanticCustomError("title_required", "Say in a few words what is to be done.")
    return title


_EXAMPLE = "7f3c1f62-5d0b-4a51-9c1c-0d7f5f7d7a10"
UserId = Annotated[str, OfForm("[A-Za-z0-9_-]{1,128}", "Give a user's id, as it is in their token.", _EXAMPLE)]
Whose = Annotated[str, OfForm("me|[A-Za-z0-9_-]{1,128}", "Give a user's id, or me.", "me")]
StatusFilter = Literal["open", "started", "unfinished", "done", "canceled"]


class NewTask(BaseModel):
    """A task to be made. Only `title` is required."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: Annotated[LongName, AfterValidator(_not_blank)] = Field(examples=["Ask for the last lab report"])
    description: Annotated[str, Field(max_length=5_000), MANY_LINES] = ""
    due_on: Day | None = Field(default=None, description="The last day on which it is in time.")
    priority: Priority = "normal"
    assignee: UserId | None = Field(
        default=None,
        description="Who is to do it: a user of the practice, you when left out. "
        "It takes the role director or administrative to give a task to somebody else.",
    )
    status: Status = "open"


class TaskView(TypedDict):
    """A task. `overdue`: unfinished, and its day is over in the practice's time zone."""

    id: str
    contact_id: str
    version: int
    title: str
    description: str
    due_on: str | None
    priority: Priority
    assignee: str
    assignee_name: str
    status: Status
    overdue: bool
    completed_at: str | None
    completed_by: PersonView | None
    created_at: str
    created_by: PersonView
    updated_at: str


class TaskRow(TaskView):
    """A task in a list across contacts."""

    contact_name: str


class TaskPage(TypedDict):
    """A page of a contact's tasks, the soonest due first."""

    items: list[TaskView]
    next_cursor: str | None


class TaskRowPage(TypedDict):
    """A page of tasks across contacts, the soonest due first."""

    items: list[TaskRow]
    next_cursor: str | None
