"""What staff do about a message that did not arrive: they have it sent once more."""

from dataclasses import replace
from datetime import datetime

from carebook.contacts.service import TOO_BUSY, checked_id
from carebook.errors import Conflict, StaleVersion, Unavailable
from carebook.identity import Person
from carebook.messages.model import Message, Status
from carebook.messages.readdressing import ADDRESS_REMOVED, address_now, is_theirs
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

    Where its number or address was taken off the file, it goes to the one that is there now.

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
        if before.status is not Status.FAILED and before.reason != ADDRESS_REMOVED:
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


def _address_now(outbox: Outbox, message: Message, recipient: Recipient, settings: AccountSettings) -> str | None:
    if is_theirs(message, recipient):
        return message.to
    to = address_now(outbox.messages, message, recipient, settings)
    if to is None:
        raise Conflict(
            "Its number or address was taken off the file, and there is no other that it may go to.",
            code=ADDRESS_REMOVED,
        )
    return to
