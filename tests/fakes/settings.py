"""Settings kept in memory. The table's store passes the same tests."""

from copy import deepcopy

from carebook.errors import Conflict
from carebook.settings.model import AccountSettings


class MemorySettings:
    """A ``SettingsStore`` without a table."""

    def __init__(self) -> None:
        self._kept: dict[str, AccountSettings] = {}

    def current(self, account: str) -> AccountSettings:
        return self._kept.get(account, AccountSettings())

    def replace(self, account: str, settings: AccountSettings) -> None:
        if settings.version != self.current(account).version + 1:
            raise Conflict("The settings were changed in the meantime.")
        self._kept[account] = deepcopy(settings)
