"""Appointments: told at once, remembered in time, moved, canceled, refused."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.builders import Caller, child, physician
from tests.integration.conftest import handler_for
from tests.integration.schedule.conftest import (
    IN_FOUR_DAYS,
    NOW,
    Clock,
    appoint,
    bill,
    decisions,
    messages_of,
    mother,
    outcome,
    sweep,
    times,
)


def test_an_appointment_is_told_at_once_and_remembered_at_each_lead(
    director: Caller, client: str, clock: Clock
) -> None:
    contact = mother(director, client)
    appointment = appoint(director, client, practitioner="Dr. Lee")
    (notice,) = decisions(director, client, "appointment_notice")
    assert outcome(notice) == {client: [("queued", None)], contact: [("queued", None)]}
    assert sweep() == {"shared_out": 0, "sent": 0, "other": 0, "failed": 0}
    clock.to(IN_FOUR_DAYS - timedelta(minutes=2880))
    assert sweep()["sent"] == 1
    assert sweep()["sent"] == 0
    (reminder,) = decisions(director, client, "appointment_reminder")
    assert (reminder["lead"], reminder["subject_id"]) == (2880, appointment["id"])
    assert outcome(reminder) == {client: [("queued", None)], contact: [("queued", None)]}
    clock.to(IN_FOUR_DAYS - timedelta(minutes=120))
    assert sweep()["sent"] == 1
    reminders = [one for one in messages_of(director, contact) if one["kind"] == "appointment_reminder"]
    assert len(reminders) == 2
    assert reminders[0]["client_id"] == client
    assert "Mia's appointment" in reminders[0]["body"]
    assert "10:00 AM EST" in reminders[0]["body"]


def test_an_appointment_names_a_referral_of_its_client_or_none(director: Caller, client: str) -> None:
    contact = director.post("/contacts", physician()).body["id"]
    referral = director.post(f"/clients/{client}/referrals", {"contact_id": contact}).body["id"]
    other = director.post("/clients", child(last_name="Other")).body["id"]
    for whose, named in ((client, "ref_01ARZ3NDEKTSV4RRFFQ69G5FAV"), (other, referral), (client, "x")):
        answer = director.post(f"/clients/{whose}/appointments", times(IN_FOUR_DAYS) | {"referral_id": named})
        assert answer.status == 422, answer.text
        assert [(one["field"], one["code"]) for one in answer.body["errors"]] == [("referral_id", "no_such_referral")]
    made = appoint(director, client, referral_id=referral)
    assert made["referral_id"] == referral
    assert director.get(f"/clients/{other}/appointments").body["items"] == []


def test_a_stale_change_shows_what_is_there_now(director: Caller, client: str) -> None:
    for path, body, change, end in (
        ("appointments", times(IN_FOUR_DAYS), {"location": "Room 2"}, {"status": "canceled"}),
        ("bills", bill(), {"number": "8"}, {"status": "paid"}),
    ):
        target = f"/clients/{client}/{path}/EXT"
        made = director.put(target, body).body["id"]
        by_id = f"/clients/{client}/{path}/{made}"
        assert director.patch(by_id, change, headers={"If-Match": '"1"'}).etag == '"2"'
        for method, where, sent in (("PATCH", by_id, change), ("PUT", target, body)):
            stale = director.call(method, where, body=sent, headers={"If-Match": '"1"'})
            assert stale.status == 412, stale.text
            assert stale.body["current"] == change
        assert director.put(target, body | change | end).etag == '"3"'
        for version, differing in ((1, change | end), (2, end)):
            stale = director.patch(by_id, {}, headers={"If-Match": f'"{version}"'})
            assert (stale.status, stale.body["current"]) == (412, differing)


def test_who_is_shown_what_is_there_now_has_seen_the_client(director: Caller, client: str) -> None:
    target = f"/clients/{client}/appointments/{appoint(director, client)['id']}"
    assert director.patch(target, {"location": "Room 2"}).status == 200
    other = replace(director, user_id="usr_other", groups="clinical")
    assert other.patch(target, {"location": "Room 3"}, headers={"If-Match": '"9"'}).body["current"] == {}
    assert [one["by"]["id"] for one in seen(director, client)].count("usr_other") == 0
    assert other.patch(target, {"location": "Room 3"}, headers={"If-Match": '"1"'}).body["current"] != {}
    assert [one["by"]["id"] for one in seen(director, client)].count("usr_other") == 1


def test_whoever_looks_at_what_hangs_on_a_client_has_seen_the_client(director: Caller, client: str) -> None:
    appointment = appoint(director, client)["id"]
    made = director.post(f"/clients/{client}/bills", bill()).body["id"]
    paths = ("appointments", f"appointments/{appointment}", "bills", f"bills/{made}", "messages", "automated-messages")
    for number, path in enumerate(paths):
        other = replace(director, user_id=f"usr_{number}", groups="clinical")
        assert other.get(f"/clients/{client}/{path}").status == 200
        assert f"usr_{number}" in {one["by"]["id"] for one in seen(director, client)}


def seen(caller: Caller, client: str) -> list[dict[str, Any]]:
    items = caller.get(f"/clients/{client}/history").body["items"]
    return [one for one in items if one["action"] == "viewed"]


def test_what_became_of_reminders_is_shown(director: Caller, client: str) -> None:
    target = f"/clients/{client}/appointments/{appoint(director, client)['id']}"
    director.delete(target)
    shown = {(one["lead"], one["state"], one["reason"]) for one in director.get(target).body["reminders"]}
    assert shown == {(2880, "dropped", "appointment_canceled"), (120, "dropped", "appointment_canceled")}
    (listed,) = director.get(f"/clients/{client}/appointments").body["items"]
    assert listed == director.get(target).body
    made = director.post(f"/clients/{client}/bills", bill()).body
    kinds = [(one["kind"], one["state"]) for one in made["reminders"]]
    assert kinds == [("bill_reminder", "waiting"), ("late_payment_notice", "waiting")]
    assert director.get(f"/clients/{client}/bills").body["items"] == [made]


def test_a_move_sends_a_new_notice_and_moves_the_reminders(director: Caller, client: str, clock: Clock) -> None:
    contact = mother(director, client)
    appointment = appoint(director, client)
    later = IN_FOUR_DAYS + timedelta(days=1)
    moved = director.patch(f"/clients/{client}/appointments/{appointment['id']}", times(later))
    assert (moved.status, moved.etag) == (200, '"2"')
    assert "moved" in messages_of(director, contact)[0]["body"]
    clock.to(IN_FOUR_DAYS - timedelta(minutes=2880))
    assert sweep()["sent"] == 0
    clock.to(later - timedelta(minutes=2880))
    assert sweep()["sent"] == 1


def test_lists_are_read_page_by_page(director: Caller, client: str) -> None:
    for day in (3, 1, 2, 2, 5):  # two at the same moment
        appoint(director, client, IN_FOUR_DAYS + timedelta(days=day))
        director.post(f"/clients/{client}/bills", bill(due_on=f"2026-12-{10 + day}"))
    for path, when in (("appointments", "starts_at"), ("bills", "due_on")):
        whole = director.get(f"/clients/{client}/{path}").body
        assert (len(whole["items"]), whole["next_cursor"]) == (5, None)
        assert [one[when] for one in whole["items"]] == sorted((one[when] for one in whole["items"]), reverse=True)
        paged: list[Any] = []
        cursor: str | None = ""
        for expected in (3, 2):  # the two at the same moment are on two pages
            page = director.get(f"/clients/{client}/{path}?limit=3" + (f"&cursor={cursor}" if cursor else "")).body
            assert len(page["items"]) == expected
            paged, cursor = paged + page["items"], page["next_cursor"]
        assert (paged, cursor) == (whole["items"], None)


def test_what_is_not_about_time_moves_nothing(director: Caller, client: str, clock: Clock) -> None:
    appointment = appoint(director, client)
    assert director.patch(f"/clients/{client}/appointments/{appointment['id']}", {"location": "Room 2"}).status == 200
    assert len(decisions(director, client, "appointment_notice")) == 1
    clock.to(IN_FOUR_DAYS - timedelta(minutes=2880))
    assert sweep()["sent"] == 1


def test_a_cancellation_is_told_once_and_drops_the_reminders(director: Caller, client: str, clock: Clock) -> None:
    contact = mother(director, client)
    target = f"/clients/{client}/appointments/{appoint(director, client)['id']}"
    assert [director.delete(target).status for _ in range(2)] == [204, 204]
    assert len(decisions(director, client, "appointment_notice")) == 2
    assert "canceled" in messages_of(director, contact)[0]["body"]
    assert director.patch(target, {"location": "x"}).body["code"] == "appointment_canceled"
    clock.to(IN_FOUR_DAYS - timedelta(minutes=120))
    assert sweep()["sent"] == 0


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        (times(NOW - timedelta(hours=1)), "starts_at", "in_the_past"),
        (times(IN_FOUR_DAYS, minutes=-10), "ends_at", "end_before_start"),
        (times(IN_FOUR_DAYS, minutes=1441), "ends_at", "too_long"),
        (times(IN_FOUR_DAYS) | {"starts_at": "2026-12-01T09:00:00"}, "starts_at", "moment_not_valid"),
        (times(IN_FOUR_DAYS) | {"starts_at": "2027-02-29T09:00:00Z"}, "starts_at", "moment_not_valid"),
        (times(IN_FOUR_DAYS) | {"starts_at": 1_800_000_000}, "starts_at", "wrong_form"),
        (
            times(IN_FOUR_DAYS) | {"starts_at": "2026-12-01T09:00:00 Mars/Base"},
            "starts_at",
            "moment_not_valid",
        ),
        (times(IN_FOUR_DAYS) | {"referral_id": "x"}, "referral_id", "no_such_referral"),
        (times(IN_FOUR_DAYS) | {"colour": "red"}, "colour", "unknown_field"),
    ],
)
def test_a_bad_appointment_is_refused(director: Caller, client: str, body: Any, field: str, code: str) -> None:
    answer = director.post(f"/clients/{client}/appointments", body)
    assert answer.status == 422, answer.text
    assert [(one["field"], one["code"]) for one in answer.body["errors"]] == [(field, code)]
    if code in {"wrong_form", "moment_not_valid"}:
        assert "such as 2026-11-23T22:47:51Z" in answer.body["errors"][0]["message"]


def test_nothing_is_moved_into_the_past(director: Caller, client: str) -> None:
    target = f"/clients/{client}/appointments/{appoint(director, client)['id']}"
    answer = director.patch(target, times(NOW - timedelta(days=1)))
    assert (answer.status, answer.body["errors"][0]["code"]) == (422, "in_the_past")


def test_a_repeated_request_makes_one_appointment(director: Caller, client: str) -> None:
    key = {"Idempotency-Key": "k"}
    made = {
        director.post(f"/clients/{client}/appointments", times(IN_FOUR_DAYS), headers=key).body["id"] for _ in range(2)
    }
    assert len(made) == len(decisions(director, client, "appointment_notice")) == 1


def test_nobody_of_another_account_sees_or_changes_any_of_it(director: Caller, client: str) -> None:
    appointment = appoint(director, client)["id"]
    made = director.post(f"/clients/{client}/bills", bill()).body["id"]
    stranger = Caller(handler_for, account="acc_elsewhere")
    target = f"/clients/{client}"
    answers = [
        stranger.get(f"{target}/appointments"),
        stranger.get(f"{target}/appointments/{appointment}"),
        stranger.patch(f"{target}/appointments/{appointment}", {"location": "x"}),
        stranger.delete(f"{target}/appointments/{appointment}"),
        stranger.post(f"{target}/appointments", times(IN_FOUR_DAYS)),
        stranger.put(f"{target}/appointments/X", times(IN_FOUR_DAYS)),
        stranger.get(f"{target}/bills"),
        stranger.get(f"{target}/bills/{made}"),
        stranger.patch(f"{target}/bills/{made}", {"status": "paid"}),
        stranger.post(f"{target}/bills", bill()),
        stranger.put(f"{target}/bills/X", bill()),
        stranger.get(f"{target}/messages"),
        stranger.get(f"{target}/automated-messages"),
        stranger.post(f"{target}/automated-messages/preview", {"kind": "bill_reminder"}),
    ]
    assert {answer.status for answer in answers} == {404}
