"""Markdown becomes data: what somebody wrote is text in it, whatever it looks like."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carebook.documents.fields import as_markdown
from carebook.documents.markdown import DEEPEST, blocks_of


def text_of(blocks: list[dict[str, Any]]) -> str:
    """All text of blocks, in order."""
    found = ""
    for block in blocks:
        found += block.get("s", "")
        found += text_of(block.get("c", ())) + text_of(block.get("b", ()))
        for item in block.get("i", ()):
            found += text_of(item)
        for row in block.get("r", ()):
            for cell in row:
                found += text_of(cell)
    return found


def paragraph(markdown: str) -> list[dict[str, Any]]:
    (block,) = blocks_of(markdown)
    assert block["t"] == "p"
    runs: list[dict[str, Any]] = block["c"]
    return runs


def test_emphasis_is_a_style_of_a_run() -> None:
    assert paragraph("a **b *c*** ~~d~~ `e`") == [
        {"s": "a ", "f": ""},
        {"s": "b ", "f": "b"},
        {"s": "c", "f": "bi"},
        {"s": " ", "f": ""},
        {"s": "d", "f": "d"},
        {"s": " ", "f": ""},
        {"s": "e", "f": "c"},
    ]


def test_a_line_is_a_line() -> None:
    assert [run.get("s", "/") for run in paragraph("Sincerely,\nAna")] == ["Sincerely,", "/", "Ana"]


@pytest.mark.parametrize(
    ("markdown", "kind"),
    [
        ("# A", "h"),
        ("- a", "ul"),
        ("3. a", "ol"),
        ("> a", "q"),
        ("```\na\n```", "code"),
        ("    a", "code"),
        ("---", "hr"),
        ("|a|b|\n|-|:-:|\n|1|2|", "table"),
    ],
)
def test_blocks_have_their_kind(markdown: str, kind: str) -> None:
    assert [block["t"] for block in blocks_of(markdown)] == [kind]


def test_a_numbered_list_begins_where_it_says() -> None:
    assert blocks_of("7. a\n8. b")[0]["n"] == 7


def test_a_table_has_rows_of_cells_and_their_sides() -> None:
    (table,) = blocks_of("|a|b|\n|-|-:|\n|1|2|\n|3|4|")
    assert table["a"] == ["", "right"]
    assert [[text_of(cell) for cell in row] for row in table["r"]] == [["a", "b"], ["1", "2"], ["3", "4"]]


@pytest.mark.parametrize("html", ["<script>alert(1)</script>", "<b>bold</b>", "<!-- x -->", "<img src=x onerror=y>"])
def test_html_is_text(html: str) -> None:
    assert text_of(blocks_of(html)) == html


def test_an_image_is_named_and_not_fetched() -> None:
    assert paragraph("![The knee](https://example.org/knee.png)") == [{"s": "[The knee]", "f": ""}]


def test_a_link_shows_where_it_leads() -> None:
    assert paragraph("[us](https://example.org)") == [
        {"s": "us", "f": "", "u": "https://example.org"},
        {"s": " (https://example.org)", "f": ""},
    ]
    assert text_of(paragraph("<https://example.org>")) == "https://example.org"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "../x"])
def test_a_link_to_anything_else_is_no_link(address: str) -> None:
    runs = paragraph(f"[us]({address})")
    assert not [run for run in runs if "u" in run]
    assert address in text_of(runs)


@pytest.mark.parametrize("text", ["مرحبا", "שלום a", "123 שלום"])
def test_what_is_written_from_the_right_says_so(text: str) -> None:
    assert blocks_of(text)[0]["rtl"] is True
    assert blocks_of(f"a {text}")[0]["rtl"] is False


def depth(blocks: list[dict[str, Any]]) -> int:
    inner = [depth(block.get("b", [])) for block in blocks if "b" in block]
    inner += [depth(item) for block in blocks for item in block.get("i", ())]
    return 1 + max(inner, default=0)


@pytest.mark.parametrize("sign", ["> ", "- ", "1. "])
def test_nesting_has_an_end_and_loses_nothing(sign: str) -> None:
    for levels in (3, 10, 30, 60, 300):
        blocks = blocks_of(sign * levels + "deep down")
        assert "deep down" in text_of(blocks)
        assert depth(blocks) <= DEEPEST + 1


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=60))
def test_a_value_is_shown_as_it_is_whatever_it_looks_like(value: str) -> None:
    shown = value.strip()
    blocks = blocks_of(f"x{as_markdown(value)}x\n\n{as_markdown(shown)}")
    assert text_of(blocks[:1]) == f"x{value}x"
    assert all(block["t"] == "p" for block in blocks)
    assert text_of(blocks[1:]).strip() == shown


@given(st.text(st.sampled_from(list("#*_`[]()<>!-+|:.1 \n\\&;\"'~=ab$@{}/")), max_size=120))
def test_any_markdown_becomes_blocks(markdown: str) -> None:
    for block in blocks_of(markdown):
        assert block["t"] in {"p", "h", "ul", "ol", "q", "code", "hr", "table"}
