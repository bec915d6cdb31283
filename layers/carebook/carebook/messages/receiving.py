"""Recording what providers report: in any order, and more than once."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from carebook.errors import Conflict, NotFound, Unavailable
from carebook.ids import CONTACT, MESSAGE, is_id
from carebook.messages.delivery import DeliveryStore, change_consent, where_of
from carebook.messages.model import WAITING, Message, Status
from carebook.messages.receipts import Receipt
from carebook.messages.service import MessageRef
from carebook.observability import logger
from carebook.retrying import attempts

# What names no message of ours may be of another program in the same AWS account; or ours, and its id not yet written.
_NOT_YET_WRITTEN: Final = timedelta(minutes=10)


class NotYet(Exception):
    """The message that a receipt is about is not known yet."""


class ReceiptStore(DeliveryStore, Protocol):
    """What recording receipts needs of the message store."""

    def by_provider(self, provider_id: str) -> MessageRef | None:
        """The message to which a provider gave this id, in whatever account."""
        ...


@dataclass(frozen=True, slots=True)
class Receipts:
    """All that recording receipts needs.

    Attributes:
        moved_to: the id of the contact into which one was merged, or its own; None when it is gone.
    """

    messages: ReceiptStore
    moved_to: Callable[[str, str], str | None]
    now: Callable[[], datetime]


def record_receipt(receipts: Receipts, receipt: Receipt) -> bool:
    """Record one report; whether there is a message that it is about.

    Raises:
        NotYet: when the message may yet turn up.
    """
    for _ in attempts():
        before = _find(receipts, receipt)
        if before is None:
            if not receipt.ids and receipts.now() - receipt.at < _NOT_YET_WRITTEN:
                raise NotYet
            logger.info("A receipt of no message")
            return False
        after = _told(before, receipt)
        if after is not before:
            try:
                receipts.messages.replace(before, after)
            except Conflict:
                continue
        _mind_the_address(receipts, after, receipt)
        return True
    raise Unavailable("The message is being changed by others.")


def _find(receipts: Receipts, receipt: Receipt) -> Message | None:
    """By the ids that went along; else, or where a merge has moved it, by the provider's own id."""
    ids = receipt.ids
    if ids.get("account") and is_id(ids.get("message", ""), MESSAGE):
        account, recipient_id = ids["account"], ids.get("recipient", "")
        found = _at(receipts, MessageRef(account, recipient_id, ids["message"]))
        if found is None and is_id(recipient_id, CONTACT):
            moved = receipts.moved_to(account, recipient_id)
            found = None if moved is None else _at(receipts, MessageRef(account, moved, ids["message"]))
        if found is not None:
            return found
    ref = receipts.messages.by_provider(receipt.provider_id)
    return None if ref is None else _at(receipts, ref)


def _at(receipts: Receipts, ref: MessageRef) -> Message | None:
    try:
        return receipts.messages.find(ref)
    except NotFound:
        return None


def _told(message: Message, receipt: Receipt) -> Message:
    """The message with what was reported. What is about an earlier try is noted, but decides nothing."""
    is_earlier = message.provider_id is not None and message.provider_id != receipt.provider_id
    is_earlier = is_earlier or receipt.ids.get("attempt", str(message.tried)) != str(message.tried)
    # A person has asked for another try, and it has not begun: only if the last one arrived there is no need for it.
    is_earlier = is_earlier or (message.status in WAITING and receipt.status is not Status.DELIVERED)
    if is_earlier or receipt.status is None:
        detail = f"of an earlier try: {receipt.detail}" if is_earlier else receipt.detail
        return message.told(message.status, receipt.at, detail=detail)
    told = message.told(receipt.status, receipt.at, detail=receipt.detail, reason=receipt.reason)
    if message.provider_id is None:  # whoever sent it fell over before it could write the id
        told = replace(told, provider_id=receipt.provider_id, version=message.version + 1)
    return told


def _mind_the_address(receipts: Receipts, message: Message, receipt: Receipt) -> None:
    where = where_of(message)
    if where is None:
        return
    why = f"{receipt.detail} ({message.id})"
    if receipt.suppress is not None:
        reason = receipt.suppress
        change_consent(
            receipts.messages, message.account, where, lambda one: one.suppressed_for(reason, receipt.at, why)
        )
    if receipt.opted_out:
        change_consent(receipts.messages, message.account, where, lambda one: one.reported_opted_out(receipt.at, why))
