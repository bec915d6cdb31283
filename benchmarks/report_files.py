"""The part on files, for the terminal and for ``docs/benchmarks.md``."""

from collections.abc import Sequence
from typing import Final

from benchmarks.report import table
from benchmarks.scanning import AT_ONCE, Crowd, Remembered, Timed
from benchmarks.scanning_child import SIGNATURES

GOAL: Final = 1.5
_GROWS_AT_MOST_MB: Final = 10.0

_INTRODUCTION: Final = f"""\
## Scans

A file of 1 MB by the use case that `ScanUpload` runs (bytes piece by piece, their digest, their type, clamd's verdict)
and by `clamdscan`, in turns with the same warm clamd, which holds {SIGNATURES:,} made-up signatures; wall-clock time.
Fetching from S3 is in neither; starting a process is in `clamdscan`'s.

"""
_MEMORY: Final = """\

Peak memory after one scan, each size in a process and with a clamd of its own. clamd maps the file that it scans, so
that the file's pages count as its own while they are looked at; the system takes them back when it needs them.

"""
_CROWD: Final = """\

Uploads at the same moment on the laptop stack, from the first form to the last verdict; every fifth is the EICAR test
file. The time is mostly the emulator's, which starts a process for each function that runs at once.

"""


def files_part(timed: Timed, remembered: Sequence[Remembered], crowd: Crowd) -> str:
    """Part (e)."""
    ours, theirs = (f"{least:.1f} / {median:.1f}" for least, median in (timed.ours, timed.clamdscan))
    times = [
        ("ours", ours, f"{timed.ratio:.2f}", f"≤ {GOAL}", _met(timed.ratio <= GOAL)),
        ("`clamdscan`", theirs, "1", "", ""),
    ]
    is_flat = remembered[-1].ours - remembered[0].ours <= _GROWS_AT_MOST_MB
    memory = [(f"{one.megabytes} MB", f"{one.ours:.0f}", f"{one.clamd:.0f}", "", "") for one in remembered]
    memory[-1] = (*memory[-1][:3], "ours does not grow", _met(is_flat))
    ended = f"{crowd.statuses['clean']} / {crowd.statuses['infected']}"
    counted = (str(crowd.verdicts_recorded), str(crowd.readable_too_early))
    rows = [
        (
            str(AT_ONCE),
            f"{crowd.seconds:.0f}",
            ended,
            *counted,
            "one verdict each, none readable before",
            _met(holds(crowd)),
        )
    ]
    return (
        _INTRODUCTION
        + table(("scan of 1 MB", "ms, least / median", "ratio", "target", ""), times)
        + _MEMORY
        + table(("file", "our process, MB", "clamd, MB", "target", ""), memory)
        + _CROWD
        + table(
            ("uploads", "seconds", "clean / infected", "verdicts recorded", "readable too early", "target", ""), rows
        )
    )


def holds(crowd: Crowd) -> bool:
    """Whether a hundred at once each got one verdict, and none was readable before."""
    expected = {"clean": AT_ONCE - AT_ONCE // 5, "infected": AT_ONCE // 5}
    return dict(crowd.statuses) == expected and crowd.verdicts_recorded == AT_ONCE and not crowd.readable_too_early


def _met(condition: bool) -> str:  # noqa: FBT001 - a word for each
    return "met" if condition else "**missed**"
