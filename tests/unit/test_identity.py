"""Who is calling: from verified claims alone, and never somebody that the claims do not name."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carebook.errors import NotAllowed
from carebook.identity import Permission, Person, Principal, Role, principal_from_claims
from tests.fakes.examples import ACCOUNTS


def claims(**changes: Any) -> dict[str, Any]:
    whole = {
        "sub": "usr_1",
        "token_use": "id",
        "custom:account_id": "acc_lakeside",
        "cognito:groups": "director",
        "email": "ana@example.org",
    } | {name.replace("__", ":"): value for name, value in changes.items()}
    return {name: value for name, value in whole.items() if value is not None}


def test_a_caller_is_who_the_claims_say() -> None:
    assert principal_from_claims(claims()) == Principal(
        "acc_lakeside", "usr_1", "ana@example.org", frozenset({Role.DIRECTOR})
    )
    assert principal_from_claims(claims()).person == Person("usr_1", "ana@example.org")


@pytest.mark.parametrize(
    ("groups", "roles"),
    [
        ("director", {Role.DIRECTOR}),
        ("director,clinical", {Role.DIRECTOR, Role.CLINICAL}),
        ("[director clinical]", {Role.DIRECTOR, Role.CLINICAL}),
        ("[administrative, supervisor]", {Role.ADMINISTRATIVE, Role.SUPERVISOR}),
        (["director", "clinical"], {Role.DIRECTOR, Role.CLINICAL}),
        (("supervisor",), {Role.SUPERVISOR}),
        ("us-east-1_x_google,clinical", {Role.CLINICAL}),
        ("", set()),
        ("[]", set()),
        ([], set()),
        (None, set()),
        ("Director", set()),
        ("directors", set()),
        ("subdirector", set()),
        ("director-clinical", set()),
        (["director,clinical"], set()),
        ({"director": True}, set()),
        (7, set()),
    ],
)
def test_roles_are_the_groups_that_carry_their_names(groups: object, roles: set[Role]) -> None:
    assert principal_from_claims(claims(cognito__groups=groups)).roles == roles


@pytest.mark.parametrize(
    "account", [None, "", 7, ["acc"], "a b", "a#b", "a\n", "acc_é", "a" * 65, "a/b", "*", "A#a#CON"]
)
def test_a_login_without_a_usable_account_is_not_allowed(account: object) -> None:
    with pytest.raises(NotAllowed) as refusal:
        principal_from_claims(claims(custom__account_id=account))
    assert refusal.value.code == "account_missing"


@settings(max_examples=300)
@given(st.text(max_size=70) | st.text(st.sampled_from("aZ09_-#\n é"), max_size=8))
def test_an_account_id_that_could_break_a_key_is_refused_whatever_it_is(account: str) -> None:
    if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", account, re.ASCII):
        assert principal_from_claims(claims(custom__account_id=account)).account == account
    else:
        with pytest.raises(NotAllowed):
            principal_from_claims(claims(custom__account_id=account))


@given(ACCOUNTS)
def test_an_account_id_of_plain_characters_is_taken_as_it_is(account: str) -> None:
    assert principal_from_claims(claims(custom__account_id=account)).account == account


@pytest.mark.parametrize("token_use", ["access", "refresh", "ID", "", None, 1, ["id"]])
def test_any_token_but_the_id_token_is_not_allowed(token_use: object) -> None:
    with pytest.raises(NotAllowed) as refusal:
        principal_from_claims(claims(token_use=token_use))
    assert refusal.value.code == "token_not_allowed"


@pytest.mark.parametrize("user", [None, "", 7])
def test_a_login_that_names_no_user_is_not_allowed(user: object) -> None:
    with pytest.raises(NotAllowed):
        principal_from_claims(claims(sub=user))


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ({"name": "Dr. Ana", "given_name": "Ana"}, "Dr. Ana"),
        ({"given_name": "Ana", "family_name": "Müller"}, "Ana Müller"),
        ({"family_name": "Müller"}, "Müller"),
        ({}, "ana@example.org"),
        ({"email": None}, "usr_1"),
    ],
)
def test_a_caller_is_shown_by_the_best_name_there_is(names: dict[str, Any], shown: str) -> None:
    assert principal_from_claims(claims(**names)).name == shown


MAY = {
    Permission.READ_SETTINGS: set(Role),
    Permission.USE_CONTACTS: set(Role),
    Permission.USE_CLIENTS: set(Role),
    Permission.EDIT_SETTINGS: {Role.DIRECTOR, Role.ADMINISTRATIVE},
    Permission.MERGE_CONTACTS: {Role.DIRECTOR, Role.ADMINISTRATIVE},
    Permission.PURGE_CONTACTS: {Role.DIRECTOR},
    Permission.PURGE_CLIENTS: {Role.DIRECTOR},
    Permission.USE_TASKS: set(Role),
    Permission.USE_TASKS_OF_OTHERS: {Role.DIRECTOR, Role.ADMINISTRATIVE},
}


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_what_the_practice_agreed_on(permission: Permission, role: Role) -> None:
    principal = Principal("acc", "usr", "x", frozenset({role}))
    assert principal.may(permission) == (role in MAY[permission])
    if role not in MAY[permission]:
        with pytest.raises(NotAllowed, match=min(MAY[permission])):
            principal.require(permission)


@pytest.mark.parametrize("permission", Permission)
def test_who_has_no_role_may_do_nothing_and_two_roles_are_their_sum(permission: Permission) -> None:
    assert not Principal("acc", "usr", "x", frozenset()).may(permission)
    assert Principal("acc", "usr", "x", frozenset({Role.CLINICAL, Role.DIRECTOR})).may(permission)
