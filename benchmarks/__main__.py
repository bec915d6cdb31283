"""``python -m benchmarks``: measure everything, show it, and write ``docs/benchmarks.md``."""

import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "layers/carebook")]

from benchmarks import report  # noqa: E402 - found by the line above
from benchmarks.cold import measure_cold_starts  # noqa: E402
from benchmarks.layers import lay_out  # noqa: E402
from benchmarks.operations import observe  # noqa: E402
from benchmarks.warm import measure_warm_calls  # noqa: E402


def main() -> int:
    """Zero when every request budget that the design sets is kept."""
    parts = [report.head()]
    _show(parts[0])
    observed = observe()
    parts.append(_show(report.requests_part(observed)))
    with tempfile.TemporaryDirectory(prefix="carebook-bench-") as scratch:
        laid = lay_out(Path(scratch))
        parts.append(_show(report.cold_part(measure_cold_starts(observed, laid, Path(scratch)))))
        parts.append(_show(report.warm_part(measure_warm_calls(observed, laid, Path(scratch)))))
    (ROOT / "docs" / "benchmarks.md").write_text("\n".join(parts), encoding="utf-8")
    over = report.required_but_over(observed)
    if over:
        print(f"error: more requests than the design allows: {'; '.join(over)}", file=sys.stderr)
    return 1 if over else 0


def _show(part: str) -> str:
    print(part, flush=True)
    return part


if __name__ == "__main__":
    sys.exit(main())
