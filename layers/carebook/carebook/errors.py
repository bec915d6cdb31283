"""What can go wrong, in the user's words. The edge alone turns these into HTTP.

CarebookError
├── Invalid               input that breaks a rule: which field, what is wrong, what would be right
│   └── RequestMismatch   an Idempotency-Key that was used for another request
├── NotFound              no such record in this account
├── NotAllowed            the caller's role, or the lack of one, forbids it
├── Conflict              the record's state forbids it
│   ├── AlreadyExists     the id is taken
│   └── StaleVersion      the caller's copy is older than the record
├── BadCursor             a list cursor that was not issued for this account and query
├── TooManyTries          a secret was guessed at too often; nobody is heard for a while
└── Unavailable           a part we need did not answer; trying again is right
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldError:
    """One broken rule.

    Attributes:
        field: path as the caller wrote it, for example ``phones[0].number``; empty for the whole body.
        code: stable word for programs, for example ``phone_not_valid``.
        message: a sentence for people that says what would be right.
    """

    field: str
    code: str
    message: str


class CarebookError(Exception):
    """Anything that we refuse, with a stable code and a sentence for the user."""

    code = "error"

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        if code is not None:
            self.code = code

    @property
    def extra(self) -> Mapping[str, Any]:
        """What else the caller is told."""
        return {}


class Invalid(CarebookError):
    """Input that breaks one or more rules; nothing was written."""

    code = "not_valid"

    def __init__(self, errors: Sequence[FieldError], *, detail: str = "", code: str | None = None) -> None:
        count = len(errors)
        super().__init__(detail or f"{count} field{'s' * (count != 1)} cannot be accepted.", code=code)
        self.errors = tuple(errors)

    @property
    def extra(self) -> Mapping[str, Any]:
        """Each broken rule."""
        return {"errors": [{"field": one.field, "code": one.code, "message": one.message} for one in self.errors]}


class NotFound(CarebookError):
    """No such record in the caller's account."""

    code = "not_found"


class NotAllowed(CarebookError):
    """The caller is known, but may not do this."""

    code = "role_not_allowed"


class Conflict(CarebookError):
    """The state of the record forbids it."""

    code = "conflict"


UNREADABLE_VERSION = -1  # what a caller expects who sent an ETag that is none of ours


class StaleVersion(Conflict):
    """The caller's copy is older than the record.

    Attributes:
        version: the record's version now.
        current: the fields that differ from the caller's copy, as they are now.
    """

    code = "stale_version"

    def __init__(self, *, version: int, expected: int, current: Mapping[str, Any]) -> None:
        super().__init__(
            f"The record has changed since you read it; it is now at version {version}."
            if 0 <= expected < version
            else f"This ETag is none of this record's; it is now at version {version}."
        )
        self.version = version
        self.current = dict(current)

    @property
    def extra(self) -> Mapping[str, Any]:
        """Version and fields."""
        return {"version": self.version, "current": self.current}


class AlreadyExists(Conflict):
    """A record with this id is there already."""

    code = "already_exists"


class RequestMismatch(Invalid):
    """An Idempotency-Key was used before with another body."""

    code = "idempotency_mismatch"

    def __init__(self) -> None:
        wrong = FieldError("Idempotency-Key", "idempotency_mismatch", "Use a new key for another request.")
        super().__init__([wrong], detail="This key was used for a request with another body.")


class BadCursor(CarebookError):
    """A cursor that this account did not get for this query."""

    code = "bad_cursor"


class TooManyTries(CarebookError):
    """A secret was guessed at too often: until the time is over, nobody is told whether a guess is right.

    Attributes:
        seconds: how long that takes.
    """

    code = "too_many_tries"

    def __init__(self, detail: str, *, seconds: int) -> None:
        super().__init__(detail)
        self.seconds = seconds


class Unavailable(CarebookError):
    """A part that we need did not answer, or the record is being changed by too many at once."""

    code = "try_again"
