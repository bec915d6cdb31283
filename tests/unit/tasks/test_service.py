"""What staff do with tasks, on stores in memory."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pytest

from carebook.contacts.model import Contact
from carebook.errors import Conflict, Invalid, NotAllowed, NotFound, StaleVersion, Unavailable
from carebook.identity import Principal, Role
from carebook.settings.model import AccountSettings
from carebook.tasks import listing, service
from carebook.tasks.model import STATUSES, Task, TaskDetails
from carebook.tasks.service import Wanted
from tests.fakes.contacts import MemoryContacts
from tests.fakes.examples import ACCOUNT, ANA, BEN, NOW, OTHER_ACCOUNT, archive, contact, restore
from tests.fakes.examples import add as add_contact
from tests.fakes.tasks import MemoryStaff, MemoryTasks

DIRECTOR = Principal(ACCOUNT, ANA.id, ANA.name, frozenset({Role.DIRECTOR}))
CLINICAL = Principal(ACCOUNT, BEN.id, BEN.name, frozenset({Role.CLINICAL}))


@dataclass
class Practice:
    """Contacts, tasks and staff of a practice."""

    contacts: MemoryContacts = field(default_factory=MemoryContacts)
    staff: MemoryStaff = field(default_factory=lambda: MemoryStaff((ACCOUNT, ANA), (ACCOUNT, BEN)))
    tasks: MemoryTasks = field(init=False)
    contact: Contact = field(init=False)

    def __post_init__(self) -> None:
        self.tasks = MemoryTasks(self.contacts)
        self.contact = add_contact(self.contacts, contact())

    def add(self, caller: Principal = DIRECTOR, *, request: str | None = None, **fields: Any) -> Task:
        details = TaskDetails(**({"title": "Call", "assignee": caller.user_id} | fields))
        return service.add_task(
            self.contacts,
            self.tasks,
            self.staff,
            contact_id=self.contact.id,
            details=details,
            caller=caller,
            now=NOW,
            request=request,
        )[0]

    def change(self, task: Task, caller: Principal = DIRECTOR, *, expected: int | None = None, **patch: Any) -> Task:
        return service.change_task(
            self.contacts,
            self.tasks,
            self.staff,
            contact_id=task.contact_id,
            task_id=task.id,
            patch=patch,
            read_details=TaskDetails.from_document,
            caller=caller,
            now=NOW + timedelta(minutes=1),
            expected_version=expected,
        )[0]

    def across(self, caller: Principal = DIRECTOR, **wanted: Any) -> list[Task]:
        found, _, _ = listing.tasks_of_account(
            self.contacts, self.tasks, wanted=Wanted(STATUSES, **wanted), caller=caller, after=None, limit=50
        )
        return [task for task, _ in found]


@pytest.fixture
def practice() -> Practice:
    return Practice()


def test_a_task_goes_to_whom_it_is_given(practice: Practice) -> None:
    task = practice.add(assignee=BEN.id)
    assert task.assignee_name == BEN.name
    assert practice.across(CLINICAL) == practice.across(assignee=BEN.id) == [task]
    taken = practice.change(task, assignee=ANA.id)
    assert (taken.assignee_name, practice.across(CLINICAL)) == (ANA.name, [])
    assert practice.tasks.entries[-1].only_for == (BEN.id, ANA.id)


def test_nobody_unknown_is_given_a_task(practice: Practice) -> None:
    with pytest.raises(Invalid):
        practice.add(assignee="usr_nobody")
    task = practice.add()
    with pytest.raises(Invalid):
        practice.change(task, assignee="usr_nobody")
    with pytest.raises(NotAllowed):
        practice.add(CLINICAL, assignee=ANA.id)
    assert practice.across() == [task]


def test_an_edit_by_others_in_between_is_kept(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    task = practice.add()
    original, tries = practice.tasks.replace, []

    def late(*args: Any) -> None:
        tries.append(1)
        if len(tries) == 1:
            monkeypatch.setattr(practice.tasks, "replace", original)
            practice.change(task, priority="urgent")
        original(*args)

    monkeypatch.setattr(practice.tasks, "replace", late)
    changed = practice.change(task, due_on="2026-12-24")
    assert (changed.version, changed.details.priority, changed.details.due_on) == (3, "urgent", date(2026, 12, 24))


def test_a_task_that_all_want_to_change_is_given_up(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    task = practice.add()
    monkeypatch.setattr("carebook.retrying.time.sleep", lambda _: None)

    def always(*_: Any, **__: Any) -> None:
        raise Conflict("Others were faster.")

    for method in ("add", "replace", "remove"):
        monkeypatch.setattr(practice.tasks, method, always)
    with pytest.raises(Unavailable):
        practice.add()
    with pytest.raises(Unavailable):
        practice.change(task, title="x")
    with pytest.raises(Unavailable):
        service.remove_task(
            practice.contacts, practice.tasks, contact_id=task.contact_id, task_id=task.id, caller=DIRECTOR, now=NOW
        )


def test_a_stale_copy_is_refused_before_anything_else(practice: Practice) -> None:
    task = practice.change(practice.add(), title="Write")
    archive(practice.contacts, practice.contact)
    with pytest.raises(StaleVersion) as refused:
        practice.change(task, expected=1, title="x")
    assert refused.value.current == {"title": "Write"}
    with pytest.raises(Conflict) as archived:
        practice.change(task, expected=2, title="x")
    assert archived.value.code == "archived"


def test_tasks_of_archived_contacts_are_not_listed(practice: Practice) -> None:
    task = practice.add()
    put_away = archive(practice.contacts, practice.contact)
    assert practice.across() == []
    restore(practice.contacts, put_away)
    assert practice.across() == [task]


def test_a_repeated_request_gives_the_first_task(practice: Practice) -> None:
    first = practice.add(request="r")
    assert practice.add(request="r") == first
    assert practice.across() == [first]


def test_another_account_finds_nothing(practice: Practice) -> None:
    task = practice.add()
    stranger = replace(DIRECTOR, account=OTHER_ACCOUNT)
    with pytest.raises(NotFound):
        practice.change(task, stranger, title="x")
    with pytest.raises(NotFound):
        service.view_task(
            practice.contacts, practice.tasks, contact_id=task.contact_id, task_id=task.id, caller=stranger, now=NOW
        )
    assert practice.across(stranger) == []


def test_a_list_knows_the_practices_time_zone(practice: Practice) -> None:
    _, settings, _ = listing.tasks_of_account(
        practice.contacts, practice.tasks, wanted=Wanted(STATUSES), caller=DIRECTOR, after=None, limit=1
    )
    assert settings == AccountSettings()
