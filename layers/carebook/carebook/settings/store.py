"""Settings in the table: one item an account."""

from collections.abc import Mapping
from typing import Any

from carebook.errors import Conflict
from carebook.keys import settings_key
from carebook.settings.model import AccountSettings
from carebook.table import NOT_THERE, ConditionFailed, Table, Writes, at_version, make_item


class TableSettings:
    """The settings store on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def current(self, account: str) -> AccountSettings:
        """One request, as last written."""
        row = self._table.get(settings_key(account))
        return AccountSettings.stored(row.version, row.doc) if row else AccountSettings()

    def replace(self, account: str, settings: AccountSettings) -> None:
        """One conditional write."""
        writes = Writes()
        document: Mapping[str, Any] = settings.values
        item = make_item(settings_key(account), "settings", document, version=settings.version)
        writes.put(item, at_version(settings.version - 1) if settings.version > 1 else NOT_THERE)
        try:
            self._table.write(writes)
        except ConditionFailed as error:
            raise Conflict("The settings were changed in the meantime.") from error
