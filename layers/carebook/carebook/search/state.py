"""What a search must know of an account. Read rarely: every environment remembers it for half a minute."""

import time
from dataclasses import dataclass
from typing import Final

from carebook.keys import index_state_key, settings_key
from carebook.settings.model import AccountSettings
from carebook.table import Table

REMEMBERED_SECONDS: Final = 30.0
_ACCOUNTS_REMEMBERED: Final = 5_000


@dataclass(frozen=True, slots=True)
class IndexState:
    """The *version* of the index that is searched and written, and the *country* by which numbers are read.

    While *rebuilding*, each write also notes what it has changed.
    """

    version: int = 1
    rebuilding: bool = False
    country: str = "US"


class TableIndexStates:
    """The accounts' index states on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._known: dict[str, tuple[float, IndexState]] = {}

    def of(self, account: str) -> IndexState:
        """The account's state, at most half a minute old."""
        until, state = self._known.get(account, (0.0, IndexState()))
        if time.monotonic() < until:
            return state
        state = self.now(account)
        if len(self._known) >= _ACCOUNTS_REMEMBERED:
            self._known.clear()
        self._known[account] = (time.monotonic() + REMEMBERED_SECONDS, state)
        return state

    def now(self, account: str) -> IndexState:
        """The account's state as last written: one request."""
        row, kept = self._table.get_together(index_state_key(account), settings_key(account))
        settings = AccountSettings.stored(kept.version, kept.doc) if kept else AccountSettings()
        if row is None:
            return IndexState(country=settings.country)
        return IndexState(row.doc["version"], row.doc["rebuilding"], settings.country)
