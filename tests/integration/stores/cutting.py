"""Requests to DynamoDB that are cut off, as when a connection breaks or a function's time is up."""

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.around import Answer, Sending, around_requests


class Cut(Exception):
    """The connection broke, or the function's time was up."""


class Requests:
    """Requests to DynamoDB: noted, or cut off at a chosen one, before or after it took effect."""

    @contextmanager
    def cut(self, *, at: int, event: str = "before-call", only: str | None = None) -> Iterator[None]:
        left = [at]

        def count_down(sending: Sending) -> Answer:
            if not _is_ours(sending) or only not in {None, sending.operation}:
                return sending.go_on()
            left[0] -= 1
            if event == "before-call" and left[0] <= 0:
                raise Cut
            answer = sending.go_on()
            if left[0] <= 0:
                raise Cut
            return answer

        with around_requests(count_down):
            yield

    @contextmanager
    def noted(self) -> Iterator[list[str]]:
        made: list[str] = []

        def note(sending: Sending) -> Answer:
            if _is_ours(sending):
                made.append(sending.operation)
            return sending.go_on()

        with around_requests(note):
            yield made


def _is_ours(sending: Sending) -> bool:
    return sending.target.startswith("DynamoDB")
