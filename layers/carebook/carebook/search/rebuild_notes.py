"""What changes leave behind while an index is being built: the record as it was, whose entries may be in it."""

from typing import Any, Final, Protocol

from carebook import keys
from carebook.items import Item, make_item
from carebook.search.entries import entries_of
from carebook.search.state import TableIndexStates
from carebook.search.store import items_of
from carebook.search.tokens import Searchable
from carebook.table import Row, Table

_LAST_VERSION: Final = 10**9 - 1


class Changed(Protocol):
    """The outcome of a change."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def account(self) -> str: ...  # noqa: D102
    @property
    def version(self) -> int: ...  # noqa: D102


def note_of(was: Searchable | None, after: Changed) -> Item:
    """The note of a change to *after* of what *was* in the index (None: it was not to be found)."""
    document = {"before": was and {name: getattr(was, name) for name in Searchable.__slots__}}
    return make_item(keys.reindex_key(after.account, after.id, after.version), None, document)


def record_before(note: Row) -> Searchable | None:
    """The record as it was before the change; None when it was not to be found."""
    kept = note.doc["before"]
    if kept is None:
        return None
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()}
    return Searchable(**fields)


def purge_notes(table: Table, account: str, book: str, record_id: str) -> None:
    """Delete a purged record's notes, and first the entries that they tell of: a rebuild may never be finished.

    One query, when there are none. The index that is being built is the next one, or since a moment the one in use.
    """
    first, last = (keys.reindex_key(account, record_id, version).sk for version in (0, _LAST_VERSION))
    while notes := table.query(keys.reindex_pk(account), low=first, high=last, limit=100):
        in_use = TableIndexStates(table).now(account).version
        for note in notes:
            record = record_before(note)
            entries = entries_of(record) if record else []
            places = [
                key for version in (in_use, in_use + 1) for key in items_of(entries, account, book, version=version)
            ]
            table.delete_all([*places, note.key])
