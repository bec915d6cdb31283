"""Trying again when others were faster: a few times, each after a longer pause, never all at the same moment."""

import random
import time
from collections.abc import Iterator
from typing import Final

_ATTEMPTS: Final = 10
_FIRST_PAUSE_SECONDS: Final = 0.01
_LONGEST_PAUSE_SECONDS: Final = 0.4


def attempts() -> Iterator[int]:
    """The numbers of the attempts to make, with the pauses between them; at most about two seconds in all."""
    for attempt in range(_ATTEMPTS):
        if attempt:
            longest = min(_FIRST_PAUSE_SECONDS * 2**attempt, _LONGEST_PAUSE_SECONDS)
            time.sleep(random.uniform(longest / 4, longest))  # noqa: S311 - spreads retries, guards nothing
        yield attempt
