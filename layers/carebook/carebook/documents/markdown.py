"""Markdown as the blocks of a letter: plain values, in which no text is ever code.

What a letter is set from is data. Text goes through it as strings, so neither Markdown nor the typesetter can read a
command in what somebody wrote. Raw HTML is text, images are named and not fetched, addresses of links are shown.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

Block = dict[str, Any]
Run = dict[str, Any]
DEEPEST: Final = 6  # lists and quotations within each other; what is deeper stands at this depth
_PARSED: Final = 100  # what is nested deeper than this the parser drops without a word: such a text is shown unread
_STYLES: Final = {"strong": "b", "em": "i", "s": "d"}
_SCHEMES: Final = ("http://", "https://", "mailto:", "tel:")


@lru_cache(maxsize=1)
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    options = {"html": False, "linkify": False, "typographer": False, "maxNesting": _PARSED}
    return MarkdownIt("commonmark", options).enable(["table", "strikethrough"])


def blocks_of(markdown: str) -> list[Block]:
    """The blocks of *markdown*.

    Each has its kind in ``t``: ``p`` and ``h`` (level ``l``) hold runs in ``c``; ``ul`` and ``ol`` (first number ``n``)
    hold lists of blocks in ``i``; ``q`` blocks in ``b``; ``code`` text in ``s``; ``table`` alignments in ``a`` and rows
    of cells of runs in ``r``, the header first; ``hr`` nothing. A run has text in ``s``, its styles in ``f`` and an
    address in ``u``; or it is a line break, ``br``. ``rtl`` says that a block is written from the right.
    """
    tokens = _parser().parse(markdown)
    if any(token.level >= _PARSED - 5 for token in tokens):
        return [{"t": "code", "s": markdown}]
    return _Builder(tokens).blocks()


class _Builder:
    """One walk over markdown-it's flat list of tokens, with a stack instead of recursion."""

    def __init__(self, tokens: Sequence["Token"]) -> None:
        self._tokens = tokens
        self._open: list[list[Block]] = [[]]  # the lists of blocks that are being filled
        self._skipped: list[bool] = []  # for each open list or quotation: whether it is too deep to be one
        self._table: Block | None = None

    def blocks(self) -> list[Block]:
        for index, token in enumerate(self._tokens):
            kind = token.type.removesuffix("_open").removesuffix("_close")
            if kind == "inline":
                self._inline(token, self._tokens[index - 1])
            elif kind in {"fence", "code_block"}:
                self._add({"t": "code", "s": token.content.rstrip("\n")})
            elif kind == "hr":
                self._add({"t": "hr"})
            elif kind in {"bullet_list", "ordered_list", "blockquote"}:
                (self._begin if token.nesting > 0 else self._end)(token)
            elif kind == "list_item":
                self._item(token)
            elif kind in {"table", "tr"}:
                self._table_part(token)
        return self._open[0]

    def _item(self, token: "Token") -> None:
        if self._skipped[-1]:
            return
        if token.nesting > 0:
            self._open[-1][-1]["i"].append([])
            self._open.append(self._open[-1][-1]["i"][-1])
        else:
            self._open.pop()

    def _table_part(self, token: "Token") -> None:
        if token.type == "table_open":
            self._table = {"t": "table", "a": [], "r": []}
            self._add(self._table)
        elif token.type == "table_close":
            self._table = None
        elif token.type == "tr_open" and self._table is not None:
            self._table["r"].append([])

    def _add(self, block: Block) -> None:
        self._open[-1].append(block)

    def _begin(self, token: "Token") -> None:
        too_deep = len(self._skipped) >= DEEPEST
        self._skipped.append(too_deep)
        if too_deep:
            return
        if token.type == "blockquote_open":
            self._add({"t": "q", "b": []})
            self._open.append(self._open[-1][-1]["b"])
        elif token.type == "bullet_list_open":
            self._add({"t": "ul", "i": []})
        else:
            self._add({"t": "ol", "n": int(token.attrs.get("start", 1)), "i": []})

    def _end(self, token: "Token") -> None:
        if not self._skipped.pop() and token.type == "blockquote_close":
            self._open.pop()

    def _inline(self, token: "Token", before: "Token") -> None:
        runs = list(_runs(token.children or ()))
        if before.type in {"th_open", "td_open"} and self._table is not None:
            if before.type == "th_open":
                style = str(before.attrs.get("style", ""))
                self._table["a"].append(style.removeprefix("text-align:"))
            self._table["r"][-1].append(runs)
            self._table["rtl"] = self._table.get("rtl", False) or from_the_right(token.content)
            return
        block: Block = {"t": "p", "c": runs, "rtl": from_the_right(token.content)}
        if before.type == "heading_open":
            block |= {"t": "h", "l": int(before.tag[1])}
        self._add(block)


def _runs(tokens: Sequence["Token"]) -> Iterator[Run]:
    """Pieces of text with their styles, none within another: emphasis can nest without end."""
    styles: list[str] = []
    address: str | None = None
    shown = ""
    for token in tokens:
        if token.type in {"softbreak", "hardbreak"}:  # a line is a line in a letter
            yield {"br": True}
        elif token.type == "link_open":
            address, shown = str(token.attrs["href"]), ""
        elif token.type == "link_close":
            if address and shown not in {address, address.partition(":")[2]}:
                yield {"s": f" ({address})", "f": ""}
            address = None
        elif token.tag in _STYLES and token.nesting:
            styles = [*styles, _STYLES[token.tag]] if token.nesting > 0 else styles[:-1]
        else:
            text = f"[{token.content}]" if token.type == "image" else token.content
            shown += text
            run: Run = {"s": text, "f": "".join(sorted({*styles, *("c" if token.type == "code_inline" else "")}))}
            yield run | ({"u": address} if address and address.lower().startswith(_SCHEMES) else {})


def from_the_right(text: str) -> bool:
    """Whether *text* runs from right to left: its first letter does (Unicode Bidirectional Algorithm, rules P2, P3)."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in {"L", "R", "AL"}:
            return direction != "L"
    return False
