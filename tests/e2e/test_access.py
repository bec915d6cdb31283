"""Every route, by everybody: nobody gets in who should not, everybody does who should."""

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.conftest import ANOTHER, ROLES, Stack
from tests.e2e.forgery import forged_tokens
from tests.template.reading import ROOT

CONTACT = {"type": "other", "organization_name": "Access & Co"}
WRITTEN = {"body": "Hello", "methods": ["fax"]}  # by a method that the contact does not have
NO_MESSAGE = "msg_01ARZ3NDEKTSV4RRFFQ69G5FAV"
NOTE = {"body": "Called back", "channel": "phone", "direction": "in"}
APPOINTMENT = {"starts_at": "2099-12-01T09:00:00Z", "ends_at": "2099-12-01T10:00:00Z"}
BILL = {"number": "7", "amount": 100, "issued_on": "2026-11-25", "due_on": "2099-12-01"}
# What each route is called with, and who of the contact's own account may.
EVERYBODY = set(ROLES)
ROUTES: dict[tuple[str, str], tuple[Any, set[str], int]] = {
    ("GET", "/settings"): (None, EVERYBODY, 200),
    ("PATCH", "/settings"): ({"practice_name": "Lakeside"}, {"director", "administrative"}, 200),
    ("GET", "/settings/message-templates"): (None, EVERYBODY, 200),
    ("GET", "/settings/message-templates/{kind}/{method}"): (None, EVERYBODY, 200),
    ("PUT", "/settings/message-templates/{kind}/{method}"): ({"body": "Hi"}, {"director", "administrative"}, 200),
    ("DELETE", "/settings/message-templates/{kind}/{method}"): (None, {"director", "administrative"}, 204),
    ("POST", "/settings/message-templates/{kind}/{method}/preview"): ({"body": "Hi"}, EVERYBODY, 200),
    ("GET", "/contacts"): (None, EVERYBODY, 200),
    ("POST", "/contacts"): (CONTACT, EVERYBODY, 201),
    ("GET", "/contacts/{contact_id}"): (None, EVERYBODY, 200),
    ("PATCH", "/contacts/{contact_id}"): ({"notes": "x"}, EVERYBODY, 200),
    ("DELETE", "/contacts/{contact_id}"): (None, EVERYBODY, 204),
    ("DELETE", "/contacts/{contact_id}?purge=true"): (None, {"director"}, 204),
    ("POST", "/contacts/{contact_id}/restore"): (None, EVERYBODY, 200),
    ("GET", "/contacts/{contact_id}/history"): (None, EVERYBODY, 200),
    ("GET", "/contacts/search?q=access"): (None, EVERYBODY, 200),
    ("GET", "/contacts/duplicates"): (None, EVERYBODY, 200),
    ("GET", "/contacts/{contact_id}/messages"): (None, EVERYBODY, 200),
    ("POST", "/contacts/{contact_id}/messages"): (WRITTEN, EVERYBODY, 422),
    ("GET", "/contacts/{contact_id}/messages/{message_id}"): (None, EVERYBODY, 404),
    ("POST", "/contacts/{contact_id}/messages/{message_id}/retry"): (None, EVERYBODY, 404),
    ("POST", "/contacts/{contact_id}/notes"): (NOTE, EVERYBODY, 201),
    ("GET", "/contacts/{contact_id}/consents"): (None, EVERYBODY, 200),
    ("POST", "/contacts/{contact_id}/merge"): ({"duplicate_id": "con_none"}, {"director", "administrative"}, 404),
    ("POST", "/contacts/{contact_id}/unmerge"): ({"duplicate_id": "con_none"}, {"director", "administrative"}, 409),
    ("GET", "/document-templates"): (None, EVERYBODY, 200),
    ("POST", "/document-templates"): ({"title": "T", "body": "{{ today }}"}, EVERYBODY, 201),
    ("GET", "/document-templates/{template_id}"): (None, EVERYBODY, 200),
    ("PATCH", "/document-templates/{template_id}"): ({"title": "U"}, EVERYBODY, 200),
    ("DELETE", "/document-templates/{template_id}"): (None, EVERYBODY, 204),
    ("GET", "/contacts/{contact_id}/documents"): (None, EVERYBODY, 200),
    ("POST", "/contacts/{contact_id}/documents"): ({"title": "D"}, EVERYBODY, 201),
    ("GET", "/contacts/{contact_id}/documents/{doc_id}"): (None, EVERYBODY, 200),
    ("PATCH", "/contacts/{contact_id}/documents/{doc_id}"): ({"status": "final"}, EVERYBODY, 200),
    ("DELETE", "/contacts/{contact_id}/documents/{doc_id}"): (None, EVERYBODY, 204),
    ("GET", "/contacts/{contact_id}/documents/{doc_id}/pdf"): (None, EVERYBODY, 200),
    ("GET", "/clients"): (None, EVERYBODY, 200),
    ("POST", "/clients"): ({"last_name": "Access"}, EVERYBODY, 201),
    ("GET", "/clients?q=access"): (None, EVERYBODY, 200),
    ("GET", "/clients/{client_id}"): (None, EVERYBODY, 200),
    ("PATCH", "/clients/{client_id}"): ({"first_name": "x"}, EVERYBODY, 200),
    ("DELETE", "/clients/{client_id}"): (None, EVERYBODY, 204),
    ("DELETE", "/clients/{client_id}?purge=true"): (None, {"director"}, 204),
    ("POST", "/clients/{client_id}/restore"): (None, EVERYBODY, 200),
    ("GET", "/clients/{client_id}/history"): (None, EVERYBODY, 200),
    ("GET", "/clients/{client_id}/contacts"): (None, EVERYBODY, 200),
    ("PUT", "/clients/{client_id}/contacts/{contact_id}"): ({"relationship": "mother"}, EVERYBODY, 200),
    ("DELETE", "/clients/{client_id}/contacts/{contact_id}"): (None, EVERYBODY, 204),
    ("GET", "/contacts/{contact_id}/clients"): (None, EVERYBODY, 200),
    ("GET", "/referrals"): (None, EVERYBODY, 200),
    ("GET", "/referrals/summary"): (None, EVERYBODY, 200),
    ("GET", "/referrals/claim-problems"): (None, EVERYBODY, 200),
    ("GET", "/clients/{client_id}/referrals"): (None, EVERYBODY, 200),
    ("POST", "/clients/{client_id}/referrals"): ({"status": "active"}, EVERYBODY, 201),
    ("GET", "/clients/{client_id}/referrals/{referral_id}"): (None, EVERYBODY, 200),
    ("PATCH", "/clients/{client_id}/referrals/{referral_id}"): ({"notes": "x"}, EVERYBODY, 200),
    ("DELETE", "/clients/{client_id}/referrals/{referral_id}"): (None, EVERYBODY, 204),
    ("POST", "/clients/{client_id}/referrals/{referral_id}/refresh"): (None, EVERYBODY, 200),
    ("GET", "/clients/{client_id}/referrals/{referral_id}/claim"): (None, EVERYBODY, 200),
    ("GET", "/clients/{client_id}/referrals/{referral_id}/claim?format=pdf"): (None, EVERYBODY, 200),
    ("GET", "/clients/{client_id}/appointments"): (None, EVERYBODY, 200),
    ("POST", "/clients/{client_id}/appointments"): (APPOINTMENT, EVERYBODY, 201),
    ("GET", "/clients/{client_id}/appointments/{appointment_id}"): (None, EVERYBODY, 200),
    ("PATCH", "/clients/{client_id}/appointments/{appointment_id}"): ({"location": "x"}, EVERYBODY, 200),
    ("DELETE", "/clients/{client_id}/appointments/{appointment_id}"): (None, EVERYBODY, 204),
    ("PUT", "/clients/{client_id}/appointments/{appointment_id}"): (APPOINTMENT, EVERYBODY, 201),
    ("GET", "/clients/{client_id}/bills"): (None, EVERYBODY, 200),
    ("POST", "/clients/{client_id}/bills"): (BILL, EVERYBODY, 201),
    ("GET", "/clients/{client_id}/bills/{bill_id}"): (None, EVERYBODY, 200),
    ("PATCH", "/clients/{client_id}/bills/{bill_id}"): ({"number": "8"}, EVERYBODY, 200),
    ("PUT", "/clients/{client_id}/bills/{bill_id}"): (BILL, EVERYBODY, 201),
    ("GET", "/clients/{client_id}/messages"): (None, EVERYBODY, 200),
    ("GET", "/clients/{client_id}/automated-messages"): (None, EVERYBODY, 200),
    ("POST", "/clients/{client_id}/automated-messages/preview"): ({"kind": "bill_reminder"}, EVERYBODY, 200),
    ("GET", "/contacts/{contact_id}/referrals"): (None, EVERYBODY, 200),
    ("GET", "/contacts/{contact_id}/claim"): (None, EVERYBODY, 200),
    ("GET", "/contacts/{contact_id}/cover"): (None, EVERYBODY, 200),
    ("GET", "/clients/{client_id}/cover"): (None, EVERYBODY, 200),
    ("GET", "/tasks"): (None, EVERYBODY, 200),
    ("POST", "/contacts/{contact_id}/tasks"): ({"title": "Call"}, EVERYBODY, 201),
    ("GET", "/contacts/{contact_id}/tasks"): (None, EVERYBODY, 200),
    # By everybody, but a task of somebody else is not there for those who see only their own.
    ("GET", "/contacts/{contact_id}/tasks/{task_id}"): (None, EVERYBODY, 200),
    ("PATCH", "/contacts/{contact_id}/tasks/{task_id}"): ({"status": "started"}, EVERYBODY, 200),
    ("DELETE", "/contacts/{contact_id}/tasks/{task_id}"): (None, EVERYBODY, 204),
}
FILE = {"name": "a.txt", "content_type": "text/plain", "size": 5}
ROUTES |= {
    ("POST", "/contacts/{contact_id}/uploads"): ({"files": [FILE]}, EVERYBODY, 201),
    ("GET", "/contacts/{contact_id}/files"): (None, EVERYBODY, 200),
    ("GET", "/contacts/{contact_id}/files/{file_id}"): (None, EVERYBODY, 404),
    ("PATCH", "/contacts/{contact_id}/files/{file_id}"): ({"name": "b.txt"}, EVERYBODY, 404),
    ("DELETE", "/contacts/{contact_id}/files/{file_id}"): (None, EVERYBODY, 404),
    ("GET", "/contacts/{contact_id}/files/{file_id}/download"): (None, EVERYBODY, 404),
    ("POST", "/contacts/{contact_id}/files/{file_id}/rescan"): (None, EVERYBODY, 404),
}
ROUTES |= {
    ("GET", "/contacts/{contact_id}/shares"): (None, EVERYBODY, 200),
    ("POST", "/contacts/{contact_id}/shares"): ({"items": [{"file_id": "fil_none"}]}, EVERYBODY, 422),
    ("GET", "/contacts/{contact_id}/shares/{share_id}"): (None, EVERYBODY, 404),
    ("DELETE", "/contacts/{contact_id}/shares/{share_id}"): (None, EVERYBODY, 404),
}
PUBLIC = {("GET", "/health"), ("GET", "/openapi.json"), ("GET", "/docs")}
FOR_WHO_HAS_A_LINK = {("GET", "/shares/{token}"), ("GET", "/shares/{token}/open"), ("POST", "/shares/{token}/open")}
MATRIX = pytest.mark.parametrize("route", ROUTES, ids=" ".join)


def path_of(stack: Stack, route: tuple[str, str], contact: dict[str, Any], *, of: str = "director") -> str:
    """The route's path, with what it speaks of made first; a task is *of* somebody."""
    given = {
        "{contact_id}": contact["id"],
        "{file_id}": "fil_none",
        "{share_id}": "shr_none",
        "{kind}": "share",
        "{method}": "sms",
        "{message_id}": NO_MESSAGE,
    }
    path = route[1]
    for place, value in given.items():
        path = path.replace(place, value)
    new = {
        "{task_id}": (f"/contacts/{contact['id']}/tasks", {"title": "Call"}),
        "{template_id}": ("/document-templates", {"title": "T"}),
        "{doc_id}": (f"/contacts/{contact['id']}/documents", {"title": "D", "body": "Hello"}),
    }
    for place, (where, body) in new.items():
        if place in path:
            path = path.replace(place, stack.call("POST", where, as_=of, body=body).json()["id"])
    if "{client_id}" not in path:
        return path
    client = stack.call("POST", "/clients", body={"last_name": uuid4().hex}).json()["id"]
    assert stack.call("PUT", f"/clients/{client}/contacts/{contact['id']}", body={}).status_code == 201
    path = path.replace("{client_id}", client)
    referral = {"contact_id": contact["id"]}
    for_client: dict[str, tuple[str, dict[str, Any]]] = {
        "{appointment_id}": ("appointments", APPOINTMENT),
        "{bill_id}": ("bills", BILL),
        "{referral_id}": ("referrals", referral),
    }
    for name, (kind, sent) in for_client.items():
        if name in path and route[0] == "PUT":  # by the id that another system has
            path = path.replace(name, uuid4().hex)
        elif name in path:
            added = stack.call("POST", f"/clients/{client}/{kind}", body=sent)
            assert added.status_code == 201, added.text
            path = path.replace(name, added.json()["id"])
    return path


def test_the_matrix_has_every_route_of_the_contract() -> None:
    document = json.loads((ROOT / "docs/openapi.json").read_text(encoding="utf-8"))
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert {(method, path.split("?")[0]) for method, path in ROUTES} == described - PUBLIC - FOR_WHO_HAS_A_LINK


@MATRIX
def test_without_a_token_nobody_gets_in(stack: Stack, contact: dict[str, Any], route: tuple[str, str]) -> None:
    answer = stack.call(route[0], path_of(stack, route, contact), as_=None, body=ROUTES[route][0])
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "unauthorized"


@MATRIX
def test_a_forged_token_lets_nobody_in(stack: Stack, contact: dict[str, Any], route: tuple[str, str]) -> None:
    for how, token in forged_tokens(stack.tokens["clinical"]).items():
        answer = stack.call(route[0], path_of(stack, route, contact), token=token, body=ROUTES[route][0])
        assert answer.status_code == 401, how


@MATRIX
def test_another_account_finds_nothing(stack: Stack, contact: dict[str, Any], route: tuple[str, str]) -> None:
    answer = stack.call(route[0], path_of(stack, route, contact), as_=ANOTHER, body=ROUTES[route][0])
    if "_id}" in route[1]:
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    else:
        assert answer.status_code == ROUTES[route][2]
        assert contact["id"] not in answer.text
    assert stack.call("GET", f"/contacts/{contact['id']}").json()["version"] == 1


@MATRIX
@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_what_it_may(stack: Stack, contact: dict[str, Any], route: tuple[str, str], role: str) -> None:
    body, allowed, status = ROUTES[route]
    answer = stack.call(route[0], path_of(stack, route, contact, of=role), as_=role, body=body)
    if role in allowed:
        assert answer.status_code == status, answer.text
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "role_not_allowed")


@pytest.mark.parametrize("route", sorted(PUBLIC), ids=" ".join)
def test_the_contract_needs_no_token(stack: Stack, route: tuple[str, str]) -> None:
    assert stack.call(*route, as_=None).status_code == 200


@pytest.mark.parametrize("route", sorted(FOR_WHO_HAS_A_LINK), ids=" ".join)
@pytest.mark.parametrize("as_", [None, "director"])
def test_a_link_that_is_none_leads_nowhere_with_or_without_a_token(
    stack: Stack, route: tuple[str, str], as_: str | None
) -> None:
    body = {"code": "12345678"} if route[0] == "POST" else None
    answer = stack.call(route[0], route[1].replace("{token}", "q" * 27), as_=as_, body=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_an_unknown_route_is_not_found(stack: Stack) -> None:
    answer = stack.call("GET", "/contacts/x/y/z")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
