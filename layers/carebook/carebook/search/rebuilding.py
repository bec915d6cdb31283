"""Building an account's search index anew beside the one in use, while people go on working.

Every step can be repeated. The state says which version is searched and written; while it says *rebuilding*, each write
also leaves a note of what it has changed. First every record of every book is indexed in the new version, then the
notes are worked off, then the new version is searched and written. Environments remember the state for half a minute,
so each change of it is followed by a wait; what they write meanwhile has left notes, which are worked off once more.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from carebook import keys
from carebook.errors import Unavailable
from carebook.items import NOT_THERE, ConditionFailed, Item, Writes, at_version, make_item
from carebook.retrying import attempts
from carebook.search.entries import entries_of
from carebook.search.state import IndexState, TableIndexStates
from carebook.search.store import items_of
from carebook.search.tokens import Searchable
from carebook.table import Table

_PAGE: Final = 100


class Book(Protocol):
    """One kind of record as the index sees it."""

    @property
    def book(self) -> str:
        """Its name in keys."""
        ...

    @property
    def prefix(self) -> str:
        """With what the ids of its records begin."""
        ...

    def key(self, account: str, record_id: str) -> keys.Key:
        """Where a record lies."""
        ...

    def indexed(self, account: str, record_id: str) -> tuple[Searchable | None, int] | None:
        """A record as the index sees it now, and its version; None when it is not there (any more)."""
        ...

    def ids(self, account: str, *, after: str | None, limit: int) -> Sequence[tuple[str, str]]:
        """Positions and ids of up to *limit* records in use, in the order of their list."""
        ...


def rebuild_index(
    table: Table,
    books: Sequence[Book],
    account: str,
    *,
    wait: Callable[[], None],
    tell: Callable[[str], None],
) -> int:
    """Build the next version of the index and put it in use; its number. A rebuild that was cut short goes on.

    Args:
        wait: returns when no environment and no request can remember an earlier state any more.
        tell: is told how far it has come.
    """
    states = TableIndexStates(table)
    state, progress = states.now(account), _progress(table, account)
    target = state.version + 1
    if progress is None:  # also when it was stopped before anything was indexed: the wait may not have been over
        _set(table, account, state.version, rebuilding=True)
        tell("writes leave notes from now on")
        wait()
        progress = {}
    for book in books:
        after, count = progress.get(book.book), 0
        while rows := book.ids(account, after=after, limit=_PAGE):
            for _, record_id in rows:
                _index(table, book, account, record_id, target, before=None)
            count, after = count + len(rows), rows[-1][0]
            progress = {**progress, book.book: after}
            _set(table, account, state.version, rebuilding=True, progress=progress)
            tell(f"{count} of {book.book} indexed")
    _work_off(table, books, account, target)
    _set(table, account, target, rebuilding=True)
    tell(f"version {target} is in use")
    wait()
    _work_off(table, books, account, target)
    _set(table, account, target, rebuilding=False)
    wait()
    _work_off(table, books, account, target)
    return target


def _progress(table: Table, account: str) -> Mapping[str, str] | None:
    """How far each book has come, by its name; None when nothing is indexed yet."""
    row = table.get(keys.index_state_key(account))
    progress: Mapping[str, str] | None = row.doc.get("progress") if row else None
    return progress


def _set(
    table: Table, account: str, version: int, *, rebuilding: bool, progress: Mapping[str, str] | None = None
) -> None:
    document = {"version": version, "rebuilding": rebuilding} | ({"progress": progress} if progress else {})
    writes = Writes()
    writes.put(make_item(keys.index_state_key(account), "index state", document))
    table.write(writes)


def _work_off(table: Table, books: Sequence[Book], account: str, version: int) -> None:
    while notes := table.query(keys.reindex_pk(account), limit=_PAGE):
        for note in notes:
            record_id = keys.record_of_reindex(note.key.sk)
            book = next(book for book in books if record_id.startswith(book.prefix))
            _index(table, book, account, record_id, version, before=_record(note.doc["before"]), note=note.key)


def _index(
    table: Table,
    book: Book,
    account: str,
    record_id: str,
    version: int,
    *,
    before: Searchable | None,
    note: keys.Key | None = None,
) -> None:
    """Make a record's entries in a version what it says now; those of an earlier state go."""
    place = book.key(account, record_id)
    for _ in attempts():
        writes = Writes()
        found = book.indexed(account, record_id)
        if found is None:
            record, row = None, table.get(place)
            writes.check(place, at_version(row.version) if row else NOT_THERE)
        else:
            record = found[0]
            writes.check(place, at_version(found[1]))
        now = items_of(entries_of(record), account, book.book, version=version) if record else {}
        was = items_of(entries_of(before), account, book.book, version=version) if before else {}
        for item in now.values():
            writes.put(item)
        for key in was.keys() - now.keys():
            writes.delete(key)
        if note is not None:
            writes.delete(note)
        try:
            table.write(writes)
        except ConditionFailed:
            continue  # changed at this moment: look again
        return
    raise Unavailable(f"Record {record_id} is being changed all the time. Start the rebuild again.")


class _Changed(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def version(self) -> int: ...


def note_for_rebuild(after: _Changed, was: Searchable | None) -> Item:
    """What an index that is being built must know of a change: the record as it was, whose entries may be there."""
    document = {"before": was and {name: getattr(was, name) for name in Searchable.__slots__}}
    return make_item(keys.reindex_key(after.account, after.id, after.version), None, document)


def _record(kept: Any) -> Searchable | None:
    if kept is None:
        return None
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()}
    return Searchable(**fields)


def remove_version(table: Table, books: Sequence[Book], account: str, version: int, *, state: IndexState) -> int:
    """Delete the entries of a version that is not in use; how many there were. Reads the whole table: for operators.

    Raises:
        ValueError: when the version is in use or being built.
    """
    if version >= state.version:
        raise ValueError(f"Version {version} is in use.")
    client: Any = table.connection.client
    count = 0
    for book in books:
        pages = client.get_paginator("scan").paginate(
            TableName=table.name,
            FilterExpression="begins_with(PK, :old)",
            ExpressionAttributeValues={":old": {"S": keys.search_pk(account, book.book, version, "")}},
            ProjectionExpression="PK, SK",
        )
        for page in pages:
            found = [keys.Key(item["PK"]["S"], item["SK"]["S"]) for item in page["Items"]]
            table.delete_all(found)
            count += len(found)
    return count
