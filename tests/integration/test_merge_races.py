"""Merges that meet other merges, edits and undoings: nothing vanishes, nothing stays with the wrong contact."""

from typing import Any

import pytest

from carebook.merging.store import TableMerges
from tests.builders import Caller
from tests.integration.merges import add, hang_on, hanging_on, merge, state, unmerge

FAX = {"phones": [{"number": "(212) 555-0188", "type": "fax"}]}
CELL = {"phones": [{"number": "(310) 555-0123", "type": "cell"}]}


def interleave(monkeypatch: pytest.MonkeyPatch, at: int, act: Any) -> None:
    """Let *act* happen right before the *at*-th step of the next merge is written."""
    step, count = TableMerges.step, 0

    def interrupted(self: TableMerges, *args: Any, **kwargs: Any) -> None:
        nonlocal count
        count += 1
        if count == at:
            monkeypatch.setattr(TableMerges, "step", step)
            act()
        step(self, *args, **kwargs)

    monkeypatch.setattr(TableMerges, "step", interrupted)


@pytest.mark.parametrize("at", [1, 2, 3])
def test_two_merges_of_the_same_two_leave_one(director: Caller, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    one, two = add(director, **FAX)["id"], add(director, npi="1234567893", **CELL)["id"]
    interleave(monkeypatch, at, lambda: merge(director, two, one))
    merge(director, one, two)
    [left] = director.get("/contacts").body["items"]
    body = director.get(f"/contacts/{one}").body
    assert body["id"] == director.get(f"/contacts/{two}").body["id"] == left["id"]
    assert body["npi"] == "1234567893"
    assert {phone["number"] for phone in body["phones"]} == {"+12125550188", "+13105550123"}


@pytest.mark.parametrize("at", [1, 2, 3])
def test_the_same_merge_sent_twice_at_once_is_one_merge(
    director: Caller, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    one, two = add(director, **FAX)["id"], add(director, npi="1234567893", **CELL)["id"]
    hang_on(director, two, "TASK#1")
    answers: list[Any] = []
    interleave(monkeypatch, at, lambda: answers.append(merge(director, one, two)))
    answers.append(merge(director, one, two))
    repeated = merge(director, one, two)
    assert (repeated.status, repeated.body["code"], repeated.body["merged_into"]) == (409, "merged", one)
    done, late = answers
    assert done.status == 200
    if at == 1:  # it was done before this one began: the answer of a repeat
        assert (late.status, late.body["code"]) == (409, "merged")
    else:
        assert (late.status, late.body["npi"]) == (200, "1234567893")
    assert hanging_on(director, one) == {"TASK#1"}


@pytest.mark.parametrize("at", [1, 2, 3])
def test_the_same_undoing_sent_twice_at_once_is_one_undoing(
    director: Caller, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    one, two = add(director, **FAX)["id"], add(director, npi="1234567893", **CELL)["id"]
    hang_on(director, two, "TASK#1")
    before = [state(director, each) for each in (one, two)]
    merge(director, one, two)
    answers: list[Any] = []
    interleave(monkeypatch, at, lambda: answers.append(unmerge(director, one, two)))
    answers.append(unmerge(director, one, two))
    assert unmerge(director, one, two).body["code"] == "not_merged"
    done, late = answers
    assert done.status == 200
    assert late.status == 200 if at > 1 else (late.status, late.body["code"]) == (409, "not_merged")
    assert [state(director, each) for each in (one, two)] == before
    assert (hanging_on(director, one), hanging_on(director, two)) == (set(), {"TASK#1"})


@pytest.mark.parametrize("at", [2, 3])
def test_a_merge_that_is_undone_while_it_runs_says_so(
    director: Caller, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    one, two = add(director, **FAX)["id"], add(director, npi="1234567893", **CELL)["id"]
    hang_on(director, two, "TASK#1")
    before = [state(director, each) for each in (one, two)]
    interleave(monkeypatch, at, lambda: unmerge(director, one, two))
    late = merge(director, one, two)
    assert (late.status, late.body["code"]) == (409, "not_merged")
    assert [state(director, each) for each in (one, two)] == before
    assert (hanging_on(director, one), hanging_on(director, two)) == (set(), {"TASK#1"})


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_survivor_that_is_merged_meanwhile_takes_everything_along(
    director: Caller, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    last, one = add(director, last_name="Last")["id"], add(director)["id"]
    two = add(director, npi="1234567893", **CELL)["id"]
    hang_on(director, two, "TASK#1")
    interleave(monkeypatch, at, lambda: merge(director, last, one))
    merge(director, one, two)
    if director.get(f"/contacts/{two}").body["id"] == two:  # the other was first, and this one was refused
        merge(director, last, two)
    else:
        merge(director, last, one)
    body = director.get(f"/contacts/{two}").body
    assert (body["id"], body["npi"]) == (last, "1234567893")
    assert hanging_on(director, last) == {"TASK#1"}


@pytest.mark.parametrize("at", [2, 3])
@pytest.mark.parametrize("target", ["", "?purge=true"])
def test_a_survivor_is_not_put_away_while_it_is_merged(
    director: Caller, monkeypatch: pytest.MonkeyPatch, at: int, target: str
) -> None:
    one, two = add(director)["id"], add(director, npi="1234567893")["id"]
    refused: list[Any] = []
    interleave(monkeypatch, at, lambda: refused.append(director.delete(f"/contacts/{one}{target}")))
    assert merge(director, one, two).status == 200
    assert [(answer.status, answer.body["code"]) for answer in refused] == [(409, "merging")]
    assert director.get(f"/contacts/{two}").body["npi"] == "1234567893"
    assert director.delete(f"/contacts/{one}").status == 204


def test_a_survivor_that_was_put_away_before_is_refused(director: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = add(director)["id"], add(director, npi="1234567893")["id"]
    interleave(monkeypatch, 1, lambda: director.delete(f"/contacts/{one}?purge=true"))
    assert merge(director, one, two).status == 404
    assert director.get(f"/contacts/{two}").body["id"] == two
    assert len(director.get("/contacts").body["items"]) == 1


@pytest.mark.parametrize("at", [2, 3])
def test_an_edit_meanwhile_is_kept(director: Caller, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    one, two = add(director)["id"], add(director, npi="1234567893")["id"]
    interleave(monkeypatch, at, lambda: director.patch(f"/contacts/{one}", {"notes": "meanwhile"}))
    body = merge(director, one, two).body
    assert (body["notes"], body["npi"]) == ("meanwhile", "1234567893")


def test_undoing_a_chain_gives_everybody_their_own(director: Caller) -> None:
    one, two, last = (add(director, last_name=name)["id"] for name in ("One", "Two", "Last"))
    for contact, key in [(one, "TASK#1"), (two, "TASK#2"), (last, "TASK#3")]:
        hang_on(director, contact, key)
    for survivor, duplicate in [(one, two), (last, one)]:
        assert merge(director, survivor, duplicate).status == 200
    for survivor, duplicate in [(last, one), (one, two)]:
        assert unmerge(director, survivor, duplicate).status == 200
    assert [hanging_on(director, contact) for contact in (one, two, last)] == [{"TASK#1"}, {"TASK#2"}, {"TASK#3"}]


def test_a_chosen_field_that_is_empty_takes_nothing_away(director: Caller) -> None:
    one, two = add(director, npi="1234567893", notes="mine", qualifications="MD")["id"], add(director)["id"]
    chosen = dict.fromkeys(("npi", "notes", "qualifications", "address"), "duplicate")
    body = merge(director, one, two, **chosen).body
    assert (body["npi"], body["notes"], body["qualifications"]) == ("1234567893", "mine", "MD")


def test_an_undoing_leaves_nothing_of_somebody_else(director: Caller) -> None:
    one = add(director, last_name="One", notes="mine", **FAX)["id"]
    two = add(director, last_name="Two", notes="theirs", **CELL)["id"]
    three = add(director, last_name="Three", notes="third", phones=[{"number": "(617) 555-0177", "type": "home"}])["id"]
    before = state(director, one)
    merge(director, one, two)
    merge(director, one, three)
    unmerge(director, one, two)
    body = director.get(f"/contacts/{one}").body
    assert {phone["number"] for phone in body["phones"]} == {"+12125550188", "+16175550177"}
    assert "theirs" not in body["notes"]
    unmerge(director, one, three)
    assert state(director, one) == before


def test_an_undoing_leaves_a_contact_that_can_be_edited(director: Caller) -> None:
    one = director.post("/contacts", {"type": "other", "organization_name": "Acme"}).body["id"]
    two = add(director, last_name="Smith", other_id="A1", other_id_qualifier="0B")["id"]
    merge(director, one, two)
    assert director.patch(f"/contacts/{one}", {"organization_name": None, "other_id": "B2"}).status == 200
    assert unmerge(director, one, two).status == 200
    assert director.patch(f"/contacts/{one}", {"notes": "still fine"}).status == 200


def test_a_view_by_the_old_id_is_a_view_of_the_survivor(director: Caller) -> None:
    one, two = add(director)["id"], add(director)["id"]
    director.get(f"/contacts/{two}")
    merge(director, one, two)
    director.get(f"/contacts/{two}")
    actions = [entry["action"] for entry in director.get(f"/contacts/{one}/history").body["items"]]
    assert "viewed" in actions
