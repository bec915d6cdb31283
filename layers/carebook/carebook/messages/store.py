"""Messages and consents in the table."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from carebook import keys
from carebook.contacts.documents import history_document
from carebook.contacts.history import HistoryEntry
from carebook.errors import Conflict, NotFound, RequestMismatch
from carebook.files.history import entry_of
from carebook.files.model import File
from carebook.files.store import file_item
from carebook.ids import HISTORY
from carebook.instants import instant, parse_instant
from carebook.items import NOT_THERE, ConditionFailed, Item, Writes, at_version, make_item
from carebook.message_templates.merge_names import Method
from carebook.message_templates.model import MessageTemplate
from carebook.messages.consents import Consent
from carebook.messages.documents import consent_document, consent_from, message_document, message_from
from carebook.messages.model import NOT_OPTED_IN, Message, Status
from carebook.messages.planning import Plan
from carebook.messages.recipients import Recipient
from carebook.messages.replies import Writer
from carebook.messages.service import MessageRef
from carebook.table import Row, Table
from carebook.traces import WRITERS_REMEMBERED

_REQUESTS_REMEMBERED: Final = timedelta(hours=24)
# A queue and the dead letters behind it keep fourteen days each, and a person may send those back.
_REPEATED_WITHIN: Final = timedelta(days=60)
_MOST_WAITING: Final = 1000
_MOST_WRITERS: Final = 1000
_CHANGED: Final = "This was changed in the meantime."


class TableMessages:
    """The message store on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, ref: MessageRef) -> Message:
        """One request."""
        row = self._table.get(keys.message_key(ref.account, ref.recipient_id, ref.message_id))
        if row is None:
            raise NotFound("There is no such message.")
        return _message(row)

    def consents(self, account: str, addresses: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Consent]:
        """One request for each hundred; none when no consent is asked for."""
        rows: list[Row | None] = []
        for start in range(0, len(addresses), 100):
            some = addresses[start : start + 100]
            rows += self._table.get_together(*(keys.consent_key(account, *address) for address in some))
        return {
            (channel, address): consent_from(account, channel, address, row.version, row.doc)
            if row
            else Consent(account=account, channel=channel, address=address)
            for (channel, address), row in zip(addresses, rows, strict=True)
        }

    def opt_in_requests(self, account: str) -> dict[str, MessageTemplate]:
        """One request."""
        methods: tuple[Method, ...] = ("email", "sms")
        rows = self._table.get_together(
            *(keys.message_template_key(account, "opt_in_request", method) for method in methods)
        )
        return {
            method: MessageTemplate.stored("opt_in_request", method, row.doc)
            for method, row in zip(methods, rows, strict=True)
            if row is not None
        }

    def add(
        self,
        recipient: Recipient,
        planned: Plan,
        entry: HistoryEntry | None,
        *,
        request: str | None = None,
        now: datetime,
    ) -> list[Message]:
        """One transaction; with *request* it also holds the mark by which a repeat finds these messages."""
        writes = Writes()
        record = keys.Key(keys.recipient_pk(recipient.account, recipient.id), _RECORDS[recipient.id[:3]])
        writes.check(record, at_version(recipient.version))
        add_to(writes, planned)
        if entry is not None:
            writes.put(history_item(recipient.account, recipient.id, entry))
        mark = request and keys.done_once_key(recipient.account, request)
        if request and mark:
            writes.put(*_mark(mark, request, recipient.id, planned, now))
        try:
            self._table.write(writes)
        except ConditionFailed as failed:
            if request and failed.key == mark:
                return self._made_by(recipient.account, request, now=now)
            raise Conflict(_CHANGED) from failed
        return planned.messages

    def _made_by(self, account: str, request: str, *, now: datetime) -> list[Message]:
        row = self._table.get(keys.done_once_key(account, request))
        if row is None or parse_instant(row.doc["until"]) < now:
            raise Conflict(_CHANGED)
        if row.doc["sent"] != keys.sent_with(request):
            raise RequestMismatch
        recipient_id, made = row.doc["contact_id"], row.doc["message_ids"]
        rows = self._table.get_together(*(keys.message_key(account, recipient_id, one) for one in made))
        return [_message(one) for one in rows if one is not None]

    def load(self, refs: Sequence[MessageRef]) -> dict[MessageRef, Message]:
        """One request for each hundred."""
        found: dict[MessageRef, Message] = {}
        for start in range(0, len(refs), 100):
            some = list(dict.fromkeys(refs[start : start + 100]))
            rows = self._table.get_together(
                *(keys.message_key(ref.account, ref.recipient_id, ref.message_id) for ref in some)
            )
            found |= {ref: _message(row) for ref, row in zip(some, rows, strict=True) if row is not None}
        return found

    def claim(self, before: Message, claimed: Message, done: tuple[Message, Message] | None) -> tuple[bool, bool]:
        """One transaction; when one of its two halves fails, the other for itself."""
        writes = Writes()
        claim = message_item(claimed)
        writes.put(claim, at_version(before.version))
        for item in reply_items(claimed):
            writes.put(item)
        if done is not None:
            writes.put(message_item(done[1]), at_version(done[0].version))
        try:
            self._table.write(writes)
        except ConditionFailed as failed:
            if done is not None and failed.key != keys.Key(claim.pk, claim.sk):
                return self.claim(before, claimed, None)[0], False
            return False, False
        return True, done is not None

    def change_consent(self, before: Consent, after: Consent) -> None:
        """One conditional write."""
        condition = NOT_THERE if before.version == 0 else at_version(before.version)
        if not self._table.put_if(consent_item(after), condition):
            raise Conflict(_CHANGED)

    def due(self, *, now: datetime, limit: int) -> Iterator[MessageRef]:
        """One query of GSI2 for each shard."""
        for shard in range(keys.MESSAGE_SHARDS):
            for key in self._table.due_keys(keys.message_due_pk(shard), until=keys.due_until(now), limit=limit):
                yield MessageRef(*keys.parse_recipient_pk(key.pk), keys.message_id_of(key.sk))

    def waiting(self, account: str, channel: str, address: str) -> list[Message]:
        """One query of GSI1."""
        pk = keys.waiting_pk(account, channel, address)
        return [_message(row) for _, row in self._table.other_way(pk, limit=_MOST_WAITING)]

    def by_provider(self, provider_id: str) -> MessageRef | None:
        """One query of GSI1."""
        found = self._table.other_way(keys.provider_pk(provider_id), limit=1)
        return None if not found else _ref(found[0][1])

    def by_token(self, token: str) -> MessageRef | None:
        """One request."""
        row = self._table.get(keys.reply_key(token))
        return None if row is None else MessageRef(row.doc["account"], row.doc["recipient"], row.doc["message"])

    def writers(self, channel: str, address: str) -> list[Writer]:
        """One query."""
        return [
            Writer(
                account=row.key.sk,
                recipient_id=row.doc["recipient"],
                message_id=row.doc["message"],
                at=parse_instant(row.doc["at"]),
            )
            for row in self._table.query(keys.writers_pk(channel, address), limit=_MOST_WRITERS)
        ]

    def received(self, accounts: Collection[str], inbound_id: str) -> dict[str, str]:
        """One request for each hundred accounts."""
        asked, found = list(accounts), dict[str, str]()
        for start in range(0, len(asked), 100):
            some = asked[start : start + 100]
            rows = self._table.get_together(*(keys.received_once_key(account, inbound_id) for account in some))
            found |= {account: row.doc["message"] for account, row in zip(some, rows, strict=True) if row is not None}
        return found

    def receive(
        self, recipient: Recipient, message: Message, files: Sequence[File], entry: HistoryEntry, *, inbound_id: str
    ) -> bool:
        """One transaction."""
        writes = Writes()
        mark = make_item(keys.received_once_key(message.account, inbound_id), "received", {"message": message.id})
        mark.expires_at = int((message.created_at + _REPEATED_WITHIN).timestamp())
        writes.put(mark, NOT_THERE)
        record = keys.Key(keys.recipient_pk(recipient.account, recipient.id), _RECORDS[recipient.id[:3]])
        writes.check(record, at_version(recipient.version))
        item = message_item(message)
        writes.put(item, NOT_THERE)
        writes.put(history_item(recipient.account, recipient.id, entry))
        for file in files:
            writes.put(file_item(file), NOT_THERE)
            added = entry_of("file_added", None, file, by=file.created_by, now=file.created_at)
            writes.put(history_item(recipient.account, recipient.id, added))
        try:
            self._table.write(writes)
        except ConditionFailed as failed:
            if failed.key in {keys.Key(item.pk, item.sk), keys.Key(mark.pk, mark.sk)}:
                return False
            raise Conflict(_CHANGED) from failed
        return True

    def replace(self, before: Message, after: Message, entry: HistoryEntry | None = None) -> None:
        """One conditional write; with *entry* one transaction."""
        if entry is None:
            if not self._table.put_if(message_item(after), at_version(before.version)):
                raise Conflict(_CHANGED)
            return
        writes = Writes()
        writes.put(message_item(after), at_version(before.version))
        writes.put(history_item(after.account, after.recipient_id, entry))
        try:
            self._table.write(writes)
        except ConditionFailed as failed:
            raise Conflict(_CHANGED) from failed

    def page(self, account: str, recipient_id: str, *, before: str | None, limit: int) -> list[Message]:
        """One query backwards."""
        pk = keys.recipient_pk(account, recipient_id)
        high = keys.MESSAGES_LAST if before is None else _just_before(keys.message_sk(before))
        rows = self._table.query(pk, low=keys.MESSAGES_FIRST, high=high, limit=limit, newest_first=True)
        return [_message(row) for row in rows]


_RECORDS: Final[Mapping[str, str]] = {"con": "CONTACT", "cli": "CLIENT"}


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


def _message(row: Row) -> Message:
    account, recipient_id = keys.parse_recipient_pk(row.key.pk)
    return message_from(
        account, recipient_id, keys.message_id_of(row.key.sk), row.version, row.doc, came_from=row.came_from
    )


def _ref(row: Row) -> MessageRef:
    return MessageRef(*keys.parse_recipient_pk(row.key.pk), keys.message_id_of(row.key.sk))


def _mark(key: keys.Key, request: str, recipient_id: str, planned: Plan, now: datetime) -> tuple[Item, Any]:
    until = now + _REQUESTS_REMEMBERED
    document = {
        "contact_id": recipient_id,
        "message_ids": [message.id for message in planned.messages],
        "sent": keys.sent_with(request),
        "until": instant(until),
    }
    item = make_item(key, "done once", document)
    item.expires_at = int(until.timestamp())
    return item, NOT_THERE | (Item.expires_at < int(now.timestamp()))  # time to live deletes late


def _just_before(sk: str) -> str:
    """The highest sort key below *sk*."""
    return sk[:-1] + chr(ord(sk[-1]) - 1) + keys.HIGHEST
