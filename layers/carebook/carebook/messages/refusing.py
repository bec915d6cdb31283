"""What is refused before a message is written."""

from collections.abc import Collection, Sequence
from typing import Final

from carebook.contacts.model import Contact
from carebook.errors import Conflict, FieldError, Invalid
from carebook.messages.model import Message
from carebook.messages.speech import LONGEST_SPEECH, LONGEST_SPOKEN, spoken

LONGEST_SMS: Final = 1600


class NotReachable(Invalid):
    """None of the methods can reach the recipient."""

    code = "not_reachable"

    def __init__(self, messages: Sequence[Message]) -> None:
        errors = [FieldError(f"methods.{one.method}", one.reason or "", _why(one)) for one in messages]
        nothing = FieldError("methods", "no_method", "Choose a method; the contact has none of its own.")
        super().__init__(errors or [nothing], detail="The contact cannot be reached by any of the methods.")


def _why(message: Message) -> str:
    return f"The contact cannot be reached by {message.method}: {message.reason}."


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
