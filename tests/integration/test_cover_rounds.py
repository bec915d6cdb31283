"""The cover page in at most two rounds of requests, whoever the contact was, and what it shows of clients by then."""

from dataclasses import replace
from typing import Any

import pytest

from carebook.clients import store
from carebook.table import Table, open_table
from tests.builders import Caller, child
from tests.integration.merges import add, merge, unmerge
from tests.integration.rounds import slowed


def with_clients(caller: Caller, contact_id: str, *names: str) -> list[str]:
    """Clients of the contact, who also referred them."""
    clients = []
    for name in names:
        client = caller.post("/clients", child(last_name=name)).body["id"]
        assert caller.put(f"/clients/{client}/contacts/{contact_id}", {"relationship": "mother"}).status == 201
        assert caller.post(f"/clients/{client}/referrals", {"contact_id": contact_id}).status == 201
        clients.append(client)
    return clients


def rounds(caller: Caller, contact_id: str) -> tuple[int, Any]:
    """How many requests wait for one another, the second time the function is called, and what it answers."""
    caller.get(f"/contacts/{contact_id}/cover")  # clients are made
    curious = replace(caller, user_id=f"usr_curious_{contact_id[-6:]}")
    with slowed() as traffic:
        answer = curious.get(f"/contacts/{contact_id}/cover")
    assert answer.status == 200, answer.text
    return traffic.sequential, answer.body


def names(cover: Any) -> tuple[list[str], list[str]]:
    """Which clients the page shows: of the contact, and referred by it."""
    linked, referred = ([item["client"]["name"] for item in cover[name]["items"]] for name in ("clients", "referrals"))
    return linked, referred


def test_a_contact_without_anything_is_one_round(director: Caller) -> None:
    assert rounds(director, add(director)["id"])[0] == 1


def test_a_contact_with_clients_is_one_round(director: Caller) -> None:
    contact = add(director)["id"]
    with_clients(director, contact, "One", "Two")
    count, cover = rounds(director, contact)
    assert count == 1
    assert sorted(names(cover)[0]) == sorted(names(cover)[1]) == ["Mia One", "Mia Two"]


def test_a_contact_into_which_others_with_clients_were_merged_is_two_rounds(director: Caller) -> None:
    survivor, *others = (add(director)["id"] for _ in range(4))
    with_clients(director, survivor, "Own")
    for number, other in enumerate(others):
        with_clients(director, other, f"Other {number}")
    merge(director, others[0], others[1])  # one that had another merged into it before
    merge(director, survivor, others[0])
    merge(director, survivor, others[2])
    count, cover = rounds(director, survivor)
    assert count == 2
    assert (
        sorted(names(cover)[0]) == sorted(names(cover)[1]) == ["Mia Other 0", "Mia Other 1", "Mia Other 2", "Mia Own"]
    )


def test_an_id_that_was_merged_is_two_rounds(director: Caller) -> None:
    survivor, duplicate = (add(director)["id"] for _ in range(2))
    with_clients(director, survivor, "Own")
    with_clients(director, duplicate, "Other")
    merge(director, survivor, duplicate)
    for _ in range(2):  # as if for the first time, and when the environment knows where it leads
        count, cover = rounds(director, duplicate)
        assert count == 2
        assert cover == director.get(f"/contacts/{survivor}/cover").body
        assert sorted(names(cover)[0]) == sorted(names(cover)[1]) == ["Mia Other", "Mia Own"]


def test_an_id_that_leads_through_two_merges_is_three_rounds(director: Caller) -> None:
    last, middle, first = (add(director)["id"] for _ in range(3))
    for contact_id in (last, middle, first):
        with_clients(director, contact_id, contact_id[-6:].title())
    merge(director, middle, first)
    merge(director, last, middle)
    count, cover = rounds(director, first)
    assert count == 3
    assert cover["clients"]["count"] == cover["referrals"]["count"] == 3


def test_by_an_old_id_it_is_a_view_of_the_contact_that_goes_on_alone(director: Caller) -> None:
    survivor, duplicate = (add(director)["id"] for _ in range(2))
    merge(director, survivor, duplicate)
    curious = replace(director, user_id="usr_curious")
    for _ in range(2):
        curious.get(f"/contacts/{duplicate}/cover")
    unmerge(director, survivor, duplicate)

    def viewers(contact_id: str) -> list[str]:
        entries = director.get(f"/contacts/{contact_id}/history").body["items"]
        return [entry["by"]["id"] for entry in entries if entry["action"] == "viewed"]

    assert viewers(survivor).count("usr_curious") == 1
    assert "usr_curious" not in viewers(duplicate)
    curious.get(f"/contacts/{duplicate}/cover")  # it is its own again
    assert viewers(duplicate).count("usr_curious") == 1


@pytest.mark.parametrize("room", [100, 12])
def test_clients_are_shown_as_they_are_now(director: Caller, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_MOST_TOGETHER", room)
    contacts = [add(director)["id"] for _ in range(4)]
    client = with_clients(director, contacts[0], "Before")[0]
    for contact_id in contacts[1:]:
        director.put(f"/clients/{client}/contacts/{contact_id}", {"cc_all_automated_messages": True})
        director.post(f"/clients/{client}/referrals", {"contact_id": contact_id})
    director.patch(f"/clients/{client}", {"last_name": "After", "date_of_birth": "2019-02-03"})
    for contact_id in contacts:
        count, cover = rounds(director, contact_id)
        assert count == 1
        for name in ("clients", "referrals"):
            assert cover[name]["items"] == director.get(f"/contacts/{contact_id}/{name}").body["items"]
            assert cover[name]["items"][0]["client"]["name"] == "Mia After"
            assert cover[name]["items"][0]["client"]["date_of_birth"] == "2019-02-03"
    for method, is_archived in (("delete", True), ("restore", False)):
        if method == "delete":
            director.delete(f"/clients/{client}")
        else:
            director.post(f"/clients/{client}/restore")
        cover = director.get(f"/contacts/{contacts[1]}/cover").body
        listed = director.get(f"/contacts/{contacts[1]}/clients").body["items"]
        assert cover["clients"]["items"] == listed
        assert (listed[0]["client"]["archived_at"] is not None) is is_archived
        assert (listed[0]["copied"] == []) is is_archived


def test_a_change_of_what_nobody_else_shows_leaves_links_alone(director: Caller) -> None:
    client = with_clients(director, add(director)["id"], "Same")[0]
    with slowed() as traffic:
        director.patch(f"/clients/{client}", {"language": "de"})
    assert traffic.count("Query") == 0


def test_a_link_that_is_made_while_a_client_is_renamed_shows_the_new_name(
    director: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    early, late = (add(director)["id"] for _ in range(2))
    client = with_clients(director, early, "Before")[0]
    write, between = Table.write, [lambda: director.put(f"/clients/{client}/contacts/{late}", {})]

    def write_later(self: Table, writes: Any) -> None:
        if between:  # it has read which links there are, and has not written yet
            between.pop()()
        write(self, writes)

    monkeypatch.setattr(Table, "write", write_later)
    assert director.patch(f"/clients/{client}", {"last_name": "After"}).status == 200
    monkeypatch.undo()
    for contact_id in (early, late):
        assert names(director.get(f"/contacts/{contact_id}/cover").body)[0] == ["Mia After"]


def test_a_change_that_is_cut_short_leaves_no_old_name(director: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_MOST_TOGETHER", 12)
    contacts = [add(director)["id"] for _ in range(4)]
    client = with_clients(director, contacts[0], "Before")[0]
    for contact_id in contacts[1:]:
        director.put(f"/clients/{client}/contacts/{contact_id}", {})
        director.post(f"/clients/{client}/referrals", {"contact_id": contact_id})
    monkeypatch.setattr(store.TableClients, "_show", lambda *_: 1 / 0)
    assert director.patch(f"/clients/{client}", {"last_name": "After"}).status == 500
    for contact_id in contacts:
        linked, referred = names(director.get(f"/contacts/{contact_id}/cover").body)
        assert set(linked) | set(referred) == {"Mia After"}


def test_rows_that_show_no_client_are_shown_all_the_same(director: Caller) -> None:
    contact = add(director)["id"]
    client = with_clients(director, contact, "Plain")[0]
    table = open_table()
    for item in table.whole(f"A#{director.account}#CLI#{client}", low="LINK#", high="REF#~"):
        if item.doc and item.sk.startswith(("LINK#", "REF#")):
            for bare, condition in store._showing([item], None).puts:
                assert condition is not None
                assert table.put_if(bare, condition)
    cover = director.get(f"/contacts/{contact}/cover").body
    assert names(cover) == (["Mia Plain"], ["Mia Plain"])


def test_a_client_whose_purge_was_cut_short_is_not_shown(director: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    contact = add(director)["id"]
    client = with_clients(director, contact, "Gone")[0]
    monkeypatch.setattr(store.TableClients, "finish_purge", lambda *_: 1 / 0)
    assert director.delete(f"/clients/{client}?purge=true").status == 500
    assert names(director.get(f"/contacts/{contact}/cover").body) == ([], [])
