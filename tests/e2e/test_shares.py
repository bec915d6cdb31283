"""A share on the deployed stack: out by e-mail and text, opened by who got both, with the rights of each function."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.e2e.conftest import Stack
from tests.e2e.test_files import announce, described, post, settled

OUTSIDE = httpx.Client(timeout=60)  # no token, and time for a function that nobody has called before
REPORT = b"Blood pressure 120 over 80.\n"


@pytest.fixture(scope="module", autouse=True)
def _closed_at_the_end() -> Iterator[None]:
    yield
    OUTSIDE.close()


class Person:
    """Somebody with an e-mail address and a phone, and what came to them."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.address, self.number = f"{uuid4().hex}@example.org", f"+1310556{uuid4().int % 10_000:04}"
        new = {
            "type": "other",
            "first_name": "Ana",
            "last_name": uuid4().hex,
            "messaging_methods": ["email", "sms"],
            "emails": [{"address": self.address}],
            "phones": [{"number": self.number, "type": "cell"}],
        }
        added = stack.call("POST", "/contacts?allow_duplicate=true", body=new)
        assert added.status_code == 201, added.text
        self.contact: dict[str, Any] = added.json()
        self.path = f"/contacts/{self.contact['id']}"

    def received(self, to: str, pattern: str) -> str:
        """What the last message to *to* has of this form."""
        for _ in range(120):
            items = OUTSIDE.get(f"{self.stack.description['inbox_url']}/messages", params={"to": to}).json()["items"]
            texts = [found for one in items for found in re.findall(pattern, str(one))]
            if texts:
                return str(texts[0])
            time.sleep(0.5)
        raise AssertionError(items)


@pytest.fixture
def person(stack: Stack) -> Person:
    settings = {"practice_name": "Lakeside Family Practice", "quiet_hours": {"start": "00:00", "end": "00:00"}}
    assert stack.call("PATCH", "/settings", body=settings).status_code == 200
    assert stack.call("DELETE", "/settings/message-templates/share/sms").status_code == 204
    return Person(stack)


@pytest.fixture
def shared(stack: Stack, person: Person) -> tuple[str, str, str]:
    """The path of a share of a file and a letter; its link and its code as they arrived."""
    (item,) = announce(stack, person.contact, described(REPORT, "Müller.txt"))
    assert post(item, REPORT).status_code == 204
    assert settled(stack, item)["status"] == "clean"
    letter = stack.call("POST", f"{person.path}/documents", body={"title": "Plan", "body": "Rest."}).json()["id"]
    assert stack.call("PATCH", f"{person.path}/documents/{letter}", body={"status": "final"}).status_code == 200
    body = {"items": [{"file_id": item["file"]["id"]}, {"document_id": letter}], "message": "As promised."}
    made = stack.call("POST", f"{person.path}/shares", body=body, as_="clinical")
    assert made.status_code == 201, made.text
    link = person.received(person.address, r"http://localhost:\d+\S+/shares/[\w-]+")
    code = person.received(person.number, r"\b\d{4} \d{4}\b")
    return f"{person.path}/shares/{made.json()['id']}", link, code


def wrong_for(code: str) -> str:
    return "00000000" if code != "0000 0000" else "11111111"


def test_who_has_link_and_code_gets_the_files_and_nobody_else(
    stack: Stack, person: Person, shared: tuple[str, str, str]
) -> None:
    path, link, code = shared
    looked = OUTSIDE.get(link)
    assert (looked.status_code, looked.json()) == (200, {"status": "code_required"})
    wrong = OUTSIDE.post(f"{link}/open", json={"code": wrong_for(code)})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_code")
    opened = OUTSIDE.post(f"{link}/open", json={"code": code})
    assert opened.status_code == 200, opened.text
    assert opened.headers["Referrer-Policy"] == "no-referrer"
    assert opened.headers["Cache-Control"] == "no-store"
    file, letter = opened.json()["items"]
    fetched = OUTSIDE.get(file["url"])
    assert (fetched.content, fetched.headers["Content-Type"]) == (REPORT, "text/plain")
    assert "filename*=UTF-8''M%C3%BCller.txt" in fetched.headers["Content-Disposition"]
    assert OUTSIDE.get(letter["url"]).content.startswith(b"%PDF")
    share = stack.call("GET", path).json()
    assert [one["outcome"] for one in share["accesses"]] == ["wrong_code", "opened"]
    written = stack.call("GET", f"{person.path}/messages").text
    assert link.rpartition("/")[2] not in written
    assert code not in written
    assert stack.call("DELETE", path).status_code == 204
    assert OUTSIDE.get(link).status_code == 404
    assert OUTSIDE.post(f"{link}/open", json={"code": code}).status_code == 404


def test_a_browser_needs_nothing_but_the_pages(shared: tuple[str, str, str]) -> None:
    _, link, code = shared
    browser = {"Accept": "text/html,*/*;q=0.8"}
    page = OUTSIDE.get(link, headers=browser)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    action = re.search('action="([^"]+)"', page.text)
    assert action is not None
    opened = OUTSIDE.post(httpx.URL(link).join(action[1]), data={"code": code}, headers=browser)
    assert (opened.status_code, "Müller.txt" in opened.text, "Lakeside" in opened.text) == (200, True, True)


def test_of_guesses_at_the_same_moment_five_are_heard(stack: Stack, shared: tuple[str, str, str]) -> None:
    path, link, code = shared

    def guess(_: int) -> str:
        return str(OUTSIDE.post(f"{link}/open", json={"code": wrong_for(code)}).json()["code"])

    with ThreadPoolExecutor(8) as threads:
        told = Counter(threads.map(guess, range(16)))
    assert told["wrong_code"] == 4
    assert told["share_locked"] >= 1
    assert set(told) <= {"wrong_code", "share_locked", "try_again", "too_many_requests"}
    right = OUTSIDE.post(f"{link}/open", json={"code": code})
    assert (right.status_code, right.json()["code"]) == (429, "share_locked")
    share = stack.call("GET", path).json()
    assert [one["outcome"] for one in share["accesses"]] == ["wrong_code"] * 4 + ["locked"]
