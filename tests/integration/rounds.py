"""How many requests wait for one another: each is held back for a while, and those that are sent together, together."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from botocore.endpoint import Endpoint

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
    original = Endpoint.make_request

    def make_request(endpoint: Endpoint, operation_model: Any, request_dict: dict[str, Any]) -> Any:
        started = time.perf_counter()
        time.sleep(_SECONDS)
        answer = original(endpoint, operation_model, request_dict)
        finished = time.perf_counter()
        requests.append(Request(operation_model.name, "", {}, _NOTHING, started, finished, Capacity()))
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Endpoint, "make_request", make_request)
        yield Traffic(requests)
