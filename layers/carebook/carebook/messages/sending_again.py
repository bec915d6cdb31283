"""What staff do about a message that did not arrive: they have it sent once more."""

from dataclasses import replace
from datetime import datetime

from carebook.contacts.service import TOO_BUSY, checked_id
from carebook.errors import Conflict, StaleVersion, Unavailable
from carebook.identity import Person
from carebook.messages.model import Kind, Message, Status
from carebook.messages.readdressing import ADDRESS_REMOVED, address_now, is_theirs, refusal_at
from carebook.messages.recipients import Recipient, recipient_of
from carebook.messages.refusing import refuse_archived
from carebook.messages.service import MessageRef, Outbox, changes_of, checked_message_id, queue_messages, told
from carebook.retrying import attempts
from carebook.settings.model import AccountSettings


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

    One that was skipped because its number or address was taken off the file goes to the one that is there now.

    Raises:
        NotFound: when there is no such message.
        StaleVersion: when *expected_version* is not the current one.
        Conflict: when it has not failed, the contact is archived, or there is no address that it may go to.
    """
    for _ in attempts():
        contact, settings = outbox.contacts.find(account, checked_id(contact_id))
        refuse_archived(contact)
        before = outbox.messages.find(MessageRef(account, contact.id, checked_message_id(message_id)))
        if expected_version is not None and expected_version != before.version:
            raise StaleVersion(version=before.version, expected=expected_version, current={"status": before.status})
        if before.status is not Status.FAILED and not _can_follow(before):
            raise Conflict(f"The message has not failed; it is {before.status}.", code="not_failed")
        after = replace(
            before.again(now, by), to=_address_now(outbox, before, recipient_of(contact, settings), settings)
        )
        try:
            outbox.messages.replace(before, after, told("message_retried", by, now, changes_of([after])))
        except Conflict:
            continue
        queue_messages(outbox.queue, [after])
        return after
    raise Unavailable(TOO_BUSY)


def _can_follow(message: Message) -> bool:
    """Whether it waits for an address; a question whether we may write is asked anew with the next message."""
    return message.reason == ADDRESS_REMOVED and message.kind is not Kind.OPT_IN_REQUEST


def _address_now(outbox: Outbox, message: Message, recipient: Recipient, settings: AccountSettings) -> str | None:
    if message.to is None:
        return None
    if is_theirs(message, recipient):
        refusal = refusal_at(outbox.messages, message, message.to, settings)
        if refusal is not None:
            raise Conflict(f"It may not go to that number or address any more: {refusal}.", code="not_reachable")
        return message.to
    to = address_now(outbox.messages, message, recipient, settings)
    if to is None:
        raise Conflict(
            "Its number or address was taken off the file. Write a new message: it goes to the one that is there now.",
            code=ADDRESS_REMOVED,
        )
    return to
