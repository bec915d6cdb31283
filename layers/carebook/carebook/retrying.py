"""Trying again when others were faster: a few times, each after a longer pause, never all at the same moment."""

import random
import time
from collections.abc import Iterator
from typing import Final

_ATTEMPTS: Final = 10
_FIRST_PAUSE_SECONDS: Final = 0.01
_LONGEST_PAUSE_SECONDS: Final = 0.4
_PAUSES_PAST_FIVE_SECONDS: Final = (0.25, 0.5, 1.0, 2.0, 2.0)


def attempts() -> Iterator[int]:
    """The numbers of the attempts to make, with the pauses between them; at most about two seconds in all."""
    for attempt in range(_ATTEMPTS):
        if attempt:
            longest = min(_FIRST_PAUSE_SECONDS * 2**attempt, _LONGEST_PAUSE_SECONDS)
            time.sleep(random.uniform(longest / 4, longest))  # noqa: S311 - spreads retries, guards nothing
        yield attempt


def attempts_past_five_seconds() -> Iterator[int]:
    """The numbers of attempts with pauses that are 6 seconds together: for what ends when asked after five."""
    yield 0
    for number, pause in enumerate(_PAUSES_PAST_FIVE_SECONDS, start=1):
        time.sleep(pause * random.uniform(1, 1.1))  # noqa: S311 - spreads retries, guards nothing
        yield number
