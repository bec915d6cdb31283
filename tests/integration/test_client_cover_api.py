"""The cover page of a client: who belongs to them, who referred them, and what remains of that."""

from typing import Any

import pytest

from carebook.cover import model
from tests.builders import Caller
from tests.integration.conftest import handler_for
from tests.integration.referrals.conftest import add_client, add_physician, keep_appointment, refer
from tests.integration.test_cover_api import requests_of

NOTHING = {"items": [], "count": 0, "exact": True}


def linked(caller: Caller, client: str, contact: str, **terms: Any) -> None:
    assert caller.put(f"/clients/{client}/contacts/{contact}", terms).status == 201


def test_it_shows_the_client_with_contacts_and_referrals(director: Caller) -> None:
    client, contact = add_client(director), add_physician(director)
    linked(director, client, contact, relationship="mother", cc_all_automated_messages=True)
    referral = refer(director, client, contact, appointment_limit=6)
    keep_appointment(director, referral, 3)
    target = f"/clients/{client}"
    cover = director.get(f"{target}/cover").body
    assert cover == {
        "client": director.get(target).body,
        "contacts": {"items": director.get(f"{target}/contacts").body["items"], "count": 1, "exact": True},
        "referrals": {"items": director.get(f"{target}/referrals").body["items"], "count": 1, "exact": True},
    }
    assert cover["referrals"]["items"][0]["appointments_left"] == 5
    assert len(cover["contacts"]["items"][0]["copied"]) == 4


def test_what_is_new_has_nothing_on_it(director: Caller) -> None:
    client = add_client(director)
    cover = director.get(f"/clients/{client}/cover").body
    assert (cover["contacts"], cover["referrals"]) == (NOTHING, NOTHING)


def test_it_takes_two_rounds(director: Caller) -> None:
    """The client, its links, referrals and appointments, and then the contacts that they name, each in one request."""
    client, contact, other = add_client(director), add_physician(director), add_physician(director, last_name="B")
    linked(director, client, contact)
    refer(director, client, other)
    director.get(f"/clients/{client}/cover")
    _, made = requests_of(director, f"/clients/{client}/cover")
    assert made == {"BatchGetItem": 2, "Query": 3}


def test_it_shows_the_first_and_counts_the_rest(director: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "SHOWN", 2)
    monkeypatch.setattr(model, "COUNTED", 2)
    client = add_client(director)
    for name in ("Abel", "Berg", "Cole"):
        linked(director, client, add_physician(director, last_name=name))
        refer(director, client)
    cover = director.get(f"/clients/{client}/cover").body
    assert [one["contact"]["name"].split()[-1] for one in cover["contacts"]["items"]] == ["Abel", "Berg"]
    for part in ("contacts", "referrals"):
        assert (len(cover[part]["items"]), cover[part]["count"], cover[part]["exact"]) == (2, 2, False)


def test_merged_archived_and_purged_contacts_are_what_they_are_today(director: Caller) -> None:
    client, survivor, duplicate, gone = add_client(director), *(add_physician(director, last_name=n) for n in "ABC")
    for contact in (duplicate, gone):
        linked(director, client, contact)
        refer(director, client, contact)
    director.post(f"/contacts/{survivor}/merge", {"duplicate_id": duplicate})
    director.delete(f"/contacts/{gone}?purge=true")
    cover = director.get(f"/clients/{client}/cover").body
    assert [one["contact"]["id"] for one in cover["contacts"]["items"]] == [survivor]
    states = {one["contact_id"]: one["referrer_state"] for one in cover["referrals"]["items"]}
    assert states == {survivor: "in_use", gone: "deleted"}
    director.delete(f"/contacts/{survivor}")
    cover = director.get(f"/clients/{client}/cover").body
    assert cover["contacts"]["items"][0]["contact"]["archived_at"]


def test_a_look_at_it_is_a_look_at_the_client_and_another_account_finds_nothing(director: Caller) -> None:
    client = add_client(director)
    nurse = Caller(handler_for, account=director.account, user_id="usr_nurse", groups="clinical")
    assert nurse.get(f"/clients/{client}/cover").status == 200
    stranger = Caller(handler_for, account=f"{director.account}_other")
    for client_id in (client, "x", "con_01ARZ3NDEKTSV4RRFFQ69G5FAV"):
        assert stranger.get(f"/clients/{client_id}/cover").body["code"] == "not_found"
    assert Caller(handler_for, account=director.account, groups="").get(f"/clients/{client}/cover").status == 403
    seen = {entry["by"]["id"] for entry in director.get(f"/clients/{client}/history").body["items"]}
    assert seen == {"usr_director", "usr_nurse"}
