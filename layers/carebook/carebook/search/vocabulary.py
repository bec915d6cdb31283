"""The words of an account's names, and which of them somebody may have meant: advice, what is found never needs it."""

import zlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from carebook.folding import umlaut_words, words

MOST_WORDS: Final = 50_000
LARGEST: Final = 300_000  # bytes when packed: one item, well below the 400 KB that DynamoDB takes
_MENDED_FROM: Final = 4  # letters; one edit of less can be nearly any word
_COMPLETED_FROM: Final = 5  # there are more beginnings than words
_SMALL: Final = 5_000  # records; a new vocabulary of so few costs next to nothing
_FRESH: Final = timedelta(hours=24)
_FRESH_WHILE_SMALL: Final = timedelta(hours=1)
_LAST: Final = "\U0010ffff"  # sorts behind every letter


@dataclass(slots=True)
class Vocabulary:
    """The folded words of an account's names.

    Attributes:
        counts: in how many records each word stands.
        records: how many records there were.
        built_at: when they were looked at.
    """

    counts: Mapping[str, int]
    records: int
    built_at: datetime
    _ordered: list[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._ordered = sorted(self.counts)

    def is_old(self, now: datetime) -> bool:
        """Whether it is time for a new one."""
        return now - self.built_at > (_FRESH_WHILE_SMALL if self.records <= _SMALL else _FRESH)

    def begins_a_word(self, beginning: str) -> bool:
        """Whether any word begins so."""
        at = bisect_left(self._ordered, beginning)
        return at < len(self._ordered) and self._ordered[at].startswith(beginning)

    def nearest(self, word: str) -> str | None:
        """The most frequent word that is one edit away from *word*, and of several such the first in the alphabet.

        An edit is a letter left out, put in or replaced, or two neighbours that change places.
        """
        return self._likeliest(near for near in self._edited(word) if near != word and near in self.counts)

    def completed(self, beginning: str) -> str | None:
        """The most frequent word with a beginning that is one edit away from *beginning*."""
        ordered, found = self._ordered, []
        for near in self._edited(beginning):
            at = bisect_left(ordered, near)
            if near != beginning and at < len(ordered) and ordered[at].startswith(near):
                found += ordered[at : bisect_left(ordered, near + _LAST, at)]
        return self._likeliest(found)

    def mended(self, typed: Sequence[str]) -> list[str] | None:
        """*typed*, where words that begin none of these are replaced by what was probably meant.

        The last word may still be unfinished. None when nothing is better: a word that nobody has would find nothing
        however the others are mended.
        """
        mended: list[str] = []
        for place, word in enumerate(typed, start=1):
            better: str | None = word
            if not self.begins_a_word(word):
                better = self._meant(word, unfinished=place == len(typed))
            if better is None:
                return None
            mended.append(better)
        return None if mended == list(typed) else mended

    def _meant(self, word: str, *, unfinished: bool) -> str | None:
        if not may_be_mended(word):
            return None
        found = self.nearest(word)
        if found is None and unfinished and len(word) >= _COMPLETED_FROM:
            found = self.completed(word)
        return found

    def _likeliest(self, found: Iterable[str]) -> str | None:
        return min(found, key=lambda word: (-self.counts[word], word), default=None)

    def _edited(self, word: str) -> Iterator[str]:
        """What one edit makes of *word*, as far as a word may begin so.

        Follows the words letter by letter: a letter is only put where one of them has it, so that many scripts cost no
        more than one, and it ends where none goes on as *word* does.
        """
        for at in range(len(word) + 1):
            head, tail = word[:at], word[at:]
            if not self.begins_a_word(head):
                return
            if tail:
                yield head + tail[1:]
            if len(tail) > 1:
                yield head + tail[1] + tail[0] + tail[2:]
            for longer in self._one_letter_more(head):
                yield longer + tail
                if tail:
                    yield longer + tail[1:]

    def _one_letter_more(self, head: str) -> Iterator[str]:
        """*head* with each letter by which a word goes on."""
        ordered, at = self._ordered, bisect_left(self._ordered, head)
        if at < len(ordered) and ordered[at] == head:
            at += 1
        while at < len(ordered) and ordered[at].startswith(head):
            longer = ordered[at][: len(head) + 1]
            yield longer
            at = bisect_left(ordered, longer + _LAST, at)


def may_be_mended(word: str) -> bool:
    """Whether *word* is long enough to tell what was meant. Numbers are never put right."""
    return len(word) >= _MENDED_FROM and not any(map(str.isdecimal, word))


def vocabulary_of(names: Iterable[Iterable[str]], *, built_at: datetime) -> Vocabulary:
    """The vocabulary of records with these *names*; the most frequent words when there are too many."""
    counts: Counter[str] = Counter()
    records = 0
    for texts in names:
        records += 1
        counts.update({word for text in texts for word in words(text) + umlaut_words(text)})
    return Vocabulary(_most_frequent(counts, MOST_WORDS), records, built_at)


def pack(vocabulary: Vocabulary) -> bytes:
    """The words and counts in at most 300,000 bytes; the rarest words give way."""
    counts = vocabulary.counts
    while True:
        ordered = sorted(counts)
        text = f"{' '.join(ordered)}\n{' '.join(str(counts[word]) for word in ordered)}"
        packed = zlib.compress(text.encode(), level=9)
        if len(packed) <= LARGEST:
            return packed
        counts = _most_frequent(counts, len(counts) * LARGEST // len(packed) * 9 // 10)


def unpack(packed: bytes, *, records: int, built_at: datetime) -> Vocabulary:
    """The vocabulary out of :func:`pack`."""
    ordered, _, counts = zlib.decompress(packed).decode().partition("\n")
    return Vocabulary(dict(zip(ordered.split(), map(int, counts.split()), strict=True)), records, built_at)


def _most_frequent(counts: Mapping[str, int], most: int) -> Mapping[str, int]:
    if len(counts) <= most:
        return counts
    return dict(sorted(counts.items(), key=lambda counted: (-counted[1], counted[0]))[:most])
