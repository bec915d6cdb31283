"""The client's life over HTTP, in process."""

from typing import Any

import pytest

from tests.builders import Caller, child
from tests.integration.conftest import handler_for


@pytest.fixture
def client(director: Caller) -> dict[str, Any]:
    added = director.post("/clients", child())
    assert added.status == 201, added.text
    body: dict[str, Any] = added.body
    return body


def names(caller: Caller, target: str = "/clients") -> list[str]:
    answer = caller.get(target)
    assert answer.status == 200, answer.text
    return [row["name"] for row in answer.body["items"]]


def test_a_client_comes_back_as_it_was_added(director: Caller) -> None:
    added = director.post("/clients", child(middle_name="O’Neil", time_zone="America/Chicago", language="es-US"))
    assert added.status == 201, added.text
    assert (added.headers["Location"], added.etag) == (f"/clients/{added.body['id']}", '"1"')
    read = director.get(f"/clients/{added.body['id']}")
    assert (read.status, read.body, read.etag) == (200, added.body, '"1"')
    assert read.body["date_of_birth"] == "2019-04-30"
    assert read.body["messaging_methods"] == ["email"]
    assert read.body["reachable"] == {
        "email": {"ok": True},
        "sms": {"ok": False, "reason": "no_eligible_phone"},
        "fax": {"ok": False, "reason": "no_eligible_phone"},
        "voice": {"ok": True, "to": "+13105550166"},
    }


def test_a_request_that_is_repeated_adds_one_client(director: Caller) -> None:
    first, again = (director.post("/clients", child(), headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body
    assert director.post("/clients", child(last_name="B"), headers={"Idempotency-Key": "k"}).status == 422
    assert len(names(director)) == 1


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"last_name": None}, "last_name", "name_required"),
        ({"last_name": "\u200b"}, "last_name", "name_required"),
        ({"date_of_birth": "2019-02-29"}, "date_of_birth", "day_not_valid"),
        ({"date_of_birth": "30.4.2019"}, "date_of_birth", "wrong_form"),
        ({"date_of_birth": "2999-01-01"}, "date_of_birth", "in_the_future"),
        ({"date_of_birth": "1719-01-01"}, "date_of_birth", "too_long_ago"),
        ({"phones": [{"number": "555-0166", "type": "home"}]}, "phones[0].number", "phone_not_valid"),
        ({"emails": [{"address": "mia"}]}, "emails[0].address", "email_not_valid"),
        ({"time_zone": "Mars/Olympus"}, "time_zone", "time_zone_not_valid"),
        ({"npi": "1234567893"}, "npi", "unknown_field"),
        ({"organization_name": "X"}, "organization_name", "unknown_field"),
        ({"version": 3}, "version", "read_only"),
    ],
)
def test_what_cannot_be_accepted_is_named(director: Caller, changes: Any, field: str, code: str) -> None:
    refused = director.post("/clients", child(**changes))
    assert refused.status == 422, refused.text
    assert [(error["field"], error["code"]) for error in refused.body["errors"]] == [(field, code)]
    assert names(director) == []


def test_a_patch_keeps_what_it_does_not_name_and_a_stale_copy_is_refused(
    director: Caller, client: dict[str, Any]
) -> None:
    target = f"/clients/{client['id']}"
    changed = director.patch(target, {"middle_name": "Rose"})
    assert (changed.status, changed.etag) == (200, '"2"')
    expected = client | {"middle_name": "Rose", "version": 2, "updated_at": changed.body["updated_at"]}
    assert changed.body == expected
    refused = director.patch(target, {"last_name": "Meier"}, headers={"If-Match": '"1"'})
    assert (refused.status, refused.body["current"]) == (412, {"middle_name": "Rose"})
    assert director.patch(target, {"last_name": "Meier"}, headers={"If-Match": '"2"'}).status == 200
    assert names(director) == ["Mia Rose Meier"]
    assert director.patch(target, {"last_name": None}).body["errors"][0]["code"] == "name_required"


def test_clients_are_listed_by_name_page_by_page(director: Caller) -> None:
    for last, first in (("Zed", "A"), ("Äbel", "B"), ("Abel", "A"), ("Moss", None)):
        director.post("/clients", child(last_name=last, first_name=first))
    first = director.get("/clients?limit=3").body
    rest = director.get(f"/clients?limit=3&cursor={first['next_cursor']}").body
    assert [row["name"] for row in first["items"] + rest["items"]] == ["A Abel", "B Äbel", "Moss", "A Zed"]
    assert rest["next_cursor"] is None
    assert first["items"][0] | {"id": "", "phone": ""} == {
        "id": "", "name": "A Abel", "first_name": "A", "middle_name": None, "last_name": "Abel", "name_suffix": None,
        "date_of_birth": "2019-04-30", "email": "mia@example.org", "phone": "", "archived_at": None, "matched": None,
    }  # fmt: skip
    assert director.get(f"/clients?q=abel&cursor={first['next_cursor']}").body["code"] == "bad_cursor"
    assert director.get(f"/clients?archived=true&cursor={first['next_cursor']}").body["code"] == "bad_cursor"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("muller", "last_name"),
        ("mueller", "last_name"),
        ("mia mul", "first_name"),
        ("mia@example.org", "email"),
        ("@example.org", "email"),
        ("310-555-0166", "phone"),
        ("0166", "phone"),
    ],
)
def test_a_client_is_found_by_name_address_and_number(
    director: Caller, client: dict[str, Any], query: str, field: str
) -> None:
    director.post("/clients", child(last_name="Other", first_name="Al", emails=[], phones=[]))
    page = director.get(f"/clients?q={query.replace(' ', '%20')}").body
    assert [(row["id"], row["matched"]["field"]) for row in page["items"]] == [(client["id"], field)]
    assert page["items"][0]["date_of_birth"] == "2019-04-30"
    assert (page["partial"], page["did_you_mean"]) == (False, None)


def test_clients_and_contacts_are_two_books(director: Caller, client: dict[str, Any]) -> None:
    director.post("/contacts", {"type": "other", "last_name": "Müller"})
    assert [row["id"] for row in director.get("/clients?q=muller").body["items"]] == [client["id"]]
    assert client["id"] not in director.get("/contacts/search?q=muller").text
    assert client["id"] not in director.get("/contacts").text


def test_a_search_is_paged_and_its_cursor_is_its_own(director: Caller) -> None:
    for number in range(5):
        director.post("/clients", child(first_name=f"A{number}"))
    found, cursor = [], ""
    while True:
        page = director.get(f"/clients?q=muller&limit=2{cursor}").body
        found += [row["name"] for row in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == [f"A{number} Müller" for number in range(5)]
    assert director.get(f"/clients?q=mia{cursor}").body["code"] == "bad_cursor"
    assert director.get("/clients?q=").body["errors"][0]["code"] == "required"
    assert director.get("/clients?q=mia&archived=true").body["errors"][0]["code"] == "not_searched"


def test_archiving_hides_and_restoring_brings_all_of_it_back(director: Caller, client: dict[str, Any]) -> None:
    target = f"/clients/{client['id']}"
    assert director.delete(target).status == 204
    assert director.delete(target).status == 204
    assert (names(director), names(director, "/clients?q=muller")) == ([], [])
    assert names(director, "/clients?archived=true") == ["Mia Müller"]
    away = director.get(target).body
    assert away["archived_at"]
    assert away["reachable"]["email"] == {"ok": False, "reason": "archived"}
    assert director.patch(target, {"last_name": "X"}).body["code"] == "archived"
    restored = director.post(f"{target}/restore")
    assert restored.body == client | {"version": 3, "updated_at": restored.body["updated_at"]}
    assert names(director, "/clients?q=muller") == ["Mia Müller"]


def test_every_look_at_a_client_is_in_its_history(director: Caller, client: dict[str, Any]) -> None:
    target = f"/clients/{client['id']}"
    nurse = Caller(handler_for, account=director.account, user_id="usr_nurse", groups="clinical")
    for path in (target, f"{target}/contacts"):
        nurse.get(path)
    director.patch(target, {"middle_name": "Rose"})
    entries = director.get(f"{target}/history").body["items"]
    assert [(entry["action"], entry["by"]["id"]) for entry in entries] == [
        ("updated", "usr_director"), ("viewed", "usr_nurse"), ("created", "usr_director"),
    ]  # fmt: skip
    assert entries[0]["changes"] == [{"field": "middle_name", "before": None, "after": "Rose"}]
    first = director.get(f"{target}/history?limit=2").body
    rest = director.get(f"{target}/history?limit=2&cursor={first['next_cursor']}").body
    assert {entry["id"] for entry in entries} < {entry["id"] for entry in first["items"] + rest["items"]}


@pytest.mark.parametrize("role", ["director", "administrative", "supervisor", "clinical"])
def test_every_role_works_with_clients(director: Caller, client: dict[str, Any], role: str) -> None:
    somebody = Caller(handler_for, account=director.account, groups=role)
    assert somebody.get(f"/clients/{client['id']}").status == 200
    assert somebody.post("/clients", child()).status == 201


def test_without_a_role_nothing_is_shown(director: Caller, client: dict[str, Any]) -> None:
    nobody = Caller(handler_for, account=director.account, groups="")
    for path in ("/clients", "/clients?q=muller", f"/clients/{client['id']}", f"/clients/{client['id']}/contacts"):
        refused = nobody.get(path)
        assert (refused.status, refused.body["code"]) == (403, "role_not_allowed")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"last_name": "X"}),
        ("DELETE", "", None),
        ("POST", "/restore", None),
        ("GET", "/history", None),
        ("GET", "/contacts", None),
    ],
)
def test_another_account_finds_nothing(
    director: Caller, client: dict[str, Any], method: str, path: str, body: Any
) -> None:
    stranger = Caller(handler_for, account=f"{director.account}_other")
    answer = stranger.call(method, f"/clients/{client['id']}{path}", body=body)
    assert (answer.status, answer.body["code"]) == (404, "not_found")
    assert names(stranger) == names(stranger, "/clients?q=muller") == []
    assert director.get(f"/clients/{client['id']}").body["version"] == 1
    viewers = [entry["by"]["id"] for entry in director.get(f"/clients/{client['id']}/history").body["items"]]
    assert len(viewers) == 2


@pytest.mark.parametrize(
    "client_id", ["x", "cli_1", "con_01ARZ3NDEKTSV4RRFFQ69G5FAV", "cli_01ARZ3NDEKTSV4RRFFQ69G5FAV"]
)
def test_what_is_no_client_is_not_found(director: Caller, client_id: str) -> None:
    assert director.get(f"/clients/{client_id}").status == 404
    assert director.get(f"/clients/{client_id}/contacts").status == 404
    assert director.get(f"/clients/{client_id}/history").status == 404
