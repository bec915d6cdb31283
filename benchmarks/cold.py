"""Part (b): what a cold start of each function takes, against a handler that is a bare boto3 client."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.bare import bare_calls
from benchmarks.layers import ROOT, Layers, run_child
from benchmarks.observing import Observed
from benchmarks.operations import FIRST_SEARCH, FIRST_VIEW, NEXT_VIEW, NOTHING_DUE, READ_SETTINGS
from benchmarks.practice import ENVIRONMENT, request

BARE: Final = "bare.api"
_ROUNDS: Final = 9
# The first request that each function serves in the measurement.
_FIRST: Final = {
    "contacts.api": FIRST_VIEW,
    "search.api": FIRST_SEARCH,
    "settings.api": READ_SETTINGS,
    "contacts.purge_archived": NOTHING_DUE,
}
_MEASURES: Final = ("import_ms", "first_ms", "import_mb", "first_mb")


@dataclass(frozen=True, slots=True)
class ColdStart:
    """What the cold starts of one function took: least and median of all rounds, by measure."""

    module: str
    least: Mapping[str, float]
    typical: Mapping[str, float]
    modules: int


def measure_cold_starts(observed: Sequence[Observed], laid: Layers, scratch: Path) -> list[ColdStart]:
    """The bare handler first, then each function; in turns, each time in a fresh process."""
    cases = _cases({operation.name: operation for operation in observed})
    task = scratch / "cold.json"
    task.write_text(json.dumps({"root": str(ROOT), "path": laid.path, "cases": cases}), encoding="utf-8")
    environment = ENVIRONMENT | laid.environment
    runs: dict[str, list[dict[str, float]]] = {module: [] for module in cases}
    for _ in range(_ROUNDS):
        for module, taken in runs.items():
            taken.append(json.loads(run_child("cold_child.py", str(task), module, environment=environment)))
    return [_summary(module, taken) for module, taken in runs.items()]


def _cases(operations: Mapping[str, Observed]) -> dict[str, Any]:
    ((_, arguments),), bare_answers = bare_calls(operations[NEXT_VIEW].traffic.requests, ["get"])
    cases: dict[str, Any] = {BARE: {"event": arguments, "answers": bare_answers}}
    for module, name in _FIRST.items():
        cases[module] = {"event": operations[name].event, "answers": operations[name].traffic.answers}
    cases["contract.api"] = {"event": request("GET", "/health"), "answers": {}}
    return cases


def _summary(module: str, taken: Sequence[Mapping[str, float]]) -> ColdStart:
    return ColdStart(
        module,
        {measure: min(run[measure] for run in taken) for measure in _MEASURES},
        {measure: median(run[measure] for run in taken) for measure in _MEASURES},
        int(taken[0]["modules"]),
    )
