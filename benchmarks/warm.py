"""Part (c): CPU per call in a warm environment, against the bare boto3 calls that do the same."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.bare import bare_calls, method_names
from benchmarks.inside import Canned
from benchmarks.layers import ROOT, Layers, run_child
from benchmarks.observing import Observed
from benchmarks.practice import ENVIRONMENT

_ROUNDS: Final = 9
_ROUND_SECONDS: Final = 0.15


@dataclass(frozen=True, slots=True)
class Warm:
    """Least CPU per call in microseconds: of an operation, and of the bare calls that do the same."""

    name: str
    bare: str
    ours_us: float
    bare_us: float

    @property
    def ratio(self) -> float:
        """How many times the CPU of the bare calls an operation takes."""
        return self.ours_us / self.bare_us


def measure_warm_calls(observed: Sequence[Observed], laid: Layers, scratch: Path) -> list[Warm]:
    """Each operation that has a bare counterpart, both in turns in one process."""
    compared = [operation for operation in observed if operation.bare]
    # A call before the first round may need what the others do not: the secret, a view that is not yet written.
    seldom = {
        name: answer
        for operation in observed
        for name, answer in operation.traffic.answers.items()
        if " " not in name  # what several queries of an operation begin with is its own business
    }
    task = scratch / "warm.json"
    document = {
        "root": str(ROOT),
        "path": laid.path,
        "rounds": _ROUNDS,
        "round_seconds": _ROUND_SECONDS,
        "cases": [_case(operation, seldom) for operation in compared],
    }
    task.write_text(json.dumps(document), encoding="utf-8")
    taken = json.loads(run_child("warm_child.py", str(task), environment=ENVIRONMENT | laid.environment))
    pairs = zip(compared, taken[::2], taken[1::2], strict=True)
    return [
        Warm(operation.name, method_names(operation.bare, operation.traffic.requests), ours, bare)
        for operation, ours, bare in pairs
    ]


def _case(operation: Observed, seldom: Mapping[str, Canned]) -> dict[str, Any]:
    calls, answers = bare_calls(operation.traffic.requests, operation.bare)
    return {
        "module": operation.module,
        "event": operation.event,
        "new_person": operation.new_person,
        "answers": {**seldom, **operation.traffic.answers},
        "bare": calls,
        "bare_answers": answers,
    }
