"""The page: what it shows, what it never shows, and what a browser may do with it."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import pytest

from carebook.shares.browser import answered, as_program
from carebook.shares.page import DISCREET, page_of
from tests.builders import rest_event

TOKEN = "q1w2e3"
OPENED = {
    "practice_name": "Smith & Sons <Practice>",
    "message": "As promised.\n<script>alert(1)</script>",
    "items": [
        {"name": '"x" onclick=.pdf', "content_type": "application/pdf", "size": 48_213, "available": True,
         "url": "https://s3.example/a?b=1&c=2"},
        {"name": "gone.pdf", "content_type": None, "size": None, "available": False, "url": None},
    ],
    "urls_expire_at": "2026-11-25T17:05:00Z",
    "expires_at": "2026-12-10T05:00:00Z",
}  # fmt: skip


class Elements(HTMLParser):
    """Every element with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def shown(status: int, answer: dict[str, Any], *, opening: bool = True) -> Elements:
    return Elements(page_of(status, answer, action=f"{TOKEN}/open", opening=opening))


PAGES = [
    (200, {"status": "code_required"}, False),
    (200, OPENED, True),
    (403, {"code": "wrong_code"}, True),
    (422, {"code": "not_valid"}, True),
    (404, {"code": "not_found"}, False),
    (429, {"code": "share_locked"}, True),
    (503, {"code": "try_again"}, True),
    (500, {"code": "internal_error"}, False),
]


@pytest.mark.parametrize(("status", "answer", "opening"), PAGES)
def test_a_page_has_no_script_and_nothing_from_elsewhere(status: int, answer: dict[str, Any], opening: bool) -> None:
    page = shown(status, answer, opening=opening)
    assert {tag for tag, _ in page.found}.isdisjoint({"script", "img", "iframe", "object", "embed", "base"})
    assert [link["href"] for link in page.of("link")] == ["data:,"]
    assert not [name for _, attributes in page.found for name in attributes if name.startswith("on") or name == "style"]


@pytest.mark.parametrize(("status", "answer", "opening"), PAGES)
def test_a_page_is_made_for_phones_and_readers(status: int, answer: dict[str, Any], opening: bool) -> None:
    page = shown(status, answer, opening=opening)
    assert page.of("html") == [{"lang": "en"}]
    assert {"name": "viewport", "content": "width=device-width,initial-scale=1"} in page.of("meta")
    assert len(page.of("h1")) == len(page.of("main")) == 1
    for field in page.of("input"):
        assert page.of("label") == [{"for": field["id"]}]


def test_the_policy_lets_exactly_the_style_of_the_page_through() -> None:
    (style,) = re.findall("<style>(.*)</style>", page_of(404, {}, action=f"{TOKEN}/open", opening=False), re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = DISCREET["Content-Security-Policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/shares/q1w2e3", "/shares/q1w2e3/", "/shares/q1w2e3/open", "/shares/q1w2e3/open/"])
def test_the_form_leads_to_the_same_link_from_wherever_the_page_is(method: str, path: str) -> None:
    """With a slash that was hung on the link, and where a browser comes back to the address that the code went to."""
    event = rest_event(method, path, headers={"Accept": "text/html"})
    problem = {"statusCode": 403, "body": '{"code": "wrong_code"}'}
    page = answered(event, problem if method == "POST" else {"statusCode": 200, "body": "{}"})["body"]
    (form,) = Elements(page).of("form")
    assert form["method"] == "post"
    assert urljoin(f"https://api.example/v1{path}", form["action"]) == "https://api.example/v1/shares/q1w2e3/open"


def test_a_reader_says_what_was_wrong_where_the_code_is_entered() -> None:
    (field,) = shown(403, {"code": "wrong_code"}).of("input")
    assert (field["aria-describedby"], "autofocus" in field) == ("wrong hint", True)
    (field,) = shown(200, {"status": "code_required"}, opening=False).of("input")
    assert field["aria-describedby"] == "hint"


def test_before_the_code_a_page_says_nothing_of_who_and_what() -> None:
    first = page_of(200, {"status": "code_required"}, action=f"{TOKEN}/open", opening=False)
    text = re.sub(r"<style>.*</style>|<[^>]+>", " ", first, flags=re.DOTALL)
    assert " ".join(text.split()) == (
        "Documents for you Documents for you Enter the code that you were given separately from this link. "
        "Code Eight digits, with or without spaces. Open"
    )


def test_a_dead_link_leads_to_no_form_and_is_not_repeated() -> None:
    page = page_of(404, {"code": "not_found"}, action=f"{TOKEN}/open", opening=False)
    assert TOKEN not in page
    assert "<form" not in page


def test_what_people_wrote_is_never_markup() -> None:
    page = page_of(200, OPENED, action=f"{TOKEN}/open", opening=True)
    assert "Smith &amp; Sons &lt;Practice&gt;" in page
    assert "&lt;script&gt;" in page
    link, again = Elements(page).of("a")
    assert again["href"] == f"{TOKEN}/open"
    assert (link["href"], link["rel"]) == ("https://s3.example/a?b=1&c=2", "noreferrer")
    assert link["aria-label"] == 'Download "x" onclick=.pdf'
    assert "Not available any more" in page


def test_a_token_cannot_break_out_of_the_form() -> None:
    page = page_of(200, {}, action='"><script>', opening=False)
    assert "<script>" not in page


def test_a_form_becomes_json_and_marks_that_others_hang_on_links_go() -> None:
    event = rest_event(
        "POST",
        "/shares/x/open?utm_source=mail",
        body="code=4829+1037&more=1",
        headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html", "Idempotency-Key": "k"},
    )
    plain = as_program(event)
    assert plain["body"] == '{"code": "4829 1037"}'
    assert plain["queryStringParameters"] is None
    assert plain["headers"] == {"Content-Type": "application/json", "Accept": "application/json"}


def test_a_form_in_base64_and_one_that_is_none_are_taken_in() -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    encoded = base64.b64encode(b"code=48291037").decode()
    event = rest_event("POST", "/shares/x/open", body=encoded, headers=headers) | {"isBase64Encoded": True}
    assert as_program(event)["body"] == '{"code": "48291037"}'
    for body in ("\udcff", "%%%", "é" * 7):
        broken = rest_event("POST", "/shares/x/open", body=body, headers=headers) | {"isBase64Encoded": True}
        assert as_program(broken)["body"] == "{}"


def test_a_program_is_left_alone_and_gets_json() -> None:
    event = rest_event("GET", "/shares/x?y=1", headers={"Accept": "*/*"})
    assert as_program(event) == event
    answer = answered(event, {"statusCode": 200, "multiValueHeaders": {"Content-Type": ["application/json"]},
                              "body": '{"status": "code_required"}'})  # fmt: skip
    assert answer["body"] == '{"status": "code_required"}'
    assert answer["multiValueHeaders"]["Content-Type"] == ["application/json"]
    assert {name: values[0] for name, values in answer["multiValueHeaders"].items()}.items() >= DISCREET.items()
