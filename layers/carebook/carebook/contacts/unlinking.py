"""What a purge takes from clients: that the contact was theirs."""

from collections.abc import Mapping
from typing import Final

from carebook import keys
from carebook.contacts.documents import history_document
from carebook.contacts.history import Change, noted
from carebook.identity import Person
from carebook.ids import HISTORY
from carebook.instants import parse_instant
from carebook.items import ConditionFailed, Writes, at_version, make_item
from carebook.table import Row, Table

_PAGE: Final = 100


def unlink_everywhere(table: Table, account: str, contact_id: str, purging: Mapping[str, str]) -> None:
    """Remove every link to a contact, each with an entry in its client's history; what is gone already is passed over.

    The index may be a moment behind. A link that it does not show yet is removed when the client's are next read.
    """
    low = keys.LINKS_FIRST
    while True:
        rows = table.other_way(keys.contact_pk(account, contact_id), low=low, high=keys.LINKS_LAST, limit=_PAGE)
        for _, row in rows:
            _unlink(table, contact_id, row, purging)
        if len(rows) < _PAGE:
            return
        low = f"{rows[-1][0]} "  # nothing lies between a key and the key with a space


def _unlink(table: Table, contact_id: str, row: Row, purging: Mapping[str, str]) -> None:
    by = Person(purging["by"], purging.get("name", purging["by"]))
    gone = Change("link", {"contact_id": contact_id}, None)
    entry = noted("unlinked", by=by, now=parse_instant(purging["at"]), changes=(gone,))
    place = keys.Key(row.key.pk, keys.history_sk(entry.id.removeprefix(f"{HISTORY}_")))
    writes = Writes()
    writes.delete(row.key, at_version(row.version))
    writes.put(make_item(place, "history", history_document(entry)))
    try:
        table.write(writes)
    except ConditionFailed:
        return
