"""How names are spelled where not every letter can go."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_QUOTES: Final = dict.fromkeys(map(ord, "\u2018\u2019\u02bc\u02b9\u0060\u00b4\uff07"), "'")
_HYPHENS: Final = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015"), "-")
_SAME: Final = _QUOTES | _HYPHENS


@dataclass(frozen=True, slots=True)
class Spelling:
    """A text with only letters, digits, hyphens, apostrophes and single spaces, and what was done to it."""

    text: str
    transliterated: bool = False
    punctuated: bool = False


def in_ascii(text: str | None) -> Spelling:
    """*text* in ASCII: what every 837P can carry (X12 basic and extended sets without "select language characters")."""
    return _spelled(text, str.isascii)


def in_print(text: str | None) -> Spelling:
    """*text* in the letters that every printer's built-in font has (ISO 8859-1); others are transliterated."""
    return _spelled(text, _is_latin_1)


def _is_latin_1(character: str) -> bool:
    return ord(character) < 0x100


def _spelled(text: str | None, may_stay: Callable[[str], bool]) -> Spelling:
    if not text:
        return Spelling("")
    kept: list[str] = []
    transliterated = punctuated = False
    for character in unicodedata.normalize("NFC", text).translate(_SAME):
        category = unicodedata.category(character)
        if character in "-' " or (category[0] in "LN" and may_stay(character)):
            kept.append(character)
        elif category[0] in "LNM":
            kept.append(_transliterated(character))
            transliterated = True
        elif category != "Cf":  # joiners and direction marks only steer how letters look
            kept.append("" if character == "." else " ")
            punctuated = True
    return Spelling(" ".join("".join(kept).split()), transliterated, punctuated)


def _transliterated(character: str) -> str:
    from anyascii import anyascii  # its tables are many; most names need none

    return "".join(one for one in anyascii(character) if one.isalnum())
