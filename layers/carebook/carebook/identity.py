"""Who is calling and what their role lets them do. Everything comes from verified token claims."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from carebook.errors import NotAllowed


class Role(StrEnum):
    """The four roles of a practice, each a Cognito group."""

    DIRECTOR = "director"
    ADMINISTRATIVE = "administrative"
    SUPERVISOR = "supervisor"
    CLINICAL = "clinical"


class Permission(StrEnum):
    """What not every role may do."""

    READ_SETTINGS = "read the settings"
    EDIT_SETTINGS = "change the settings"
    USE_CONTACTS = "use the contact book"
    USE_CLIENTS = "use the clients' files"
    MERGE_CONTACTS = "merge contacts"
    PURGE_CONTACTS = "delete contacts for good"
    PURGE_CLIENTS = "delete clients for good"
    USE_TASKS = "use tasks"
    USE_TASKS_OF_OTHERS = "see, give or take the tasks of others"


_EVERYONE: Final = frozenset(Role)
_ALLOWED: Final[Mapping[Permission, frozenset[Role]]] = {
    Permission.READ_SETTINGS: _EVERYONE,
    Permission.EDIT_SETTINGS: frozenset({Role.DIRECTOR, Role.ADMINISTRATIVE}),
    Permission.USE_CONTACTS: _EVERYONE,
    Permission.USE_CLIENTS: _EVERYONE,
    Permission.MERGE_CONTACTS: frozenset({Role.DIRECTOR, Role.ADMINISTRATIVE}),
    Permission.PURGE_CONTACTS: frozenset({Role.DIRECTOR}),
    Permission.PURGE_CLIENTS: frozenset({Role.DIRECTOR}),
    Permission.USE_TASKS: _EVERYONE,
    Permission.USE_TASKS_OF_OTHERS: frozenset({Role.DIRECTOR, Role.ADMINISTRATIVE}),
}

# The account id becomes part of every key, so no character that separates key parts may occur in it.
_ACCOUNT_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Person:
    """A member of staff, as kept in histories."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller: one person, in one account, with their roles."""

    account: str
    user_id: str
    name: str
    roles: frozenset[Role]

    @property
    def person(self) -> Person:
        """The caller as kept in histories."""
        return Person(self.user_id, self.name)

    def may(self, permission: Permission) -> bool:
        """Whether one of the caller's roles allows it."""
        return not self.roles.isdisjoint(_ALLOWED[permission])

    def require(self, permission: Permission) -> None:
        """Refuse unless one of the caller's roles allows it.

        Raises:
            NotAllowed: with the roles that may.
        """
        if not self.may(permission):
            allowed = " or ".join(sorted(_ALLOWED[permission]))
            raise NotAllowed(f"It takes the role {allowed} to {permission.value}.")


def principal_from_claims(claims: Mapping[str, Any]) -> Principal:
    """The caller that verified ID-token claims describe.

    Args:
        claims: as API Gateway hands them over: strings, with groups joined by commas or in ``[a b]`` form.

    Raises:
        NotAllowed: when the claims name no account or no user, or the token is no ID token.
    """
    if claims.get("token_use") != "id":
        raise NotAllowed("Send the ID token, not another kind of token.", code="token_not_allowed")
    account, user_id = claims.get("custom:account_id"), claims.get("sub")
    if not isinstance(account, str) or not _ACCOUNT_ID.fullmatch(account):
        raise NotAllowed("Your login belongs to no practice. Ask your administrator.", code="account_missing")
    if not isinstance(user_id, str) or not user_id:
        raise NotAllowed("Your login names no user. Ask your administrator.", code="account_missing")
    return Principal(account, user_id, _display_name(claims), _roles(claims.get("cognito:groups")))


def _display_name(claims: Mapping[str, Any]) -> str:
    given = " ".join(str(claims[key]) for key in ("given_name", "family_name") if claims.get(key))
    return str(claims.get("name") or given or claims.get("email") or claims["sub"])


def _roles(groups: object) -> frozenset[Role]:
    names = re.split(r"[\s,\[\]]+", groups) if isinstance(groups, str) else groups or ()
    if not isinstance(names, (list, tuple)):
        return frozenset()
    return frozenset(role for role in Role if role.value in names)
