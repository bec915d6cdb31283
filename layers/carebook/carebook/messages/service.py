"""What staff do with messages: write them, look at them, note what was said, try again."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from carebook.contacts.history import Change, HistoryEntry
from carebook.contacts.protocols import ContactStore
from carebook.contacts.service import TOO_BUSY, checked_id
from carebook.errors import Conflict, FieldError, Invalid, NotFound, Unavailable
from carebook.identity import Person
from carebook.ids import HISTORY, MESSAGE, is_id, new_id
from carebook.message_templates.model import MessageTemplate
from carebook.messages.attachments import AttachmentRef, AttachmentSource, refuse_not_carried, refuse_too_large
from carebook.messages.consents import Consent
from carebook.messages.model import Kind, Message, Status, Step
from carebook.messages.planning import Draft, Plan, Text, addresses_of, methods_of, plan
from carebook.messages.recipients import Recipient, recipient_of
from carebook.messages.refusing import NotReachable, refuse_archived, refuse_merging, refuse_too_long
from carebook.retrying import attempts
from carebook.settings.model import AccountSettings


@dataclass(frozen=True, slots=True)
class MessageRef:
    """Where a message is: what the queue carries, and nothing else."""

    account: str
    recipient_id: str
    message_id: str


class MessageStore(Protocol):
    """Where messages and consents are kept."""

    def find(self, ref: MessageRef) -> Message:
        """The message as last written.

        Raises:
            NotFound: when it is not there; a merge may have given it to another contact.
        """
        ...

    def consents(self, account: str, addresses: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Consent]:
        """What is known of each channel and address; version 0 when nothing is."""
        ...

    def opt_in_requests(self, account: str) -> dict[str, MessageTemplate]:
        """The practice's words for the question whether we may write, by method."""
        ...

    def add(
        self,
        recipient: Recipient,
        planned: Plan,
        entry: HistoryEntry | None,
        *,
        request: str | None = None,
        now: datetime,
    ) -> list[Message]:
        """Keep the messages of a plan, all or none; when this *request* has done so before, those are returned.

        Raises:
            Conflict: when the recipient or a consent is not what the plan was made with any more.
        """
        ...

    def replace(self, before: Message, after: Message, entry: HistoryEntry | None = None) -> None:
        """Keep *after* in place of *before*.

        Raises:
            Conflict: when *before* is not what is kept any more.
        """
        ...

    def page(self, account: str, recipient_id: str, *, before: str | None, limit: int) -> list[Message]:
        """Up to *limit* messages, newest first, older than the message id *before*."""
        ...


class MessageQueue(Protocol):
    """What carries messages to the delivery."""

    def put(self, refs: Sequence[MessageRef]) -> None:
        """Ask for the delivery of messages. What cannot be asked for now is found by the sweep."""
        ...


@dataclass(frozen=True, slots=True)
class Outbox:
    """All that sending needs."""

    contacts: ContactStore
    messages: MessageStore
    queue: MessageQueue
    attachments: AttachmentSource
    configured: Callable[[str], bool]


def send_message(
    outbox: Outbox,
    *,
    account: str,
    contact_id: str,
    subject: str,
    body: str,
    methods: Sequence[str] | None,
    attachments: Sequence[AttachmentRef],
    by: Person,
    now: datetime,
    request: str | None = None,
) -> list[Message]:
    """A message to a contact by each method, on their way. The same *request* again gives the same messages.

    Raises:
        NotFound: when the account has no such contact.
        Conflict: when the contact is archived, or what is attached may be on its way to it by a merge.
        Invalid: when a body is too long for a method, or an attachment cannot go along.
        NotReachable: when no method can be used.
    """
    for _ in attempts():
        contact, settings = outbox.contacts.find(account, checked_id(contact_id))
        refuse_archived(contact)
        if attachments:
            refuse_merging(contact)
        recipient = recipient_of(contact, settings)
        chosen = methods_of(methods, recipient)
        refuse_too_long(body, chosen)
        if attachments:
            refuse_not_carried(chosen)
        found = tuple(outbox.attachments.describe(account, recipient.id, attachments))
        refuse_too_large(found)
        texts = {method: Text(subject, body) for method in chosen}
        draft = Draft(kind=Kind.AD_HOC, texts=texts, attachments=found)
        planned = plan_for(outbox, recipient, draft, settings, by=by, now=now)
        if planned.all_skipped:
            raise NotReachable(planned.messages)
        entry = told("messaged", by, now, changes_of(planned.messages))
        try:
            kept = outbox.messages.add(recipient, planned, entry, request=request, now=now)
        except Conflict:
            continue
        queue_messages(outbox.queue, kept)
        return kept
    raise Unavailable(TOO_BUSY)


def plan_for(
    outbox: Outbox, recipient: Recipient, draft: Draft, settings: AccountSettings, *, by: Person, now: datetime
) -> Plan:
    """What comes of a draft for a recipient: to be written by :meth:`MessageStore.add`, or in a larger transaction.

    After that transaction :func:`queue_messages` sends them on their way.
    """
    consents = outbox.messages.consents(recipient.account, addresses_of(recipient, draft.texts))
    asks = settings.values["opt_in_required"] and any(consent.wants_request(now) for consent in consents.values())
    requests = outbox.messages.opt_in_requests(recipient.account) if asks else {}
    return plan(
        recipient,
        draft,
        settings=settings,
        consents=consents,
        configured=outbox.configured,
        by=by,
        now=now,
        requests=requests,
    )


def queue_messages(queue: MessageQueue, messages: Iterable[Message]) -> None:
    """Ask for the delivery of those that can go now."""
    refs = [ref_of(message) for message in messages if message.status is Status.QUEUED]
    if refs:
        queue.put(refs)


def ref_of(message: Message) -> MessageRef:
    """Where *message* is."""
    return MessageRef(message.account, message.recipient_id, message.id)


def add_note(
    outbox: Outbox,
    *,
    account: str,
    contact_id: str,
    body: str,
    channel: str,
    direction: str,
    occurred_at: datetime,
    by: Person,
    now: datetime,
    request: str | None = None,
) -> Message:
    """What was said by other ways, kept among the messages.

    Raises:
        NotFound: when the account has no such contact.
        Conflict: when the contact is archived.
        Invalid: when it lies in the future.
    """
    if occurred_at > now:
        raise Invalid([FieldError("occurred_at", "in_the_future", "Give a moment that has passed.")])
    for _ in attempts():
        contact, settings = outbox.contacts.find(account, checked_id(contact_id))
        refuse_archived(contact)
        recipient = recipient_of(contact, settings)
        note = Message(
            id=new_id(MESSAGE, now),
            account=account,
            recipient_id=recipient.id,
            version=1,
            kind=Kind.NOTE,
            direction=direction,
            method=channel,
            to=None,
            subject="",
            body=body,
            status=Status.RECORDED,
            history=(Step(Status.RECORDED, now),),
            created_at=now,
            created_by=by,
            occurred_at=occurred_at,
        )
        entry = told("noted", by, now, changes_of([note]))
        try:
            return outbox.messages.add(recipient, Plan([note]), entry, request=request, now=now)[0]
        except Conflict:
            continue
    raise Unavailable(TOO_BUSY)


def told(action: str, by: Person, now: datetime, changes: tuple[Change, ...]) -> HistoryEntry:
    """The entry of the contact's history for something done with its messages."""
    return HistoryEntry(id=new_id(HISTORY, now), at=now, by=by, action=action, changes=changes)


def changes_of(messages: Sequence[Message]) -> tuple[Change, ...]:
    """What the entry of the contact's history tells of messages: no text and no address."""
    after: list[dict[str, Any]] = [
        {"id": one.id, "kind": one.kind.value, "method": one.method, "status": one.status.value}
        | ({"attachments": [attached.id for attached in one.attachments]} if one.attachments else {})
        for one in messages
    ]
    return (Change("messages", None, after),)


def checked_message_id(message_id: str) -> str:
    """*message_id*, if it is one.

    Raises:
        NotFound: when it is none, so there is no such message.
    """
    if not is_id(message_id, MESSAGE):
        raise NotFound("There is no such message.")
    return message_id
