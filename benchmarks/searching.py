"""Part (d): what a search takes, on 20,000 and on 200,000 contacts."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from benchmarks.people import contacts_of
from benchmarks.queries import KINDS, Kind
from benchmarks.standin import StandIn
from carebook.contacts.searchable import BOOK
from carebook.search.plan import KeyRange, plan_search
from carebook.search.service import Results, SearchIndex, Slice, search
from carebook.search.store import TableEntries

ACCOUNT: Final = "acc_01J8ZQ4W7M3K5T9V2X6Y0B1C2D"
PAGE: Final = 50  # what callers get when they do not ask
MEANT: Final = 20_000  # the contacts that people have in mind are in the smaller table, too


@dataclass(slots=True)
class Counted:
    """``SearchIndex`` that count the rounds in which they are read."""

    entries: SearchIndex
    rounds: int = 0

    def read(self, key_range: KeyRange, *, record_type: str | None, after: str | None, limit: int) -> Slice:
        self.rounds += 1
        return self.entries.read(key_range, record_type=record_type, after=after, limit=limit)

    def read_together(self, ranges: Sequence[KeyRange], *, record_type: str | None, limit: int) -> list[Slice]:
        self.rounds += 1
        return self.entries.read_together(ranges, record_type=record_type, limit=limit)


@dataclass(slots=True)
class Taken:
    """What the first pages of one kind of query took: read units and rounds of each, and what they showed."""

    kind: Kind
    contacts: int
    reads: list[float] = field(default_factory=list)
    rounds: list[int] = field(default_factory=list)
    shows_meant: int = 0
    partial: int = 0


@dataclass(slots=True)
class Engine:
    """The product's search on a stand-in."""

    table: StandIn
    entries: SearchIndex

    @classmethod
    def on(cls, table: StandIn) -> "Engine":
        """One thread: the stand-in counts, and takes no time that would overlap."""
        pool = ThreadPoolExecutor(max_workers=1)
        return cls(table, TableEntries(table, ACCOUNT, BOOK, version=1, pool=pool))

    def first_page(self, query: str, *, record_type: str | None = None) -> tuple[Results, float, int]:
        """The first page, its read units and its rounds."""
        before, counted = self.table.taken.reads, Counted(self.entries)
        plan = plan_search(query, country="US")
        results = search(counted, plan, record_type=record_type, start=None, limit=PAGE)
        return results, self.table.taken.reads - before, counted.rounds

    def all_pages(self, query: str) -> tuple[list[str], float]:
        """The ids on all pages, and what they took together."""
        before, plan, start = self.table.taken.reads, plan_search(query, country="US"), None
        shown: list[str] = []
        while True:
            page = search(self.entries, plan, record_type=None, start=start, limit=PAGE)
            shown += [hit.entry.record.id for hit in page.hits]
            start = page.next
            if start is None:
                return shown, self.table.taken.reads - before


def measure_searches(table: StandIn, contacts: int) -> list[Taken]:
    """Each kind of query, a few hundred times."""
    engine = Engine.on(table)
    meant = list(contacts_of(ACCOUNT, min(contacts, MEANT)))
    return [_taken(engine, kind, kind.queries(meant), contacts) for kind in KINDS]


def _taken(engine: Engine, kind: Kind, queries: Sequence[tuple[str, str]], contacts: int) -> Taken:
    taken = Taken(kind, contacts)
    for query, meant in queries:
        results, reads, rounds = engine.first_page(query, record_type=kind.record_type)
        taken.reads.append(reads)
        taken.rounds.append(rounds)
        taken.shows_meant += any(hit.entry.record.id == meant for hit in results.hits)
        taken.partial += results.partial
    return taken
