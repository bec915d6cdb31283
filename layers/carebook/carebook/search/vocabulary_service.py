"""Asking an account's vocabulary what was meant, and building it anew."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from carebook.folding import words
from carebook.search.plan import Plan
from carebook.search.service import Results
from carebook.search.tokens import NAMES, Kind
from carebook.search.vocabulary import Vocabulary, may_be_mended, vocabulary_of

_NEARLY_NOTHING: Final = 2


class Wanted(NamedTuple):
    """A vocabulary that is asked for. The *mark* tells it from a later request for the same one."""

    account: str
    book: str
    mark: str


class Vocabularies(Protocol):
    """What a search may know of vocabularies."""

    def of(self, account: str, book: str, *, now: datetime) -> Vocabulary | None:
        """The vocabulary, if there is one. A new one is asked for when there is none or an old one."""
        ...


class VocabularyShelf(Protocol):
    """Where vocabularies are asked for and put."""

    def claim(self, wanted: Wanted, *, now: datetime) -> Wanted | None:
        """Take on a request, so that nobody else does for a while: with its new mark, or None when somebody has."""
        ...

    def keep(self, account: str, book: str, vocabulary: Vocabulary) -> None:
        """Put a vocabulary in place of an older one."""
        ...

    def done(self, wanted: Wanted) -> None:
        """The request with this mark has been served; one that came since stays."""
        ...


def did_you_mean(
    vocabularies: Vocabularies, *, account: str, book: str, query: str, plan: Plan, found: Results, now: datetime
) -> str | None:
    """What *query* should probably have been, when it found nothing, or a few by their addresses alone.

    Who is found by name was meant: all words of the query stand in the names of such a record.
    """
    by_name = any(hit.kind is not Kind.EMAIL for hit in found.hits)
    if by_name or len(found.hits) > _NEARLY_NOTHING or found.next is not None or not _is_for_names(plan):
        return None
    typed = words(query)
    if not any(map(may_be_mended, typed)):
        return None
    vocabulary = vocabularies.of(account, book, now=now)
    better = vocabulary.mended(typed) if vocabulary else None
    return " ".join(better) if better else None


def build_vocabulary(
    shelf: VocabularyShelf, names: Callable[[str], Iterable[Iterable[str]]], wanted: Wanted, *, now: datetime
) -> bool:
    """Build what is *wanted* out of the account's *names*; False when another run has taken it on.

    It can end anywhere: the request stays until the new vocabulary is in place, and the old one serves as long.
    """
    claimed = shelf.claim(wanted, now=now)
    if claimed is None:
        return False
    shelf.keep(wanted.account, wanted.book, vocabulary_of(names(wanted.account), built_at=now))
    shelf.done(claimed)
    return True


def _is_for_names(plan: Plan) -> bool:
    return all(key_range.kinds & NAMES for key_range in plan.ranges)
