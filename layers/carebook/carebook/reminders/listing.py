"""Pages of what a client has: all of it is there, in order, and a page begins behind where the last one ended."""

from collections.abc import Callable, Sequence


def page_of[S](
    found: Sequence[S], place: Callable[[S], tuple[str, str]], *, behind: Sequence[str] | None, limit: int
) -> tuple[Sequence[S], list[str] | None]:
    """Up to *limit* of *found*, and the place behind which the next page begins; None: this was the last.

    Args:
        found: the highest places first.
        place: where each stands: when it is, then its id.
    """
    rest = [one for one in found if behind is None or place(one) < (behind[0], behind[1])]
    return rest[:limit], list(place(rest[limit - 1])) if len(rest) > limit else None
