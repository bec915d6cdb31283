"""``python -m benchmarks``: measure everything, show it, and write ``docs/benchmarks.md``.

``--small`` stops at 20,000 contacts and writes nothing; ``--files`` and ``--messages`` measure these alone and write
nothing.
"""

import sys
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "layers/carebook")]

from benchmarks import report, report_files, report_search  # noqa: E402 - found by the line above
from benchmarks.changes import measure_changes  # noqa: E402
from benchmarks.cold import measure_cold_starts  # noqa: E402
from benchmarks.layers import lay_out  # noqa: E402
from benchmarks.loading import fill  # noqa: E402
from benchmarks.messages import messages_part  # noqa: E402
from benchmarks.operations import observe  # noqa: E402
from benchmarks.peers import compare  # noqa: E402
from benchmarks.reminders import reminders_part  # noqa: E402
from benchmarks.scanning import measure_crowd, measure_memory, measure_time  # noqa: E402
from benchmarks.searching import ACCOUNT, Taken, measure_searches  # noqa: E402
from benchmarks.standin import StandIn  # noqa: E402
from benchmarks.typesetting import first_letter_ms, letters_part, measure_letters  # noqa: E402
from benchmarks.warm import measure_warm_calls  # noqa: E402

_SIZES: Final = (20_000, 200_000)


def main() -> int:
    """Zero when every request budget that the design sets is kept."""
    if "--files" in sys.argv[1:]:
        _show(_files())
        return 0
    if "--messages" in sys.argv[1:]:
        messages, wrong = messages_part()
        _show(messages)
        return 1 if wrong else 0
    is_small = "--small" in sys.argv[1:]
    parts = [report.head()]
    _show(parts[0])
    observed = observe()
    parts.append(_show(report.requests_part(observed)))
    with tempfile.TemporaryDirectory(prefix="carebook-bench-") as scratch:
        laid = lay_out(Path(scratch))
        parts.append(_show(report.cold_part(measure_cold_starts(observed, laid, Path(scratch)))))
        parts.append(_show(report.warm_part(measure_warm_calls(observed, laid, Path(scratch)))))
    parts.append(_show(letters_part(measure_letters(), first_letter_ms())))
    parts.append(_show(_searches(_SIZES[:1] if is_small else _SIZES)))
    parts.append(_show(_files()))
    messages, wrong = messages_part()
    parts.append(_show(messages))
    reminders, late = reminders_part()
    parts.append(_show(reminders))
    if not is_small:
        (ROOT / "docs" / "benchmarks.md").write_text("\n".join(parts), encoding="utf-8")
    over = [*report.required_but_over(observed), *wrong, *late]
    if over:
        print(f"error: not what the design demands: {'; '.join(over)}", file=sys.stderr)
    return 1 if over else 0


def _searches(sizes: Sequence[int]) -> str:
    """Part (d), on one table that grows from size to size."""
    table, taken = StandIn(), list[Taken]()
    loaded = fill(table, ACCOUNT, sizes[0])
    taken += measure_searches(table, sizes[0])
    for smaller, size in pairwise(sizes):
        loaded += fill(table, ACCOUNT, size, first=smaller)
        taken += measure_searches(table, size)
    compared, note = compare(table, sizes[-1])
    return report_search.search_part(taken, loaded, measure_changes(), compared, note)


def _files() -> str:
    """Part (e)."""
    return report_files.files_part(measure_time(), measure_memory(), measure_crowd())


def _show(part: str) -> str:
    print(part, flush=True)
    return part


if __name__ == "__main__":
    sys.exit(main())
