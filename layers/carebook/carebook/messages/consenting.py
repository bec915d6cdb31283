"""What the owner of an address has said, kept whoever else changes it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from carebook.addresses import consent_address
from carebook.errors import Conflict, Unavailable
from carebook.messages.consents import Agreement, Consent
from carebook.messages.model import Message
from carebook.retrying import attempts


class ConsentStore(Protocol):
    """What keeping consents needs of the message store."""

    def consents(self, account: str, addresses: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Consent]:
        """What is known of each channel and address."""
        ...

    def change_consent(self, before: Consent, after: Consent) -> None:
        """Keep *after* in place of *before*.

        Raises:
            Conflict: when *before* is not what is kept any more.
        """
        ...


def where_of(message: Message) -> tuple[str, str] | None:
    """Channel and address of the consent that a message needs."""
    return None if message.to is None else consent_address(message.method, message.to)


def note_opt_out(messages: ConsentStore, message: Message, now: datetime, why: str) -> None:
    """Remember that the owner of a message's address wants none."""
    where = where_of(message)
    if where is not None:
        change_consent(messages, message.account, where, lambda one: one.changed(Agreement.OPTED_OUT, now, why))


def note_not_asked(messages: ConsentStore, request: Message, now: datetime) -> None:
    """Remember that an opt-in request did not go, so that the owner of its address is asked when next written to."""
    where = where_of(request)
    if where is not None:
        change_consent(messages, request.account, where, lambda one: one.not_asked(request.id, now))


def change_consent(
    messages: ConsentStore, account: str, where: tuple[str, str], change: Callable[[Consent], Consent]
) -> Consent:
    """An address's consent with a change applied, whoever else changes it."""
    for _ in attempts():
        before = messages.consents(account, [where])[where]
        after = change(before)
        if after is before:
            return before
        try:
            messages.change_consent(before, after)
        except Conflict:
            continue
        return after
    raise Unavailable("The consent is being changed by others.")
