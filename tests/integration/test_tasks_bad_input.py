"""Bad input for tasks gets a clear answer: which field, what is wrong; and nothing is written."""

from typing import Any

import pytest

from tests.builders import Caller, physician
from tests.integration.test_bad_input import problems
from tests.integration.test_tasks_api import add, target_of, titles

CASES: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"title": None}, [("title", "wrong_type")]),
    ({"title": ""}, [("title", "title_required")]),
    ({"title": " \t "}, [("title", "title_required")]),
    ({"title": "\u200b\u00a0"}, [("title", "title_required")]),
    ({"title": "x" * 201}, [("title", "too_long")]),
    ({"title": "two\nlines"}, [("title", "control_character")]),
    ({"title": 7}, [("title", "wrong_type")]),
    ({"description": "x" * 5_001}, [("description", "too_long")]),
    ({"description": "a\u0000b"}, [("description", "control_character")]),
    ({"due_on": "tomorrow"}, [("due_on", "wrong_form")]),
    ({"due_on": "2026-02-29"}, [("due_on", "day_not_valid")]),
    ({"due_on": "0000-01-01"}, [("due_on", "day_not_valid")]),
    ({"due_on": "2026-1-1"}, [("due_on", "wrong_form")]),
    ({"due_on": "20261123"}, [("due_on", "wrong_form")]),
    ({"due_on": "2026-11-23T00:00:00Z"}, [("due_on", "wrong_form")]),
    ({"due_on": "٢٠٢٦-١١-٢٣"}, [("due_on", "wrong_form")]),
    ({"due_on": 20261123}, [("due_on", "wrong_type")]),
    ({"due_on": ""}, [("due_on", "wrong_form")]),
    ({"priority": "very"}, [("priority", "not_one_of")]),
    ({"status": "finished"}, [("status", "not_one_of")]),
    ({"assignee": "a#b"}, [("assignee", "wrong_form")]),
    ({"assignee": ""}, [("assignee", "wrong_form")]),
    ({"assignee": ["usr_director"]}, [("assignee", "wrong_type")]),
    ({"asignee": "usr_director"}, [("asignee", "unknown_field")]),
    ({"completed_at": "2026-11-23T00:00:00Z"}, [("completed_at", "read_only")]),
    ({"completed_by": None, "overdue": False}, [("completed_by", "read_only"), ("overdue", "read_only")]),
    ({"id": "tsk_x", "version": 1}, [("id", "read_only"), ("version", "read_only")]),
    ({"contact_id": "con_x"}, [("contact_id", "read_only")]),
]


@pytest.fixture
def contact(director: Caller) -> str:
    return f"/contacts/{director.post('/contacts', physician()).body['id']}"


@pytest.mark.parametrize(("fields", "expected"), CASES)
def test_a_task_that_breaks_a_rule_is_not_made(
    director: Caller, contact: str, fields: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert problems(director.post(f"{contact}/tasks", {"title": "Call"} | fields)) == expected
    assert titles(director.get(f"{contact}/tasks")) == []


@pytest.mark.parametrize(("fields", "expected"), CASES)
def test_a_patch_that_breaks_a_rule_changes_nothing(
    director: Caller, contact: str, fields: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    task = add(director, contact)
    found = problems(director.patch(target_of(contact, task), fields))
    assert found == ([("title", "required")] if fields == {"title": None} else expected)
    assert director.get(target_of(contact, task)).body == task


def test_a_title_is_required(director: Caller, contact: str) -> None:
    assert problems(director.post(f"{contact}/tasks", {"due_on": "2026-11-23"})) == [("title", "required")]


@pytest.mark.parametrize("body", [{"raw": "{"}, {"raw": ""}, {"raw": "[]"}])
def test_a_body_that_is_no_object_is_malformed(director: Caller, contact: str, body: dict[str, str]) -> None:
    task = target_of(contact, add(director, contact))
    for method, path in (("POST", f"{contact}/tasks"), ("PATCH", task)):
        refused = director.call(method, path, **body)  # type: ignore[arg-type]
        assert (refused.status, refused.body["code"]) == (400, "malformed_json")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status=closed", [("status", "not_one_of")]),
        ("status=", [("status", "not_one_of")]),
        ("due_before=soon", [("due_before", "wrong_form")]),
        ("due_before=2026-02-30", [("due_before", "day_not_valid")]),
        ("limit=0", [("limit", "out_of_range")]),
        ("limit=101", [("limit", "out_of_range")]),
        ("limit=x", [("limit", "wrong_type")]),
        ("sort=due_on", [("sort", "unknown_parameter")]),
        ("status=open&status=done", [("status", "given_twice")]),
    ],
)
def test_a_list_that_is_asked_for_wrongly_is_refused(
    director: Caller, contact: str, query: str, expected: list[tuple[str, str]]
) -> None:
    for path in ("/tasks", f"{contact}/tasks"):
        assert problems(director.get(f"{path}?{query}")) == expected


@pytest.mark.parametrize("assignee", ["", "a%23b", "x" * 129, "me%20"])
def test_a_list_of_nobody_is_refused(director: Caller, assignee: str) -> None:
    assert problems(director.get(f"/tasks?assignee={assignee}")) == [("assignee", "wrong_form")]


def test_a_contacts_list_knows_no_assignee(director: Caller, contact: str) -> None:
    assert problems(director.get(f"{contact}/tasks?assignee=me")) == [("assignee", "unknown_parameter")]


@pytest.mark.parametrize("cursor", ["x", "", "é", "A" * 5000])
def test_a_cursor_of_nowhere_is_refused(director: Caller, cursor: str) -> None:
    refused = director.get(f"/tasks?cursor={cursor}")
    assert (refused.status, refused.body["code"]) == (400, "bad_cursor")


@pytest.mark.parametrize(
    "contact_id", ["x", "con_", "con_01ARZ3NDEKTSV4RRFFQ69G5FAV", "tsk_01ARZ3NDEKTSV4RRFFQ69G5FAV", "%23"]
)
def test_a_contact_that_is_not_there_has_no_tasks(director: Caller, contact_id: str) -> None:
    target = f"/contacts/{contact_id}"
    task = f"{target}/tasks/tsk_01ARZ3NDEKTSV4RRFFQ69G5FAV"
    answers = [director.get(f"{target}/tasks"), director.get(task), director.get(f"{target}/cover")]
    answers += [director.post(f"{target}/tasks", {"title": "x"}), director.patch(task, {}), director.delete(task)]
    assert {(answer.status, answer.body["code"]) for answer in answers} == {(404, "not_found")}


@pytest.mark.parametrize("task_id", ["x", "tsk_", "tsk_01ARZ3NDEKTSV4RRFFQ69G5FAV", "done", "todo%23later", "CONTACT"])
def test_a_task_that_is_not_there_is_not_found(director: Caller, contact: str, task_id: str) -> None:
    add(director, contact)
    task = f"{contact}/tasks/{task_id}"
    for answer in (director.get(task), director.patch(task, {"title": "x"}), director.delete(task)):
        assert (answer.status, answer.body["code"]) == (404, "not_found")


def test_the_cover_page_takes_no_parameters(director: Caller, contact: str) -> None:
    assert problems(director.get(f"{contact}/cover?limit=5")) == [("limit", "unknown_parameter")]
