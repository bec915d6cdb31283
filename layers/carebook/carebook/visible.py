"""Whether there is anything to be seen of a text."""

import unicodedata
from typing import Final

_TAKES_NO_INK: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
# Letters and signs by their category, and empty all the same: fillers of Hangul, the Braille cell without dots,
# inherent vowels of Khmer, the joiner of graphemes.
_EMPTY: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_SELECTORS: Final = (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))


def is_blank(text: str) -> bool:
    """Whether *text* is nothing but white space and characters that show nothing, such as U+200B or a soft hyphen."""
    return all(map(_shows_nothing, text))


def _shows_nothing(character: str) -> bool:
    if unicodedata.category(character) in _TAKES_NO_INK or character in _EMPTY:
        return True
    return any(ord(character) in selectors for selectors in _SELECTORS)
