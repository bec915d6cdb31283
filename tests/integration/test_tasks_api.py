"""Tasks over HTTP: what they hold, whose they are, and where they stand."""

from dataclasses import replace
from typing import Any

import boto3
import pytest

from carebook.keys import idempotency_pk
from tests.builders import Answer, Caller, physician
from tests.integration.conftest import TABLE

NEW = "/contacts?allow_duplicate=true"
KEY = {"Idempotency-Key": "k"}


@pytest.fixture
def contact(director: Caller) -> str:
    return f"/contacts/{director.post(NEW, physician()).body['id']}"


@pytest.fixture
def clinical(director: Caller) -> Caller:
    return replace(director, user_id="usr_clinical", groups="clinical")


def add(caller: Caller, contact: str, **fields: Any) -> dict[str, Any]:
    added = caller.post(f"{contact}/tasks", {"title": "Ask for the lab report"} | fields)
    assert added.status == 201, added.text
    body: dict[str, Any] = added.body
    return body


def target_of(contact: str, task: dict[str, Any]) -> str:
    return f"{contact}/tasks/{task['id']}"


def titles(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.text
    return [item["title"] for item in answer.body["items"]]


def test_a_task_has_what_was_said_and_defaults(director: Caller, contact: str) -> None:
    added = director.post(f"{contact}/tasks", {"title": " Fax the letter "})
    assert added.status == 201
    body = added.body
    assert added.headers["Location"] == f"{contact}/tasks/{body['id']}"
    assert added.etag == '"1"'
    assert body["id"].startswith("tsk_")
    assert body | {"id": 0, "created_at": 0, "updated_at": 0} == {
        "id": 0,
        "contact_id": contact.removeprefix("/contacts/"),
        "version": 1,
        "title": "Fax the letter",
        "description": "",
        "due_on": None,
        "priority": "normal",
        "assignee": "usr_director",
        "assignee_name": "usr_director@example.org",
        "status": "open",
        "overdue": False,
        "completed_at": None,
        "completed_by": None,
        "created_at": 0,
        "created_by": {"id": "usr_director", "name": "usr_director@example.org"},
        "updated_at": 0,
    }
    read = director.get(target_of(contact, body))
    assert (read.status, read.body, read.etag) == (200, body, '"1"')


def test_whoever_turns_it_to_done_has_completed_it(director: Caller, contact: str) -> None:
    target = target_of(contact, add(director, contact))
    colleague = replace(director, user_id="usr_admin", groups="administrative")
    done = colleague.patch(target, {"status": "done"}).body
    assert done["completed_at"] == done["updated_at"]
    assert done["completed_by"] == {"id": "usr_admin", "name": "usr_admin@example.org"}
    edited = director.patch(target, {"description": "It came by mail."}).body
    assert (edited["completed_at"], edited["completed_by"]) == (done["completed_at"], done["completed_by"])
    again = director.patch(target, {"status": "started"}).body
    assert (again["status"], again["completed_at"], again["completed_by"]) == ("started", None, None)
    canceled = director.patch(target, {"status": "canceled"}).body
    assert (canceled["completed_at"], canceled["completed_by"]) == (None, None)
    assert add(director, contact, status="done")["completed_at"] is not None


def test_a_patch_keeps_what_it_does_not_name_and_null_clears(director: Caller, contact: str) -> None:
    task = add(director, contact, description="By fax", due_on="2096-12-24", priority="urgent")
    changed = director.patch(target_of(contact, task), {"due_on": None, "title": "Ask again"})
    assert (changed.status, changed.etag) == (200, '"2"')
    expected = {"due_on": None, "title": "Ask again", "version": 2, "updated_at": changed.body["updated_at"]}
    assert changed.body == task | expected
    cleared = director.patch(target_of(contact, task), {"priority": None, "description": None}).body
    assert (cleared["priority"], cleared["description"]) == ("normal", "")


def test_a_patch_that_changes_nothing_writes_nothing(director: Caller, contact: str) -> None:
    task = add(director, contact)
    same = director.patch(target_of(contact, task), {"title": task["title"], "status": "open"})
    assert (same.status, same.body) == (200, task)


def test_a_deleted_task_is_gone_everywhere(director: Caller, contact: str) -> None:
    target = target_of(contact, add(director, contact))
    assert director.delete(target).status == 204
    assert [
        director.call(method, target, body={} if method == "PATCH" else None).status
        for method in ("GET", "PATCH", "DELETE")
    ] == [404] * 3
    for path in (f"{contact}/tasks", "/tasks", "/tasks?assignee=me"):
        assert titles(director.get(path)) == []
    assert director.get(f"{contact}/cover").body["open_tasks"] == {"items": [], "count": 0, "exact": True}


def test_a_stale_etag_is_told_what_has_changed(director: Caller, contact: str) -> None:
    target = target_of(contact, add(director, contact))
    director.patch(target, {"priority": "high"})
    director.patch(target, {"due_on": "2026-12-24"}, headers={"If-Match": '"2"'})
    stale = {"If-Match": '"2"'}
    for refused in (director.patch(target, {"title": "x"}, headers=stale), director.delete(target, headers=stale)):
        assert (refused.status, refused.body["code"], refused.body["version"]) == (412, "stale_version", 3)
        assert refused.body["current"] == {"due_on": "2026-12-24"}
    assert director.patch(target, {}, headers={"If-Match": '"99"'}).body["current"] == {}
    assert director.delete(target, headers={"If-Match": '"3"'}).status == 204


def test_the_same_key_makes_one_task(director: Caller, contact: str) -> None:
    first, again = (director.post(f"{contact}/tasks", {"title": "Call"}, headers=KEY) for _ in range(2))
    assert (first.status, again.status) == (201, 201)
    assert first.body == again.body
    assert titles(director.get(f"{contact}/tasks")) == ["Call"]
    other = director.post(f"{contact}/tasks", {"title": "Write"}, headers=KEY)
    assert (other.status, other.body["code"]) == (422, "idempotency_mismatch")


def test_the_same_key_makes_one_task_even_when_its_answer_was_lost(director: Caller, contact: str) -> None:
    first = director.post(f"{contact}/tasks", {"title": "Call"}, headers=KEY).body
    forget_answers(director.account)
    assert director.post(f"{contact}/tasks", {"title": "Call"}, headers=KEY).body == first
    forget_answers(director.account)
    other = director.post(f"{contact}/tasks", {"title": "Write"}, headers=KEY)
    assert (other.status, other.body["code"]) == (422, "idempotency_mismatch")
    assert titles(director.get(f"{contact}/tasks")) == ["Call"]


def forget_answers(account: str) -> None:
    """As if we had fallen before the answer was kept."""
    table = boto3.resource("dynamodb").Table(TABLE)
    query = {"KeyConditionExpression": "PK = :p", "ExpressionAttributeValues": {":p": idempotency_pk(account)}}
    for item in table.query(**query)["Items"]:
        if item["SK"].startswith("ANSWER#"):
            table.delete_item(Key={"PK": item["PK"], "SK": item["SK"]})


def test_nothing_of_a_task_is_left_when_its_contact_is_purged(director: Caller, contact: str) -> None:
    director.post(f"{contact}/tasks", {"title": "very private"}, headers=KEY)
    director.delete(f"{contact}?purge=true")
    items = boto3.resource("dynamodb").Table(TABLE).scan()["Items"]
    left = {item["SK"] for item in items if director.account in item["PK"]}
    assert left == {contact.removeprefix("/contacts/"), "VOCABULARY#con#WANTED"}
    assert director.get("/tasks").body["items"] == []


@pytest.mark.parametrize("role", ["clinical", "supervisor"])
def test_who_sees_only_their_own_finds_nothing_of_others(director: Caller, contact: str, role: str) -> None:
    theirs = add(director, contact, title="the director's", due_on="2026-12-24")
    caller = replace(director, user_id="usr_other", groups=role)
    target = target_of(contact, theirs)
    for answer in (caller.get(target), caller.patch(target, {"status": "done"}), caller.delete(target)):
        assert (answer.status, answer.body["code"]) == (404, "not_found")
    none = caller.get(f"{contact}/tasks/tsk_01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert caller.get(target).body == none.body
    own = add(caller, contact, title="their own")
    for path in (f"{contact}/tasks", "/tasks", "/tasks?assignee=me", "/tasks?assignee=usr_other"):
        assert titles(caller.get(path)) == ["their own"]
    assert [item["id"] for item in caller.get(f"{contact}/cover").body["open_tasks"]["items"]] == [own["id"]]
    assert caller.get(f"{contact}/cover").body["open_tasks"]["count"] == 1
    seen = {change["field"] for entry in caller.get(f"{contact}/history").body["items"] for change in entry["changes"]}
    assert any(own["id"] in field for field in seen)
    assert not any(theirs["id"] in field for field in seen)
    assert caller.patch(target_of(contact, own), {"status": "done"}).status == 200
    assert caller.delete(target_of(contact, own)).status == 204


@pytest.mark.parametrize("role", ["director", "administrative"])
def test_who_sees_all_finds_those_of_others(director: Caller, clinical: Caller, contact: str, role: str) -> None:
    task = add(clinical, contact)
    caller = replace(director, user_id="usr_other", groups=role)
    assert caller.get(target_of(contact, task)).body == task
    for path in (f"{contact}/tasks", "/tasks", "/tasks?assignee=usr_clinical"):
        assert titles(caller.get(path)) == [task["title"]]
    assert titles(caller.get("/tasks?assignee=me")) == []
    assert caller.get(f"{contact}/cover").body["open_tasks"]["count"] == 1
    assert caller.patch(target_of(contact, task), {"status": "started"}).body["assignee"] == "usr_clinical"


def test_the_tasks_of_others_are_not_listed_for_who_may_not_see_them(clinical: Caller) -> None:
    for someone in ("usr_director", "usr_nobody"):
        refused = clinical.get(f"/tasks?assignee={someone}")
        assert (refused.status, refused.body["code"]) == (403, "role_not_allowed")


def test_who_sees_only_their_own_gives_none_to_others(clinical: Caller, contact: str) -> None:
    refused = clinical.post(f"{contact}/tasks", {"title": "x", "assignee": "usr_director"})
    assert (refused.status, refused.body["code"]) == (403, "role_not_allowed")
    task = add(clinical, contact, assignee="usr_clinical")
    refused = clinical.patch(target_of(contact, task), {"assignee": "usr_director"})
    assert (refused.status, refused.body["code"]) == (403, "role_not_allowed")
    assert clinical.get(target_of(contact, task)).body == task


def test_without_a_role_nobody_gets_in(director: Caller, contact: str) -> None:
    nobody = replace(director, groups="")
    task = target_of(contact, add(director, contact))
    for path in ("/tasks", f"{contact}/tasks", task, f"{contact}/cover"):
        assert nobody.get(path).status == 403
    assert nobody.post(f"{contact}/tasks", {"title": "x"}).status == 403
    assert nobody.patch(task, {"title": "x"}).status == nobody.delete(task).status == 403


def test_another_account_finds_nothing(director: Caller, contact: str) -> None:
    task = target_of(contact, add(director, contact))
    stranger = replace(director, account=f"{director.account}_2")
    answers = [stranger.get(path) for path in (task, f"{contact}/tasks", f"{contact}/cover")]
    answers += [
        stranger.post(f"{contact}/tasks", {"title": "x"}),
        stranger.patch(task, {"title": "x"}),
        stranger.delete(task),
    ]
    assert {(answer.status, answer.body["code"]) for answer in answers} == {(404, "not_found")}
    assert titles(stranger.get("/tasks")) == titles(stranger.get("/tasks?assignee=usr_director")) == []
    own = f"/contacts/{stranger.post(NEW, physician()).body['id']}"
    assert stranger.get(f"{own}/tasks/{task.rpartition('/')[2]}").status == 404


def test_a_task_is_found_under_its_own_contact_alone(director: Caller, contact: str) -> None:
    task = add(director, contact)
    other = f"/contacts/{director.post(NEW, physician()).body['id']}"
    assert director.get(target_of(other, task)).status == 404
    assert director.delete(target_of(other, task)).status == 404
    assert director.get(target_of(contact, task)).status == 200


def test_lists_go_by_due_day_then_priority_and_end_with_those_without_a_day(director: Caller, contact: str) -> None:
    for title, due_on, priority in (
        ("no day", None, "urgent"),
        ("late low", "2026-12-24", "low"),
        ("late urgent", "2026-12-24", "urgent"),
        ("soon", "2026-12-01", "normal"),
        ("late normal", "2026-12-24", "normal"),
    ):
        add(director, contact, title=title, due_on=due_on, priority=priority)
    expected = ["soon", "late urgent", "late normal", "late low", "no day"]
    for path in (f"{contact}/tasks", "/tasks", "/tasks?assignee=me", "/tasks?status=open"):
        assert titles(director.get(path)) == expected
    page = director.get(f"{contact}/cover").body["open_tasks"]
    assert [item["title"] for item in page["items"]] == expected
    assert titles(director.get("/tasks?due_before=2026-12-24")) == ["soon"]
    assert titles(director.get(f"{contact}/tasks?due_before=2026-12-25")) == expected[:4]


def test_lists_can_be_of_one_status(director: Caller, contact: str) -> None:
    for status in ("open", "started", "done", "canceled"):
        add(director, contact, title=status, status=status)
    for path in (f"{contact}/tasks?", "/tasks?", "/tasks?assignee=me&"):
        for status in ("open", "started", "done", "canceled"):
            assert titles(director.get(f"{path}status={status}")) == [status]
        assert titles(director.get(f"{path}status=unfinished")) == ["open", "started"]
        assert titles(director.get(path)) == ["open", "started", "done", "canceled"]
    assert [item["title"] for item in director.get(f"{contact}/cover").body["open_tasks"]["items"]] == [
        "open",
        "started",
    ]


def test_a_change_moves_a_task_in_its_lists(director: Caller, contact: str) -> None:
    first, second = (add(director, contact, title=day, due_on=f"2026-12-0{day}") for day in "12")
    director.patch(target_of(contact, first), {"due_on": "2026-12-03"})
    assert titles(director.get("/tasks")) == titles(director.get(f"{contact}/tasks")) == ["2", "1"]
    director.patch(target_of(contact, second), {"status": "done"})
    assert titles(director.get("/tasks?status=unfinished")) == ["1"]
    assert titles(director.get(f"{contact}/tasks?status=done")) == ["2"]


@pytest.mark.parametrize("path", ["/tasks?", "/tasks?assignee=me&", "{contact}/tasks?", "/tasks?status=unfinished&"])
def test_pages_are_full_and_hold_each_task_once(director: Caller, contact: str, path: str) -> None:
    for number in range(11):
        add(
            director,
            contact,
            title=str(number),
            due_on=f"2026-12-{1 + number % 3:02}",
            status=("open", "started", "done")[number % 3] if "status" not in path else "open",
        )
    target, sizes, seen = path.format(contact=contact) + "limit=4", list[int](), list[str]()
    cursor: str | None = ""
    while cursor is not None:
        page = director.get(target + (f"&cursor={cursor}" if cursor else ""))
        sizes.append(len(page.body["items"]))
        seen += titles(page)
        cursor = page.body["next_cursor"]
    assert sizes == [4, 4, 3]
    assert sorted(seen, key=int) == [str(number) for number in range(11)]
    whole = titles(director.get(path.format(contact=contact) + "limit=100"))
    assert seen == whole


def test_a_page_of_ones_own_is_full_among_many_of_others(director: Caller, clinical: Caller, contact: str) -> None:
    for number in range(6):
        for caller in (director, clinical):
            add(caller, contact, title=f"{caller.groups} {number}", due_on=f"2026-12-{number + 1:02}")
    first = clinical.get(f"{contact}/tasks?limit=4")
    assert titles(first) == [f"clinical {number}" for number in range(4)]
    rest = clinical.get(f"{contact}/tasks?limit=4&cursor={first.body['next_cursor']}")
    assert titles(rest) == ["clinical 4", "clinical 5"]
    assert rest.body["next_cursor"] is None


def test_a_cursor_belongs_to_its_query(director: Caller, contact: str) -> None:
    for _ in range(3):
        add(director, contact)
    cursor = director.get("/tasks?limit=1").body["next_cursor"]
    for path in ("/tasks?status=open&", "/tasks?assignee=me&", "/tasks?due_before=2027-01-01&", f"{contact}/tasks?"):
        refused = director.get(f"{path}limit=1&cursor={cursor}")
        assert (refused.status, refused.body["code"]) == (400, "bad_cursor")
    stranger = replace(director, account=f"{director.account}_2")
    assert stranger.get(f"/tasks?limit=1&cursor={cursor}").status == 400
