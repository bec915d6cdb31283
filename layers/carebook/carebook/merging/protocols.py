"""What merging needs of those who keep contacts and ledgers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from carebook.contacts.history import HistoryEntry
from carebook.contacts.model import Contact
from carebook.merging.model import Ledger


@dataclass(frozen=True, slots=True)
class Succession:
    """A contact's version and the next one, with the history entry that tells of it, if it is worth telling."""

    before: Contact
    after: Contact
    entry: HistoryEntry | None = None


class LeftAlone(NamedTuple):
    """A merge, or its undoing, that was cut short. The *mark* says since when nobody has tried."""

    account: str
    survivor_id: str
    duplicate_id: str
    mark: str


class MergeStore(Protocol):
    """Where ledgers are kept, and the transactions that write contacts and ledger together."""

    def ledger(self, account: str, survivor_id: str, duplicate_id: str) -> Ledger | None:
        """The ledger of a merge, if there was one that is not undone."""
        ...

    def step(self, ledger: Ledger | None, *, was: Ledger | None, changes: Sequence[Succession]) -> None:
        """Write contacts' next versions, and the ledger in its next stage; None stands for no ledger.

        Raises:
            Conflict: when a contact or the ledger is not what is kept any more.
        """
        ...

    def move(self, ledger: Ledger) -> None:
        """Give the survivor what hangs on the duplicate; what was moved before stays moved.

        Raises:
            Conflict: when the merge is at another stage by now.
        """
        ...

    def move_back(self, ledger: Ledger) -> None:
        """Give the duplicate back what came from it.

        Raises:
            Conflict: when the undoing is at another stage by now.
        """
        ...

    def left_alone(self, *, since: datetime, limit: int) -> list[LeftAlone]:
        """Up to *limit* merges that have been under way since before a moment, those longest left alone first."""
        ...

    def take_on(self, left: LeftAlone, *, now: datetime) -> bool:
        """Put it behind all others that are left alone; False when it has gone on, or another run has taken it on."""
        ...
