"""What the person at the terminal sees: one line a step, with the time it took."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

LABEL_WIDTH = 12


class LaptopStackError(Exception):
    """An expected failure; its text is the one line that says what to do."""


def show(text: str = "", *, end: str = "\n") -> None:
    """Print at once. A reader who went away (`| head`, a closed terminal) must not end the work half-way."""
    try:
        print(text, end=end, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Step:
    """A step under way; what is last said of it closes its line."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._words = ""
        self._open = False
        self._terminal = sys.stdout.isatty()

    def say(self, words: str) -> None:
        """Show *words* as the state of the step: in place on a terminal, remembered elsewhere."""
        self._words = words
        if self._terminal:
            show(f"\r\033[K  {self._label:<{LABEL_WIDTH}} {words}", end="")
            self._open = True

    def close(self, ending: str) -> None:
        """End the line."""
        start = "\r\033[K" if self._open else ""
        show(f"{start}  {self._label:<{LABEL_WIDTH}} {self._words}{ending}")


@contextmanager
def step(label: str, words: str) -> Iterator[Step]:
    """Show a step while its block runs, then how long it took, or that it failed."""
    began = time.monotonic()
    current = Step(label)
    current.say(words)
    try:
        yield current
    except BaseException:
        current.close(" – failed")
        raise
    current.close(f" ({time.monotonic() - began:.1f} s)")
