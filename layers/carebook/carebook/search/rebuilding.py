"""Building an account's search index anew beside the one in use, while people go on working.

Every step can be repeated. The state says which version is searched and written; while it says *rebuilding*, each write
also leaves a note of what it has changed. First every record of every book is indexed in the new version, then the
notes are worked off, then the new version is searched and written. Environments remember the state for half a minute,
so each change of it is followed by a wait; what they write meanwhile has left notes, which are worked off once more.

One run at a time: the state names it, and every write is under the condition that the state is as this run has left it.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from carebook import keys
from carebook.errors import Unavailable
from carebook.ids import new_id
from carebook.instants import instant, utcnow
from carebook.items import NOT_THERE, ConditionFailed, Item, Writes, at_version, make_item
from carebook.retrying import attempts
from carebook.search.entries import entries_of
from carebook.search.rebuild_notes import record_before
from carebook.search.state import IndexState
from carebook.search.store import items_of
from carebook.search.tokens import Searchable
from carebook.table import Table

_PAGE: Final = 100
_RUN: Final = "run"


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


class OtherRun(Exception):
    """Another run builds this index. ``run``: its id, by which it can be taken over; None when it has ended since."""

    def __init__(self, message: str, run: str | None) -> None:
        super().__init__(message)
        self.run = run


def rebuild_index(
    table: Table,
    books: Sequence[Book],
    account: str,
    *,
    wait: Callable[[], None],
    tell: Callable[[str], None],
    take_over: str | None = None,
) -> int:
    """Build the next version of the index and put it in use; its number. A rebuild that was cut short goes on.

    Args:
        wait: returns when no environment and no request can remember an earlier state any more.
        tell: is told how far it has come.
        take_over: the id of a run that was killed. One that was stopped in another way has given way by itself.

    Raises:
        OtherRun: when another run is under way, or has taken over this one.
    """
    run = _Run.begun(table, account, take_over)
    try:
        return _rebuild(run, books, wait=wait, tell=tell)
    except BaseException as error:  # Ctrl-C too
        if not isinstance(error, OtherRun):
            with suppress(Exception):  # what stopped the run may stop this as well; it can still be taken over
                run.end()
        raise


def _rebuild(run: "_Run", books: Sequence[Book], *, wait: Callable[[], None], tell: Callable[[str], None]) -> int:
    target, progress = run.version + 1, run.progress
    tell(f"{run.id} has begun")
    if not progress:  # also when it was stopped before anything was indexed: the wait may not have been over
        tell("writes leave notes from now on")
        wait()
    for book in books:
        after, count = progress.get(book.book), 0
        while rows := book.ids(run.account, after=after, limit=_PAGE):
            for _, record_id in rows:
                _index(run, book, record_id, target, before=None)
            count, after = count + len(rows), rows[-1][0]
            progress = {**progress, book.book: after}
            run.step(run.version, rebuilding=True, progress=progress)
            tell(f"{count} of {book.book} indexed")
    _work_off(run, books, target)
    run.step(target, rebuilding=True)
    tell(f"version {target} is in use")
    wait()
    _work_off(run, books, target)
    run.step(target, rebuilding=False)
    wait()
    _work_off(run, books, target)
    run.end()
    return target


@dataclass(slots=True)
class _Run:
    """The account's index state as this run has left it.

    Attributes:
        number: the version of the state's item; each step makes the next.
        progress: how far each book has been indexed, by its name.
    """

    table: Table
    account: str
    id: str
    number: int = 0
    version: int = 1
    rebuilding: bool = False
    progress: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def begun(cls, table: Table, account: str, take_over: str | None) -> "_Run":
        """A new run, in the place of none or of the one to *take over*."""
        run = cls(table, account, new_id(_RUN, utcnow()))
        row = table.get(keys.index_state_key(account))
        if row is not None:
            other = row.doc.get("run")
            if other not in {None, take_over}:
                raise OtherRun(f"Run {other} is building this index; its last step was at {row.doc['at']}.", other)
            run.number, run.version, run.progress = row.version, row.doc["version"], row.doc.get("progress", {})
        run.step(run.version, rebuilding=True, progress=run.progress)
        return run

    def step(self, version: int, *, rebuilding: bool, progress: Mapping[str, str] | None = None) -> None:
        """Write the state."""
        self._write(version, rebuilding=rebuilding, progress=progress or {}, run=self.id)

    def end(self) -> None:
        """Let others go on, or begin anew."""
        self._write(self.version, rebuilding=self.rebuilding, progress=self.progress, run=None)

    def unless_overtaken(self, writes: Writes) -> None:
        """Let *writes* happen only while this is the run that builds the index."""
        writes.check(keys.index_state_key(self.account), at_version(self.number))

    def overtaken(self) -> OtherRun:
        """What to raise when the state is not as this run has left it."""
        row = self.table.get(keys.index_state_key(self.account))
        other = row.doc.get("run") if row else None
        return OtherRun(f"Run {other or 'that has ended since'} has taken over from {self.id}.", other)

    def _write(self, version: int, *, rebuilding: bool, progress: Mapping[str, str], run: str | None) -> None:
        document: dict[str, Any] = {"version": version, "rebuilding": rebuilding, "run": run, "at": instant(utcnow())}
        document |= {"progress": progress} if progress else {}
        item = make_item(keys.index_state_key(self.account), "index state", document, version=self.number + 1)
        unchanged = at_version(self.number) if self.number else Item.version.does_not_exist()
        if not self.table.put_if(item, unchanged):
            raise self.overtaken()
        self.number, self.version, self.rebuilding, self.progress = self.number + 1, version, rebuilding, progress


def _work_off(run: _Run, books: Sequence[Book], version: int) -> None:
    while notes := run.table.query(keys.reindex_pk(run.account), limit=_PAGE):
        for note in notes:
            record_id = keys.record_of_reindex(note.key.sk)
            book = next(book for book in books if record_id.startswith(book.prefix))
            _index(run, book, record_id, version, before=record_before(note), note=note.key)


def _index(
    run: _Run,
    book: Book,
    record_id: str,
    version: int,
    *,
    before: Searchable | None,
    note: keys.Key | None = None,
) -> None:
    """Make a record's entries in a version what it says now; those of an earlier state go."""
    account, place = run.account, book.key(run.account, record_id)
    for _ in attempts():
        writes = Writes()
        run.unless_overtaken(writes)
        found = book.indexed(account, record_id)
        if found is None:
            record, row = None, run.table.get(place)
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
            run.table.write(writes)
        except ConditionFailed as failed:
            if failed.key == keys.index_state_key(account):
                raise run.overtaken() from failed
            continue  # changed at this moment: look again
        return
    raise Unavailable(f"Record {record_id} is being changed all the time. Start the rebuild again.")


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
