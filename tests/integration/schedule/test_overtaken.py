"""What waits until morning, for an answer or for a provider is not sent when it is not so any more."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.messages import release_held
from tests.builders import Caller, Context, child
from tests.integration.schedule.conftest import (
    NOW,
    Clock,
    appoint,
    bill,
    decisions,
    delivered,
    messages_of,
    mother,
    outcome,
    sweep,
    times,
)

EVENING = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)  # nine in New York: it is quiet until nine in the morning
MORNING = datetime(2026, 11, 26, 14, 1, tzinfo=UTC)
NUMBER = "+13105550188"
TEXTED = {"messaging_methods": ["sms"], "phones": [{"number": NUMBER, "type": "cell"}]}


@pytest.fixture(autouse=True)
def texting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAREBOOK_ORIGINATION_IDENTITY", "arn:x")


@pytest.fixture
def texted(director: Caller, clock: Clock) -> str:
    """A client who gets text messages."""
    made: str = director.post("/clients", child(**TEXTED)).body["id"]
    return made


def father(caller: Caller, client: str) -> str:
    """A contact who gets copies as text messages, and hears of them in the morning."""
    new = {"type": "parent_guardian", "last_name": "Miller"} | TEXTED
    new["phones"] = [{"number": "+13105550199", "type": "cell"}]
    contact: str = caller.post("/contacts?allow_duplicate=true", new).body["id"]
    assert caller.put(f"/clients/{client}/contacts/{contact}", {"cc_all_automated_messages": True}).status == 201
    return contact


def in_the_morning(queue: str, monkeypatch: pytest.MonkeyPatch, now: datetime = MORNING) -> list[tuple[str, str]]:
    """To whom what goes out when quiet ends."""
    with monkeypatch.context() as patch:
        patch.setattr(release_held, "utcnow", lambda: now)
        release_held.handler({}, Context())
        return [(one.to, one.body) for one in delivered(queue, patch, now).taken]


def of_client(caller: Caller, client: str) -> set[tuple[str, str, str | None]]:
    items = caller.get(f"/clients/{client}/messages").body["items"]
    return {(one["kind"], one["status"], one["reason"]) for one in items}


def test_a_reminder_that_would_wait_until_after_the_appointment_is_not_kept_for_then(
    director: Caller, texted: str, clock: Clock
) -> None:
    starts_at = datetime(2026, 11, 27, 13, 30, tzinfo=UTC)  # half past eight in New York
    appoint(director, texted, starts_at)
    preview = director.post(f"/clients/{texted}/automated-messages/preview", {"kind": "appointment_reminder"}).body
    assert outcome(preview) == {texted: [("queued", None)]}
    clock.to(starts_at - timedelta(minutes=120))
    preview = director.post(f"/clients/{texted}/automated-messages/preview", {"kind": "appointment_reminder"}).body
    assert outcome(preview) == {texted: [("skipped", "too_late")]}
    assert sweep()["sent"] == 1
    (reminder,) = [one for one in decisions(director, texted, "appointment_reminder") if one["lead"] == 120]
    assert outcome(reminder) == {texted: [("skipped", "too_late")]}


def test_a_reminder_that_is_of_use_in_the_morning_waits_for_it(director: Caller, texted: str, clock: Clock) -> None:
    starts_at = datetime(2026, 11, 28, 15, 0, tzinfo=UTC)  # ten in New York
    appoint(director, texted, starts_at)
    clock.to(starts_at - timedelta(minutes=120))
    assert sweep()["sent"] == 1
    (reminder,) = decisions(director, texted, "appointment_reminder")
    assert outcome(reminder) == {texted: [("held", "quiet_hours")]}


def test_of_two_reminders_that_would_wait_for_the_same_morning_the_later_one_does(
    director: Caller, texted: str, clock: Clock
) -> None:
    director.patch("/settings", {"automated_messages": {"appointment_reminder": {"lead_minutes": [600, 120]}}})
    starts_at = datetime(2026, 11, 28, 15, 0, tzinfo=UTC)  # ten in New York
    appoint(director, texted, starts_at)
    for lead, expected in ((600, ("skipped", "too_late")), (120, ("held", "quiet_hours"))):
        clock.to(starts_at - timedelta(minutes=lead))
        asked = {"kind": "appointment_reminder"}
        preview = director.post(f"/clients/{texted}/automated-messages/preview", asked).body
        assert outcome(preview) == {texted: [expected]}
        assert sweep()["sent"] == 1
        (reminder,) = [one for one in decisions(director, texted, "appointment_reminder") if one["lead"] == lead]
        assert outcome(reminder) == {texted: [expected]}


def test_a_move_and_a_cancellation_overtake_what_waits_for_the_morning(
    director: Caller, texted: str, clock: Clock, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = father(director, texted)
    clock.to(EVENING)
    starts_at = EVENING + timedelta(days=3)
    target = f"/clients/{texted}/appointments/{appoint(director, texted, starts_at)['id']}"
    later = times(starts_at + timedelta(days=1))
    assert director.patch(target, later).status == 200
    told = in_the_morning(queue, monkeypatch)
    assert {to for to, _ in told} == {NUMBER, "+13105550199"}
    assert ["moved" in body for _, body in told] == [True, True]
    assert of_client(director, texted) == {
        ("appointment_notice", "skipped", "appointment_moved"), ("appointment_notice", "sent", None)
    }  # fmt: skip
    clock.to(EVENING + timedelta(days=1))
    assert director.patch(target, times(starts_at)).status == 200
    assert director.delete(target).status == 204
    told = in_the_morning(queue, monkeypatch, MORNING + timedelta(days=1))
    assert ["canceled" in body for _, body in told] == [True, True]
    assert {one["reason"] for one in messages_of(director, contact)} == {
        None, "appointment_moved", "appointment_canceled"
    }  # fmt: skip


@pytest.mark.parametrize("change", [{"status": "paid"}, {"status": "void"}, {"due_on": "2027-01-10"}])
def test_nobody_is_told_in_the_morning_that_a_bill_is_unpaid_which_was_paid_in_the_night(
    director: Caller, texted: str, clock: Clock, queue: str, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    director.patch("/settings", {"time_zone": "Asia/Tokyo"})
    director.patch(f"/clients/{texted}", {"time_zone": "America/New_York"})
    target = f"/clients/{texted}/bills/{director.post(f'/clients/{texted}/bills', bill()).body['id']}"
    clock.to(datetime(2026, 12, 17, 1, 0, tzinfo=UTC))
    assert sweep()["sent"] == 1
    assert ("late_payment_notice", "held", "quiet_hours") in of_client(director, texted)
    assert director.patch(target, change).status == 200
    assert in_the_morning(queue, monkeypatch, datetime(2026, 12, 17, 14, 1, tzinfo=UTC)) == []
    reason = "bill_closed" if "status" in change else "bill_moved"
    assert ("late_payment_notice", "skipped", reason) in of_client(director, texted)


@pytest.mark.parametrize(
    ("method", "path", "body", "reason"),
    [
        ("DELETE", "/clients/{client}", None, "client_gone"),
        ("PUT", "/clients/{client}/contacts/{contact}", {"cc_all_automated_messages": False}, "not_copied"),
        (
            "PUT",
            "/clients/{client}/contacts/{contact}",
            {"cc_all_automated_messages": True, "cc": {"appointment_notice": False}},
            "not_copied",
        ),
    ],
)
def test_a_copy_that_waits_goes_to_nobody_who_gets_none_any_more(
    director: Caller,
    texted: str,
    clock: Clock,
    queue: str,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    path: str,
    body: Any,
    reason: str,
) -> None:
    contact = father(director, texted)
    clock.to(EVENING)
    appoint(director, texted, EVENING + timedelta(days=3))
    assert director.call(method, path.format(client=texted, contact=contact), body=body).status in {200, 204}
    told = in_the_morning(queue, monkeypatch)
    assert [to for to, _ in told] == ([] if reason == "client_gone" else [NUMBER])
    assert [(one["status"], one["reason"]) for one in messages_of(director, contact)] == [("skipped", reason)]


def test_what_a_provider_could_not_take_in_time_is_not_sent_after_the_appointment(
    director: Caller, texted: str, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = mother(director, texted)
    appoint(director, texted, NOW + timedelta(minutes=30))
    assert delivered(queue, monkeypatch, NOW + timedelta(minutes=31)).taken == []
    assert [(one["status"], one["reason"]) for one in messages_of(director, contact)] == [("skipped", "too_late")]


def test_a_copy_that_lies_behind_a_hundred_others_when_its_reader_is_unlinked_is_not_sent(
    director: Caller, texted: str, clock: Clock, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = father(director, texted)
    clock.to(EVENING)
    appoint(director, texted, EVENING + timedelta(days=3))
    for _ in range(101):
        note = {"body": "Called", "channel": "phone", "direction": "out"}
        assert director.post(f"/contacts/{contact}/notes", note).status == 201
    assert director.delete(f"/clients/{texted}/contacts/{contact}").status == 204
    assert [to for to, _ in in_the_morning(queue, monkeypatch)] == [NUMBER]
    found = director.get(f"/contacts/{contact}/messages?kind=appointment_notice").body["items"]
    assert [(one["status"], one["reason"]) for one in found] == [("skipped", "unlinked")]


def test_a_notice_that_waits_for_the_morning_goes_to_the_number_that_was_put_right_in_the_evening(
    director: Caller, texted: str, clock: Clock, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    father_id = father(director, texted)
    clock.to(EVENING)
    appoint(director, texted, EVENING + timedelta(days=4))
    for whose, number in ((f"/clients/{texted}", "+13105550111"), (f"/contacts/{father_id}", "+13105550112")):
        assert director.patch(whose, {"phones": [{"number": number, "type": "cell"}]}).status == 200
    told = in_the_morning(queue, monkeypatch)
    assert {to for to, _ in told} == {"+13105550111", "+13105550112"}
    assert of_client(director, texted) == {("appointment_notice", "sent", None)}
