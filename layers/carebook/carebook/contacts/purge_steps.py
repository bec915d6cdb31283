"""What a purge does once its contact is out of sight. It can be cut anywhere, and each step can run twice."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from carebook import keys
from carebook.contacts.searchable import BOOK
from carebook.contacts.traces import delete_traces
from carebook.contacts.unlinking import unlink_everywhere
from carebook.errors import Conflict
from carebook.instants import parse_instant
from carebook.items import NOT_THERE, Item, Writes, at_version, make_item
from carebook.objects import StoredObjects
from carebook.search.rebuild_notes import purge_notes
from carebook.search.vocabulary_marks import vocabulary_mark
from carebook.table import Table

_PAGE: Final = 100
# What somebody began to write when the contact was still there has arrived by then: a view, a note of an answer.
_LOOKED_AT_AGAIN: Final = timedelta(hours=1)


def finish_purge(table: Table, account: str, contact_id: str) -> bool:
    """Delete what hangs on a contact that is being purged, and last the contact itself; False when it is not.

    An hour later its partition is looked at once more.
    """
    key = keys.contact_key(account, contact_id)
    row = table.get(key)
    if row is None:
        _look_again(table, account, contact_id)
        return False
    if "purging" not in row.doc:
        return False
    purging = row.doc["purging"]
    _purge_merged(table, account, contact_id, purging)
    purge_notes(table, account, BOOK, contact_id)
    _delete_all_but(table, account, key)
    unlink_everywhere(table, account, contact_id, purging)
    _forget_names(table, account, purging)
    writes = Writes()
    writes.put(_trace(account, contact_id, purging, again=True))
    writes.delete(key)
    table.write(writes)
    return True


def _purge_merged(table: Table, account: str, contact_id: str, purging: Mapping[str, str]) -> None:
    """What was merged into a contact goes with it: it is the same person's file."""
    pk, low = keys.contact_pk(account, contact_id), keys.MERGES_FIRST
    while rows := table.query(pk, low=low, high=keys.MERGES_LAST, limit=_PAGE):
        for row in rows:
            merged = keys.merged_id(row.key.sk)
            kept = table.get(keys.contact_key(account, merged))
            if kept is None:
                continue
            if kept.doc.get("merged_into") == contact_id:
                item = make_item(kept.key, "contact being purged", {"purging": purging}, version=kept.version + 1)
                if not table.put_if(item, at_version(kept.version)):
                    raise Conflict("The contact was changed in the meantime.")
            finish_purge(table, account, merged)
        low = f"{rows[-1].key.sk} "  # nothing lies between a key and the key with a space


def _delete_all_but(table: Table, account: str, kept: keys.Key) -> None:
    """Empty a contact's partition but for one item, with the objects in S3 that its items name."""
    objects = StoredObjects(table)
    while rows := [row for row in table.query(kept.pk, limit=_PAGE) if row.key != kept]:
        # First what the items name: cut short in between, the next run still knows of it.
        objects.delete_named_in(row.doc for row in rows)
        delete_traces(table, account, rows)
        rest = [row.key for row in rows]
        table.delete_all(rest + _kept_answers(account, rest))
        delete_traces(table, account, rows)  # a message may have gone out in between


def _kept_answers(account: str, beside_contact: Sequence[keys.Key]) -> list[keys.Key]:
    """Where answers lie that show the contact, and the marks of the requests that got them."""
    requests = [request for key in beside_contact if (request := keys.request_of_answer(key.sk))]
    return [key(account, request) for request in requests for key in (keys.answer_key, keys.done_once_key)]


def _forget_names(table: Table, account: str, purging: Mapping[str, str]) -> None:
    """Have the vocabulary built anew: the one that is kept may hold the contact's names.

    The mark takes the place of any other, also of one that a run has taken on: that run may have read the names before.
    """
    mark = vocabulary_mark(account, BOOK, parse_instant(purging["at"]))
    table.put_if(mark, NOT_THERE | (Item.gsi2_sk != mark.gsi2_sk))


def _trace(account: str, contact_id: str, purging: Mapping[str, str], *, again: bool) -> Item:
    document: dict[str, Any] = {"at": purging["at"], "by": purging["by"]} | ({"again": True} if again else {})
    item = make_item(keys.purged_key(account, contact_id), "purged contact", document)
    if again:
        at = parse_instant(purging["at"]) + _LOOKED_AT_AGAIN
        item.gsi2_pk, item.gsi2_sk = keys.PURGE_PK, keys.purge_sk(at, account, contact_id)
    return item


def _look_again(table: Table, account: str, contact_id: str) -> None:
    """Delete what came into a purged contact's partition at the very moment of its purge."""
    trace = table.get(keys.purged_key(account, contact_id))
    if trace is None or "again" not in trace.doc:
        return
    _delete_all_but(table, account, keys.contact_key(account, contact_id))
    table.put_if(_trace(account, contact_id, trace.doc, again=False), ~NOT_THERE)
