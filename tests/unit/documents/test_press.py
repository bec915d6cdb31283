"""The press: any text comes out as that text, and never as a command."""

import io
import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from carebook.documents.fields import as_markdown
from carebook.documents.letter import Letter, Sheet
from carebook.documents.model import LONGEST_BODY
from carebook.documents.press import Unprintable, pdf_of

AT = datetime(2026, 11, 23, 10, 15, 30, 250_000, tzinfo=UTC)
HOME = {
    "line1": "12 Oak St",
    "line2": "",
    "city": "Springfield",
    "region": "IL",
    "postal_code": "62701",
    "country": "US",
}
LETTER = Letter(
    date="November 23, 2026",
    paper="us-letter",
    home="US",
    practice={"name": "Lakeside", "address": "100 Main St\nSpringfield, IL 62701", "phone": "(217) 555-0100"},
    recipient=("Ana Müller, MD", "Family Practice"),
    address=HOME,
)


def sheet(body: str = "Hello", **changes: Any) -> Sheet:
    return replace(Sheet(letter=LETTER, title="A letter", body=body, draft=False, at=AT), **changes)


def pages(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


def text(printed: Sheet) -> str:
    return "\n".join(pages(pdf_of(printed)))


def squeezed(shown: str) -> str:
    """Without white space, which line breaks are part of, and with ligatures taken apart."""
    return re.sub(r"[\s\u200b]+", "", unicodedata.normalize("NFKC", shown))


INJECTIONS = [
    '#read("/etc/passwd")',
    '#import "@preview/cetz:0.3.0"',
    '#include "x.typ"',
    "$ sum_(i=0)^n i $",
    "#let x = 1; #x",
    "= Heading",
    "#{ panic() }",
    "\\u{1F600} \\ \\#",
    '"); #read("/etc/passwd"); ("',
    "// comment /* block */",
    "@label <label>",
    "~ -- --- ...",
    "#sys.inputs",
    "'single' \"double\"",
]


@pytest.mark.parametrize("code", INJECTIONS)
def test_the_typesetters_code_is_text(code: str) -> None:
    letter = replace(LETTER, practice={"name": code, "address": code, "phone": code}, recipient=(code,), date=code)
    shown = squeezed(text(Sheet(letter=letter, title=code, body=as_markdown(code), draft=False, at=AT)))
    assert shown.count(squeezed(code)) == 7  # name, two lines of the sender, recipient, date, body, footer
    assert "root:" not in shown


@settings(max_examples=40)
@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=80))
def test_any_text_comes_out_as_that_text(body: str) -> None:
    shown = squeezed(text(sheet(as_markdown(body.strip()))))
    assert squeezed(body) in shown


@settings(max_examples=20)
@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=60))
def test_code_comes_out_as_that_code(code: str) -> None:
    shown = squeezed(text(sheet(f"~~~~~~\n{code.replace('~~~', '')}\n~~~~~~")))
    assert squeezed(code.replace("~~~", "")) in shown


@pytest.mark.parametrize(
    ("body", "font"),
    [
        ("Müller Łódź Ñandú", "NotoSans-"),
        ("Ελληνικά", "NotoSans-"),
        ("Русский", "NotoSans-"),
        ("العربية", "NotoSansArabic"),
        ("עברית", "NotoSansHebrew"),
        ("हिन्दी", "NotoSansDevanagari"),
        ("中文", "NotoSansCJKsc"),
        ("ひらがな漢字", "NotoSansCJKjp"),
        ("한국어", "NotoSansCJKkr"),
        ("ไทย", "NotoSansThai"),
        ("தமிழ்", "NotoSansTamil"),
        ("বাংলা", "NotoSansBengali"),
        ("ქართული", "NotoSansGeorgian"),
        ("Հայերեն", "NotoSansArmenian"),
        ("አማርኛ", "NotoSansEthiopic"),
        ("😀", "NotoEmoji"),
    ],
)
def test_every_script_has_its_font(body: str, font: str) -> None:
    pdf = pdf_of(sheet(body))
    assert font.encode() in pdf
    assert b"NotoSans" in pdf


@pytest.mark.parametrize("language", ["zh-TW", "zh-Hant-TW", "zh-HK", "ja", "ko", "", "not a language"])
def test_the_recipients_language_chooses_among_chinese_forms(language: str) -> None:
    wanted = {"zh-TW": b"CJKtc", "zh-Hant-TW": b"CJKtc", "zh-HK": b"CJKhk", "ja": b"CJKjp", "ko": b"CJKkr"}
    pdf = pdf_of(sheet("漢字", letter=replace(LETTER, language=language)))
    assert wanted.get(language, b"CJKsc") in pdf


def test_what_no_font_has_is_refused_and_not_quoted() -> None:
    with pytest.raises(Unprintable) as refused:
        pdf_of(sheet("secret 𓀀"))
    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_letter_has_its_frame() -> None:
    shown = text(sheet("Dear Dr. Müller,"))
    for line in (
        *("Lakeside", "100 Main St", "Phone (217) 555-0100", "Ana Müller, MD", "Family Practice", "12 Oak St"),
        *("SPRINGFIELD, IL 62701", "November 23, 2026", "Dear Dr. Müller,", "A letter", "1 / 1"),
    ):
        assert line in shown
    assert "UNITED STATES" not in shown
    assert "DRAFT" not in shown


def test_a_letter_without_anything_around_it_is_printed() -> None:
    bare = Letter(date="", paper="a4", home="US")
    assert "Hello" in text(sheet(letter=bare))


def test_a_draft_says_so_on_every_page() -> None:
    shown = pages(pdf_of(sheet("word " * 3000, draft=True)))
    assert len(shown) > 2
    assert all("DRAFT" in page for page in shown)


def test_a_long_letter_has_numbered_pages_and_loses_nothing() -> None:
    words = [f"word{number}" for number in range(3000)]
    shown = pages(pdf_of(sheet(" ".join(words))))
    assert [f"{page} / {len(shown)}" in text for page, text in enumerate(shown, 1)] == [True] * len(shown)
    assert set(words) <= set("\n".join(shown).split())


def test_the_longest_text_is_printed_in_time() -> None:
    began = datetime.now(UTC)
    for body in ("Lorem ipsum. " * (LONGEST_BODY // 13), "a\n\n" * (LONGEST_BODY // 3), "[" * LONGEST_BODY):
        pdf_of(sheet(body))
    assert (datetime.now(UTC) - began).total_seconds() < 3 * 20


def test_a_word_wider_than_the_page_is_broken() -> None:
    shown = text(sheet("W" * 400))
    assert squeezed(shown).count("W") == 400
    assert max(len(line) for line in shown.splitlines()) < 100


@pytest.mark.parametrize(
    ("address", "lines"),
    [
        ({"line1": "Hauptstr. 1", "city": "Köln", "postal_code": "50667", "country": "DE"}, ["50667 KÖLN", "GERMANY"]),
        ({"line1": "1 High St", "city": "York", "postal_code": "YO1 7HH", "country": "GB"}, ["YORK", "YO1 7HH"]),
        (
            {"line1": "千代田1-1", "city": "千代田区", "region": "東京都", "postal_code": "100-0001", "country": "JP"},
            ["千代田区", "東京都"],
        ),
        ({"line1": "Somewhere", "city": "Place", "country": "ZZ"}, ["Somewhere", "Place"]),
    ],
)
def test_an_address_is_written_as_its_country_does(address: dict[str, str], lines: list[str]) -> None:
    shown = text(sheet(letter=replace(LETTER, address=HOME | {"region": "", "line2": ""} | address)))
    for line in lines:
        assert line in shown


def test_the_same_sheet_gives_the_same_pdf() -> None:
    assert pdf_of(sheet()) == pdf_of(sheet())


def test_the_pdf_is_archivable_and_has_its_title() -> None:
    reader = PdfReader(io.BytesIO(pdf_of(sheet(title="Tïtle (1)"))))
    assert reader.metadata is not None
    assert reader.metadata.title == "Tïtle (1)"
    assert b"pdfaid" in pdf_of(sheet())
