"""What staff do with messages: write them, look at them, note what was said, try again."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from carebook.contacts.history import Change, HistoryEntry
from carebook.contacts.model import Contact
from carebook.contacts.protocols import ContactStore
from carebook.contacts.service import TOO_BUSY, checked_id
from carebook.errors import Conflict, FieldError, Invalid, NotFound, StaleVersion, Unavailable
from carebook.identity import Person
from carebook.ids import HISTORY, MESSAGE, is_id, new_id
from carebook.message_templates.model import MessageTemplate
from carebook.messages.attachments import AttachmentRef, AttachmentSource, refuse_not_carried, refuse_too_large
from carebook.messages.consents import Consent
from carebook.messages.model import Kind, Message, Status, Step
from carebook.messages.planning import Draft, Plan, Text, addresses_of, methods_of, plan
from carebook.messages.recipients import Recipient, recipient_of
from carebook.messages.speech import LONGEST_SPEECH, LONGEST_SPOKEN, spoken
from carebook.retrying import attempts
from carebook.settings.model import AccountSettings

LONGEST_SMS: Final = 1600
_READ_AT_ONCE: Final = 100


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


class NotReachable(Invalid):
    """None of the methods can reach the recipient."""

    code = "not_reachable"

    def __init__(self, messages: Sequence[Message]) -> None:
        errors = [FieldError(f"methods.{one.method}", one.reason or "", _why(one)) for one in messages]
        nothing = FieldError("methods", "no_method", "Choose a method; the contact has none of its own.")
        super().__init__(errors or [nothing], detail="The contact cannot be reached by any of the methods.")


def _why(message: Message) -> str:
    return f"The contact cannot be reached by {message.method}: {message.reason}."


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
        entry = told("messaged", by, now, _told(planned.messages))
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
        entry = told("noted", by, now, _told([note]))
        try:
            return outbox.messages.add(recipient, Plan([note]), entry, request=request, now=now)[0]
        except Conflict:
            continue
    raise Unavailable(TOO_BUSY)


def list_messages(
    outbox: Outbox,
    *,
    account: str,
    contact_id: str,
    wanted: Mapping[str, str | None],
    viewer: Person,
    now: datetime,
    before: str | None,
    limit: int,
) -> tuple[list[Message], str | None]:
    """A page of a contact's messages, newest first, and the id behind which the next begins. Reading is a view.

    Args:
        wanted: kind, method and status that are asked for; None asks for all.

    Raises:
        NotFound: when the account has no such contact.
    """
    contact, _settings = outbox.contacts.view(account, checked_id(contact_id), viewer=viewer, now=now)
    asked = {name: value for name, value in wanted.items() if value is not None}
    found: list[Message] = []
    at_once = _READ_AT_ONCE if asked else limit + 1
    while len(found) <= limit:
        page = outbox.messages.page(account, contact.id, before=before, limit=at_once)
        found += [one for one in page if all(getattr(one, name) == value for name, value in asked.items())]
        if len(page) < at_once:
            break
        before = page[-1].id
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def view_message(
    outbox: Outbox, *, account: str, contact_id: str, message_id: str, viewer: Person, now: datetime
) -> Message:
    """One message of a contact. Reading is a view.

    Raises:
        NotFound: when the account has no such contact, or the contact no such message.
    """
    contact, _settings = outbox.contacts.view(account, checked_id(contact_id), viewer=viewer, now=now)
    return outbox.messages.find(MessageRef(account, contact.id, _checked(message_id)))


def retry_message(
    outbox: Outbox,
    *,
    account: str,
    contact_id: str,
    message_id: str,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Message:
    """A message that failed, on its way once more. Only a person decides that: the first one may have arrived.

    Raises:
        NotFound: when there is no such message.
        StaleVersion: when *expected_version* is not the current one.
        Conflict: when it has not failed, or the contact is archived.
    """
    for _ in attempts():
        contact, _settings = outbox.contacts.find(account, checked_id(contact_id))
        refuse_archived(contact)
        before = outbox.messages.find(MessageRef(account, contact.id, _checked(message_id)))
        if expected_version is not None and expected_version != before.version:
            raise StaleVersion(version=before.version, expected=expected_version, current={"status": before.status})
        if before.status is not Status.FAILED:
            raise Conflict(f"The message has not failed; it is {before.status}.", code="not_failed")
        after = before.again(now, by)
        try:
            outbox.messages.replace(before, after, told("message_retried", by, now, _told([after])))
        except Conflict:
            continue
        queue_messages(outbox.queue, [after])
        return after
    raise Unavailable(TOO_BUSY)


def refuse_archived(contact: Contact) -> None:
    """Refuse to write to somebody who was put away.

    Raises:
        Conflict: when the contact is archived.
    """
    if contact.archived_at is not None:
        raise Conflict("The contact is archived. Restore it before you write to it.", code="archived")


def refuse_merging(contact: Contact) -> None:
    """Refuse to take what hangs on a contact while a merge is moving it.

    Raises:
        Conflict: when a merge is under way.
    """
    if contact.merging is not None:
        raise Conflict("A merge with this contact is under way. Try again in a moment.", code="merging")


def refuse_too_long(body: str, methods: Collection[str]) -> None:
    """Refuse a text that a method cannot carry.

    Raises:
        Invalid: naming the method and its limit.
    """
    limits = {"sms": LONGEST_SMS, "voice": LONGEST_SPEECH}
    errors = [
        FieldError("body", "too_long", f"Use at most {limits[method]:,} characters for {method}, not {len(body):,}.")
        for method in methods
        if len(body) > limits.get(method, len(body))
    ]
    if not errors and "voice" in methods and len(spoken(body)) > LONGEST_SPOKEN:
        message = "For a call these are too many short lines, or signs such as & and <. Use fewer of them."
        errors.append(FieldError("body", "too_long", message))
    if errors:
        raise Invalid(errors)


def told(action: str, by: Person, now: datetime, changes: tuple[Change, ...]) -> HistoryEntry:
    """The entry of the contact's history for something done with its messages."""
    return HistoryEntry(id=new_id(HISTORY, now), at=now, by=by, action=action, changes=changes)


def _told(messages: Sequence[Message]) -> tuple[Change, ...]:
    after: list[dict[str, Any]] = [
        {"id": one.id, "kind": one.kind.value, "method": one.method, "status": one.status.value}
        | ({"attachments": [attached.id for attached in one.attachments]} if one.attachments else {})
        for one in messages
    ]
    return (Change("messages", None, after),)


def _checked(message_id: str) -> str:
    if not is_id(message_id, MESSAGE):
        raise NotFound("There is no such message.")
    return message_id
