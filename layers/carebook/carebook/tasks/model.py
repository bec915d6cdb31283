"""A task: something to do about a contact, by one person. Rules and values, nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

from carebook.identity import Permission, Person, Principal
from carebook.instants import day_in

Priority = Literal["low", "normal", "high", "urgent"]
Status = Literal["open", "started", "done", "canceled"]

UNFINISHED: Final = ("open", "started")
STATUSES: Final = (*UNFINISHED, "done", "canceled")
RANKS: Final[Mapping[str, int]] = {"urgent": 0, "high": 1, "normal": 2, "low": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDetails:
    """What staff may write of a task. ``assignee`` is the id of the person who is to do it."""

    title: str
    assignee: str
    description: str = ""
    due_on: date | None = None
    priority: str = "normal"
    status: str = "open"

    def to_document(self) -> dict[str, Any]:
        """The details in the shape of the API and of storage."""
        values: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        return values | {"due_on": self.due_on and self.due_on.isoformat()}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "TaskDetails":
        """The details out of :meth:`to_document`'s shape."""
        due_on = document["due_on"]
        return cls(**{**document, "due_on": due_on and date.fromisoformat(due_on)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task's record.

    Attributes:
        assignee_name: the name of who is to do it, as it was when the task was given to them.
        changed: for each field that was ever changed, which version did it last.
        came_from: the merges that brought it to its contact, as the table notes them: so that it goes back with them.
    """

    id: str
    account: str
    contact_id: str
    version: int
    details: TaskDetails
    assignee_name: str
    created_at: datetime
    created_by: Person
    updated_at: datetime
    completed_at: datetime | None = None
    completed_by: Person | None = None
    changed: Mapping[str, int] = field(default_factory=dict)
    came_from: str | None = None

    @property
    def is_unfinished(self) -> bool:
        """Whether it is still to be done."""
        return self.details.status in UNFINISHED

    def is_overdue(self, *, zone: str, now: datetime) -> bool:
        """Whether it is unfinished and its day is over in the practice's time zone."""
        due_on = self.details.due_on
        return self.is_unfinished and due_on is not None and due_on < day_in(zone, now)

    def may_be_seen_by(self, caller: Principal) -> bool:
        """Whether *caller* may know of it: it is theirs, or they may see those of others."""
        return self.details.assignee == caller.user_id or caller.may(Permission.USE_TASKS_OF_OTHERS)

    def edited(self, details: TaskDetails, *, assignee_name: str, by: Person, now: datetime) -> "Task":
        """The next version with other details. Whoever turns it to done has completed it."""
        moment = max(now, self.updated_at + timedelta(milliseconds=1))
        old, new = self.details.to_document(), details.to_document()
        version = self.version + 1
        changed = {name: version for name in new if new[name] != old[name]}
        edited = replace(
            self,
            version=version,
            details=details,
            assignee_name=assignee_name,
            updated_at=moment,
            changed={**self.changed, **changed},
        )
        return edited if "status" not in changed else completed(edited, by=by, now=moment)

    def changed_since(self, version: int) -> dict[str, Any]:
        """The fields that have changed since a version, as they are now."""
        now = self.details.to_document()
        return {name: now[name] for name, when in self.changed.items() if when > version >= 0}


def completed(task: Task, *, by: Person, now: datetime) -> Task:
    """*task* with who has completed it and when: when it is done, and nobody when it is not."""
    is_done = task.details.status == "done"
    return replace(task, completed_at=now if is_done else None, completed_by=by if is_done else None)


def wanted_statuses(wanted: str | None) -> tuple[str, ...]:
    """The statuses that a filter means: one of them, ``unfinished``, or all when it is None."""
    if wanted is None:
        return STATUSES
    return UNFINISHED if wanted == "unfinished" else (wanted,)
