"""Link and code, put into their messages at the moment of sending: nobody reads them in the history."""

from collections.abc import Callable
from datetime import datetime

from carebook import keys
from carebook.messages.filling import NotToBeFilled
from carebook.messages.model import Message
from carebook.shares.collaborators import Vault
from carebook.shares.documents import sealed_from
from carebook.shares.sending import MARKS, said
from carebook.table import Table


class ShareFilling:
    """Fills the messages of shares; all others go as they are."""

    def __init__(self, table: Table, vault: Vault, now: Callable[[], datetime]) -> None:
        self._table = table
        self._vault = vault
        self._now = now

    def body(self, message: Message, recipient_id: str) -> str:
        """One request for the message of a share, and none for others.

        Raises:
            NotToBeFilled: when the share was revoked, or its secrets have waited too long.
        """
        if message.share_id is None:
            return message.body
        row = self._table.get(keys.sealed_share_key(message.account, recipient_id, message.share_id))
        sealed = None if row is None else sealed_from(row)
        if sealed is None or sealed.until <= self._now():
            raise NotToBeFilled("share_closed")
        what = sealed.ways[message.method]
        secrets = self._vault.unseal((message.account, message.share_id), sealed.text)
        return message.body.replace(MARKS[what], said(what, secrets, message.method))
