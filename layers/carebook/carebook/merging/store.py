"""Merges in the table: ledgers, and what moves with them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from carebook import keys
from carebook.contacts.history import HistoryEntry
from carebook.contacts.model import Contact
from carebook.errors import Conflict
from carebook.identity import Person
from carebook.instants import instant, parse_instant
from carebook.items import NOT_THERE, ConditionFailed, Item, Writes, make_item
from carebook.merging.model import Ledger, Stage
from carebook.merging.moves import Mover
from carebook.merging.protocols import LeftAlone, Succession
from carebook.table import Table

# What hangs on a contact and goes where it goes. Its history stays: it tells of that record.
_MOVE_ALONG: Final = ("DOC#", "FILE#", "MSG#", "SHR#", "TASK#")


class ContactWrites(Protocol):
    """What a contact's next version writes."""

    def changes(self, before: Contact, after: Contact, entry: HistoryEntry | None) -> Writes:
        """The writes that replace *before* by *after*."""
        ...


class TableMerges:
    """The merge store on DynamoDB."""

    def __init__(self, table: Table, contacts: ContactWrites) -> None:
        self._table = table
        self._contacts = contacts

    def ledger(self, account: str, survivor_id: str, duplicate_id: str) -> Ledger | None:
        """One request."""
        row = self._table.get(keys.merge_key(account, survivor_id, duplicate_id))
        return None if row is None else _ledger_from(account, survivor_id, duplicate_id, row.doc)

    def step(self, ledger: Ledger | None, *, was: Ledger | None, changes: Sequence[Succession]) -> None:
        """One transaction for contacts, rows, entries, history and ledger."""
        writes = Writes()
        for change in changes:
            more = self._contacts.changes(change.before, change.after, change.entry)
            writes.puts += more.puts
            writes.deletes += more.deletes
        if ledger is not None:
            writes.put(_ledger_item(ledger), NOT_THERE if was is None else _in_stage(was.stage))
        elif was is not None:
            writes.delete(keys.merge_key(was.account, was.survivor_id, was.duplicate_id), _in_stage(was.stage))
        try:
            self._table.write(writes)
        except ConditionFailed as error:
            raise Conflict("The contact or the merge was changed in the meantime.") from error

    def move(self, ledger: Ledger) -> None:
        """Batches of transactions; each item knows from then on where it came from."""
        mover = self._mover(ledger)
        for prefix in _MOVE_ALONG:
            mover.move(prefix)

    def move_back(self, ledger: Ledger) -> None:
        """Batches of transactions for what came from the duplicate."""
        mover = self._mover(ledger)
        for prefix in _MOVE_ALONG:
            mover.move_back(prefix)

    def _mover(self, ledger: Ledger) -> Mover:
        key = keys.merge_key(ledger.account, ledger.survivor_id, ledger.duplicate_id)
        guard = {
            "TableName": self._table.name,
            "Key": {"PK": {"S": key.pk}, "SK": {"S": key.sk}},
            "ConditionExpression": "t = :stage",
            "ExpressionAttributeValues": {":stage": {"S": ledger.stage.value}},
        }
        return Mover(
            self._table,
            ledger.account,
            survivor_id=ledger.survivor_id,
            duplicate_id=ledger.duplicate_id,
            guard={"ConditionCheck": guard},
        )

    def left_alone(self, *, since: datetime, limit: int) -> list[LeftAlone]:
        """One query of GSI2."""
        marks = self._table.due(keys.MERGE_PK, until=keys.due_until(since), limit=limit)
        return [LeftAlone(*keys.parse_merge_sk(mark), mark) for mark in marks]

    def take_on(self, left: LeftAlone, *, now: datetime) -> bool:
        """A read, and a write under the condition that the ledger is as it was read."""
        ledger = self.ledger(left.account, left.survivor_id, left.duplicate_id)
        if ledger is None or not ledger.is_under_way:
            return False
        unchanged = _in_stage(ledger.stage) & (Item.gsi2_sk == left.mark)
        return self._table.put_if(_ledger_item(ledger, left_alone_since=now), unchanged)


def _in_stage(stage: Stage) -> Any:
    return Item.type == stage.value


def _ledger_item(ledger: Ledger, *, left_alone_since: datetime | None = None) -> Item:
    key = keys.merge_key(ledger.account, ledger.survivor_id, ledger.duplicate_id)
    document = {
        "stage": ledger.stage.value,
        "chosen": sorted(ledger.chosen),
        "before": ledger.before,
        "after": ledger.after,
        "added": ledger.added,
        "by": {"id": ledger.by.id, "name": ledger.by.name},
        "at": instant(ledger.at),
    }
    item = make_item(key, "merge", document)
    item.type = ledger.stage.value
    if ledger.is_under_way:  # what is under way can be found when it is left alone
        item.gsi2_pk = keys.MERGE_PK
        item.gsi2_sk = keys.merge_sk(
            left_alone_since or ledger.at, ledger.account, ledger.survivor_id, ledger.duplicate_id
        )
    return item


def _ledger_from(account: str, survivor_id: str, duplicate_id: str, document: Any) -> Ledger:
    return Ledger(
        account=account,
        survivor_id=survivor_id,
        duplicate_id=duplicate_id,
        stage=Stage(document["stage"]),
        chosen=frozenset(document["chosen"]),
        before=document["before"],
        after=document["after"],
        added=document["added"],
        by=Person(**document["by"]),
        at=parse_instant(document["at"]),
    )
