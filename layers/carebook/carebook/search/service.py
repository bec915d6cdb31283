"""Searching: the plan's ranges are read in order of rank, and each record is shown where it stands first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from carebook.errors import BadCursor
from carebook.search.entries import Entry, stands_first
from carebook.search.plan import KeyRange, Plan
from carebook.search.tokens import Kind

_SPARE: Final = 5  # a few more than a page, for entries that only repeat a record
_CHUNKS: Final = (100, 450, 1300)
_BUDGET: Final = 1_850  # entries: under 50 read units at names of the usual length, more where they are long


@dataclass(frozen=True, slots=True)
class Slice:
    """A piece of a range: entries that pass its filter, how many were looked at, and where to go on (None: the end)."""

    entries: Sequence[Entry]
    looked_at: int
    next_after: str | None


class SearchIndex(Protocol):
    """An account's search index: entries in key order, read range by range. Another engine can take its place."""

    def read(self, key_range: KeyRange, *, record_type: str | None, after: str | None, limit: int) -> Slice:
        """Up to *limit* entries of a range behind the key *after*, without those that its filter drops."""
        ...

    def read_together(self, ranges: Sequence[KeyRange], *, record_type: str | None, limit: int) -> list[Slice]:
        """The beginnings of several ranges, in one round."""
        ...


@dataclass(frozen=True, slots=True)
class Position:
    """Where a search goes on: behind a key in the plan's *index*-th range."""

    index: int = 0
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
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

    The first round reads the ranges that are read together. What is read one by one comes only when that gave nothing,
    or with a later page. Reading stops after 1,850 entries, wherever that is.

    Raises:
        BadCursor: when *start* is no place in this plan.
    """
    if start is not None and not _lies_in(start, plan):
        raise BadCursor("The search has changed since this page. Start again without a cursor.")
    results = Results()
    walk = _Walk(entries, plan, record_type, limit)
    for index in range(start.index if start else 0, len(plan.ranges)):
        if start is None and index == plan.together and results.hits:
            results.next = Position(index)
            return results
        after = start.after if start and index == start.index else None
        for entry, key in walk.along(index, after, fresh=start is None):
            if entry is None:
                results.next, results.partial = Position(index, key), True
                return results
            if len(results.hits) == limit:
                results.next = walk.before(index)
                return results
            results.hits.append(Hit(entry))
            walk.shown(index, key)
    return results


def _lies_in(position: Position, plan: Plan) -> bool:
    if position.index >= len(plan.ranges):
        return False
    return position.after is None or position.after.startswith(plan.ranges[position.index].prefix)


@dataclass(slots=True)
class _Walk:
    entries: SearchIndex
    plan: Plan
    record_type: str | None
    limit: int
    looked_at: int = 0
    _beginnings: list[Slice] | None = None
    _last_shown: Position = field(default_factory=Position)

    def along(self, index: int, after: str | None, *, fresh: bool) -> Iterator[tuple[Entry | None, str | None]]:
        """Each record that this range shows, with its key; None in place of a record when the budget is spent."""
        self._last_shown = Position(index, after)
        rounds = 0
        while True:
            piece = self._piece(index, after, rounds, fresh=fresh)
            self.looked_at += piece.looked_at
            for entry in piece.entries:
                if stands_first(entry, index, self.plan):
                    yield entry, entry.key
            if piece.next_after is None:
                return
            after = piece.next_after
            rounds += 1
            if self.looked_at >= _BUDGET:
                yield None, after

    def before(self, index: int) -> Position:
        """Where the next page begins: behind the last record shown, or at the start of this range."""
        return self._last_shown if self._last_shown.index == index else Position(index)

    def shown(self, index: int, key: str | None) -> None:
        """Note the last record shown."""
        self._last_shown = Position(index, key)

    @property
    def _page(self) -> int:
        """How many entries to read for a page: one word may find several words and addresses of a record."""
        return self.limit + (self.limit // 2 if self.plan.together == 1 else _SPARE)

    def _piece(self, index: int, after: str | None, rounds: int, *, fresh: bool) -> Slice:
        together = self.plan.together
        if fresh and rounds == 0 and index < together:
            if self._beginnings is None:
                self._beginnings = self.entries.read_together(
                    self.plan.ranges[:together], record_type=self.record_type, limit=self._page
                )
            return self._beginnings[index]
        key_range = self.plan.ranges[index]
        narrow = not key_range.broad and self.record_type is None and rounds < 2
        limit = self._page if narrow else _CHUNKS[min(rounds, len(_CHUNKS) - 1)]
        limit = max(1, min(limit, _BUDGET - self.looked_at))
        return self.entries.read(key_range, record_type=self.record_type, after=after, limit=limit)
