"""What became of a merged contact is told where people look for it: in the history of the one that goes on."""

from typing import Any

import pytest

from tests.builders import Caller
from tests.integration.merges import add, merge, unmerge


def history(caller: Caller, contact_id: str, limit: int = 100) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = caller.get(f"/contacts/{contact_id}/history?limit={limit}{cursor}")
        assert page.status == 200, page.text
        entries += page.body["items"]
        if page.body["next_cursor"] is None:
            return [entry for entry in entries if entry["action"] != "viewed"]
        assert len(page.body["items"]) == limit
        cursor = f"&cursor={page.body['next_cursor']}"


def told(entries: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [(entry["action"], entry["merged_from"]) for entry in entries]


@pytest.fixture
def two(director: Caller) -> tuple[str, str]:
    one, two = (add(director, last_name=name)["id"] for name in ("One", "Two"))
    director.patch(f"/contacts/{two}", {"notes": "theirs"})
    director.patch(f"/contacts/{one}", {"notes": "mine"})
    return one, two


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_the_history_of_a_survivor_tells_of_the_merged_one_too(
    director: Caller, two: tuple[str, str], limit: int
) -> None:
    one, other = two
    merge(director, one, other)
    for asked in two:
        assert told(history(director, asked, limit)) == [
            ("merged", None),
            ("merged", other),
            ("updated", None),
            ("updated", other),
            ("created", other),
            ("created", None),
        ]


def test_an_unmerge_gives_each_its_own_history_back(director: Caller, two: tuple[str, str]) -> None:
    one, other = two
    before = [history(director, each) for each in two]
    merge(director, one, other)
    director.get(f"/contacts/{other}")  # a view of the survivor
    unmerge(director, one, other)
    after = [history(director, each) for each in two]
    assert [told(entries)[:2] for entries in after] == [[("unmerged", None), ("merged", None)]] * 2
    assert [entries[2:] for entries in after] == before


def test_of_a_chain_everybody_is_told_and_each_undoing_takes_its_own_away(
    director: Caller, two: tuple[str, str]
) -> None:
    one, other = two
    last = add(director, last_name="Last")["id"]
    merge(director, one, other)
    merge(director, last, one)
    assert {entry["merged_from"] for entry in history(director, other)} == {None, one, other}
    unmerge(director, last, one)
    assert {entry["merged_from"] for entry in history(director, last)} == {None}
    assert {entry["merged_from"] for entry in history(director, one)} == {None, other}
    unmerge(director, one, other)
    assert {entry["merged_from"] for entry in history(director, one)} == {None}


def test_a_cursor_goes_on_behind_a_merge_that_came_between_two_pages(director: Caller, two: tuple[str, str]) -> None:
    one, other = two
    page = director.get(f"/contacts/{one}/history?limit=1").body
    merge(director, one, other)
    rest = director.get(f"/contacts/{one}/history?limit=100&cursor={page['next_cursor']}").body["items"]
    assert told(rest) == [("updated", other), ("created", other), ("created", None)]


def test_no_more_than_500_are_merged_into_one(
    director: Caller, two: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carebook.merging.model._MOST_MERGED", 2)
    one, other = two
    last, more = (add(director, last_name=name)["id"] for name in ("Last", "More"))
    merge(director, one, other)
    assert merge(director, last, one).status == 200
    refused = merge(director, last, more)
    assert (refused.status, refused.body["code"]) == (409, "too_many")
    assert director.get(f"/contacts/{more}").body["id"] == more
