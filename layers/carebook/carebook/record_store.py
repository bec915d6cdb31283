"""Records in the table. A record, its places in lists, its search entries and its history entry are one transaction."""

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from carebook import keys
from carebook.contacts.documents import history_document
from carebook.contacts.history import HistoryEntry, end_of_hour, viewed
from carebook.contacts.history_page import history_page
from carebook.errors import AlreadyExists, Conflict, NotFound, RequestMismatch
from carebook.identity import Person
from carebook.ids import HISTORY
from carebook.instants import instant, parse_instant
from carebook.items import NOT_THERE, ConditionFailed, Item, Writes, at_version, make_item
from carebook.record import Record
from carebook.search.entries import entries_of
from carebook.search.rebuild_notes import note_of
from carebook.search.state import IndexState, TableIndexStates
from carebook.search.store import items_of
from carebook.search.tokens import Searchable
from carebook.settings.model import AccountSettings
from carebook.table import Row, Table

_REQUESTS_REMEMBERED: Final = timedelta(hours=24)
_VIEWS_REMEMBERED: Final = 10_000
LONGEST_CHAIN: Final = 501  # as many as can be merged into one, one after the other, and that one


class TableRecords[R: Record[Any]](ABC):
    """A kind of record on DynamoDB, with lists by name, search, a history, and views that are written beside reads."""

    book: ClassVar[str]
    prefix: ClassVar[str]
    noun: ClassVar[str]

    def __init__(self, table: Table) -> None:
        self._table = table
        self._views: OrderedDict[tuple[str, str, str], datetime] = OrderedDict()
        self._leading_on: set[tuple[str, str]] = set()
        self._beside = ThreadPoolExecutor(max_workers=2, thread_name_prefix="view")
        self._index = TableIndexStates(table)

    def connect(self) -> None:
        """Make the client now, so that threads started later share it."""
        self._table.connect()

    @abstractmethod
    def key(self, account: str, record_id: str) -> keys.Key:
        """Where a record lies; the rest of it lies in the same partition."""

    @abstractmethod
    def list_pk(self, account: str) -> str:
        """The list of all that are in use, by name."""

    @abstractmethod
    def searchable(self, record: R) -> Searchable | None:
        """*record* as the index sees it; None while it is not to be found."""

    @abstractmethod
    def find(self, account: str, record_id: str, /) -> tuple[R, AccountSettings]:
        """The record as last written, with the account's settings."""

    @abstractmethod
    def _from(self, account: str, record_id: str, version: int, document: Mapping[str, Any]) -> R:
        """The record out of its document."""

    @abstractmethod
    def _item(self, record: R) -> Item:
        """The record as it is kept."""

    @abstractmethod
    def _list_items(self, record: R) -> list[Item]:
        """Its rows in lists."""

    def find_exactly(self, account: str, record_id: str, /) -> tuple[R, AccountSettings]:
        """One request for the record and the settings together.

        Raises:
            NotFound: when the account has no such record.
        """
        row, kept = self._table.get_together(self.key(account, record_id), keys.settings_key(account))
        if row is None or "purging" in row.doc:
            raise NotFound(f"There is no such {self.noun}.")
        settings = AccountSettings.stored(kept.version, kept.doc) if kept else AccountSettings()
        return self._from(account, record_id, row.version, row.doc), settings

    def find_together(self, account: str, record_ids: Sequence[str]) -> dict[str, R]:
        """Those of the records that are there, in whatever state, by their ids: one request for each hundred."""
        found: dict[str, R] = {}
        for start in range(0, len(record_ids), 100):
            ids = record_ids[start : start + 100]
            rows = self._table.get_together(*(self.key(account, record_id) for record_id in ids))
            found |= {
                record_id: self._from(account, record_id, row.version, row.doc)
                for record_id, row in zip(ids, rows, strict=True)
                if row is not None and "purging" not in row.doc
            }
        return found

    def view(self, account: str, record_id: str, /, *, viewer: Person, now: datetime) -> tuple[R, AccountSettings]:
        """The view is written beside the read, unless this environment has written it in this hour.

        When it cannot be written the read fails with it: no view goes unrecorded. One round, and one more for each
        record that leads on to another.
        """
        meanwhile: Callable[[], None] | None = None
        for _ in range(LONGEST_CHAIN):
            record, settings, meanwhile = self.look(account, record_id, viewer=viewer, now=now, meanwhile=meanwhile)
            onward = self.leads_to(record)
            if onward is None:
                return record, settings
            record_id = onward
        raise NotFound(f"There is no such {self.noun}.")

    def leads_to(self, _record: R, /) -> str | None:
        """The id of the record that is meant today by that of this one; None: it is meant itself."""
        return None

    def look(
        self,
        account: str,
        record_id: str,
        /,
        *,
        viewer: Person,
        now: datetime,
        meanwhile: Callable[[], None] | None = None,
    ) -> tuple[R, AccountSettings, Callable[[], None] | None]:
        """This very record, with its view written beside the read, and beside them whatever is to be done *meanwhile*.

        Where it leads on, nobody has viewed it: what must be done meanwhile, when the next one is looked at, takes
        the view back.
        """
        seen, name = (account, record_id, viewer.id), (account, record_id)
        is_known = self._views.get(seen) == end_of_hour(now) or name in self._leading_on
        self._table.connect()
        doing = self._beside.submit(meanwhile) if meanwhile else None
        entry = viewed(by=viewer, now=now)

        def write() -> bool:
            return self._table.put_if(self._history_item(account, record_id, entry), NOT_THERE)

        def take_back() -> None:
            self._table.delete_all([self._history_key(account, record_id, entry)])

        writing = None if is_known else self._beside.submit(write)
        try:
            record, settings = self.find_exactly(account, record_id)
        except NotFound:
            if writing and writing.result():
                take_back()
            raise
        finally:
            _await(doing, writing)
        is_first = writing is not None and writing.result()
        if self.leads_to(record) is not None:
            self._leading_on.add(name)
            if len(self._leading_on) > _VIEWS_REMEMBERED:
                self._leading_on.clear()
            return record, settings, take_back if is_first else None
        if name in self._leading_on:  # it is its own again
            self._leading_on.discard(name)
            write()
        self._views[seen] = end_of_hour(now)
        if len(self._views) > _VIEWS_REMEMBERED:
            self._views.popitem(last=False)
        return record, settings, None

    def add(self, record: R, entry: HistoryEntry, *, request: str | None = None) -> R:
        """One transaction; with *request* it also holds the mark by which a repeat finds this record."""
        writes = Writes()
        writes.put(self._item(record), NOT_THERE)
        writes.put(self._history_item(record.account, record.id, entry))
        state = self._index.of(record.account)
        for item in self._places(record, state).values():
            writes.put(item)
        if state.rebuilding:
            writes.put(note_of(None, record))
        mark = request and keys.done_once_key(record.account, request)
        if request:
            put_request_mark(writes, record.account, request, made=record.id, now=record.created_at)
        try:
            self._table.write(writes)
        except ConditionFailed as failed:
            if request and failed.key == mark:
                made = self.made_by(record.account, request, now=record.created_at)
                if made is not None:
                    return made
            raise AlreadyExists(f"{self.noun.capitalize()} {record.id} already exists.") from failed
        return record

    def made_by(self, account: str, request: str, *, now: datetime) -> R | None:
        """One request for the mark, and one for the record."""
        made = made_by_request(self._table, account, request, now=now)
        if made is None:
            return None
        try:
            return self.find_exactly(account, made)[0]
        except NotFound:  # purged since
            return None

    def replace(self, before: R, after: R, entry: HistoryEntry, /) -> None:
        """One transaction under the version of *before*; only rows and entries that differ are written."""
        self._write(self.changes(before, after, entry))

    def changes(self, before: R, after: R, entry: HistoryEntry | None) -> Writes:
        """What :meth:`replace` writes, for transactions that hold more."""
        writes = Writes()
        writes.put(self._item(after), at_version(before.version))
        if entry is not None:
            writes.put(self._history_item(after.account, after.id, entry))
        state = self._index.of(after.account)
        old, new = self._places(before, state), self._places(after, state)
        for key, item in new.items():
            if key not in old or not _same(old[key], item):
                writes.put(item)
        for key in old.keys() - new.keys():
            writes.delete(key)
        if state.rebuilding:
            writes.put(note_of(self.searchable(before), after))
        return writes

    def note(self, writes: Writes, record: R, entry: HistoryEntry) -> None:
        """Add to *writes* that something of the record was changed: under its version, with an entry of its history."""
        writes.check(self.key(record.account, record.id), at_version(record.version))
        writes.put(self._history_item(record.account, record.id, entry))

    def history(
        self,
        account: str,
        record_id: str,
        /,
        *,
        before: tuple[datetime, str] | None,
        limit: int,
        seen_by: Person | None = None,
    ) -> list[HistoryEntry]:
        """One query, rarely two; see :func:`history_page`."""
        pk = self.key(account, record_id).pk
        return history_page(self._table, pk, before=before, limit=limit, seen_by=seen_by)

    def indexed(self, account: str, record_id: str) -> tuple[Searchable | None, int] | None:
        """For a rebuild of the index: the record as it is to be found, and its version."""
        try:
            record = self.find_exactly(account, record_id)[0]
        except NotFound:
            return None
        return self.searchable(record), record.version

    def ids(self, account: str, *, after: str | None, limit: int) -> list[tuple[str, str]]:
        """For a rebuild of the index: one query of the list."""
        rows = self._page(self.list_pk(account), after=after, limit=limit)
        return [(row.key.sk, keys.record_of_list(row.key.sk)) for row in rows]

    def _page(self, list_pk: str, *, after: str | None, limit: int) -> list[Row]:
        # Nothing but longer keys lies between a key and the key with a space behind it.
        return self._table.query(list_pk, low=None if after is None else f"{after} ", limit=limit)

    def _places(self, record: R, state: IndexState) -> dict[keys.Key, Item]:
        """Everything by which a record is found: its rows in lists, its entries in the search index."""
        rows = {keys.Key(item.pk, item.sk): item for item in self._list_items(record)}
        found_by = self.searchable(record)
        if found_by is None:
            return rows
        return rows | items_of(entries_of(found_by), record.account, self.book, version=state.version)

    def _write(self, writes: Writes) -> None:
        try:
            self._table.write(writes)
        except ConditionFailed as error:
            raise Conflict(f"The {self.noun} was changed in the meantime.") from error

    def _history_key(self, account: str, record_id: str, entry: HistoryEntry) -> keys.Key:
        ulid = entry.id.removeprefix(f"{HISTORY}_")
        return keys.Key(self.key(account, record_id).pk, keys.history_sk(ulid))

    def _history_item(self, account: str, record_id: str, entry: HistoryEntry) -> Item:
        return make_item(self._history_key(account, record_id, entry), "history", history_document(entry))


def put_request_mark(writes: Writes, account: str, request: str, *, made: str, now: datetime) -> None:
    """Add to *writes* the mark by which a repeat of *request* finds what it made, for 24 hours."""
    until = now + _REQUESTS_REMEMBERED
    document = {"made": made, "sent": keys.sent_with(request), "until": instant(until)}
    item = make_item(keys.done_once_key(account, request), "done once", document)
    item.expires_at = int(until.timestamp())
    writes.put(item, NOT_THERE | (Item.expires_at < int(now.timestamp())))  # time to live deletes late


def made_by_request(table: Table, account: str, request: str, *, now: datetime) -> str | None:
    """The id of what a request has made within the last 24 hours: one request.

    Raises:
        RequestMismatch: when it was sent with something else.
    """
    row = table.get(keys.done_once_key(account, request))
    if row is None or parse_instant(row.doc["until"]) < now:  # time to live deletes late
        return None
    if row.doc["sent"] != keys.sent_with(request):
        raise RequestMismatch
    made: str = row.doc["made"]
    return made


def _same(one: Item, other: Item) -> bool:
    return (one.doc, one.words, one.type) == (other.doc, other.words, other.type)


def _await(doing: Future[None] | None, writing: Future[bool] | None) -> None:
    """Let both end, for Lambda freezes what still runs when the answer is out; raise what *doing* has failed with."""
    if writing is not None:
        writing.exception()
    if doing is not None:
        doing.result()
