"""What staff look at: a contact's messages, and one of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from carebook.contacts.service import checked_id
from carebook.identity import Person
from carebook.messages.model import Message
from carebook.messages.service import MessageRef, Outbox, checked_message_id

_READ_AT_ONCE: Final = 100


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
    return outbox.messages.find(MessageRef(account, contact.id, checked_message_id(message_id)))
