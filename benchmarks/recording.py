"""Watching the requests that handlers send: what they were, what they took, and which ran side by side."""

import json
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from benchmarks.around import Answer, Sending, around_requests
from benchmarks.counting import (
    Capacity,
    Index,
    Item,
    Write,
    read_capacity,
    unfiltered,
    write_capacity,
    writes_of,
)
from benchmarks.inside import Canned, mark_of
from benchmarks.practice import ENVIRONMENT, TABLE, table_properties

_KEY: Final = ("PK", "SK")
_INDEXES: Final = tuple(
    Index(*(key["AttributeName"] for key in index["KeySchema"]))
    for index in table_properties()["GlobalSecondaryIndexes"]
)
# Long enough for threads that send requests side by side to begin, whatever else the machine does. It comes before the
# request is answered: answering takes the processor, and by then all of them must have begun.
_LATENCY_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Request:
    """One request to AWS."""

    operation: str
    target: str
    body: Mapping[str, Any]
    answer: Canned
    started: float
    finished: float
    capacity: Capacity


@dataclass(frozen=True, slots=True)
class Traffic:
    """The requests of one call of a handler."""

    requests: Sequence[Request]

    @property
    def capacity(self) -> Capacity:
        """What all requests took together."""
        return sum((request.capacity for request in self.requests), Capacity())

    @property
    def sequential(self) -> int:
        """How many requests waited for one another: the longest chain of requests that do not overlap."""
        chain, free_from = 0, float("-inf")
        for request in sorted(self.requests, key=lambda request: request.finished):
            if request.started >= free_from:
                chain, free_from = chain + 1, request.finished
        return chain

    @property
    def answers(self) -> dict[str, Canned]:
        """What AWS answered, by the requests' targets; where there are several queries, by where they begin, too."""
        return answers_of(self.requests)

    def count(self, operation: str) -> int:
        """How many requests were of this kind."""
        return sum(request.operation == operation for request in self.requests)

    def __str__(self) -> str:
        counted = Counter(request.operation for request in sorted(self.requests, key=lambda request: request.started))
        return ", ".join(f"{count} × {operation}" if count > 1 else operation for operation, count in counted.items())


def answers_of(requests: Sequence[Request]) -> dict[str, Canned]:
    """What AWS answered to *requests*, as a measured process looks it up."""
    queries = [request for request in requests if request.operation == "Query"]
    answers = {request.target: request.answer for request in requests}
    if len(queries) > 1:
        answers |= {mark_of(request.target, _low_end(request.body)): request.answer for request in queries}
    return answers


@contextmanager
def recorded() -> Iterator[list[Request]]:
    """The requests that are sent inside of the ``with`` block, in the order in which they were answered."""
    requests: list[Request] = []

    def note(sending: Sending) -> Answer:
        started = time.perf_counter()
        time.sleep(_LATENCY_SECONDS)
        if not sending.target:  # S3: it takes no capacity units
            answered = sending.go_on()
            answer = Canned.of(answered.http.status_code, {}, {})
            name = sending.operation
            requests.append(Request(name, name, {}, answer, started, time.perf_counter(), Capacity()))
            return answered
        operation, body = sending.operation, json.loads(sending.body)
        writes = writes_of(operation, body, _KEY)
        before = [_look_up(write.key) for write in writes]
        answered = sending.go_on()
        finished = time.perf_counter()
        document = json.loads(answered.http.content)
        capacity = Capacity()
        if writes:
            capacity = _write_capacity(writes, before, transactional=operation == "TransactWriteItems")
        elif sending.target.startswith("DynamoDB"):
            read, looked_at = body, document
            if "FilterExpression" in body:
                read = unfiltered(body)
                looked_at = json.loads(sending.send(json.dumps(read).encode()).http.content)
            capacity = read_capacity(operation, read, looked_at, _look_up)
        answer = Canned.of(answered.http.status_code, answered.http.headers, document)
        requests.append(Request(operation, sending.target, body, answer, started, finished, capacity))
        return answered

    with around_requests(note):
        yield requests


def _write_capacity(writes: Sequence[Write], before: Sequence[Item | None], *, transactional: bool) -> Capacity:
    after = (_look_up(write.key) for write in writes)
    parts = (
        write_capacity(write, was, is_now, transactional=transactional, indexes=_INDEXES)
        for write, was, is_now in zip(writes, before, after, strict=True)
    )
    return sum(parts, Capacity())


def _low_end(query: Mapping[str, Any]) -> str:
    """The first of the values that a query's condition on the sort key names."""
    names = re.findall(r":\w+", query["KeyConditionExpression"])
    value: str = query["ExpressionAttributeValues"][names[min(1, len(names) - 1)]]["S"]
    return value


def _look_up(key: Mapping[str, Any]) -> Item | None:
    """The item as it is in the table now, without a request."""
    backend = dynamodb_backends[DEFAULT_ACCOUNT_ID][ENVIRONMENT["AWS_REGION"]]
    item = backend.get_item(TABLE, dict(key))
    return None if item is None else item.to_json()["Attributes"]
