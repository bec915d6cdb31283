"""Failures on demand: a provider that throttles, is down, refuses a number, or does the work and loses the answer."""

import random
import threading
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

Service = Literal["email", "sms_voice"]
Kind = Literal[
    "throttle", "outage", "lost_answer", "opted_out", "not_verified", "no_origin", "spend_limit", "disabled", "rejected"
]
SERVICES: Final = get_args(Service)
KINDS: Final = {
    "email": ("throttle", "outage", "lost_answer", "rejected", "disabled"),
    "sms_voice": (
        *("throttle", "outage", "lost_answer", "opted_out", "not_verified", "no_origin", "spend_limit", "disabled"),
    ),
}


@dataclass(slots=True)
class Fault:
    """How a service fails: for the next *times* calls, or each with probability *rate*."""

    service: Service
    kind: Kind
    times: int | None = None
    rate: float = 1.0

    def view(self) -> dict[str, Any]:
        """As callers of the inbox see it."""
        return {"service": self.service, "kind": self.kind, "times": self.times, "rate": self.rate}


class Faults:
    """The failures asked for; none at first, and none after a restart."""

    def __init__(self, seed: int | None = None) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._random = random.Random(seed)  # noqa: S311 - no secret

    def add(self, fault: Fault) -> None:
        """Fail from now on as *fault* says, beside what was asked for before."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Work again."""
        with self._lock:
            self._faults.clear()

    def all(self) -> list[Fault]:
        """What is still to fail."""
        with self._lock:
            return list(self._faults)

    def take(self, service: Service) -> Kind | None:
        """How this call fails, or None."""
        with self._lock:
            for fault in self._faults:
                if fault.service != service or self._random.random() >= fault.rate:
                    continue
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._faults.remove(fault)
                return fault.kind
        return None


def read_fault(document: Any) -> Fault | str:
    """The fault that a caller asks for, or the sentence that says what is wrong with it."""
    if not isinstance(document, dict) or not {"service", "kind"} <= set(document) <= {
        "service",
        "kind",
        "times",
        "rate",
    }:
        return "send service and kind, and times or rate"
    service, kind = document["service"], document["kind"]
    times, rate = document.get("times"), document.get("rate", 1.0)
    if service not in SERVICES:
        return f"service is one of {', '.join(SERVICES)}"
    if kind not in KINDS[service]:
        return f"kind is one of {', '.join(KINDS[service])}"
    if times is not None and not (isinstance(times, int) and times > 0):
        return "times is a whole number above 0"
    if not (isinstance(rate, int | float) and 0 < rate <= 1):
        return "rate is above 0 and at most 1"
    return Fault(service, kind, times, float(rate))
