"""Watching one operation: what it may take, and what it took."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.bare import BareCall
from benchmarks.practice import call
from benchmarks.recording import Traffic, recorded


@dataclass(frozen=True, slots=True)
class Target:
    """What an operation may take at most; None where the design sets no limit.

    Attributes:
        sequential: requests that wait for one another.
        transactions: how many write transactions it is, exactly.
    """

    requests: int | None = None
    sequential: int | None = None
    transactions: int | None = None
    reads: float | None = None
    writes: float | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """One operation and the requests that it sent.

    Attributes:
        bare: what a client without anything around it would do; empty: not compared.
        new_person: whether each call must come from somebody else to do the same again.
    """

    name: str
    module: str
    event: dict[str, Any]
    traffic: Traffic
    target: Target
    bare: Sequence[BareCall]
    new_person: bool

    @property
    def requests_hold(self) -> bool:
        """Whether number and order of the requests keep to the target. No operation may scan."""
        traffic, target = self.traffic, self.target
        return (
            traffic.count("Scan") == 0
            and _within(len(traffic.requests), target.requests)
            and _within(traffic.sequential, target.sequential)
            and (target.transactions is None or traffic.count("TransactWriteItems") == target.transactions)
        )

    @property
    def capacity_holds(self) -> bool:
        """Whether the capacity units keep to the target."""
        taken = self.traffic.capacity
        return _within(taken.reads, self.target.reads) and _within(taken.writes, self.target.writes)


class Watch:
    """Calls a function once and keeps what it sent."""

    def __init__(self) -> None:
        self.observed: list[Observed] = []

    def __call__(
        self,
        name: str,
        module: str,
        event: dict[str, Any],
        target: Target | None = None,
        *,
        bare: Sequence[BareCall] = (),
        new_person: bool = False,
    ) -> None:
        """Call *module* with *event* under the name *name*."""
        with recorded() as requests:
            call(module, event)
        self.observed.append(Observed(name, module, event, Traffic(requests), target or Target(), bare, new_person))


def _within(taken: float, most: float | None) -> bool:
    return most is None or taken <= most
