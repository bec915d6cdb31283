"""Reads that need not wait for one another, side by side."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, Final, Protocol, overload

_AT_ONCE: Final = 8


class SideBySide(Protocol):
    """A store that can do several reads in one round."""

    @overload
    def together[A, B](self, first: Callable[[], A], second: Callable[[], B], /) -> tuple[A, B]: ...
    @overload
    def together[A, B, C](
        self, first: Callable[[], A], second: Callable[[], B], third: Callable[[], C], /
    ) -> tuple[A, B, C]: ...
    @overload
    def together[A, B, C, D](
        self, first: Callable[[], A], second: Callable[[], B], third: Callable[[], C], fourth: Callable[[], D], /
    ) -> tuple[A, B, C, D]: ...
    def together(self, *reads: Callable[[], Any]) -> Any:
        """What each read gives, in order. When several fail, the error is that of the first of them."""
        ...


class Reads:
    """Reads from the table side by side. The first runs in the caller's thread, so it may do so again itself."""

    def __init__(self, connect: Callable[[], None], *, name: str) -> None:
        self._connect = connect
        self._pool = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix=name)

    def __call__(self, first: Callable[[], Any], *others: Callable[[], Any]) -> Any:
        """See :meth:`SideBySide.together`."""
        self._connect()  # here, so that the threads share the client
        started = [self._pool.submit(read) for read in others]
        try:
            return (first(), *(one.result() for one in started))
        finally:
            # Lambda freezes what still runs when the answer is out; it would go on in somebody else's request.
            wait(started)
