"""What every task store promises."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carebook.contacts.history import HistoryEntry
from carebook.contacts.model import Contact
from carebook.contacts.protocols import ContactStore
from carebook.contacts.store import TableContacts
from carebook.errors import Conflict, NotFound, RequestMismatch
from carebook.ids import HISTORY, TASK, new_id
from carebook.tasks.model import RANKS, STATUSES, UNFINISHED, Task, TaskDetails, completed
from carebook.tasks.service import TaskStore, Wanted
from carebook.tasks.store import TableTasks
from tests.fakes.contacts import MemoryContacts
from tests.fakes.examples import ACCOUNT, ANA, ANY_TEXT, BEN, NOW, OTHER_ACCOUNT, archive, contact, edit
from tests.fakes.examples import add as add_contact
from tests.fakes.tasks import MemoryTasks

each_store = pytest.mark.parametrize("places", ["memory", "dynamo"], indirect=True)
ALL = Wanted(STATUSES)


@dataclass
class Places:
    """Contacts and their tasks, kept in the same way."""

    contacts: ContactStore
    tasks: TaskStore

    def contact(self, **fields: Any) -> Contact:
        return add_contact(self.contacts, contact(**fields))

    def task(self, of: Contact, *, request: str | None = None, **fields: Any) -> Task:
        task = new_task(of, **fields)
        self.tasks.add(task, of, entry(of), request=request)
        return task

    def listed(self, of: Contact, wanted: Wanted = ALL) -> list[Task]:
        return [task for _, task in self.tasks.of_contact(ACCOUNT, of.id, wanted, after=None, limit=100)]

    def across(self, wanted: Wanted = ALL, account: str = ACCOUNT) -> list[Task]:
        return [task for _, task in self.tasks.of_account(account, wanted, after=None, limit=100)]


def new_task(of: Contact, **fields: Any) -> Task:
    details = TaskDetails(**({"title": "Call", "assignee": ANA.id} | fields))
    new = Task(
        id=new_id(TASK, NOW),
        account=of.account,
        contact_id=of.id,
        version=1,
        details=details,
        assignee_name="Ana",
        created_at=NOW,
        created_by=ANA,
        updated_at=NOW,
    )
    return completed(new, by=BEN, now=NOW)


def entry(of: Contact) -> HistoryEntry:
    return HistoryEntry(
        id=new_id(HISTORY, NOW), at=NOW, by=ANA, action="task_changed", version=of.version, only_for=(ANA.id,)
    )


def changed(task: Task, **fields: Any) -> Task:
    return task.edited(replace(task.details, **fields), assignee_name="Ana", by=BEN, now=NOW)


@pytest.fixture
def places(request: pytest.FixtureRequest) -> Places:
    if request.param == "memory":
        contacts = MemoryContacts()
        return Places(contacts, MemoryTasks(contacts))
    table = request.getfixturevalue("table")
    return Places(TableContacts(table), TableTasks(table))


@each_store
def test_a_task_comes_back_as_it_was_added(places: Places) -> None:
    kept = places.contact()
    task = places.task(
        kept, title="ملاحظة", description="two\nlines", due_on=date(2026, 12, 24), priority="urgent", status="done"
    )
    assert places.tasks.find(ACCOUNT, kept.id, task.id) == task
    assert places.listed(kept) == places.across() == [task]


@each_store
def test_a_task_that_is_not_there_is_not_found(places: Places) -> None:
    kept, other = places.contact(), places.contact()
    task = places.task(kept)
    for account, contact_id, task_id in (
        (OTHER_ACCOUNT, kept.id, task.id),
        (ACCOUNT, other.id, task.id),
        (ACCOUNT, kept.id, new_id(TASK, NOW)),
    ):
        with pytest.raises(NotFound):
            places.tasks.find(account, contact_id, task_id)
    assert places.across(account=OTHER_ACCOUNT) == places.listed(other) == []


@each_store
def test_a_task_is_replaced_under_its_version(places: Places) -> None:
    kept = places.contact()
    first = places.task(kept)
    second = changed(first, title="Write", due_on=date(2026, 12, 24), assignee=BEN.id)
    places.tasks.replace(first, second, kept, entry(kept))
    assert places.tasks.find(ACCOUNT, kept.id, first.id) == second
    assert places.listed(kept) == places.across() == places.across(Wanted(STATUSES, assignee=BEN.id)) == [second]
    assert places.across(Wanted(STATUSES, assignee=ANA.id)) == []
    with pytest.raises(Conflict):
        places.tasks.replace(first, changed(first, title="lost"), kept, entry(kept))
    with pytest.raises(Conflict):
        places.tasks.remove(first, kept, entry(kept))
    places.tasks.remove(second, kept, entry(kept))
    assert places.listed(kept) == places.across() == []


@each_store
@pytest.mark.parametrize("move", [archive, edit])
def test_nothing_is_written_for_a_contact_that_has_changed(places: Places, move: Any) -> None:
    kept = places.contact()
    task = places.task(kept)
    move(places.contacts, kept)
    with pytest.raises(Conflict):
        places.tasks.add(new_task(kept), kept, entry(kept))
    with pytest.raises(Conflict):
        places.tasks.replace(task, changed(task, title="x"), kept, entry(kept))
    with pytest.raises(Conflict):
        places.tasks.remove(task, kept, entry(kept))
    assert places.listed(kept) == [task]


@each_store
def test_a_request_makes_one_task(places: Places) -> None:
    kept = places.contact()
    first = places.task(kept, request="r.1")
    with pytest.raises(Conflict):
        places.task(kept, request="r.1")
    assert places.tasks.made_by(ACCOUNT, "r.1", now=NOW) == (kept.id, first.id)
    assert places.tasks.made_by(ACCOUNT, "r.1", now=NOW + timedelta(hours=25)) is None
    assert places.tasks.made_by(OTHER_ACCOUNT, "r.1", now=NOW) is None
    assert places.listed(kept) == [first]


@pytest.mark.parametrize("places", ["dynamo"], indirect=True)
def test_a_request_with_another_body_is_refused(places: Places) -> None:
    places.task(places.contact(), request="r.1")
    with pytest.raises(RequestMismatch):
        places.tasks.made_by(ACCOUNT, "r.2", now=NOW)


@pytest.mark.parametrize("places", ["dynamo"], indirect=True)
def test_the_history_of_the_contact_is_written_with_it(places: Places) -> None:
    kept = places.contact()
    task = places.task(kept)
    entries = places.contacts.history(ACCOUNT, kept.id, before=None, limit=9)
    assert [one.action for one in entries] == ["task_changed", "created"]
    seen_by_ben = places.contacts.history(ACCOUNT, kept.id, before=None, limit=9, seen_by=BEN)
    assert [one.action for one in seen_by_ben] == ["created"]
    assert places.contacts.history(ACCOUNT, kept.id, before=None, limit=9, seen_by=ANA) == entries
    places.tasks.remove(task, kept, entry(kept))
    assert len(places.contacts.history(ACCOUNT, kept.id, before=None, limit=9)) == 3


DAYS = st.none() | st.dates(date(2026, 12, 1), date(2026, 12, 3))
TASKS = st.lists(
    st.fixed_dictionaries(
        {
            "title": ANY_TEXT,
            "due_on": DAYS,
            "priority": st.sampled_from(sorted(RANKS)),
            "status": st.sampled_from(STATUSES),
            "assignee": st.sampled_from([ANA.id, BEN.id, f"{BEN.id}2"]),
        }
    ),
    max_size=8,
)
WANTED = st.builds(
    Wanted,
    st.sampled_from([STATUSES, UNFINISHED, *((status,) for status in STATUSES)]),
    st.sampled_from([None, ANA.id, BEN.id]),
    DAYS,
)


@each_store
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tasks=TASKS, wanted=WANTED, limit=st.integers(1, 3))
def test_page_by_page_a_list_is_what_sorting_and_filtering_gives(
    places: Places, tasks: list[dict[str, Any]], wanted: Wanted, limit: int
) -> None:
    one = replace(contact(), account=f"acc_{new_id(TASK, NOW)}")
    add_contact(places.contacts, one)
    other = add_contact(places.contacts, replace(contact(), account=one.account))
    kept = [places.task(one if number % 2 else other, **fields) for number, fields in enumerate(tasks)]
    expected = sorted(
        (
            task
            for task in kept
            if task.details.status in wanted.statuses
            and wanted.assignee in {None, task.details.assignee}
            and (wanted.due_before is None or (task.details.due_on or date.max) < wanted.due_before)
        ),
        key=lambda task: (task.details.due_on or date.max, RANKS[task.details.priority], task.id),
    )

    def walk(page: Any) -> list[Task]:
        found: list[Task] = []
        after = None
        while rows := page(after):
            found += [task for _, task in rows]
            if len(rows) < limit:
                break
            after = rows[-1][0]
        return found

    across = walk(lambda after: places.tasks.of_account(one.account, wanted, after=after, limit=limit))
    assert across == expected
    of_one = walk(lambda after: places.tasks.of_contact(one.account, one.id, wanted, after=after, limit=limit))
    assert of_one == [task for task in expected if task.contact_id == one.id]
