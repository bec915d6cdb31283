"""Searching: the plan's ranges are read in order of rank, and each record is shown where it stands first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from carebook.errors import BadCursor
from carebook.search.entries import Entry, stands_first
from carebook.search.plan import KeyRange, Plan
from carebook.search.tokens import LARGEST_ENTRY, Kind

MOST_UNITS: Final = 50.0  # read units of a search, whatever it finds
_SPARE: Final = 5  # a few more than a page, for entries that only repeat a record
_FIRST_CHUNK: Final = 100
_LEAST_CHUNK: Final = 64  # entries; when no more than that can be afforded for certain, the page ends
_BLOCK: Final = 4_096  # bytes of a half read unit


@dataclass(frozen=True, slots=True)
class Slice:
    """A piece of a range: entries that pass its filter, read units it took, and where to go on (None: the end)."""

    entries: Sequence[Entry]
    units: float
    next_after: str | None


class SearchIndex(Protocol):
    """An account's search index: entries in key order, read range by range. Another engine can take its place."""

    def read(self, key_range: KeyRange, *, record_type: str | None, after: str | None, limit: int) -> Slice:
        """Up to *limit* entries of a range behind the key *after*, without those that its filter drops."""
        ...

    def read_together(self, ranges: Sequence[KeyRange], *, record_type: str | None, limit: int) -> list[Slice]:
        """The beginnings of several ranges, in one round; of each at most as many entries as it has *beside* others."""
        ...


@dataclass(frozen=True, slots=True)
class Position:
    """Where a search goes on: behind a key in the plan's *index*-th range."""

    index: int = 0
    after: str | None = None


class Hit(NamedTuple):
    """A record that was found, by which of its fields, and that field as it is known to the index."""

    entry: Entry

    @property
    def kind(self) -> Kind:
        """What kind of token it was found by."""
        return self.entry.token.kind


@dataclass(slots=True)
class Results:
    """A page of hits. ``next`` is None when there is nothing more; ``partial``: reading stopped at the budget."""

    hits: list[Hit] = field(default_factory=list)
    next: Position | None = None
    partial: bool = False


def search(entries: SearchIndex, plan: Plan, *, record_type: str | None, start: Position | None, limit: int) -> Results:
    """A page of what *plan* finds.

    The first round reads the ranges that are read together. When there are several and they gave anything, the page is
    what they gave; what is read one by one comes only when that was nothing, or with a later page. Reading stops,
    wherever that is, before it could take more than 50 read units.

    Raises:
        BadCursor: when *start* is no place in this plan.
    """
    if start is not None and not _lies_in(start, plan):
        raise BadCursor("The search has changed since this page. Start again without a cursor.")
    results = Results()
    walk = _Walk(entries, plan, record_type, limit, is_first=start is None)
    for index in range(start.index if start else 0, len(plan.ranges)):
        after = start.after if start and index == start.index else None
        for found in walk.along(index, after):
            if isinstance(found, _Stop):
                if found.is_spent or results.hits:
                    results.next, results.partial = found.position, found.is_spent
                    return results
                continue
            if len(results.hits) == limit:
                results.next = walk.before(index)
                return results
            results.hits.append(Hit(found))
            walk.shown(index, found)
    return results


def _lies_in(position: Position, plan: Plan) -> bool:
    if position.index >= len(plan.ranges):
        return False
    return position.after is None or position.after.startswith(plan.ranges[position.index].prefix)


@dataclass(frozen=True, slots=True)
class _Stop:
    """A place where a page may end before it is full, and must when the budget is spent."""

    position: Position
    is_spent: bool = False


@dataclass(slots=True)
class _Walk:
    entries: SearchIndex
    plan: Plan
    record_type: str | None
    limit: int
    is_first: bool
    units: float = 0.0
    _beginnings: list[Slice] | None = None
    _shown: tuple[int, Entry] | None = None
    _began_after: str | None = None

    def along(self, index: int, after: str | None) -> Iterator[Entry | _Stop]:
        """Each record that this range shows, by its entry."""
        self._began_after = after
        rounds = 0
        while True:
            if self._is_behind_beginnings(index, rounds):
                yield _Stop(Position(index, after))
            if not self._is_beginning(index, rounds) and self._affordable() < _LEAST_CHUNK:
                yield _Stop(Position(index, after), is_spent=True)
            piece = self._piece(index, after, rounds)
            for entry in piece.entries:
                if stands_first(entry, index, self.plan):
                    yield entry
            if piece.next_after is None:
                return
            after = piece.next_after
            rounds += 1

    def before(self, index: int) -> Position:
        """Where the next page begins: behind the last record shown, or at the start of this range."""
        if self._shown and self._shown[0] == index:
            return Position(index, self._shown[1].key)
        return Position(index, self._began_after)

    def shown(self, index: int, entry: Entry) -> None:
        """Note the last record shown."""
        self._shown = index, entry

    @property
    def _page(self) -> int:
        """How many entries to read for a page: one word may find several words and addresses of a record."""
        return self.limit + (self.limit // 2 if self.plan.together == 1 else _SPARE)

    def _is_beginning(self, index: int, rounds: int) -> bool:
        return self.is_first and rounds == 0 and index < self.plan.together

    def _is_behind_beginnings(self, index: int, rounds: int) -> bool:
        """Whether the next request would be the second round of a search whose first one read several ranges."""
        together = self.plan.together
        is_second = rounds == 1 if index < together else (index, rounds) == (together, 0)
        return self.is_first and together > 1 and is_second

    def _piece(self, index: int, after: str | None, rounds: int) -> Slice:
        together = self.plan.together
        if self._is_beginning(index, rounds):
            if self._beginnings is None:
                ranges = self.plan.ranges[:together]
                limit = min(self._page, self._affordable(together))
                self._beginnings = self.entries.read_together(ranges, record_type=self.record_type, limit=limit)
                self.units += sum(piece.units for piece in self._beginnings)
            return self._beginnings[index]
        key_range = self.plan.ranges[index]
        narrow = not key_range.broad and self.record_type is None and rounds < 2
        limit = self._page if narrow else _FIRST_CHUNK if rounds == 0 else self._affordable()
        limit = min(limit, self._affordable())
        piece = self.entries.read(key_range, record_type=self.record_type, after=after, limit=limit)
        self.units += piece.units
        return piece

    def _affordable(self, ranges: int = 1) -> int:
        """How many entries of each of so many ranges the budget is enough for, even when all are of the largest."""
        blocks = int((MOST_UNITS - self.units) / ranges * 2)
        return blocks * _BLOCK // LARGEST_ENTRY
