"""Folding: how names are compared and put in order, whatever the script, case and accents."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

# Letters that no Unicode decomposition takes apart.
_LETTERS: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŋ": "n"}
)
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_APOSTROPHES: Final = re.compile("['\u2018\u2019\u02bc\u02b9\u0060\u00b4\uff07]")
_NAME_KEY_LENGTH: Final = 120
# Scripts in which a mark only colours a letter. In others (Devanagari, Thai …) marks are vowels and stay.
_MARKS_MAY_GO: Final = ("LATIN", "GREEK", "CYRILLIC", "HEBREW", "ARABIC")


def fold(text: str) -> str:
    """*text* as it is compared: no case, no accents, no apostrophes, ``ß`` as ``ss``.

    Folding twice changes nothing.
    """
    if text.isascii():
        return _APOSTROPHES.sub("", text.lower())
    folded = text
    for _ in range(4):  # case folding and decomposition can each make work for the other
        before = folded
        folded = _without_marks(unicodedata.normalize("NFKD", folded.casefold().translate(_LETTERS)))
        folded = unicodedata.normalize("NFKC", _APOSTROPHES.sub("", folded))
        if folded == before:
            break
    return folded


def words(text: str) -> list[str]:
    """The folded words of *text*: runs of letters and digits with the marks that belong to them."""
    return "".join(_in_word(character) for character in fold(text)).split()


def umlaut_words(text: str) -> list[str]:
    """The folded words of *text* with ``ä``, ``ö`` and ``ü`` as ``ae``, ``oe`` and ``ue``; none when it has none."""
    composed = unicodedata.normalize("NFC", text.casefold())
    spelled = composed.translate(_UMLAUTS)
    return words(spelled) if spelled != composed else []


def name_key(parts: Iterable[str | None]) -> str:
    """The key by which a list is ordered: part by part, word by word, cut to a safe length.

    ``-`` joins the words of a part and ``!`` the parts, and a space follows the key. The three sort in the opposite
    order, and below all that a word can hold: "Lee" stands before "Lee, Ana", that before "Lee Smith, Ana".
    """
    folded = ("-".join(words(part)) for part in parts if part)
    return "!".join(part for part in folded if part)[:_NAME_KEY_LENGTH]


def _in_word(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf":  # joiners and direction marks steer how a word looks; they do not end it
        return ""
    return character if category[0] in "LNM" else " "


def _without_marks(text: str) -> str:
    kept: list[str] = []
    base_may_lose = False
    for character in text:
        if unicodedata.category(character) == "Mn":
            if not base_may_lose:
                kept.append(character)
            continue
        base_may_lose = character.isascii() or unicodedata.name(character, "").startswith(_MARKS_MAY_GO)
        kept.append(character)
    return "".join(kept)
