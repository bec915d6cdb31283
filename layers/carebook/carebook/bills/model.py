"""A bill of a client: what is to be paid until when. Rules and values, nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from carebook.errors import Conflict, FieldError, Invalid

LARGEST_AMOUNT: Final = 10**12  # in minor units
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 9900


class Status(StrEnum):
    """What has become of a bill. Paid and void are final: nothing more is sent about it."""

    OPEN = "open"
    PAID = "paid"
    VOID = "void"


@dataclass(frozen=True, slots=True, kw_only=True)
class BillDetails:
    """What staff may write about a bill. ``amount`` counts minor units of ``currency``."""

    number: str
    amount: int
    currency: str
    issued_on: date
    due_on: date

    def check_days(self) -> None:
        """Refuse a bill that falls due before it is issued, or on a day from which no days can be counted.

        Raises:
            Invalid: it does.
        """
        for name, day in (("issued_on", self.issued_on), ("due_on", self.due_on)):
            if not FIRST_YEAR <= day.year <= LAST_YEAR:
                message = f"Give a day of the years {FIRST_YEAR} to {LAST_YEAR}."
                raise Invalid([FieldError(name, "out_of_range", message)])
        if self.due_on < self.issued_on:
            raise Invalid(
                [FieldError("due_on", "due_before_issued", "A bill falls due on the day it is issued, or later.")]
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """A bill's record.

    Attributes:
        external_id: its name in the practice's other system.
        changed_in: the version at which each field that was ever changed got its value.
    """

    id: str
    account: str
    client_id: str
    version: int
    details: BillDetails
    created_at: datetime
    updated_at: datetime
    status: Status = Status.OPEN
    external_id: str | None = None
    closed_at: datetime | None = None
    changed_in: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether it is still to be paid."""
        return self.status is Status.OPEN

    @property
    def is_owed(self) -> bool:
        """Whether there is anything still to be paid: a bill may come to nothing, when an insurer pays all of it."""
        return self.is_open and self.details.amount > 0

    def is_late(self, today: date) -> bool:
        """Whether its last day has passed unpaid. *today* is the day in the account's time zone."""
        return self.is_owed and today > self.details.due_on

    def changed(self, details: BillDetails, *, now: datetime) -> "Bill":
        """The bill with other details.

        Raises:
            Conflict: it is paid or void.
        """
        if not self.is_open:
            raise Conflict(
                f"This bill is {self.status.value}; nothing about it can be changed any more.", code="bill_closed"
            )
        return replace(self, details=details, version=self.version + 1, updated_at=now)

    def closed(self, status: Status, *, now: datetime) -> "Bill":
        """The bill paid or made void; closed the same way twice, it stays as it is.

        Raises:
            Conflict: it was closed the other way, or is to be opened again.
        """
        if status is self.status:
            return self
        if not self.is_open:
            raise Conflict(f"This bill is {self.status.value} and stays so.", code="bill_closed")
        return replace(self, status=status, closed_at=now, version=self.version + 1, updated_at=now)
