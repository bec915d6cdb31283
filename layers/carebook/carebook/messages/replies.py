"""Replies as they come, and all that taking them in needs."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from carebook.clients.model import Client
from carebook.contacts.history import HistoryEntry
from carebook.contacts.protocols import ContactStore
from carebook.files.model import File
from carebook.messages.channels import OptOuts
from carebook.messages.keeping import Keeping
from carebook.messages.mail import MailAttachment
from carebook.messages.model import Message
from carebook.messages.recipients import Recipient
from carebook.messages.service import MessageQueue, MessageRef
from carebook.messages.sweeping import WaitingStore
from carebook.settings.model import AccountSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """An account that has written to an address: to whom there, and which message was the last."""

    account: str
    recipient_id: str
    message_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What somebody wrote to us.

    Attributes:
        inbound_id: what makes it the same reply when it comes twice.
        said: what counts as their words, without what they quote.
        answers: providers' ids of messages that it answers; *token*: of the reply address that it was sent to.
        is_trusted: the sender is who they say; what only an address in it proves may not be theirs.
        is_infected: whoever took it in has found malware in it.
    """

    inbound_id: str
    channel: str
    method: str
    sender: str
    to: str | None
    subject: str
    body: str
    said: str
    at: datetime
    answers: tuple[str, ...] = ()
    token: str | None = None
    is_trusted: bool = True
    is_automatic: bool = False
    attached: tuple[MailAttachment, ...] = ()
    is_infected: bool = False


class ReplyStore(WaitingStore, Protocol):
    """What taking in replies needs of the message store."""

    def by_provider(self, provider_id: str) -> MessageRef | None:
        """The message to which a provider gave this id."""
        ...

    def by_token(self, token: str) -> MessageRef | None:
        """The message that a reply address belongs to."""
        ...

    def writers(self, channel: str, address: str) -> list[Writer]:
        """The accounts that have written to an address."""
        ...

    def received(self, accounts: Collection[str], inbound_id: str) -> dict[str, str]:
        """As which message a reply was kept in each of the accounts; those that have not got it are missing."""
        ...

    def receive(
        self, recipient: Recipient, message: Message, files: Sequence[File], entry: HistoryEntry, *, inbound_id: str
    ) -> bool:
        """Keep a reply with whom it is from, and the files that come with it; False when the account has got it.

        Raises:
            Conflict: when the recipient was changed in the meantime.
        """
        ...


class ClientReader(Protocol):
    """Where clients are looked up."""

    def find(self, account: str, client_id: str, /) -> tuple[Client, AccountSettings]:
        """The client as last written, with the account's settings.

        Raises:
            NotFound: when the account has no such client.
        """
        ...


@dataclass(frozen=True, slots=True)
class Inbox:
    """All that taking in replies needs.

    Attributes:
        opt_outs: the platform's own list, reached only when somebody texts START.
    """

    messages: ReplyStore
    contacts: ContactStore
    clients: ClientReader
    queue: MessageQueue
    keeping: Keeping
    opt_outs: Callable[[], OptOuts]
    now: Callable[[], datetime]
