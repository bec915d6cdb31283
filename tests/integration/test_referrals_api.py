"""Referrals over HTTP, in process: who sent whom, how far that reaches, and who sends how many."""

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest

from carebook.instants import day_in, instant, utcnow
from carebook.keys import client_pk
from carebook.referrals.store import TableReferrals
from tests.builders import Answer, Caller, child, physician
from tests.integration.conftest import TABLE, handler_for

TODAY = day_in("America/New_York", utcnow())


def day(offset: int) -> str:
    return (TODAY + timedelta(days=offset)).isoformat()


def add_client(caller: Caller, **changes: Any) -> str:
    made: str = caller.post("/clients", child(**changes)).body["id"]
    return made


def add_physician(caller: Caller, **changes: Any) -> str:
    made: str = caller.post("/contacts?allow_duplicate=true", physician(**changes)).body["id"]
    return made


def refer(caller: Caller, client: str, contact: str | None = None, **fields: Any) -> dict[str, Any]:
    added = caller.post(f"/clients/{client}/referrals", {"contact_id": contact} | fields)
    assert added.status == 201, added.text
    body: dict[str, Any] = added.body
    return body


def path(referral: dict[str, Any]) -> str:
    return f"/clients/{referral['client_id']}/referrals/{referral['id']}"


def ids(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.text
    return [item["id"] for item in answer.body["items"]]


def keep_appointment(caller: Caller, referral: dict[str, Any], hours_ago: float, **fields: Any) -> None:
    """An appointment of an hour as its own function will keep it."""
    start = utcnow() - timedelta(hours=hours_ago)
    document = {
        "referral_id": referral["id"],
        "starts_at": instant(start),
        "ends_at": instant(start + timedelta(minutes=45)),
    } | fields
    key = {"PK": client_pk(caller.account, referral["client_id"]), "SK": f"APT#{hours_ago}"}
    boto3.resource("dynamodb").Table(TABLE).put_item(Item=key | {"doc": json.dumps(document), "version": 1})


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
    assert (stale.status, stale.body["current"]["status"]) == (412, "on_hold")
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


def test_the_lists_are_by_day_of_receipt_and_select_what_is_asked_for(director: Caller) -> None:
    client, contact = add_client(director), add_physician(director)
    old, late, new = (refer(director, client, contact, received_on=day(offset)) for offset in (-30, -5, -10))
    director.patch(path(old), {"status": "closed"})
    assert ids(director.get("/referrals")) == [late["id"], new["id"], old["id"]]
    assert ids(director.get("/referrals?status=closed")) == [old["id"]]
    assert ids(director.get("/referrals?status=active")) == [late["id"], new["id"]]
    assert ids(director.get(f"/referrals?received_from={day(-10)}")) == [late["id"], new["id"]]
    assert ids(director.get(f"/referrals?received_to={day(-10)}")) == [new["id"], old["id"]]
    assert ids(director.get(f"/referrals?received_from={day(-10)}&received_to={day(-10)}")) == [new["id"]]
    assert ids(director.get(f"/contacts/{contact}/referrals")) == [late["id"], new["id"], old["id"]]
    for target in ("/referrals?", f"/contacts/{contact}/referrals?", f"/clients/{client}/referrals?"):
        found, cursor = [], ""
        while True:
            page = director.get(f"{target}limit=1{cursor}").body
            found += [item["id"] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            assert len(page["items"]) == 1
            cursor = f"&cursor={page['next_cursor']}"
        assert sorted(found) == sorted([old["id"], late["id"], new["id"]])
        assert director.get(f"/referrals?status=active{cursor}").body["code"] == "bad_cursor"
    row = director.get("/referrals").body["items"][0]
    assert (row["client"]["name"], row["referrer"]) == ("Mia Müller", {"id": contact, "name": "Ana M Müller"})
    assert not {"diagnosis_codes", "notes"} & row.keys()
    refused = director.get(f"/referrals?received_from={day(0)}&received_to={day(-1)}")
    assert refused.body["errors"][0]["code"] == "ends_before_it_begins"


def test_a_moved_day_of_receipt_moves_the_rows(director: Caller) -> None:
    client, contact = add_client(director), add_physician(director)
    one, two = (refer(director, client, contact, received_on=day(offset)) for offset in (-1, -2))
    director.patch(path(one), {"received_on": day(-3)})
    for target in ("/referrals", "/referrals?status=active", f"/contacts/{contact}/referrals"):
        assert ids(director.get(target)) == [two["id"], one["id"]]


@pytest.mark.parametrize("last", ["0001-01-01", "0001-06-01"])
def test_a_summary_up_to_the_first_year_is_empty(director: Caller, last: str) -> None:
    """There is no year before it to begin in."""
    summary = director.get(f"/referrals/summary?to={last}")
    assert (summary.status, summary.body["total"]) == (200, 0)
    assert summary.body["period"] == {"from": "0001-01-01", "to": last}


def test_the_summary_counts_by_referrer(director: Caller) -> None:
    clients = [add_client(director, first_name=name) for name in ("A", "B", "C")]
    ana, ben = add_physician(director), add_physician(director, first_name="Ben", middle_name=None)
    for client in clients:
        refer(director, client, ana, received_on=day(-3))
    refer(director, clients[0], ben, received_on=day(-3))
    refer(director, clients[0], None)
    refer(director, clients[0], ben, received_on=day(-365))  # a year ago
    summary = director.get("/referrals/summary").body
    assert summary["total"] == 5
    assert summary["period"] == {"from": day(-364), "to": day(0)}
    assert [(row["referrer"] and row["referrer"]["id"], row["count"]) for row in summary["items"]] == [
        (ana, 3), (None, 1), (ben, 1),
    ]  # fmt: skip
    assert director.get(f"/referrals/summary?from={day(-365)}").body["total"] == 6
    assert director.get(f"/referrals/summary?from={day(0)}&to={day(0)}").body["total"] == 1
    first = director.get("/referrals/summary?limit=2").body
    rest = director.get(f"/referrals/summary?limit=2&cursor={first['next_cursor']}").body
    assert first["items"] + rest["items"] == summary["items"]
    assert rest["next_cursor"] is None
    for query in (f"from={day(0)}&to={day(-1)}", f"from={day(-400)}", "from=yesterday"):
        assert director.get(f"/referrals/summary?{query}").status == 422


def test_a_period_with_too_many_referrals_is_refused_and_not_miscounted(
    director: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = add_client(director)
    for _ in range(3):
        refer(director, client)
    monkeypatch.setattr("carebook.referrals.listing.MOST_COUNTED", 2)
    assert director.get("/referrals/summary").body["errors"][0]["code"] == "period_too_long"
    assert director.get("/referrals/claim-problems").body["errors"][0]["code"] == "too_many"


def test_a_merge_brings_the_referrals_and_an_unmerge_takes_them_back(director: Caller) -> None:
    client, survivor, duplicate = add_client(director), add_physician(director), add_physician(director, npi=None)
    one = refer(director, client, survivor, received_on=day(-2))
    two = refer(director, client, duplicate, received_on=day(-1))
    director.post(f"/contacts/{survivor}/merge", {"duplicate_id": duplicate})
    assert ids(director.get(f"/contacts/{survivor}/referrals")) == [two["id"], one["id"]]
    assert ids(director.get(f"/contacts/{duplicate}/referrals")) == [two["id"], one["id"]]
    moved = director.get(path(two)).body
    assert (moved["contact_id"], moved["referrer_snapshot"]) == (survivor, two["referrer_snapshot"])
    assert moved["referrer_changed_fields"] == ["npi"]
    summary = director.get("/referrals/summary").body["items"]
    assert [(row["referrer"]["id"], row["count"]) for row in summary] == [(survivor, 2)]
    assert director.patch(path(two), {"contact_id": survivor}).body["version"] == 1  # it is them already
    director.post(f"/contacts/{survivor}/unmerge", {"duplicate_id": duplicate})
    assert ids(director.get(f"/contacts/{survivor}/referrals")) == [one["id"]]
    assert ids(director.get(f"/contacts/{duplicate}/referrals")) == [two["id"]]
    assert director.get(path(two)).body == two


def test_what_was_read_can_be_sent_back_though_the_referrer_was_merged_and_put_away(director: Caller) -> None:
    client, survivor, duplicate = add_client(director), add_physician(director), add_physician(director, last_name="B")
    referral = refer(director, client, duplicate)
    director.post(f"/contacts/{survivor}/merge", {"duplicate_id": duplicate})
    director.delete(f"/contacts/{survivor}")
    now = director.get(path(referral)).body
    assert now["contact_id"] == survivor
    sent = director.patch(path(referral), {"contact_id": survivor, "notes": "x"})
    assert (sent.status, sent.body["contact_id"], sent.body["version"]) == (200, survivor, 2)
    assert sent.body["referrer_snapshot"] == referral["referrer_snapshot"]
    other = add_physician(director, last_name="C")
    director.delete(f"/contacts/{other}")
    assert director.patch(path(referral), {"contact_id": other}).body["code"] == "archived"


def test_who_is_archived_or_purged_stays_on_the_referral(director: Caller) -> None:
    client, contact = add_client(director), add_physician(director)
    referral = refer(director, client, contact)
    director.delete(f"/contacts/{contact}")
    assert director.get(path(referral)).body["referrer_state"] == "archived"
    assert director.post(f"/clients/{client}/referrals", {"contact_id": contact}).body["code"] == "archived"
    assert director.patch(path(referral), {"status": "closed"}).status == 200
    director.delete(f"/contacts/{contact}?purge=true")
    now = director.get(path(referral)).body
    assert (now["referrer_state"], now["referrer_changed"]) == ("deleted", False)
    assert now["referrer_snapshot"] == referral["referrer_snapshot"]
    assert director.get("/referrals").body["items"][0]["referrer"]["name"] == "Ana M Müller"
    assert director.get("/referrals/summary").body["items"][0]["referrer"]["name"] == "Ana M Müller"
    assert director.get(f"{path(referral)}/claim").body["item_17b"] == "1234567893"
    assert director.post(f"{path(referral)}/refresh").body["code"] == "no_referrer"
    assert director.delete(path(referral)).status == 204


def test_an_archived_client_keeps_its_referrals_and_takes_no_new_ones(director: Caller) -> None:
    client = add_client(director)
    referral = refer(director, client)
    director.delete(f"/clients/{client}")
    assert ids(director.get(f"/clients/{client}/referrals")) == [referral["id"]]
    assert director.get("/referrals").body["items"][0]["client"]["archived_at"]
    for answer in (
        director.post(f"/clients/{client}/referrals", {}),
        director.patch(path(referral), {"notes": "x"}),
        director.delete(path(referral)),
        director.post(f"{path(referral)}/refresh"),
    ):
        assert answer.body["code"] == "archived"


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
