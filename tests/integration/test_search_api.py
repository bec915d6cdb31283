"""Searching over HTTP, in process."""

from typing import Any

import pytest

from tests.builders import Caller, physician


@pytest.fixture
def ana(director: Caller) -> dict[str, Any]:
    director.post("/contacts?allow_duplicate=true", {"type": "other", "organization_name": "Unrelated"})
    added: dict[str, Any] = director.post("/contacts?allow_duplicate=true", physician()).body
    return added


@pytest.mark.parametrize(
    ("query", "matched"),
    [
        ("muller", ("last_name", "Müller")),
        ("MÜLLER", ("last_name", "Müller")),
        ("mueller lake", ("last_name", "Müller")),
        ("ana mu", ("first_name", "Ana M")),
        ("practice family", ("organization_name", "Lakeside Family Practice")),
        ("%28310%29%20555", ("phone", "+13105550123")),
        ("0123", ("phone", "+13105550123")),
        ("3105550123", ("phone", "+13105550123")),
        ("%2B1%20310", ("phone", "+13105550123")),
        ("@example.org", ("email", "ana@example.org")),
        ("example.org", ("email", "ana@example.org")),
        ("ana@", ("email", "ana@example.org")),
        ("1234567893", ("npi", "1234567893")),
    ],
)
def test_a_contact_is_found_the_moment_it_is_added(
    director: Caller, ana: dict[str, Any], query: str, matched: tuple[str, str]
) -> None:
    answer = director.get(f"/contacts/search?q={query}")
    assert answer.status == 200, answer.text
    assert answer.body["items"] == [
        {
            "id": ana["id"],
            "name": "Ana M Müller",
            "organization_name": "Lakeside Family Practice",
            "type": "physician",
            "matched": {"field": matched[0], "value": matched[1]},
        }
    ]
    assert not answer.body["partial"]


def found(caller: Caller, query: str) -> list[str]:
    return [row["id"] for row in caller.get(f"/contacts/search?q={query}").body["items"]]


def test_an_edit_is_found_by_the_new_and_not_by_the_old(director: Caller, ana: dict[str, Any]) -> None:
    target = f"/contacts/{ana['id']}"
    director.patch(target, {"last_name": "Zander", "phones": [{"number": "(212) 555-0188", "type": "fax"}]})
    assert [found(director, query) for query in ("muller", "0123", "zander", "0188")] == [
        [],
        [],
        [ana["id"]],
        [ana["id"]],
    ]


def test_an_archived_contact_is_not_found_and_a_restored_one_is(director: Caller, ana: dict[str, Any]) -> None:
    director.delete(f"/contacts/{ana['id']}")
    assert found(director, "muller") == []
    director.post(f"/contacts/{ana['id']}/restore")
    assert found(director, "muller") == [ana["id"]]
    director.delete(f"/contacts/{ana['id']}?purge=true")
    assert found(director, "muller") == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "required"),
        ("q=", "required"),
        ("q=%20%20", "required"),
        ("q=" + "x" * 1000, "too_long"),
        ("q=" + "%EF%B7%BA" * 100, "too_long"),
        ("q=a%00b", "control_character"),
        ("q=%F0%9F%A6%B7", "nothing_to_search"),
        ("q=%25%23%22'-", "nothing_to_search"),
        ("q=@", "nothing_to_search"),
        ("q=a&type=doctor", "not_one_of"),
        ("q=a&limit=0", "out_of_range"),
    ],
)
def test_a_query_with_nothing_to_look_for_is_refused(director: Caller, query: str, code: str) -> None:
    answer = director.get(f"/contacts/search?{query}")
    assert answer.status == 422
    assert [error["code"] for error in answer.body["errors"]] == [code]


def test_a_cursor_of_another_query_is_refused(director: Caller) -> None:
    for _ in range(3):
        director.post("/contacts?allow_duplicate=true", physician())
    cursor = director.get("/contacts/search?q=muller&limit=1").body["next_cursor"]
    assert director.get(f"/contacts/search?q=muller&limit=1&cursor={cursor}").status == 200
    for query in ("q=mulle", "q=muller&type=physician"):
        answer = director.get(f"/contacts/search?{query}&cursor={cursor}")
        assert (answer.status, answer.body["code"]) == (400, "bad_cursor")
