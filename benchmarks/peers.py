"""The same searches on other engines: SQLite's FTS5, PostgreSQL's pg_trgm, and a Scan with a filter."""

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from benchmarks.people import contacts_of
from benchmarks.postgres import Postgres, started_postgres
from benchmarks.searching import ACCOUNT, PAGE, Engine
from benchmarks.standin import StandIn
from carebook.contacts.model import Contact
from carebook.folding import words

_ROUNDS: Final = 5
_PAGE_BYTES: Final = 1 << 20
# What the users type, each also in the data.
QUERIES: Final = (
    *("muller", "mueller", "smith", "maria gar", "gar maria", "lakeside fam", "smith clinic", "john smith fam"),
    *("(310) 555", "0123", "@mail.example", "office@"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A query on one engine: how many contacts it finds in all, and what the first page takes."""

    found: int
    cost: float


@dataclass(frozen=True, slots=True)
class Compared:
    """A query on all engines; None where one is not there."""

    query: str
    ours: Row
    ours_all: float
    scan: Row
    scan_requests: int
    fts5: Row
    trigrams: Row | None


def compare(table: StandIn, count: int) -> tuple[list[Compared], str]:
    """Each query on each engine over the same contacts, and a note on what was left out."""
    contacts = list(contacts_of(ACCOUNT, count))
    engine, fts5 = Engine.on(table), _full_text(contacts)
    scanned = _scanned(table)
    with started_postgres() as postgres:
        if postgres is not None:
            _fill(postgres, contacts)
        compared = [_compared(query, engine, scanned, fts5, postgres) for query in QUERIES]
    return compared, "" if postgres is not None else "PostgreSQL is not installed here, so pg_trgm is left out."


def _compared(
    query: str,
    engine: Engine,
    scanned: tuple[Sequence[str], float],
    fts5: sqlite3.Connection,
    postgres: Postgres | None,
) -> Compared:
    _, reads, _ = engine.first_page(query)
    shown, all_reads = engine.all_pages(query)
    documents, scan_units = scanned
    matching = sum(query.casefold() in document for document in documents)
    return Compared(
        query,
        Row(len(shown), reads),
        all_reads,
        Row(matching, scan_units),
        ceil(scan_units * 2 * 4096 / _PAGE_BYTES),
        _timed(lambda limit: _fts5_rows(fts5, query, limit)),
        Row(*postgres.timed(_trigram_condition(query), PAGE)) if postgres else None,
    )


def _timed(rows: Callable[[int], int]) -> Row:
    """All rows, and the milliseconds of CPU for a page of them."""
    fastest = float("inf")
    for _ in range(_ROUNDS):
        started = time.process_time()
        rows(PAGE)
        fastest = min(fastest, time.process_time() - started)
    return Row(rows(1_000_000), fastest * 1e3)


def _scanned(table: StandIn) -> tuple[list[str], float]:
    """The documents of all contacts in lower case, and the units to scan them if the table held nothing else."""
    documents, size = [], 0
    for key, stored in table.scan(f"A#{ACCOUNT}#CON#"):
        if key.sk == "CONTACT":
            documents.append((stored.doc or "").casefold())
            size += stored.size
    return documents, ceil(size / 4096) / 2


def _full_text(contacts: Sequence[Contact]) -> sqlite3.Connection:
    """FTS5 as it comes: case and accents folded, indexes of beginnings."""
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE VIRTUAL TABLE contacts USING fts5(names, organization, emails, phones,"
        " prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 2')"
    )
    rows = (
        (
            " ".join(
                filter(None, (contact.details.first_name, contact.details.middle_name, contact.details.last_name))
            ),
            contact.details.organization_name or "",
            " ".join(email.address for email in contact.details.emails),
            " ".join(phone.number.removeprefix("+1") for phone in contact.details.phones),
        )
        for contact in contacts
    )
    connection.executemany("INSERT INTO contacts VALUES (?, ?, ?, ?)", rows)
    connection.execute("INSERT INTO contacts (contacts) VALUES ('optimize')")
    return connection


def _fts5_rows(connection: sqlite3.Connection, query: str, limit: int) -> int:
    typed = _digits(query) or words(query)
    match = " AND ".join(f'"{word}" *' for word in typed)
    sql = "SELECT rowid FROM contacts WHERE contacts MATCH ? LIMIT ?"
    return len(connection.execute(sql, (match, limit)).fetchall())


def _fill(postgres: Postgres, contacts: Sequence[Contact]) -> None:
    """One folded text for each contact, as our own index entries hold it, with addresses and numbers."""
    postgres.fill(_folded(contact) for contact in contacts)


def _folded(contact: Contact) -> str:
    details = contact.details
    parts = (details.last_name, details.first_name, details.middle_name, details.organization_name)
    names = words(" ".join(part for part in parts if part))
    addresses = [email.address for email in details.emails]
    return " " + " ".join((*names, *addresses, *(phone.number.removeprefix("+1") for phone in details.phones)))


def _trigram_condition(query: str) -> str:
    """Beginnings of words; of numbers and addresses any part, which trigrams give for nothing."""
    if "@" in query:
        return f"folded LIKE '%{query}%'"
    typed = _digits(query)
    if typed:
        return f"folded LIKE '%{typed[0]}%'"
    return " AND ".join(f"folded LIKE '% {word}%'" for word in words(query))


def _digits(query: str) -> list[str]:
    digits = "".join(character for character in query if character.isdecimal())
    return [digits] if len(digits) >= 3 else []
