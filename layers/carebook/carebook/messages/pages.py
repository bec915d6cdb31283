"""The words of a web page, as an e-mail may be one.

Whoever writes to us decides what is in it, so each sign is looked at a few times and no more: a parser that goes back
for whatever is never closed, as Python's own does, needs minutes for some kilobytes.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import Final

_LONGEST_PAGE: Final = 2_000_000
_TAG: Final = re.compile(r"<(?:(/?)([a-z][a-z0-9]*)|[/!?])[^<>]*>", re.IGNORECASE)
_BLOCKS: Final = frozenset({"br", "div", "li", "p", "tr", "h1", "h2", "h3", "blockquote"})
_SILENT: Final = frozenset({"head", "script", "style", "title"})
_OVERLONG: Final = re.compile(r"&#[0-9]{8,}")  # no character has such a number, and Python refuses to read it


def words_of(page: str) -> str:
    """The words of *page*, a line for each block; what it quotes begins with ``>``."""
    text = unescape(_OVERLONG.sub("\ufffd", "".join(_pieces(_without_comments(page[:_LONGEST_PAGE])))))
    return "\n".join(line for line in (" ".join(line.split()) for line in text.splitlines()) if line)


def _without_comments(page: str) -> str:
    """*page* without its comments; one that does not end goes on to the end of the page, as in a browser."""
    kept, at = [], 0
    while (begins := page.find("<!--", at)) >= 0:
        kept.append(page[at:begins])
        ends = page.find("-->", begins + 4)
        if ends < 0:
            return "".join(kept)
        at = ends + 3
    return "".join((*kept, page[at:]))


def _pieces(page: str) -> Iterator[str]:
    at, silent = 0, 0
    for tag in _TAG.finditer(page):
        if not silent:
            yield page[at : tag.start()]
        at, name = tag.end(), (tag[2] or "").lower()
        if name in _SILENT:
            silent = max(0, silent + (-1 if tag[1] else 1))
        elif name in _BLOCKS and not tag[1]:
            yield "\n> " if name == "blockquote" else "\n"
    if not silent:
        yield page[at:]
