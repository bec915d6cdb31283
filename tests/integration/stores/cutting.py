"""Requests to DynamoDB that are cut off, as when a connection breaks or a function's time is up."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from carebook.table import Table


class Cut(Exception):
    """The connection broke, or the function's time was up."""


class Requests:
    """The table's requests to DynamoDB: noted, or cut off at a chosen one, before or after it took effect."""

    def __init__(self, table: Table) -> None:
        self._events = table.connection.client.meta.events

    @contextmanager
    def cut(self, *, at: int, event: str = "before-call", only: str | None = None) -> Iterator[None]:
        left = [at]

        def count_down(model: Any, **_: Any) -> None:
            if only is None or model.name == only:
                left[0] -= 1
                if left[0] <= 0:
                    raise Cut

        with self._listening(event, count_down):
            yield

    @contextmanager
    def noted(self) -> Iterator[list[str]]:
        made: list[str] = []

        def note(model: Any, **_: Any) -> None:
            made.append(model.name)

        with self._listening("before-call", note):
            yield made

    @contextmanager
    def _listening(self, event: str, listener: Callable[..., None]) -> Iterator[None]:
        name = f"{event}.dynamodb"
        self._events.register_last(name, listener)
        try:
            yield
        finally:
            self._events.unregister(name, listener)
