"""Merges in the table: ledgers, and what moves with them."""

from collections.abc import Iterator, Sequence
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
from carebook.merging.moves import move_items
from carebook.merging.service import Succession
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
        source = keys.contact_pk(ledger.account, ledger.duplicate_id)
        target = keys.contact_pk(ledger.account, ledger.survivor_id)
        for prefix in _MOVE_ALONG:
            move_items(self._table, source, target, prefix, came_from=ledger.duplicate_id)

    def move_back(self, ledger: Ledger) -> None:
        """Batches of transactions for what came from the duplicate."""
        source = keys.contact_pk(ledger.account, ledger.survivor_id)
        target = keys.contact_pk(ledger.account, ledger.duplicate_id)
        for prefix in _MOVE_ALONG:
            move_items(self._table, source, target, prefix, only_from=ledger.duplicate_id)

    def left_alone(self, *, since: datetime, limit: int) -> Iterator[tuple[str, str, str]]:
        """One query of GSI2."""
        for row in self._table.due(keys.MERGE_PK, until=keys.due_until(since), limit=limit):
            yield keys.parse_merge_sk(row)


def _in_stage(stage: Stage) -> Any:
    return Item.type == stage.value


def _ledger_item(ledger: Ledger) -> Item:
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
    if ledger.stage is not Stage.MERGED:  # what is under way can be found when it is left alone
        item.gsi2_pk = keys.MERGE_PK
        item.gsi2_sk = keys.merge_sk(ledger.at, ledger.account, ledger.survivor_id, ledger.duplicate_id)
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
