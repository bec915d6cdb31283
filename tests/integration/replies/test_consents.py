"""Whether each method may be used now, and what was said about that, as staff see it."""

from typing import Any

import pytest

from carebook.instants import instant
from tests.builders import Caller
from tests.integration.replies.conftest import NUMBER, Practice


def standings(practice: Practice) -> dict[str, dict[str, Any]]:
    answer = practice.caller.get(f"/contacts/{practice.contact_id}/consents")
    assert answer.status == 200, answer.text
    items: list[dict[str, Any]] = answer.body["items"]
    assert [one["method"] for one in items] == ["email", "sms", "fax", "voice"]
    return {one["method"]: one for one in items}


def test_nothing_was_said_yet_and_each_method_says_why_it_cannot_be_used(practice: Practice) -> None:
    found = standings(practice)
    assert found["email"] == {
        "method": "email",
        "ok": True,
        "reason": None,
        "to": "ana@example.org",
        "agreement": "unknown",
        "since": None,
        "suppressed": None,
        "said": [],
    }
    assert {name: (one["ok"], one["reason"], one["to"]) for name, one in found.items() if name != "email"} == {
        "sms": (True, None, NUMBER),
        "fax": (False, "no_eligible_phone", None),
        "voice": (False, "channel_not_configured", NUMBER),
    }
    assert found["fax"]["agreement"] is None


def test_a_stop_and_a_bounce_are_seen_and_a_start_beside_them(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAREBOOK_ORIGINATION_IDENTITY", "arn:aws:sms-voice:us-east-1:123456789012:pool/p")
    email, _ = practice.write("email", "sms")
    practice.deliver()
    practice.report(email, "ses_bounce_permanent")
    practice.text("STOP", inbound_id="in-1")
    stopped_at = practice.clock()
    found = standings(practice)
    assert (found["email"]["ok"], found["email"]["reason"], found["email"]["suppressed"]) == (
        False,
        "address_suppressed",
        "bounce",
    )
    assert found["email"]["said"][0]["what"].endswith(f"({email['id']})")
    for method in ("sms", "voice"):
        one = found[method]
        assert (one["ok"], one["reason"], one["agreement"]) == (False, "opted_out", "opted_out")
        assert (one["since"], one["said"]) == (
            instant(stopped_at),
            [{"at": instant(stopped_at), "what": "stop (in-1)"}],
        )
    practice.text("START", inbound_id="in-2")
    again = standings(practice)["sms"]
    assert (again["ok"], again["agreement"]) == (True, "opted_in")
    assert [one["what"] for one in again["said"]] == ["stop (in-1)", "start (in-2)"]


def test_who_has_not_agreed_yet_is_seen_where_a_practice_asks_first(practice: Practice) -> None:
    practice.caller.patch("/settings", {"opt_in_required": True})
    assert (standings(practice)["sms"]["reason"], standings(practice)["sms"]["agreement"]) == (
        "not_opted_in",
        "unknown",
    )
    request = practice.write("sms")[0]
    asked = standings(practice)["sms"]
    assert (asked["ok"], asked["reason"], asked["agreement"]) == (False, "not_opted_in", "requested")
    assert [one["what"] for one in asked["said"]] == [f"request {request['id']}"]
    practice.deliver()
    practice.text("YES")
    assert standings(practice)["sms"]["ok"]


def test_at_night_a_text_waits_and_can_be_written(practice: Practice) -> None:
    practice.caller.patch("/settings", {"quiet_hours": {"start": "00:00", "end": "23:59"}})
    assert standings(practice)["sms"]["ok"]


def test_looking_writes_nothing_but_that_somebody_looked(practice: Practice) -> None:
    practice.caller.patch("/settings", {"opt_in_required": True})
    practice.clock.forward(seconds=1)
    standings(practice)
    assert practice.messages() == []
    history = practice.caller.get(f"/contacts/{practice.contact_id}/history").body["items"]
    assert [one["action"] for one in history] == ["viewed", "created"]


def test_an_archived_contact_can_be_looked_at_and_another_accounts_cannot(practice: Practice) -> None:
    practice.caller.delete(f"/contacts/{practice.contact_id}")
    assert {one["reason"] for one in standings(practice).values()} == {"archived"}
    stranger = Caller(practice.caller.handler, account="acc_next_door")
    for contact_id in (practice.contact_id, "con_01ARZ3NDEKTSV4RRFFQ69G5FAV", "nobody"):
        assert stranger.get(f"/contacts/{contact_id}/consents").status == 404
