"""A practice with one contact, a provider and a clock."""

from typing import Any

import pytest

from carebook.contacts.store import TableContacts
from carebook.identity import Person
from carebook.messages.attachments import AttachmentNotReady
from carebook.messages.delivery import deliver
from carebook.messages.model import Attachment, Message
from carebook.messages.ports import Delivery
from carebook.messages.receiving import Receipts
from carebook.messages.recipients import ContactRecipients
from carebook.messages.service import MessageRef, Outbox, ref_of, send_message
from carebook.messages.store import TableMessages
from carebook.messages.sweeping import Sweep
from carebook.settings.store import TableSettings
from carebook.table import Table, open_table
from tests.builders import Caller, physician
from tests.messaging import Clock, FakeChannels, FakeProvider

ANA = Person("usr_ana", "Ana")


class ListedQueue:
    """A queue that is a list."""

    def __init__(self) -> None:
        self.refs: list[MessageRef] = []

    def put(self, refs: Any) -> None:
        self.refs += refs


class OneFile:
    """A source with one PDF, until it is taken away."""

    def __init__(self) -> None:
        self.content_type = "application/pdf"
        self.refusal: str | None = None

    def describe(self, account: str, recipient_id: str, refs: Any) -> list[Attachment]:
        return [Attachment(ref.kind, ref.id, "report.pdf", self.content_type, 8) for ref in refs]

    def content(self, account: str, recipient_id: str, attachment: Attachment) -> bytes:
        if self.refusal is not None:
            raise AttachmentNotReady(self.refusal)
        return b"%PDF-1.7"


class Bench:
    """A practice with one contact, a provider and a clock."""

    def __init__(self, caller: Caller) -> None:
        self.table: Table = open_table()
        self.account = caller.account
        self.clock = Clock()
        self.provider = FakeProvider()
        self.queue = ListedQueue()
        self.files = OneFile()
        self.messages = TableMessages(self.table)
        contacts = TableContacts(self.table)
        self.outbox = Outbox(contacts, self.messages, self.queue, self.files, lambda _method: True)
        self.delivery = Delivery(
            self.messages,
            ContactRecipients(contacts),
            TableSettings(self.table),
            self.files,
            FakeChannels(self.provider),
            self.clock,
        )
        self.receipts = Receipts(self.messages, lambda _account, contact_id: contact_id, self.clock)
        self.sweep = Sweep(self.messages, self.queue, TableSettings(self.table), self.clock)
        self.contact_id = caller.post("/contacts", physician(messaging_methods=["email"])).body["id"]

    def write(self, body: str = "Hello", methods: Any = ("email",), attachments: Any = ()) -> list[Message]:
        return send_message(
            self.outbox,
            account=self.account,
            contact_id=self.contact_id,
            subject="S",
            body=body,
            methods=methods,
            attachments=attachments,
            by=ANA,
            now=self.clock(),
        )

    def run(self, refs: list[MessageRef] | None = None, delivery: Delivery | None = None) -> dict[MessageRef, int]:
        refs = self.queue.refs if refs is None else refs
        later = deliver(delivery or self.delivery, list(refs), go_on=lambda: True)
        self.queue.refs = [ref for ref in self.queue.refs if ref in later]
        return later

    def now(self, message: Message) -> Message:
        return self.messages.find(ref_of(message))


@pytest.fixture
def bench(director: Caller) -> Bench:
    return Bench(director)
