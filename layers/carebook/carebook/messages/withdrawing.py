"""What waits for somebody who does not belong to a client any more is taken back as they are unlinked."""

from carebook.clients.protocols import LinkWriting
from carebook.items import Writes, at_version
from carebook.messages.items import message_item
from carebook.messages.model import WAITING, Message, Status
from carebook.messages.store import TableMessages
from carebook.table import Table

_LOOKED_AT = 100
_MOST = 80  # a transaction holds a hundred actions; the link and the histories have theirs
UNLINKED = "unlinked"


class Withdrawal:
    """Adds to the transaction that unlinks a contact that its copies which wait are not sent: one query.

    It looks at the contact's latest hundred messages. What it misses is found when it is to be delivered.
    """

    def __init__(self, table: Table) -> None:
        self._messages = TableMessages(table)

    def __call__(self, writes: Writes, writing: LinkWriting) -> None:
        """Each copy of the client's messages that is queued or held leaves that state, under its version."""
        contact, at = writing.contact, writing.for_contact.at
        latest = self._messages.page(contact.account, contact.id, before=None, limit=_LOOKED_AT)
        waiting = [one for one in latest if _is_waiting_copy(one, writing.client.id)]
        for message in waiting[:_MOST]:
            withdrawn = message.stepped(Status.SKIPPED, at, reason=UNLINKED)
            writes.put(message_item(withdrawn), at_version(message.version))


def _is_waiting_copy(message: Message, client_id: str) -> bool:
    return message.client_id == client_id and message.cc_of is not None and message.status in WAITING
