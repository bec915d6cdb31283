"""Who belongs to a client: linked, narrowed, unlinked, merged, purged."""

import json
from typing import Any

import pytest

from carebook.clients.link_store import TableLinks
from carebook.clients.linking import MOST_LINKS
from carebook.http.contract import openapi_document
from carebook.keys import link_key
from carebook.table import open_table
from tests.builders import Answer, Caller, child
from tests.integration.conftest import handler_for

MOTHER = {"relationship": "mother", "cc_all_automated_messages": True}
ALL = ["appointment_notice", "appointment_reminder", "bill_reminder", "late_payment_notice"]


def add_client(caller: Caller, **changes: Any) -> str:
    made: str = caller.post("/clients", child(**changes)).body["id"]
    return made


def add_contact(caller: Caller, last_name: str = "Müller", **changes: Any) -> str:
    body = {"type": "parent_guardian", "first_name": "Ana", "last_name": last_name} | changes
    made: str = caller.post("/contacts?allow_duplicate=true", body).body["id"]
    return made


def link(caller: Caller, client: str, contact: str, terms: Any = MOTHER, **headers: str) -> Answer:
    return caller.put(f"/clients/{client}/contacts/{contact}", terms, headers=headers)


def contacts_of(caller: Caller, client: str) -> dict[str, Any]:
    answer = caller.get(f"/clients/{client}/contacts")
    assert answer.status == 200, answer.text
    return {item["contact"]["id"]: item for item in answer.body["items"]}


def clients_of(caller: Caller, contact: str) -> dict[str, Any]:
    answer = caller.get(f"/contacts/{contact}/clients")
    assert answer.status == 200, answer.text
    return {item["client"]["id"]: item for item in answer.body["items"]}


def actions(caller: Caller, target: str) -> list[str]:
    return [entry["action"] for entry in caller.get(f"{target}/history").body["items"]]


def test_a_link_is_seen_from_both_sides(director: Caller) -> None:
    client, contact = add_client(director), add_contact(director, emails=[{"address": "ana@example.org"}])
    linked = link(director, client, contact, MOTHER | {"cc": {"bill_reminder": False}})
    assert (linked.status, linked.etag) == (201, '"1"')
    assert linked.body == {
        "contact": {
            "id": contact, "name": "Ana Müller", "organization_name": None, "type": "parent_guardian",
            "email": "ana@example.org", "phone": None, "archived_at": None,
        },
        "reachable": linked.body["reachable"],
        "relationship": "mother",
        "cc_all_automated_messages": True,
        "cc": {"bill_reminder": False},
        "copied": ["appointment_notice", "appointment_reminder", "late_payment_notice"],
        "version": 1,
        "created_at": linked.body["created_at"],
        "updated_at": linked.body["created_at"],
    }  # fmt: skip
    assert linked.body["reachable"]["email"] == {"ok": True}
    assert contacts_of(director, client) == {contact: linked.body}
    (seen,) = clients_of(director, contact).values()
    assert seen["client"] == {
        "id": client, "name": "Mia Müller", "date_of_birth": "2019-04-30", "archived_at": None
    }  # fmt: skip
    assert (seen["relationship"], seen["copied"]) == ("mother", linked.body["copied"])


@pytest.mark.parametrize(
    ("terms", "copied"),
    [
        ({}, []),
        ({"cc_all_automated_messages": True}, ALL),
        ({"cc_all_automated_messages": True, "cc": {"bill_reminder": True}}, ALL),
        ({"cc": {"bill_reminder": True}}, []),
        ({"cc_all_automated_messages": True, "cc": dict.fromkeys(ALL, False)}, []),
        ({"cc_all_automated_messages": True, "cc": {"bill_reminder": None}}, ALL),
    ],
)
def test_one_switch_copies_and_single_kinds_narrow_it(director: Caller, terms: Any, copied: list[str]) -> None:
    client, contact = add_client(director), add_contact(director)
    assert link(director, client, contact, terms).body["copied"] == copied


@pytest.mark.parametrize(
    ("terms", "field", "code"),
    [
        ({"cc": {"ad_hoc": True}}, "cc.ad_hoc", "unknown_field"),
        ({"cc_all": True}, "cc_all", "unknown_field"),
        ({"cc_all_automated_messages": "yes"}, "cc_all_automated_messages", "wrong_type"),
        ({"relationship": "x" * 51}, "relationship", "too_long"),
        ({"cc": {"bill_reminder": 1}}, "cc.bill_reminder", "wrong_type"),
    ],
)
def test_terms_that_cannot_be_accepted_are_named(director: Caller, terms: Any, field: str, code: str) -> None:
    client, contact = add_client(director), add_contact(director)
    refused = link(director, client, contact, terms)
    assert refused.status == 422
    assert [(error["field"], error["code"]) for error in refused.body["errors"]] == [(field, code)]
    assert contacts_of(director, client) == {}


def test_the_contract_knows_that_a_link_is_made_or_changed(director: Caller) -> None:
    client, contact = add_client(director), add_contact(director)
    answered = [link(director, client, contact).status for _ in range(2)]
    put = json.loads(openapi_document())["paths"]["/clients/{client_id}/contacts/{contact_id}"]["put"]
    assert answered == [201, 200]
    assert [status for status in put["responses"] if status.startswith("2")] == ["200", "201"]
    assert put["responses"]["201"]["content"] == put["responses"]["200"]["content"]


def test_linking_again_changes_the_terms_and_the_same_again_changes_nothing(director: Caller) -> None:
    client, contact = add_client(director), add_contact(director)
    first = link(director, client, contact)
    again = link(director, client, contact)
    assert (again.status, again.body) == (200, first.body)
    changed = link(director, client, contact, {"relationship": "aunt"})
    assert (changed.status, changed.etag, changed.body["copied"]) == (200, '"2"', ALL)
    assert changed.body["created_at"] == first.body["created_at"]
    stale = link(director, client, contact, MOTHER, **{"If-Match": '"1"'})
    assert (stale.status, stale.body["current"]) == (412, {"relationship": "aunt"})
    assert director.delete(f"/clients/{client}/contacts/{contact}", headers={"If-Match": '"1"'}).status == 412
    assert link(director, client, contact, MOTHER, **{"If-Match": '"2"'}).status == 200
    assert link(director, client, add_contact(director, "New"), MOTHER, **{"If-Match": '"1"'}).status == 412


def test_what_a_change_of_the_terms_does_not_name_stays(director: Caller) -> None:
    client, contact = add_client(director), add_contact(director)
    link(director, client, contact, MOTHER | {"cc": {"bill_reminder": False}})
    for given, relationship, copies, cc in (
        ({"relationship": "aunt"}, "aunt", True, {"bill_reminder": False}),
        ({"cc": {"appointment_notice": False}}, "aunt", True, {"appointment_notice": False}),
        ({"cc_all_automated_messages": False}, "aunt", False, {"appointment_notice": False}),
        ({"relationship": None, "cc": {}}, None, False, {}),
        ({}, None, False, {}),
    ):
        body = link(director, client, contact, given).body
        assert (body["relationship"], body["cc_all_automated_messages"], body["cc"]) == (relationship, copies, cc)


def test_unlinking_is_seen_from_both_sides_and_both_histories_tell(director: Caller) -> None:
    client, contact = add_client(director), add_contact(director)
    link(director, client, contact)
    link(director, client, contact, {"relationship": "aunt"})
    assert director.delete(f"/clients/{client}/contacts/{contact}").status == 204
    assert director.delete(f"/clients/{client}/contacts/{contact}").body["code"] == "not_found"
    assert (contacts_of(director, client), clients_of(director, contact)) == ({}, {})
    for target, other, name in (
        (f"/clients/{client}", contact, "contact_id"),
        (f"/contacts/{contact}", client, "client_id"),
    ):
        entries = [e for e in director.get(f"{target}/history").body["items"] if "link" in e["action"]]
        assert [entry["action"] for entry in entries] == ["unlinked", "link_changed", "linked"]
        (change,) = entries[1]["changes"]
        assert (change["field"], change["before"][name], change["after"]["relationship"]) == ("link", other, "aunt")
    assert director.get(f"/clients/{client}").body["version"] == 1


def test_a_contact_of_two_children_and_a_child_of_two_contacts(director: Caller) -> None:
    mia, leo = add_client(director), add_client(director, first_name="Leo")
    mother, father = add_contact(director, "Müller"), add_contact(director, "Becker")
    for client, contact in ((mia, mother), (leo, mother), (mia, father)):
        link(director, client, contact)
    assert list(contacts_of(director, mia)) == [father, mother]  # by name
    assert list(clients_of(director, mother)) == [leo, mia]  # the latest first
    first = director.get(f"/contacts/{mother}/clients?limit=1").body
    rest = director.get(f"/contacts/{mother}/clients?limit=1&cursor={first['next_cursor']}").body
    assert [item["client"]["id"] for item in first["items"] + rest["items"]] == [leo, mia]
    assert rest["next_cursor"] is None


def test_who_is_archived_is_shown_as_such_and_gets_no_copies(director: Caller) -> None:
    client, contact = add_client(director), add_contact(director)
    link(director, client, contact)
    director.delete(f"/contacts/{contact}")
    shown = contacts_of(director, client)[contact]
    assert shown["contact"]["archived_at"]
    assert (shown["cc_all_automated_messages"], shown["copied"]) == (True, [])
    assert link(director, client, contact, {}).body["code"] == "archived"
    assert director.delete(f"/clients/{client}/contacts/{contact}").status == 204
    director.post(f"/contacts/{contact}/restore")
    link(director, client, contact)
    director.delete(f"/clients/{client}")
    seen = clients_of(director, contact)[client]
    assert (bool(seen["client"]["archived_at"]), seen["copied"]) == (True, [])
    assert link(director, client, contact, {}).body["code"] == "archived"
    assert director.delete(f"/clients/{client}/contacts/{contact}").body["code"] == "archived"
    director.post(f"/clients/{client}/restore")
    assert contacts_of(director, client)[contact]["copied"] == ALL


def test_a_merge_brings_the_links_and_an_unmerge_takes_them_back(director: Caller) -> None:
    mia, leo = add_client(director), add_client(director, first_name="Leo")
    survivor, duplicate = add_contact(director), add_contact(director, "Mueller")
    link(director, mia, survivor, {"relationship": "mother"})
    link(director, mia, duplicate, {"relationship": "aunt", "cc_all_automated_messages": True})
    link(director, leo, duplicate)
    before = [contacts_of(director, mia), contacts_of(director, leo), clients_of(director, survivor)]
    assert director.post(f"/contacts/{survivor}/merge", {"duplicate_id": duplicate}).status == 200
    assert set(contacts_of(director, mia)) == set(contacts_of(director, leo)) == {survivor}
    assert contacts_of(director, mia)[survivor]["relationship"] == "mother"  # the survivor's own
    assert list(clients_of(director, survivor)) == list(clients_of(director, duplicate)) == [leo, mia]
    first = director.get(f"/contacts/{survivor}/clients?limit=1").body
    rest = director.get(f"/contacts/{survivor}/clients?limit=1&cursor={first['next_cursor']}").body
    assert [item["client"]["id"] for item in first["items"] + rest["items"]] == [leo, mia]
    assert director.post(f"/contacts/{survivor}/unmerge", {"duplicate_id": duplicate}).status == 200
    assert [contacts_of(director, mia), contacts_of(director, leo), clients_of(director, survivor)] == before
    assert set(clients_of(director, duplicate)) == {mia, leo}


def test_a_link_that_came_with_a_merge_is_changed_and_taken_away(director: Caller) -> None:
    client, survivor, duplicate = add_client(director), add_contact(director), add_contact(director, "Mueller")
    link(director, client, duplicate)
    director.post(f"/contacts/{survivor}/merge", {"duplicate_id": duplicate})
    changed = link(director, client, duplicate, {"relationship": "aunt"}, **{"If-Match": '"1"'})  # the old id serves
    assert (changed.status, changed.etag, changed.body["contact"]["id"]) == (200, '"2"', survivor)
    assert contacts_of(director, client)[survivor]["relationship"] == "aunt"
    assert director.delete(f"/clients/{client}/contacts/{survivor}").status == 204
    assert contacts_of(director, client) == {}
    director.post(f"/contacts/{survivor}/unmerge", {"duplicate_id": duplicate})
    assert contacts_of(director, client) == {}


def test_links_follow_through_several_merges(director: Caller) -> None:
    client = add_client(director)
    one, two, three = (add_contact(director, name) for name in ("One", "Two", "Three"))
    link(director, client, one)
    director.post(f"/contacts/{two}/merge", {"duplicate_id": one})
    director.post(f"/contacts/{three}/merge", {"duplicate_id": two})
    assert set(contacts_of(director, client)) == {three}
    assert set(clients_of(director, three)) == {client}


def test_a_purge_takes_the_links_of_a_contact_and_of_those_merged_into_it(director: Caller) -> None:
    client, contact, duplicate = add_client(director), add_contact(director), add_contact(director, "Mueller")
    link(director, client, contact)
    link(director, client, duplicate)
    director.post(f"/contacts/{contact}/merge", {"duplicate_id": duplicate})
    assert director.delete(f"/contacts/{contact}?purge=true").status == 204
    for gone in (contact, duplicate):
        assert open_table().get(link_key(director.account, client, gone)) is None
    assert contacts_of(director, client) == {}
    assert actions(director, f"/clients/{client}").count("unlinked") == 2
    assert director.get(f"/contacts/{contact}/clients").status == 404


def test_a_link_that_a_purge_left_behind_is_removed_when_it_is_met(
    director: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, contact = add_client(director), add_contact(director)
    link(director, client, contact)
    with monkeypatch.context() as patch:  # the index is a moment behind and does not show the link yet
        patch.setattr("carebook.table.Table.other_way", lambda *_args, **_kwargs: [])
        director.delete(f"/contacts/{contact}?purge=true")
    assert open_table().get(link_key(director.account, client, contact)) is not None
    assert contacts_of(director, client) == {}
    assert open_table().get(link_key(director.account, client, contact)) is None


def test_nobody_is_linked_who_is_put_away_at_that_moment(director: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    client, contact = add_client(director), add_contact(director)
    write = TableLinks.write

    def archive_first(store: TableLinks, writing: Any) -> None:
        monkeypatch.setattr(TableLinks, "write", write)
        director.delete(f"/contacts/{contact}")
        write(store, writing)

    monkeypatch.setattr(TableLinks, "write", archive_first)
    assert link(director, client, contact).body["code"] == "archived"
    assert contacts_of(director, client) == {}


def test_two_who_link_at_the_same_moment_make_one_link(director: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    client, contact = add_client(director), add_contact(director)
    write = TableLinks.write

    def link_first(store: TableLinks, writing: Any) -> None:
        monkeypatch.setattr(TableLinks, "write", write)
        link(director, client, contact, {"relationship": "aunt"})
        write(store, writing)

    monkeypatch.setattr(TableLinks, "write", link_first)
    assert (link(director, client, contact).etag, len(contacts_of(director, client))) == ('"2"', 1)


def test_a_client_has_a_bounded_number_of_contacts(director: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_LINKS == 100
    monkeypatch.setattr("carebook.clients.linking.MOST_LINKS", 2)
    client = add_client(director)
    made = [link(director, client, add_contact(director, f"N{number}")) for number in range(3)]
    assert [answer.status for answer in made] == [201, 201, 409]
    assert made[2].body["code"] == "too_many"


def test_another_account_neither_links_nor_sees(director: Caller) -> None:
    stranger = Caller(handler_for, account=f"{director.account}_other")
    client, contact = add_client(director), add_contact(director)
    link(director, client, contact)
    theirs, their_contact = add_client(stranger), add_contact(stranger)
    for pair in ((client, contact), (theirs, contact), (client, their_contact)):
        assert link(stranger, *pair).status == 404
        assert stranger.delete(f"/clients/{pair[0]}/contacts/{pair[1]}").status == 404
    assert stranger.get(f"/contacts/{contact}/clients").status == 404
    assert contacts_of(stranger, theirs) == {}
    assert set(contacts_of(director, client)) == {contact}


@pytest.mark.parametrize("other", ["x", "con_1", "cli_01ARZ3NDEKTSV4RRFFQ69G5FAV", "con_01ARZ3NDEKTSV4RRFFQ69G5FAV"])
def test_who_is_no_contact_is_not_linked(director: Caller, other: str) -> None:
    client = add_client(director)
    assert link(director, client, other).status == 404
    assert link(director, "cli_01ARZ3NDEKTSV4RRFFQ69G5FAV", add_contact(director)).status == 404


def test_a_cursor_of_another_contacts_clients_is_refused(director: Caller) -> None:
    one, two = add_contact(director), add_contact(director, "Two")
    for number in range(2):
        link(director, add_client(director, first_name=str(number)), one)
    cursor = director.get(f"/contacts/{one}/clients?limit=1").body["next_cursor"]
    assert director.get(f"/contacts/{two}/clients?cursor={cursor}").body["code"] == "bad_cursor"
