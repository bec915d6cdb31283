"""Filling a table with contacts and all that goes with them: made side by side, written in batches within capacity.

What is written is what the contact store itself writes, in batches in place of transactions: half the capacity.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import batched
from typing import Final, Protocol

from benchmarks.people import BLOCK, block_of
from benchmarks.standin import Put, StandIn, put_of
from carebook.contacts.history import made
from carebook.contacts.model import Contact
from carebook.contacts.store import TableContacts
from carebook.identity import Person
from carebook.items import Writes

BATCH: Final = 25  # DynamoDB's limit for one BatchWriteItem
NEW_TABLE_UNITS: Final = 4_000  # what a new on-demand table takes in a second
_PROCESSES: Final = 2
_LOADER: Final = Person("usr_loader", "Import")


class Target(Protocol):
    """A table that takes batches, within its capacity."""

    def write_batch(self, puts: Sequence[Put]) -> Sequence[Put]:
        """Write a batch; what did not fit into the capacity comes back."""
        ...


class Clock(Protocol):
    """Time as the loader sees it."""

    def now(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...


@dataclass(slots=True)
class SimulatedClock:
    """Time that passes only when somebody waits."""

    at: float = 0.0

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


@dataclass(slots=True)
class Throttled:
    """A stand-in that takes no more write units in a second than a table does."""

    table: StandIn
    clock: Clock
    units_per_second: int = NEW_TABLE_UNITS
    refused: int = 0
    _second: int = -1
    _used: float = 0.0

    def write_batch(self, puts: Sequence[Put]) -> Sequence[Put]:
        if int(self.clock.now()) != self._second:
            self._second, self._used = int(self.clock.now()), 0.0
        for number, put in enumerate(puts):
            if self._used >= self.units_per_second:
                self.refused += len(puts) - number
                return puts[number:]
            before = self.table.taken.writes
            self.table.put_all((put,))
            self._used += self.table.taken.writes - before
        return ()


@dataclass(slots=True)
class Loaded:
    """What a load was: write units of each create had it been a transaction, and index entries of each contact."""

    create_units: list[float] = field(default_factory=list)
    entries: list[int] = field(default_factory=list)
    items: int = 0
    seconds: float = 0.0

    @property
    def contacts(self) -> int:
        return len(self.entries)

    def __add__(self, other: "Loaded") -> "Loaded":
        return Loaded(
            self.create_units + other.create_units,
            self.entries + other.entries,
            self.items + other.items,
            self.seconds + other.seconds,
        )


@dataclass(frozen=True, slots=True)
class MadeContact:
    """The items of one contact, and what they take in the transaction of a create."""

    puts: Sequence[Put]
    create_units: float
    entries: int


def load(made_contacts: Iterable[MadeContact], target: Target, clock: Clock, *, writers: int = 8) -> Loaded:
    """Write all items; as many batches are on their way at once as there are writers."""
    loaded, started = Loaded(), clock.now()
    for batch in batched(_counted(made_contacts, loaded), BATCH * writers, strict=False):
        left = [put for part in batched(batch, BATCH, strict=False) for put in target.write_batch(part)]
        while left:  # the second is used up: wait for the next
            clock.sleep(1.0 - clock.now() % 1.0)
            left = [put for part in batched(left, BATCH, strict=False) for put in target.write_batch(part)]
    loaded.seconds = clock.now() - started
    return loaded


def _counted(made_contacts: Iterable[MadeContact], loaded: Loaded) -> Iterator[Put]:
    for contact in made_contacts:
        loaded.create_units.append(contact.create_units)
        loaded.entries.append(contact.entries)
        loaded.items += len(contact.puts)
        yield from contact.puts


def made_contacts(account: str, blocks: range, *, processes: int = _PROCESSES) -> Iterator[MadeContact]:
    """The synthetic contacts of some blocks of a thousand, with their items, made by processes side by side."""
    make: Callable[[int], list[MadeContact]] = partial(_made_block, account)
    if processes == 1 or len(blocks) < processes:
        for block in blocks:
            yield from make(block)
        return
    with ProcessPoolExecutor(processes) as pool:
        for block_made in pool.map(make, blocks):
            yield from block_made


def fill(table: StandIn, account: str, count: int, *, first: int = 0, processes: int = _PROCESSES) -> Loaded:
    """Load the synthetic contacts from the *first* one up to *count*, both whole thousands, at a new table's pace."""
    clock = SimulatedClock()
    contacts = made_contacts(account, range(first // BLOCK, count // BLOCK), processes=processes)
    gc.disable()  # millions of objects that all stay
    try:
        return load(contacts, Throttled(table, clock), clock)
    finally:
        gc.enable()


def _made_block(account: str, block: int) -> list[MadeContact]:
    recorder = _Recorder()
    contacts = TableContacts(recorder)
    return [_made(contact, contacts, recorder) for contact in block_of(account, block)]


def _made(contact: Contact, contacts: TableContacts, recorder: "_Recorder") -> MadeContact:
    contacts.add(contact, made("created", contact, by=_LOADER))
    return recorder.made


class _Recorder(StandIn):
    """Takes the writes of the contact store and keeps none."""

    made: MadeContact

    def write(self, writes: Writes) -> None:
        same: dict[str | None, str | None] = {}  # a contact's entries hold few texts many times
        puts = []
        for item, _ in writes.puts:
            key, stored = put_of(item)
            doc = same.setdefault(stored.doc, stored.doc)
            words = same.setdefault(stored.words, stored.words)
            puts.append(Put(key, stored._replace(doc=doc, words=words)))
        units = 2.0 * sum(put.stored.write_units for put in puts)
        self.made = MadeContact(puts, units, sum(put.stored.words is not None for put in puts))
