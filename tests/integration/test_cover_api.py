"""The cover page: the contact and what hangs on it, in one round of requests."""

import importlib.util
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from benchmarks.around import Answer, Sending, around_requests
from carebook.cover import model
from carebook.cover.sections import SECTIONS
from carebook.cover.views import PARTS, VIEWS
from functions.cover.api import GATHERED
from tests.builders import Caller, child, physician
from tests.integration.merges import merge, unmerge
from tests.integration.test_tasks_api import NEW, add

DOMAINS = {
    "open_tasks": "tasks",
    "files": "files",
    "documents": "documents",
    "clients": "clients",
    "referrals": "referrals",
}


@pytest.fixture
def contact(director: Caller) -> str:
    return f"/contacts/{director.post(NEW, physician()).body['id']}"


def requests_of(caller: Caller, path: str) -> tuple[Any, Counter[str]]:
    made: Counter[str] = Counter()

    def note(sending: Sending) -> Answer:
        made[sending.operation] += 1
        return sending.go_on()

    with around_requests(note):
        answer = caller.get(path)
    assert answer.status == 200, answer.text
    return answer.body, made


def test_every_section_that_can_have_something_is_read() -> None:
    there = {name for name, domain in DOMAINS.items() if importlib.util.find_spec(f"carebook.{domain}")}
    assert set(SECTIONS) | set(GATHERED) == set(VIEWS) == there
    assert set(PARTS) == set(DOMAINS)


def test_it_shows_the_contact_and_every_section(director: Caller, contact: str) -> None:
    task = add(director, contact, due_on="2020-01-01")
    document = director.post(f"{contact}/documents", {"title": "A letter", "body": "secret"}).body
    cover = director.get(f"{contact}/cover")
    nothing = {"items": [], "count": 0, "exact": True}
    assert cover.status == 200
    assert cover.body == dict.fromkeys(PARTS, nothing) | {
        "contact": director.get(contact).body,
        "open_tasks": {"items": [task], "count": 1, "exact": True},
        "documents": {
            "items": [{name: value for name, value in document.items() if name != "body"}],
            "count": 1,
            "exact": True,
        },
    }
    assert task["overdue"]


def test_it_shows_the_first_twenty_of_what_is_to_be_done_and_counts_the_rest(director: Caller, contact: str) -> None:
    for number in range(23):
        add(
            director,
            contact,
            title=str(number),
            due_on=f"2026-12-{30 - number:02}",
            status="started" if number % 2 else "open",
        )
    add(director, contact, title="over", status="done")
    part = director.get(f"{contact}/cover").body["open_tasks"]
    assert [item["title"] for item in part["items"]] == [str(number) for number in range(22, 2, -1)]
    assert (part["count"], part["exact"]) == (23, True)


def test_a_count_has_an_end_and_says_so(director: Caller, contact: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "COUNTED", 5)
    monkeypatch.setattr("carebook.cover.store.COUNTED", 5)
    for expected in (1, 2, 3, 4, 5):
        add(director, contact)
        part = director.get(f"{contact}/cover").body["open_tasks"]
        assert (part["count"], part["exact"]) == (expected, True)
    add(director, contact)
    part = director.get(f"{contact}/cover").body["open_tasks"]
    assert (part["count"], part["exact"], len(part["items"])) == (5, False, 6)


def test_it_is_one_round_of_requests_and_two_for_an_id_that_was_merged(director: Caller, contact: str) -> None:
    duplicate = f"/contacts/{director.post(NEW, physician(npi=None)).body['id']}"
    add(director, duplicate)
    _, made = requests_of(director, f"{contact}/cover")
    queries = len(SECTIONS) + len(GATHERED)
    assert made == {"BatchGetItem": 1, "PutItem": 1, "Query": queries}
    _, made = requests_of(director, f"{contact}/cover")
    assert made == {"BatchGetItem": 1, "Query": queries}
    merge(director, contact.removeprefix("/contacts/"), duplicate.removeprefix("/contacts/"))
    cover, _ = requests_of(director, f"{duplicate}/cover")
    assert cover["contact"]["id"] == contact.removeprefix("/contacts/")
    assert cover["open_tasks"]["count"] == 1
    assert cover["open_tasks"]["items"][0]["contact_id"] == cover["contact"]["id"]
    unmerge(director, contact.removeprefix("/contacts/"), duplicate.removeprefix("/contacts/"))
    assert director.get(f"{contact}/cover").body["open_tasks"]["count"] == 0
    assert director.get(f"{duplicate}/cover").body["open_tasks"]["count"] == 1


def test_nothing_is_shown_when_the_view_cannot_be_recorded(
    director: Caller, contact: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(director, contact)
    curious = replace(director, user_id="usr_curious", groups="clinical")
    monkeypatch.setattr("carebook.table.Table.put_if", lambda *_: 1 / 0)
    refused = curious.get(f"{contact}/cover")
    assert refused.status == 500
    assert "lab" not in refused.text


def test_an_archived_contact_keeps_its_cover_page(director: Caller, contact: str) -> None:
    add(director, contact)
    director.delete(contact)
    cover = director.get(f"{contact}/cover").body
    assert cover["contact"]["archived_at"] is not None
    assert cover["open_tasks"]["count"] == 1


def test_it_shows_the_first_clients_and_referrals_of_everybody_that_the_contact_is(
    director: Caller, contact: str
) -> None:
    duplicate = f"/contacts/{director.post(NEW, physician(npi=None)).body['id']}"
    ids = [path.removeprefix("/contacts/") for path in (contact, duplicate)]
    for contact_id in ids:
        client = director.post("/clients", child()).body["id"]
        director.put(f"/clients/{client}/contacts/{contact_id}", {"relationship": "mother"})
        director.post(f"/clients/{client}/referrals", {"contact_id": contact_id})
    cover, made = requests_of(director, f"{contact}/cover")
    assert made["BatchGetItem"] == 1  # links and referrals show their clients
    assert (cover["clients"]["count"], cover["referrals"]["count"]) == (1, 1)
    merge(director, *ids)
    cover = director.get(f"{duplicate}/cover").body
    for name in ("clients", "referrals"):
        listed = director.get(f"{contact}/{name}").body["items"]
        assert cover[name] == {"items": listed, "count": 2, "exact": True}
