"""The words of pages, those that somebody made to keep us busy among them."""

import time

import pytest

from carebook.messages.pages import words_of


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("<p>One</p><p>Two<br>three</p>", "One\nTwo\nthree"),
        ("<DIV>Fish &amp; chips &lt;now&gt;</DIV>", "Fish & chips <now>"),
        ("STOP<!-- <p>not this --> please", "STOP please"),
        ("STOP<!-- <p>nor this", "STOP"),
        ("<head><title>T</title><style>p{}</style></head><p>Yes</p><script>no()</script>", "Yes"),
        ("<p>YES</p><blockquote>Reply STOP</blockquote>", "YES\n> Reply STOP"),
        ("<![if mso]>a<![endif]><?xml version='1'?>b<o:p></o:p>", "ab"),
        ("2 < 3 and 5 > 4", "2 < 3 and 5 > 4"),
        ("&#" + "9" * 5_000 + ";x", "\ufffd;x"),
        ("", ""),
    ],
)
def test_a_page_is_read_as_words(page: str, words: str) -> None:
    assert words_of(page) == words


@pytest.mark.parametrize(
    "again",
    [
        "<!--",
        "<a ",
        "</",
        "<![CDATA[",
        "<p>",
        "<",
        "&",
        "<script>",
        "<?",
        "<a b='",
        "<a b=\"x' ",
        "<a/ ",
        "&#x1",
        "&#1",
        ">",
        "-->",
    ],
)
def test_no_page_keeps_us_busy(again: str) -> None:
    begun = time.process_time()
    words_of(again * (1_000_000 // len(again)))
    assert time.process_time() - begun < 5
