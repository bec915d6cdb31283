"""Part (d) for the terminal and for ``docs/benchmarks.md``: what searches take, and what others would find."""

from collections.abc import Callable, Sequence
from statistics import mean
from typing import Final

from benchmarks.changes import Change
from benchmarks.loading import NEW_TABLE_UNITS, Loaded
from benchmarks.peers import Compared
from benchmarks.queries import EACH, Ceiling
from benchmarks.report import Row, table
from benchmarks.searching import PAGE, Taken

_TYPICAL_CREATE: Final = 26
_SEARCHES: Final = f"""\
## Searches

The first page (up to {PAGE} rows) of {EACH} searches of each kind, for contacts picked by chance from the first 20,000,
in an account of 20,000 and in one that has grown to 200,000: names as often as in Faker's tables, seven of ten from the
United States, the others German, Spanish, Italian, Vietnamese, Polish, French and Indian. The table is a stand-in in
memory that the product's stores write and read; a query is charged for what it reads before its filter. A round is a
request, or several side by side. "Meant" is how often the first page shows the contact that was picked: short words
have many equals. The goals: one or two words, e-mail, phone and NPI in one round (at p95) and at most 2 RRU at p50, 8
at p95; all others stop at the budget ("at budget": how many did), and none takes more than 50.

"""
_WRITES: Final = """\
## Contacts with their index entries

What it takes to create and to change the synthetic contacts, each in one transaction with its entries, its rows in
lists and its history; and how many index entries are written or removed.

"""
_PEERS: Final = """\
## The same searches on other engines

All rows that a query finds in the {contacts:,} contacts, and what the first {page} take. For us: read units. For
SQLite's FTS5 (`unicode61`, indexes of prefixes, in memory): milliseconds of CPU. For PostgreSQL's `pg_trgm` (GIN over
one folded text, `LIKE`): the server's own milliseconds. For a Scan with `contains`, on a table of nothing but contacts
in lower case: read units and requests, the same for every search. They do not find the same: FTS5 knows no last digits
and no `ue` for `ü`; trigrams find addresses and numbers anywhere inside; a Scan finds what is written anywhere in a
contact, but no two words that do not stand side by side, and no accents.
{note}
"""


def search_part(
    taken: Sequence[Taken], loaded: Loaded, changes: Sequence[Change], compared: Sequence[Compared], note: str
) -> str:
    """All tables of part (d)."""
    return (
        _SEARCHES
        + _search_table(taken)
        + "\n"
        + _writes_part(loaded, changes)
        + "\n"
        + _peers_part(compared, note, loaded)
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The least value that at least this share of *values* does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(share * 100) // 100) - 1)]


def misses(taken: Taken) -> list[str]:
    """Where a kind of query takes more than it may."""
    ceiling: Ceiling = taken.kind.ceiling
    reads = taken.reads
    measured = (
        ("p50", percentile(reads, 0.5), ceiling.median),
        ("p95", percentile(reads, 0.95), ceiling.p95),
        ("max", max(reads), ceiling.most),
        ("rounds", percentile(taken.rounds, 0.95), ceiling.rounds),
    )
    return [name for name, value, most in measured if most is not None and value > most]


def _search_table(taken: Sequence[Taken]) -> str:
    sizes = sorted({each.contacts for each in taken})
    by_kind: dict[str, dict[int, Taken]] = {}
    for each in taken:
        by_kind.setdefault(each.kind.name, {})[each.contacts] = each
    rows = []
    for name, at in by_kind.items():
        cells = [cell for size in sizes for cell in _cells(at[size])]
        missed = sorted({miss for each in at.values() for miss in misses(each)})
        verdict = f"**missed: {', '.join(missed)}**" if missed else "met"
        rows.append((name, at[sizes[0]].kind.example, *cells, _goal(at[sizes[0]].kind.ceiling), verdict))
    columns = ["search", "such as"]
    for size in sizes:
        columns += [f"{size:,}: RRU p50 / p95 / max", "rounds p50 / p95", "meant", "at budget"]
    return table([*columns, "goal", ""], rows)


def _cells(taken: Taken) -> tuple[str, ...]:
    return (
        f"{_three(taken.reads)}",
        f"{percentile(taken.rounds, 0.5):g} / {percentile(taken.rounds, 0.95):g}",
        f"{taken.shows_meant / len(taken.reads):.0%}",
        f"{taken.partial / len(taken.reads):.1%}" if taken.partial else "",
    )


def _goal(ceiling: Ceiling) -> str:
    if ceiling.most is not None:
        return f"≤ {ceiling.most:g} RRU"
    return f"{ceiling.rounds} round, ≤ {ceiling.median:g} / {ceiling.p95:g} RRU"


def _writes_part(loaded: Loaded, changes: Sequence[Change]) -> str:
    created = Change("create", loaded.create_units, loaded.entries)
    rows = [_change_row(change) for change in (created, *changes)]
    columns = ("change", "WRU, mean", "p50 / p95 / max", "entries, mean", "p50 / p95 / max", "goal", "")
    batches = sum(loaded.create_units) / 2
    told = (
        f"\nThe loader wrote {loaded.items:,} items of {loaded.contacts:,} contacts in batches: {batches:,.0f} WRU,\n"
        f"which a new table ({NEW_TABLE_UNITS:,} WRU a second) takes in {loaded.seconds / 60:.1f} minutes.\n"
    )
    return _WRITES + table(columns, rows) + told


def _change_row(change: Change) -> Row:
    goal, verdict = "", ""
    if change.name == "create":
        goal = f"≤ {_TYPICAL_CREATE} WRU typical"
        verdict = "met" if mean(change.units) <= _TYPICAL_CREATE else "**missed**"
    if change.name == "notes":
        goal, verdict = "0 entries", "**missed**" if any(change.entries) else "met"
    return (
        change.name,
        f"{mean(change.units):.1f}",
        _three(change.units),
        f"{mean(change.entries):.1f}",
        _three(change.entries),
        goal,
        verdict,
    )


def _peers_part(compared: Sequence[Compared], note: str, loaded: Loaded) -> str:
    rows = []
    for each in compared:
        trigrams = each.trigrams
        rows.append(
            (
                f"`{each.query}`",
                f"{each.ours.found:,}",
                f"{each.ours.cost:g}",
                f"{each.ours_all:,.1f}",
                f"{each.fts5.found:,}",
                f"{each.fts5.cost:.2f}",
                f"{trigrams.found:,}" if trigrams else "–",
                f"{trigrams.cost:.2f}" if trigrams else "–",
                f"{each.scan.found:,}",
                f"{each.scan.cost:,.0f} ({each.scan_requests})",
            )
        )
    columns = (
        *("search", "rows", "RRU, first page", "RRU, all", "FTS5 rows", "ms", "pg_trgm rows", "ms"),
        *("Scan rows", "RRU (requests)"),
    )
    return _PEERS.format(page=PAGE, contacts=loaded.contacts, note=f"\n{note}\n" if note else "") + table(columns, rows)


def _three(values: Sequence[float]) -> str:
    points: tuple[Callable[[Sequence[float]], float], ...] = (
        lambda found: percentile(found, 0.5),
        lambda found: percentile(found, 0.95),
        max,
    )
    return " / ".join(f"{point(values):g}" for point in points)
