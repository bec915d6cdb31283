"""How names are spelled where not every letter can go."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_QUOTES: Final = dict.fromkeys(map(ord, "\u2018\u2019\u02bc\u02b9\u0060\u00b4\uff07"), "'")
_HYPHENS: Final = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015"), "-")
_SAME: Final = _QUOTES | _HYPHENS
_TITLE: Final = re.compile(r"(?:dr|doctor|prof|professor|mr|mrs|ms)(?:\.\s*|\s+)(?=\S)", re.IGNORECASE)
_TITLE_ALONE: Final = re.compile(r"(?:dr|prof|mr|mrs|ms)\.?", re.IGNORECASE)
_GENERATION: Final = frozenset({"JR", "SR", "I", "II", "III", "IV", "V", "VI", "2ND", "3RD", "4TH", "5TH"})


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


def without_titles(name: str | None, *, may_be_one: bool) -> str | None:
    """*name* without "Dr." and the like before it; *may_be_one*: also when it is nothing else."""
    rest = (name or "").strip()
    while found := _TITLE.match(rest):
        rest = rest[found.end() :]
    return None if not rest or (may_be_one and _TITLE_ALONE.fullmatch(rest)) else rest


def is_generation(suffix: str) -> bool:
    """Whether a suffix belongs to the name, as "Jr" and "III" do, and is no credential."""
    return suffix.upper().rstrip(".") in _GENERATION


def in_a_number(text: str | None) -> str | None:
    """A provider's number in ASCII letters, digits, hyphens and single spaces, other signs left out.

    None when nothing of it is left, or when it has a letter that would have to be transliterated: a number with
    another letter is another's.
    """
    kept: list[str] = []
    for character in unicodedata.normalize("NFC", text or "").translate(_SAME):
        category = unicodedata.category(character)
        if character in "- " or (category[0] in "LN" and character.isascii()):
            kept.append(character)
        elif category[0] in "LNM":
            return None
    number = " ".join("".join(kept).split())
    return number if any(character.isalnum() for character in number) else None


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
    # A hyphen joins what stands on both sides of it; a word of nothing but signs is no word.
    words = [word.strip("-") for word in "".join(kept).split()]
    spelled = " ".join(word for word in words if any(letter.isalnum() for letter in word))
    return Spelling(spelled, transliterated, punctuated or len(spelled) < len(" ".join("".join(kept).split())))


def _transliterated(character: str) -> str:
    from anyascii import anyascii  # its tables are many; most names need none

    return "".join(one for one in anyascii(character) if one.isalnum())
