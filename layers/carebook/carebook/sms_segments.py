"""How many parts a text message is sent in: what it costs, and what a reader's phone has to put together.

The alphabet is that of 3GPP TS 23.038: 160 characters of it in one part and 153 in each of several; with any other
character all of the text is sent as UTF-16, 70 units in one part and 67 in each of several.
"""

from typing import Final, Literal, NamedTuple

_ONE: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_TWO: Final = frozenset("\f^{}\\[~]|€")  # behind an escape character, so they count twice


class Parts(NamedTuple):
    """The encoding of a text, its length in units of that encoding, and the number of parts."""

    encoding: Literal["GSM", "UCS-2"]
    units: int
    parts: int


def parts_of(text: str) -> Parts:
    """How *text* is sent. No unit that takes two places is torn apart, so a part may stay a place short."""
    if all(character in _ONE or character in _TWO for character in text):
        return _split("GSM", [2 if character in _TWO else 1 for character in text], alone=160, together=153)
    return _split("UCS-2", [2 if ord(character) > 0xFFFF else 1 for character in text], alone=70, together=67)


def _split(encoding: Literal["GSM", "UCS-2"], widths: list[int], *, alone: int, together: int) -> Parts:
    units = sum(widths)
    if units <= alone:
        return Parts(encoding, units, 1)
    count, used = 1, 0
    for width in widths:
        if used + width > together:
            count, used = count + 1, 0
        used += width
    return Parts(encoding, units, count)
