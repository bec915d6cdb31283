"""A share: files and documents of a contact behind a link and a code. Rules and values, nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from carebook.identity import Person

WRONG_CODES: Final = 5
LOCKED_FOR: Final = timedelta(hours=1)
FETCHED_WITHIN: Final = timedelta(minutes=5)
# How long link and code wait, under seal, for their messages to go: for the morning, for a yes, for a provider.
SEALED_FOR: Final = timedelta(days=7)
MOST_ITEMS: Final = 20
LONGEST_SHARE: Final = 90  # days
# Kept apart, so that somebody who guesses does not push out who has opened it.
_OPENINGS_KEPT: Final = 100
_REFUSALS_KEPT: Final = 20


class Outcome(StrEnum):
    """How a try to open a share ended."""

    OPENED = "opened"
    WRONG_CODE = "wrong_code"
    LOCKED = "locked"  # a wrong code, too: the one that locked it


class Status(StrEnum):
    """Whether a share can be opened."""

    OPEN = "open"
    LOCKED = "locked"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class ItemRef:
    """A ``file`` or ``document`` of a contact, by its id."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class SharedItem(ItemRef):
    """What is shared, with the name that it had then."""

    name: str


@dataclass(frozen=True, slots=True)
class Access:
    """A try to open a share: when, how it ended, and which items were handed out."""

    at: datetime
    outcome: Outcome
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """How link or code went: by which method, in which message."""

    method: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Lock:
    """What is known of the code: its proof and the salt of that, both in hexadecimal digits. Never the code."""

    salt: str
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share's record.

    Attributes:
        token_hash: SHA-256 of the link's token, in hexadecimal digits.
        code_way: None when the code was shown to who made the share.
        wrong: wrong codes since the last right one or the last lock.
        opened: how often it was opened; ``accesses`` keeps the last of each kind.
        came_from: what merges have noted on the item, kept for them.
    """

    id: str
    account: str
    contact_id: str
    version: int
    items: tuple[SharedItem, ...]
    message: str
    token_hash: str
    lock: Lock
    link_way: Way
    code_way: Way | None
    created_at: datetime
    created_by: Person
    expires_at: datetime
    revoked_at: datetime | None = None
    revoked_by: Person | None = None
    wrong: int = 0
    locked_until: datetime | None = None
    opened: int = 0
    accesses: tuple[Access, ...] = ()
    came_from: str | None = None

    def status(self, now: datetime) -> Status:
        """Whether it can be opened."""
        if self.revoked_at is not None:
            return Status.REVOKED
        if now >= self.expires_at:
            return Status.EXPIRED
        return Status.LOCKED if self.is_locked(now) else Status.OPEN

    def is_in_use(self, now: datetime) -> bool:
        """Whether there is something behind its link, locked or not."""
        return self.status(now) in {Status.OPEN, Status.LOCKED}

    def is_locked(self, now: datetime) -> bool:
        """Whether no code is looked at."""
        return self.locked_until is not None and now < self.locked_until

    def missed(self, now: datetime) -> "Share":
        """The next version, after a wrong code. The fifth locks it."""
        if self.wrong + 1 < WRONG_CODES:
            return self._tried(Access(now, Outcome.WRONG_CODE), wrong=self.wrong + 1)
        return self._tried(Access(now, Outcome.LOCKED), wrong=0, locked_until=now + LOCKED_FOR)

    def hit(self, now: datetime, items: Sequence[str]) -> "Share":
        """The next version, after the right code: *items* were handed out."""
        access = Access(now, Outcome.OPENED, tuple(items))
        return self._tried(access, wrong=0, opened=self.opened + 1)

    def _tried(
        self, access: Access, *, wrong: int, opened: int | None = None, locked_until: datetime | None = None
    ) -> "Share":
        return replace(
            self,
            version=self.version + 1,
            wrong=wrong,
            locked_until=locked_until,
            opened=self.opened if opened is None else opened,
            accesses=_last_of_each((*self.accesses, access)),
        )

    def revoked(self, by: Person, now: datetime) -> "Share":
        """The next version, taken back for good."""
        return replace(self, version=self.version + 1, revoked_at=now, revoked_by=by)


def _last_of_each(accesses: Sequence[Access]) -> tuple[Access, ...]:
    room = {True: _OPENINGS_KEPT, False: _REFUSALS_KEPT}
    kept: list[Access] = []
    for access in reversed(accesses):
        is_opening = access.outcome is Outcome.OPENED
        if room[is_opening]:
            room[is_opening] -= 1
            kept.append(access)
    return tuple(reversed(kept))


def end_of_last_day(now: datetime, *, days: int, time_zone: str) -> datetime:
    """When a share ends: with the last day where the recipient lives, so that "until Friday" is true all Friday."""
    zone = ZoneInfo(time_zone)
    last = now.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)


def last_day(expires_at: datetime, *, time_zone: str) -> str:
    """The last day of a share as people read it: ``December 9, 2026``."""
    day = (expires_at - timedelta(seconds=1)).astimezone(ZoneInfo(time_zone)).date()
    return f"{day:%B} {day.day}, {day.year}"
