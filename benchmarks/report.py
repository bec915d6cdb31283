"""The tables, for the terminal and for ``docs/benchmarks.md``."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from benchmarks.cold import BARE, ColdStart
from benchmarks.observing import Observed, Target
from benchmarks.operations import MORE_SEARCHES, NEXT_VIEW, SEARCHES
from benchmarks.warm import Warm

_PACKAGES: Final = ("botocore", "boto3", "pynamodb", "aws-lambda-powertools", "pydantic")
_COLD_TARGETS: Final = {"contacts.api": 1.6}
_WARM_TARGETS: Final = {NEXT_VIEW: 1.8} | dict.fromkeys([*SEARCHES, *MORE_SEARCHES], 2.0)

Row = Sequence[str]

_REQUESTS: Final = """\
## Requests and capacity units

The handlers run in process, in a warm environment, on DynamoDB in memory. Every request is watched and charged by
DynamoDB's documented rules for the items it touched: sizes are names and values in UTF-8; reads count each started
4 KB (of each item, of a query's sum), half when eventually consistent; writes count each started KB of the larger of
before and after, twice in a transaction, also when the condition fails; a change of an index entry counts as a write.
The contacts are typical physicians with an address and a note; the practice has stored its settings.
"In sequence" is the number of requests that waited for one another. The targets on requests must hold, or the run
fails; those on capacity are goals.

"""
_COLD: Final = """\
## Cold starts

Each in a fresh process, on a copy laid out as on Lambda: our layers compiled, boto3 the runtime's, nothing written to
disk. CPU time (user and system) from before the import on; least of nine / median, all handlers in turns.
The bare handler makes its client at import, ours at the first request: the second ratio compares all of a start.
AWS is answered from memory, so TLS is in none of them. Memory is the peak after the first request.

"""
_WARM: Final = """\
## Warm calls

CPU time of the whole process for one call of the handler; least of nine rounds, each in turns with boto3's default
client making only the calls named, with the same arguments and answers. Both are answered from memory, below botocore.

"""


def head() -> str:
    """When, where and with what it was measured."""
    versions = ", ".join(f"{package} {version(package)}" for package in _PACKAGES)
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        "# Benchmarks\n\n"
        "Written by `make bench`. Requests and capacity units are counted and hold anywhere. Times are this\n"
        "machine's; what holds elsewhere is their ratio to a bare boto3 client, measured in turns in the same run.\n\n"
        f"- Date: {datetime.now(UTC):%Y-%m-%d}\n"
        f"- Machine: {os.cpu_count()} cores, {_processor()}, {gigabytes:.0f} GB\n"
        f"- Versions: python {platform.python_version()}, {versions}\n"
    )


def requests_part(observed: Sequence[Observed]) -> str:
    """Part (a)."""
    rows = [
        (
            operation.name,
            str(operation.traffic),
            str(operation.traffic.sequential),
            f"{operation.traffic.capacity.reads:g}",
            f"{operation.traffic.capacity.writes:g}",
            _limit(operation.target),
            _verdict(operation),
        )
        for operation in observed
    ]
    columns = ("operation", "requests", "in sequence", "RRU", "WRU", "target", "")
    return _REQUESTS + table(columns, rows)


def cold_part(starts: Sequence[ColdStart]) -> str:
    """Part (b)."""
    bare = next(start for start in starts if start.module == BARE)
    rows = [_cold_row(start, bare) for start in starts]
    columns = (
        "handler",
        "import, CPU ms",
        "ratio",
        "with first request, CPU ms",
        "ratio",
        "memory, MB",
        "modules",
        "target",
        "",
    )
    return _COLD + table(columns, rows)


def warm_part(calls: Sequence[Warm]) -> str:
    """Part (c)."""
    rows = [
        (
            call.name,
            f"{call.ours_us:.0f}",
            f"{call.bare_us:.0f}",
            f"{call.ratio:.2f}",
            call.bare,
            *_against(call.ratio, _WARM_TARGETS.get(call.name)),
        )
        for call in calls
    ]
    columns = ("operation", "CPU, µs", "bare, µs", "ratio", "bare boto3 calls", "target", "")
    return _WARM + table(columns, rows)


def required_but_over(observed: Sequence[Observed]) -> list[str]:
    """The operations whose requests exceed what the design allows."""
    return [operation.name for operation in observed if not operation.requests_hold]


def _cold_row(start: ColdStart, bare: ColdStart) -> Row:
    imported, first = (start.least[measure] / bare.least[measure] for measure in ("import_ms", "first_ms"))
    return (
        "bare boto3 client" if start is bare else start.module,
        f"{start.least['import_ms']:.0f} / {start.typical['import_ms']:.0f}",
        f"{imported:.2f}",
        f"{start.least['first_ms']:.0f} / {start.typical['first_ms']:.0f}",
        f"{first:.2f}",
        f"{start.least['first_mb']:.0f}",
        str(start.modules),
        *_against(imported, _COLD_TARGETS.get(start.module), of="import "),
    )


def _verdict(operation: Observed) -> str:
    if not operation.requests_hold:
        return "**OVER (requests)**"
    if not operation.capacity_holds:
        return "over (capacity)"
    return "" if operation.target == Target() else "ok"


def _limit(target: Target) -> str:
    parts = (
        (target.requests, "≤ {} request{}"),
        (target.sequential, "≤ {} in sequence"),
        (target.transactions, "{} transaction{}"),
        (target.reads, "≤ {:g} RRU"),
        (target.writes, "≤ {:g} WRU"),
    )
    return ", ".join(text.format(most, "s" * (most != 1)) for most, text in parts if most is not None)


def _against(ratio: float, most: float | None, *, of: str = "") -> Row:
    if most is None:
        return "", ""
    return f"{of}≤ {most}", "met" if ratio <= most else "**missed**"


def table(columns: Row, rows: Sequence[Row]) -> str:
    """A table in Markdown, its columns in line."""
    widths = [max(len(row[index]) for row in (columns, *rows)) for index in range(len(columns))]
    rule = ["-" * max(width, 3) for width in widths]
    lines = (columns, rule, *rows)
    return "".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |\n" for line in lines
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
