"""How many requests wait for one another: each is held back for a while, and those that are sent together, together."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from benchmarks.around import Answer, Sending, around_requests
from benchmarks.counting import Capacity
from benchmarks.inside import Canned
from benchmarks.recording import Request, Traffic

# Longer than all threads need to start, whatever else the machine does.
_SECONDS: Final = 0.4
_NOTHING: Final = Canned.of(200, {}, {})


@contextmanager
def slowed() -> Iterator[Traffic]:
    """The requests that are sent inside of the ``with`` block, each held back for a while."""
    requests: list[Request] = []

    def hold_back(sending: Sending) -> Answer:
        started = time.perf_counter()
        time.sleep(_SECONDS)
        answer = sending.go_on()
        finished = time.perf_counter()
        requests.append(Request(sending.operation, "", {}, _NOTHING, started, finished, Capacity()))
        return answer

    with around_requests(hold_back):
        yield Traffic(requests)
