"""Message templates in the table: an item for each that was ever changed."""

from carebook.errors import Conflict
from carebook.items import NOT_THERE, at_version, make_item
from carebook.keys import (
    MESSAGE_TEMPLATES_FIRST,
    MESSAGE_TEMPLATES_LAST,
    message_template_key,
    parse_message_template_sk,
)
from carebook.message_templates.merge_names import KINDS, METHODS, Kind, Method
from carebook.message_templates.model import MessageTemplate
from carebook.message_templates.service import which
from carebook.table import Row, Table


class TableMessageTemplates:
    """The template store on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, account: str, kind: Kind, method: Method) -> MessageTemplate:
        """One request, as last written."""
        row = self._table.get(message_template_key(account, kind, method))
        return _template(row) if row else MessageTemplate(kind, method)

    def changed(self, account: str) -> list[MessageTemplate]:
        """One request, as last written, unless they are so long that they exceed the 1 MB of a page."""
        rows = self._table.query(
            message_template_key(account, "", "").pk,
            low=MESSAGE_TEMPLATES_FIRST,
            high=MESSAGE_TEMPLATES_LAST,
            limit=len(KINDS) * len(METHODS),
        )
        return [_template(row) for row in rows]

    def replace(self, account: str, template: MessageTemplate) -> None:
        """One conditional write."""
        key = message_template_key(account, template.kind, template.method)
        item = make_item(key, "message_template", template.to_document(), version=template.version)
        if not self._table.put_if(item, at_version(template.version - 1) if template.version > 1 else NOT_THERE):
            raise Conflict("The template was changed in the meantime.")


def _template(row: Row) -> MessageTemplate:
    kind, method = which(*parse_message_template_sk(row.key.sk))
    return MessageTemplate.stored(kind, method, row.doc)
