"""Who gets in: the caller's account and role, from verified claims only."""

from dataclasses import replace
from typing import Any

import pytest

from tests.builders import Caller, Context, physician, rest_event
from tests.integration.conftest import handler_for


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"token_use": "access"}, "token_not_allowed"),
        ({"token_use": None}, "token_not_allowed"),
        ({"custom:account_id": None}, "account_missing"),
        ({"custom:account_id": ""}, "account_missing"),
        ({"custom:account_id": "acc#other"}, "account_missing"),
        ({"custom:account_id": "x" * 65}, "account_missing"),
        ({"sub": ""}, "account_missing"),
        ({"cognito:groups": None}, "role_not_allowed"),
        ({"cognito:groups": "director-general"}, "role_not_allowed"),
        ({"cognito:groups": "us-east-1_pool_Google"}, "role_not_allowed"),
    ],
)
def test_anything_unclear_is_a_no(director: Caller, claims: dict[str, Any], code: str) -> None:
    caller = replace(director, claims=claims)
    for answer in (
        caller.get("/contacts"),
        caller.post("/contacts?allow_duplicate=true", physician()),
        caller.get("/settings"),
    ):
        assert (answer.status, answer.body["code"]) == (403, code)


@pytest.mark.parametrize("authorizer", [None, {}, {"claims": None}, {"principalId": "x"}])
def test_without_claims_nobody_gets_in(director: Caller, authorizer: dict[str, Any] | None) -> None:
    event = rest_event("GET", "/contacts")
    event["requestContext"]["authorizer"] = authorizer
    response = handler_for("/contacts")(event, Context())
    assert response["statusCode"] == 403


@pytest.mark.parametrize("groups", ["clinical", "supervisor", "administrative", "[clinical supervisor]"])
def test_every_role_uses_the_contact_book(director: Caller, groups: str) -> None:
    assert replace(director, groups=groups).post("/contacts?allow_duplicate=true", physician()).status == 201


def test_an_account_in_body_path_or_query_changes_nothing(director: Caller) -> None:
    for body in (physician(account="acc_x"), physician(account_id="acc_x")):
        assert director.post("/contacts?allow_duplicate=true", body).status == 422
    assert director.get("/contacts?account=acc_x").status == 422
