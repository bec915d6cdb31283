"""Message templates kept in memory. The table's store passes the same tests."""

from carebook.errors import Conflict
from carebook.message_templates.merge_names import Kind, Method
from carebook.message_templates.model import MessageTemplate


class MemoryMessageTemplates:
    """A ``MessageTemplateStore`` without a table."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, Kind, Method], MessageTemplate] = {}

    def find(self, account: str, kind: Kind, method: Method) -> MessageTemplate:
        return self._kept.get((account, kind, method)) or MessageTemplate(kind, method)

    def changed(self, account: str) -> list[MessageTemplate]:
        mine = [key for key in self._kept if key[0] == account]
        return [self._kept[key] for key in sorted(mine)]

    def replace(self, account: str, template: MessageTemplate) -> None:
        if template.version != self.find(account, template.kind, template.method).version + 1:
            raise Conflict("The template was changed in the meantime.")
        self._kept[account, template.kind, template.method] = template
