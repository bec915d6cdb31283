"""Messages, consents and what leads back to them, as items of the table."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from carebook import keys
from carebook.contacts.documents import history_document
from carebook.contacts.history import HistoryEntry
from carebook.ids import HISTORY
from carebook.instants import instant
from carebook.items import NOT_THERE, Item, Writes, at_version, make_item
from carebook.messages.consents import Consent
from carebook.messages.documents import consent_document, message_document
from carebook.messages.model import NOT_OPTED_IN, Message, Status
from carebook.messages.planning import Plan
from carebook.traces import WRITERS_REMEMBERED


def add_to(writes: Writes, planned: Plan) -> None:
    """Add the messages of a plan, and the consents that change or must not, to a transaction."""
    for message in planned.messages:
        writes.put(message_item(message), NOT_THERE)
    for before, after in planned.requested:
        writes.put(consent_item(after), NOT_THERE if before.version == 0 else at_version(before.version))
    for consent in planned.relied_on:
        key = keys.consent_key(consent.account, consent.channel, consent.address)
        writes.check(key, NOT_THERE if consent.version == 0 else at_version(consent.version))


def message_item(message: Message) -> Item:
    """The message's item, with its places in both indexes."""
    key = keys.message_key(message.account, message.recipient_id, message.id)
    item = make_item(key, "message", message_document(message), version=message.version)
    item.came_from = message.came_from
    if message.provider_id is not None:
        item.gsi1_pk, item.gsi1_sk = keys.provider_pk(message.provider_id), message.id
    elif message.status is Status.HELD and message.reason == NOT_OPTED_IN and message.to and message.consent_channel:
        address = message.to.casefold()
        item.gsi1_pk = keys.waiting_pk(message.account, message.consent_channel, address)
        item.gsi1_sk = message.id
    if message.due_at is not None:
        item.gsi2_pk, item.gsi2_sk = keys.message_due(message.due_at, message.account, message.id)
    return item


def consent_item(consent: Consent) -> Item:
    """The consent's item."""
    key = keys.consent_key(consent.account, consent.channel, consent.address)
    return make_item(key, "consent", consent_document(consent), version=consent.version)


_REPLIES_EXPECTED: Final = timedelta(days=400)


def reply_items(message: Message) -> Iterator[Item]:
    """By what a reply finds back: who wrote to the address last, and the reply address of this message."""
    if message.to is None or message.consent_channel is None or message.claimed_at is None:
        return
    document = {"recipient": message.recipient_id, "message": message.id, "at": instant(message.claimed_at)}
    address = message.to.casefold()
    writer = make_item(keys.writer_key(message.consent_channel, address, message.account), "writer", document)
    writer.expires_at = int((message.claimed_at + WRITERS_REMEMBERED).timestamp())
    yield writer
    if message.reply_token is not None:
        way_back = make_item(keys.reply_key(message.reply_token), "reply", {"account": message.account} | document)
        way_back.expires_at = int((message.claimed_at + _REPLIES_EXPECTED).timestamp())
        yield way_back


def history_item(account: str, recipient_id: str, entry: HistoryEntry) -> Item:
    """The item of an entry in the recipient's history."""
    sk = keys.history_sk(entry.id.removeprefix(f"{HISTORY}_"))
    key = keys.Key(keys.recipient_pk(account, recipient_id), sk)
    return make_item(key, "history", history_document(entry))
