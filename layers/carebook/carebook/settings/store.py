"""Settings in the table: one item an account."""

from carebook.errors import Conflict
from carebook.items import NOT_THERE, at_version, make_item
from carebook.keys import settings_key
from carebook.settings.model import AccountSettings
from carebook.table import Table


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
        item = make_item(settings_key(account), "settings", settings.to_document(), version=settings.version)
        if not self._table.put_if(item, at_version(settings.version - 1) if settings.version > 1 else NOT_THERE):
            raise Conflict("The settings were changed in the meantime.")
