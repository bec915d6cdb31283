"""An appointment of a client: when, with whom, where. Rules and values, nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from carebook.errors import Conflict, FieldError, Invalid

LONGEST: Final = timedelta(hours=24)


class Status(StrEnum):
    """What has become of an appointment."""

    SCHEDULED = "scheduled"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentDetails:
    """What staff may write about an appointment. Instants are in UTC."""

    starts_at: datetime
    ends_at: datetime
    practitioner: str | None = None
    location: str | None = None
    kind: str | None = None
    referral_id: str | None = None

    def check_times(self) -> None:
        """Refuse times that no appointment has.

        Raises:
            Invalid: the end is not after the start, or more than a day after it.
        """
        if self.ends_at <= self.starts_at:
            raise _wrong("ends_at", "end_before_start", "The appointment must end after it starts.")
        if self.ends_at - self.starts_at > LONGEST:
            raise _wrong("ends_at", "too_long", "An appointment lasts 24 hours at most.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """An appointment's record.

    Attributes:
        external_id: its name in the practice's other system.
        changed_in: the version at which each field that was ever changed got its value.
    """

    id: str
    account: str
    client_id: str
    version: int
    details: AppointmentDetails
    created_at: datetime
    updated_at: datetime
    external_id: str | None = None
    canceled_at: datetime | None = None
    changed_in: Mapping[str, int] = field(default_factory=dict)

    @property
    def status(self) -> Status:
        """Scheduled until somebody cancels it."""
        return Status.SCHEDULED if self.canceled_at is None else Status.CANCELED

    def was_held(self, now: datetime) -> bool:
        """Whether it counts against a referral's limit: over, and not canceled."""
        return self.canceled_at is None and self.details.ends_at <= now

    def changed(self, details: AppointmentDetails, *, now: datetime) -> "Appointment":
        """The appointment with other details.

        Raises:
            Conflict: it is canceled.
        """
        if self.canceled_at is not None:
            raise Conflict(
                "This appointment is canceled. Make a new one instead of changing it.", code="appointment_canceled"
            )
        return replace(self, details=details, version=self.version + 1, updated_at=now)

    def canceled(self, now: datetime) -> "Appointment":
        """The appointment called off; a canceled one stays as it is."""
        if self.canceled_at is not None:
            return self
        return replace(self, canceled_at=now, version=self.version + 1, updated_at=now)


def refuse_past(details: AppointmentDetails, now: datetime) -> None:
    """Refuse a start that has passed: nobody could be told of it any more.

    Raises:
        Invalid: the appointment starts before *now*.
    """
    if details.starts_at <= now:
        raise _wrong(
            "starts_at", "in_the_past", "The appointment must start in the future. Record past ones by external id."
        )


def _wrong(name: str, code: str, message: str) -> Invalid:
    return Invalid([FieldError(name, code, message)])
