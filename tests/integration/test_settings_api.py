"""Settings over HTTP, in process."""

from dataclasses import replace
from typing import Any

import pytest

from tests.builders import Caller, physician


def test_an_account_begins_with_the_defaults(director: Caller) -> None:
    answer = director.get("/settings")
    assert (answer.status, answer.etag) == (200, '"0"')
    assert answer.body == {
        "version": 0,
        "practice_name": "",
        "practice_address": "",
        "practice_phone": "",
        "practice_fax": "",
        "practice_email": "",
        "practice_website": "",
        "country": "US",
        "time_zone": "America/New_York",
        "currency": "USD",
        "default_messaging_methods": ["email"],
        "quiet_hours": {"start": "20:00", "end": "09:00"},
        "opt_in_required": False,
        "channel_phone_types": {"sms": ["cell"], "fax": ["fax"], "voice": ["cell", "home", "work", "after_hours"]},
        "automated_messages": {
            "appointment_notice": {"enabled": True},
            "appointment_reminder": {"enabled": True, "lead_minutes": [2880, 120]},
            "bill_reminder": {"enabled": True, "days_before_due": 3},
            "late_payment_notice": {"enabled": True, "days_after_due": 7},
        },
        "file_categories": [],
    }


def test_a_patch_changes_what_it_names_and_null_goes_back_to_the_default(director: Caller) -> None:
    patch = {"practice_name": "عيادة البحيرة", "automated_messages": {"bill_reminder": {"days_before_due": 0}}}
    changed = director.patch("/settings", patch)
    assert (changed.status, changed.etag) == (200, '"1"')
    assert changed.body["practice_name"] == "عيادة البحيرة"
    assert changed.body["automated_messages"]["bill_reminder"] == {"enabled": True, "days_before_due": 0}
    assert changed.body["automated_messages"]["late_payment_notice"]["days_after_due"] == 7
    cleared = director.patch("/settings", {"practice_name": None, "automated_messages": None})
    assert cleared.body == director.get("/settings").body
    assert (cleared.body["practice_name"], cleared.body["version"]) == ("", 2)
    assert cleared.body["automated_messages"]["bill_reminder"]["days_before_due"] == 3


def test_a_stale_copy_of_the_settings_is_refused(director: Caller) -> None:
    director.patch("/settings", {"country": "CA"}, headers={"If-Match": '"0"'})
    refused = director.patch("/settings", {"country": "AU"}, headers={"If-Match": '"0"'})
    assert (refused.status, refused.body["version"]) == (412, 1)
    assert refused.body["current"] == {"country": "CA"}


def test_directors_and_administrative_staff_change_settings_and_all_read_them(director: Caller) -> None:
    for groups, status in [("administrative", 200), ("director,clinical", 200), ("supervisor", 403), ("clinical", 403)]:
        caller = replace(director, groups=groups)
        assert caller.get("/settings").status == 200
        assert caller.patch("/settings", {"practice_name": groups}).status == status
    assert director.get("/settings").body["practice_name"] == "director,clinical"


def test_a_change_of_channels_counts_at_once(director: Caller) -> None:
    fax = physician(phones=[{"number": "(212) 555-0188", "type": "fax"}])
    contact = director.post("/contacts?allow_duplicate=true", fax).body
    assert contact["reachable"]["sms"] == {"ok": False, "reason": "no_eligible_phone"}
    director.patch("/settings", {"channel_phone_types": {"sms": ["cell", "fax"]}})
    read = director.get(f"/contacts/{contact['id']}").body
    assert read["reachable"]["sms"] == {"ok": True, "to": "+12125550188"}


@pytest.mark.parametrize(
    ("patch", "field", "code"),
    [
        ({"contry": "US"}, "contry", "unknown_field"),
        ({"country": "us"}, "country", "country_not_valid"),
        ({"country": "XX"}, "country", "country_not_valid"),
        ({"country": 1}, "country", "wrong_type"),
        ({"time_zone": "EST5"}, "time_zone", "time_zone_not_valid"),
        ({"currency": "ABC"}, "currency", "currency_not_valid"),
        ({"default_messaging_methods": ["email", "email"]}, "default_messaging_methods", "listed_twice"),
        ({"quiet_hours": {"start": "8pm"}}, "quiet_hours.start", "wrong_form"),
        ({"quiet_hours": {"start": "24:00"}}, "quiet_hours.start", "wrong_form"),
        ({"quiet_hours": []}, "quiet_hours", "wrong_type"),
        ({"opt_in_required": "yes"}, "opt_in_required", "wrong_type"),
        ({"opt_in_required": 1}, "opt_in_required", "wrong_type"),
        ({"channel_phone_types": {"sms": ["pager"]}}, "channel_phone_types.sms[0]", "not_one_of"),
        (
            {"automated_messages": {"appointment_reminder": {"lead_minutes": [-1]}}},
            "automated_messages.appointment_reminder.lead_minutes[0]",
            "out_of_range",
        ),
        (
            {"automated_messages": {"bill_reminder": {"days_before_due": 1.5}}},
            "automated_messages.bill_reminder.days_before_due",
            "wrong_type",
        ),
        ({"file_categories": ["a", "a"]}, "file_categories", "listed_twice"),
        ({"practice_name": "x" * 201}, "practice_name", "too_long"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(director: Caller, patch: dict[str, Any], field: str, code: str) -> None:
    answer = director.patch("/settings", patch)
    assert answer.status == 422
    assert [(error["field"], error["code"]) for error in answer.body["errors"]] == [(field, code)]
    assert director.get("/settings").body["version"] == 0
