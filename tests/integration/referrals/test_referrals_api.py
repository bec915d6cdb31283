"""Referrals over HTTP, in process: who sent whom, how far that reaches, and who sends how many."""

from datetime import timedelta
from typing import Any

import pytest

from carebook.instants import day_in, instant, utcnow
from carebook.referrals.store import TableReferrals
from tests.builders import Caller
from tests.integration.conftest import handler_for
from tests.integration.referrals.conftest import (
    TODAY,
    add_client,
    add_physician,
    day,
    ids,
    keep_appointment,
    path,
    refer,
)


def test_a_referral_comes_back_as_it_was_added(director: Caller) -> None:
    client, contact = add_client(director), add_physician(director)
    sent = {
        "contact_id": contact, "role": "ordering", "status": "waiting_list", "received_on": day(-1),
        "dated_on": day(-10), "expires_on": day(90), "appointment_limit": 6, "minutes_limit": 360,
        "diagnosis_codes": ["e119", "Z71.3"], "notes": "Twice a month",
    }  # fmt: skip
    added = director.post(f"/clients/{client}/referrals", sent)
    assert (added.status, added.etag) == (201, '"1"'), added.text
    body = added.body
    assert added.headers["Location"] == f"/clients/{client}/referrals/{body['id']}"
    assert body | sent == body | {"diagnosis_codes": ["e119", "Z71.3"]}
    assert body["diagnosis_codes"] == ["E11.9", "Z71.3"]
    assert {name: body[name] for name in body if name.startswith(("appointments", "minutes_", "exp"))} == {
        "appointments_used": 0, "appointments_left": 6, "minutes_limit": 360, "minutes_used": 0, "minutes_left": 360,
        "expires_on": day(90), "expiry": "valid",
    }  # fmt: skip
    assert body["referrer_snapshot"] | {"phones": [], "address": {}, "taken_at": ""} == {
        "name": "Ana M Müller", "first_name": "Ana", "middle_name": "M", "last_name": "Müller", "name_suffix": None,
        "qualifications": "MD, FACP", "organization_name": "Lakeside Family Practice", "type": "physician",
        "npi": "1234567893", "other_id": "A12345", "other_id_qualifier": "0B",
        "emails": [{"address": "ana@example.org", "label": "work"}], "phones": [], "address": {}, "taken_at": "",
    }  # fmt: skip
    assert (body["referrer_changed"], body["referrer_state"]) == (False, "in_use")
    assert body["created_by"]["id"] == "usr_director"
    read = director.get(path(body))
    assert (read.body, read.etag) == (body, '"1"')
    assert director.get(f"/clients/{client}/referrals").body == {"items": [body], "next_cursor": None}


def test_what_is_left_out_has_its_default(director: Caller) -> None:
    body = refer(director, add_client(director))
    assert (body["role"], body["status"], body["received_on"]) == ("referring", "active", TODAY.isoformat())
    assert (body["contact_id"], body["referrer_snapshot"], body["referrer_state"], body["expiry"]) == (None,) * 4
    assert (body["appointments_left"], body["diagnosis_codes"], body["notes"]) == (None, [], "")


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"status": "open"}, "status", "not_one_of"),
        ({"role": "DN"}, "role", "not_one_of"),
        ({"received_on": day(2)}, "received_on", "in_the_future"),
        ({"received_on": "2026-02-30"}, "received_on", "day_not_valid"),
        ({"received_on": "0026-11-25"}, "received_on", "too_long_ago"),
        ({"dated_on": "1826-11-25"}, "dated_on", "too_long_ago"),
        ({"received_on": day(-5), "dated_on": day(-4)}, "dated_on", "dated_after_received"),
        ({"dated_on": day(-5), "expires_on": day(-6)}, "expires_on", "expires_before_it_begins"),
        ({"appointment_limit": 0}, "appointment_limit", "out_of_range"),
        ({"minutes_limit": 1.5}, "minutes_limit", "wrong_type"),
        ({"diagnosis_codes": ["E11.9", "diabetes"]}, "diagnosis_codes[1]", "diagnosis_code_not_valid"),
        ({"diagnosis_codes": ["E11.9", "e119"]}, "diagnosis_codes[1]", "listed_twice"),
        ({"diagnosis_codes": [f"Z{n}" for n in range(10, 23)]}, "diagnosis_codes", "too_many"),
        ({"contact_id": "con_01ARZ3NDEKTSV4RRFFQ69G5FAV"}, "contact_id", "no_such_contact"),
        ({"contact_id": "x"}, "contact_id", "no_such_contact"),
        ({"appointments_used": 3}, "appointments_used", "unknown_field"),
        ({"referrer_snapshot": {}}, "referrer_snapshot", "unknown_field"),
    ],
)
def test_what_cannot_be_accepted_is_named(director: Caller, fields: Any, field: str, code: str) -> None:
    client = add_client(director)
    refused = director.post(f"/clients/{client}/referrals", fields)
    assert refused.status == 422, refused.text
    assert (field, code) in [(error["field"], error["code"]) for error in refused.body["errors"]]
    assert director.get(f"/clients/{client}/referrals").body["items"] == []


def test_a_request_that_is_repeated_adds_one_referral_even_when_its_answer_was_lost(
    director: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, key = add_client(director), {"Idempotency-Key": "k"}
    target = f"/clients/{client}/referrals"
    with monkeypatch.context() as patch:  # written, but the answer could not be made
        patch.setattr("functions.referrals.api.referral_view", lambda _known: 1 / 0)
        assert director.post(target, {}, headers=key).status == 500
    first, again = (director.post(target, {}, headers=key) for _ in range(2))
    assert (first.status, first.body) == (201, again.body)
    assert ids(director.get(target)) == [first.body["id"]]
    assert director.post(target, {"notes": "x"}, headers=key).status == 422


def test_the_copy_of_the_referrer_is_frozen_until_it_is_taken_anew(director: Caller) -> None:
    client, contact = add_client(director), add_physician(director, npi=None)
    referral = refer(director, client, contact)
    director.patch(f"/contacts/{contact}", {"npi": "1234567893", "notes": "not the referral's business"})
    now = director.get(path(referral)).body
    assert (now["referrer_snapshot"], now["version"]) == (referral["referrer_snapshot"], 1)
    assert (now["referrer_changed"], now["referrer_changed_fields"]) == (True, ["npi"])
    assert director.patch(path(referral), {"contact_id": contact}).body["version"] == 1
    refreshed = director.post(f"{path(referral)}/refresh")
    assert (refreshed.status, refreshed.etag) == (200, '"2"')
    assert refreshed.body["referrer_snapshot"]["npi"] == "1234567893"
    assert refreshed.body["referrer_changed"] is False
    assert director.post(f"{path(referral)}/refresh").body["version"] == 2
    alone = refer(director, client)
    assert director.post(f"{path(alone)}/refresh").body["code"] == "no_referrer"


def test_a_patch_keeps_what_it_does_not_name_and_a_stale_copy_is_refused(director: Caller) -> None:
    client, one, two = add_client(director), add_physician(director), add_physician(director, last_name="Two")
    referral = refer(director, client, one, expires_on=day(3), appointment_limit=6)
    changed = director.patch(path(referral), {"status": "on_hold", "appointment_limit": None})
    assert (changed.status, changed.etag) == (200, '"2"')
    assert (changed.body["expires_on"], changed.body["appointments_left"]) == (day(3), None)
    stale = director.patch(path(referral), {"notes": "x"}, headers={"If-Match": '"1"'})
    assert (stale.status, stale.body["current"]) == (412, {"status": "on_hold", "appointment_limit": None})
    assert director.delete(path(referral), headers={"If-Match": '"1"'}).status == 412
    other = director.patch(path(referral), {"contact_id": two}, headers={"If-Match": '"2"'}).body
    assert (other["contact_id"], other["referrer_snapshot"]["last_name"]) == (two, "Two")
    assert (ids(director.get(f"/contacts/{one}/referrals")), ids(director.get(f"/contacts/{two}/referrals"))) == (
        [],
        [referral["id"]],
    )
    assert director.patch(path(referral), {"contact_id": None}).body["referrer_snapshot"] is None
    assert director.patch(path(referral), {"status": None, "role": "DN"}).status == 422


def test_what_is_used_is_what_was_held(director: Caller) -> None:
    referral = refer(director, add_client(director), appointment_limit=2, minutes_limit=60)
    other = refer(director, referral["client_id"])
    for hours_ago in (1.5, 30, 40):
        keep_appointment(director, referral, hours_ago)
    keep_appointment(director, referral, 50, canceled_at=instant(utcnow()))
    keep_appointment(director, referral, -24)  # tomorrow
    keep_appointment(director, referral, 0.1)  # still going on
    keep_appointment(director, other, 60)
    now = director.get(path(referral)).body
    assert (now["appointments_used"], now["appointments_left"]) == (3, 0)
    assert (now["minutes_used"], now["minutes_left"]) == (135, 0)
    assert director.get(path(other)).body["appointments_used"] == 1


@pytest.mark.parametrize(("offset", "expiry"), [(-1, "expired"), (0, "expiring"), (30, "expiring"), (31, "valid")])
def test_a_referral_expires_after_its_last_day(director: Caller, offset: int, expiry: str) -> None:
    referral = refer(director, add_client(director), received_on=day(-40), expires_on=day(offset))
    assert referral["expiry"] == expiry
    assert director.get("/referrals").body["items"][0]["expiry"] == expiry


def test_the_day_is_that_of_the_account(director: Caller) -> None:
    """Between Kiritimati and Niue, one of the two has another day than New York."""
    client = add_client(director)
    for zone in ("Pacific/Kiritimati", "Pacific/Niue"):
        director.patch("/settings", {"time_zone": zone})
        today = day_in(zone, utcnow())
        assert refer(director, client)["received_on"] == today.isoformat()
        tomorrow = (today + timedelta(days=1)).isoformat()
        assert director.post(f"/clients/{client}/referrals", {"received_on": tomorrow}).status == 422


def test_a_deleted_referral_is_gone_from_every_list_and_the_history_keeps_what_it_said(director: Caller) -> None:
    client, contact = add_client(director), add_physician(director)
    referral = refer(director, client, contact, notes="Twice a month")
    assert director.delete(path(referral)).status == 204
    assert director.get(path(referral)).status == director.delete(path(referral)).status == 404
    for target in (
        f"/clients/{client}/referrals",
        f"/contacts/{contact}/referrals",
        "/referrals",
        "/referrals?status=active",
    ):
        assert ids(director.get(target)) == []
    entries = {e["action"]: e for e in director.get(f"/clients/{client}/history").body["items"]}
    (change,) = entries["referral_deleted"]["changes"]
    assert (change["before"]["notes"], change["before"]["id"]) == ("Twice a month", referral["id"])
    told = [e for e in director.get(f"/contacts/{contact}/history").body["items"] if e["action"].startswith("referral")]
    assert [entry["action"] for entry in told] == ["referral_deleted", "referral_added"]
    assert told[0]["changes"][0]["before"] == {"id": referral["id"], "client_id": client}


def test_looking_at_referrals_is_looking_at_the_client(director: Caller) -> None:
    referral = refer(director, add_client(director))
    nurse = Caller(handler_for, account=director.account, user_id="usr_nurse", groups="clinical")
    nurse.get(path(referral))
    entries = director.get(f"/clients/{referral['client_id']}/history").body["items"]
    assert ("viewed", "usr_nurse") in [(entry["action"], entry["by"]["id"]) for entry in entries]


def test_a_referral_that_was_changed_in_between_is_read_again(
    director: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    referral = refer(director, add_client(director))
    write = TableReferrals.write

    def change_first(store: TableReferrals, writing: Any, **more: Any) -> None:
        monkeypatch.setattr(TableReferrals, "write", write)
        director.patch(path(referral), {"status": "on_hold"})
        write(store, writing, **more)

    monkeypatch.setattr(TableReferrals, "write", change_first)
    changed = director.patch(path(referral), {"notes": "mine"}).body
    assert (changed["version"], changed["status"], changed["notes"]) == (3, "on_hold", "mine")


@pytest.mark.parametrize(
    ("method", "tail", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"notes": "x"}),
        ("DELETE", "", None),
        ("POST", "/refresh", None),
        ("GET", "/claim", None),
        ("GET", "/claim?format=pdf", None),
    ],
)
def test_another_account_finds_nothing(director: Caller, method: str, tail: str, body: Any) -> None:
    stranger = Caller(handler_for, account=f"{director.account}_other")
    client, contact = add_client(director), add_physician(director)
    referral = refer(director, client, contact)
    theirs = add_client(stranger)
    for client_id in (client, theirs):
        answer = stranger.call(method, f"/clients/{client_id}/referrals/{referral['id']}{tail}", body=body)
        assert (answer.status, answer.body["code"]) == (404, "not_found")
    assert stranger.get(f"/clients/{client}/referrals").status == 404
    assert stranger.get(f"/contacts/{contact}/referrals").status == 404
    assert stranger.post(f"/clients/{theirs}/referrals", {"contact_id": contact}).status == 422
    assert stranger.get("/referrals").body["items"] == []
    assert stranger.get("/referrals/summary").body["total"] == 0
    assert director.get(path(referral)).body["version"] == 1


@pytest.mark.parametrize(
    "referral_id", ["x", "ref_1", "cli_01ARZ3NDEKTSV4RRFFQ69G5FAV", "ref_01ARZ3NDEKTSV4RRFFQ69G5FAV"]
)
def test_what_is_no_referral_is_not_found(director: Caller, referral_id: str) -> None:
    client = add_client(director)
    for tail in ("", "/claim"):
        assert director.get(f"/clients/{client}/referrals/{referral_id}{tail}").status == 404
    other = refer(director, add_client(director))
    assert director.get(f"/clients/{client}/referrals/{other['id']}").status == 404


def test_without_a_role_nothing_is_shown(director: Caller) -> None:
    nobody = Caller(handler_for, account=director.account, groups="")
    client, contact = add_client(director), add_physician(director)
    for target in (
        "/referrals", "/referrals/summary", "/referrals/claim-problems", f"/clients/{client}/referrals",
        f"/contacts/{contact}/referrals", f"/contacts/{contact}/claim",
    ):  # fmt: skip
        assert nobody.get(target).body["code"] == "role_not_allowed"
