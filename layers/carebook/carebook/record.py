"""A record of an account that has versions and can be put away: what contacts and clients have in common."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, Protocol, Self

from carebook.errors import Conflict

KEPT_AFTER_ARCHIVING: Final = timedelta(days=30)


class Documented(Protocol):
    """Values that have the shape of the API and of storage."""

    def to_document(self) -> dict[str, Any]:
        """What JSON knows, nothing else."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Record[D: Documented]:
    """Whose it is, which version, what staff wrote about it, and whether it is put away."""

    noun: ClassVar[str] = "record"

    id: str
    account: str
    version: int
    details: D
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None = None

    @property
    def purge_at(self) -> datetime | None:
        """From when an archived record is deleted for good."""
        return None if self.archived_at is None else self.archived_at + KEPT_AFTER_ARCHIVING

    def edited(self, details: D, now: datetime) -> Self:
        """The next version, with other details.

        Raises:
            Conflict: when the record is archived.
        """
        if self.archived_at is not None:
            raise Conflict(f"The {self.noun} is archived. Restore it before you change it.", code="archived")
        return self.rewritten(details, now)

    def rewritten(self, details: D, now: datetime) -> Self:
        """The next version with other details, whatever state the record is in."""
        return replace(self.succeeded(now), details=details)

    def archived(self, now: datetime) -> Self:
        """The next version, put away."""
        return replace(self.succeeded(now), archived_at=now)

    def restored(self, now: datetime) -> Self:
        """The next version, back in use."""
        return replace(self.succeeded(now), archived_at=None)

    def succeeded(self, now: datetime) -> Self:
        """The next version. It is younger than this one, even when its request began before this one was written."""
        moment = max(now, self.updated_at + timedelta(milliseconds=1))
        return replace(self, version=self.version + 1, updated_at=moment)
