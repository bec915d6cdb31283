"""What the delivery needs of others."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from carebook.messages.attachments import AttachmentSource
from carebook.messages.channels import Channels
from carebook.messages.consenting import ConsentStore
from carebook.messages.filling import NOTHING_TO_FILL, Filling
from carebook.messages.model import Message
from carebook.messages.recipients import Recipient
from carebook.messages.service import MessageRef
from carebook.settings.model import AccountSettings


class DeliveryStore(ConsentStore, Protocol):
    """What the delivery needs of the message store."""

    def find(self, ref: MessageRef) -> Message:
        """One message as last written; see :class:`carebook.messages.service.MessageStore`."""
        ...

    def load_with_settings(
        self, refs: Sequence[MessageRef]
    ) -> tuple[dict[MessageRef, Message], dict[str, AccountSettings]]:
        """Those of the messages that are where the references say, and the settings of each account."""
        ...

    def replace(self, before: Message, after: Message) -> None:
        """Keep *after* in place of *before*.

        Raises:
            Conflict: when *before* is not what is kept any more.
        """
        ...

    def claim(self, before: Message, claimed: Message, done: tuple[Message, Message] | None) -> tuple[bool, bool]:
        """Keep the claim, note that the account writes to that address, and keep what came of the message *done*.

        Returns:
            Whether the claim is kept, and whether *done* is; each only if it was still what it was before.
        """
        ...


class Recipients(Protocol):
    """Where recipients are looked up."""

    def those(self, account: str, ids: Iterable[str], settings: AccountSettings) -> dict[str, Recipient]:
        """The recipients by the id that was asked for; those that are gone are missing."""
        ...


class SettingsReader(Protocol):
    """Where settings are looked up."""

    def current(self, account: str) -> AccountSettings:
        """The account's settings."""
        ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """All that the delivery needs.

    Attributes:
        linked: which of the pairs of client and contact in an account belong together; who was unlinked gets no copy
            any more.
        overtaken: why a message that has waited for a recipient tells of what is not so any more; None when it is.
    """

    messages: DeliveryStore
    recipients: Recipients
    settings: SettingsReader
    attachments: AttachmentSource
    channels: Channels
    now: Callable[[], datetime]
    filling: Filling = NOTHING_TO_FILL
    linked: Callable[[str, Collection[tuple[str, str]]], Collection[tuple[str, str]]] = lambda _account, pairs: pairs
    overtaken: Callable[[Message, str, datetime], str | None] = lambda _message, _recipient_id, _now: None
