"""Bills, and what another system writes each night."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.builders import Caller
from tests.integration.schedule.conftest import (
    IN_FOUR_DAYS,
    NOW,
    Clock,
    bill,
    decisions,
    messages_of,
    mother,
    sweep,
    times,
)


def test_a_bill_is_remembered_before_and_told_after(director: Caller, client: str, clock: Clock) -> None:
    contact = mother(director, client)
    made = director.post(f"/clients/{client}/bills", bill())
    assert (made.status, made.body["status"], made.body["late"]) == (201, "open", False)
    clock.to(datetime(2026, 12, 7, 14, 0, tzinfo=UTC))
    assert sweep()["sent"] == 1
    clock.to(datetime(2026, 12, 17, 14, 0, tzinfo=UTC))
    assert sweep()["sent"] == 1
    assert director.get(f"/clients/{client}/bills/{made.body['id']}").body["late"] is True
    kinds = [one["kind"] for one in messages_of(director, contact)]
    assert kinds == ["late_payment_notice", "bill_reminder"]
    assert "$120.00" in messages_of(director, contact)[0]["body"]


def test_nothing_more_is_sent_about_a_bill_that_is_paid(director: Caller, client: str, clock: Clock) -> None:
    target = f"/clients/{client}/bills/{director.post(f'/clients/{client}/bills', bill()).body['id']}"
    clock.to(datetime(2026, 12, 7, 14, 0, tzinfo=UTC))
    assert sweep()["sent"] == 1  # claimed: it has gone
    assert director.patch(target, {"status": "paid"}).body["status"] == "paid"
    assert director.patch(target, {"status": "paid"}).etag == '"2"'
    assert director.patch(target, {"status": "void"}).body["code"] == "bill_closed"
    clock.to(datetime(2026, 12, 17, 14, 0, tzinfo=UTC))
    assert sweep() == {"shared_out": 0, "sent": 0, "other": 0, "failed": 0}


def test_nobody_is_reminded_of_a_bill_of_nothing(director: Caller, client: str, clock: Clock) -> None:
    made = director.post(f"/clients/{client}/bills", bill(amount=0)).body
    assert made["reminders"] == []
    target = f"/clients/{client}/bills/{made['id']}"
    assert [one["state"] for one in director.patch(target, {"amount": 1}).body["reminders"]] == ["waiting", "waiting"]
    shown = director.patch(target, {"amount": 0}).body
    assert [(one["state"], one["reason"]) for one in shown["reminders"]] == [("dropped", "bill_closed")] * 2
    clock.to(datetime(2026, 12, 17, 14, 0, tzinfo=UTC))
    assert sweep() == {"shared_out": 0, "sent": 0, "other": 0, "failed": 0}
    assert director.get(target).body["late"] is False
    preview = director.post(f"/clients/{client}/automated-messages/preview", {"kind": "bill_reminder"}).body
    assert preview["subject_id"] is None


@pytest.mark.parametrize("status", ["late", "", 1, None, True, [], {}, ["paid"], {"paid": True}])
def test_a_status_that_no_bill_has_is_refused(director: Caller, client: str, status: object) -> None:
    target = f"/clients/{client}/bills/{director.post(f'/clients/{client}/bills', bill()).body['id']}"
    answer = director.patch(target, {"status": status})
    assert answer.status == 422, answer.text
    assert [(one["field"], one["code"]) for one in answer.body["errors"]] == [("status", "not_one_of")]


def test_a_bill_that_is_due_before_it_is_issued_is_refused(director: Caller, client: str) -> None:
    answer = director.post(f"/clients/{client}/bills", bill(due_on="2026-11-24"))
    assert answer.body["errors"][0]["code"] == "due_before_issued"


def test_a_nightly_sync_can_repeat_itself(director: Caller, client: str) -> None:
    target = f"/clients/{client}/appointments/EXT-1"
    first, again = (director.put(target, times(IN_FOUR_DAYS)) for _ in range(2))
    assert (first.status, again.status, again.etag) == (201, 200, '"1"')
    assert first.body == again.body
    assert first.body["external_id"] == "EXT-1"
    assert len(decisions(director, client, "appointment_notice")) == 1
    assert director.put(target, times(IN_FOUR_DAYS) | {"status": "canceled"}).body["status"] == "canceled"
    back = times(IN_FOUR_DAYS) | {"status": "scheduled"}
    assert director.put(target, back).body["code"] == "appointment_canceled"
    finely = {"starts_at": "2026-12-01T09:00:00.123456Z", "ends_at": "2026-12-01T10:00:00.000001Z"}
    finely_twice = [director.put(f"/clients/{client}/appointments/FINE", finely).etag for _ in range(2)]
    assert finely_twice == ['"1"', '"1"']
    past = director.put(f"/clients/{client}/appointments/EXT-2", times(NOW - timedelta(days=9)))
    assert past.status == 201
    assert len(decisions(director, client, "appointment_notice")) == 3
    bills = [director.put(f"/clients/{client}/bills/B:1", bill(status=status)) for status in ("open", "open", "paid")]
    assert [(one.status, one.body["version"], one.body["status"]) for one in bills] == [
        (201, 1, "open"), (200, 1, "open"), (200, 2, "paid")
    ]  # fmt: skip
    assert director.put(f"/clients/{client}/bills/ä", bill()).status in {404, 422}


def test_a_nightly_sync_that_says_nothing_of_the_status_leaves_it(director: Caller, client: str) -> None:
    for path, body, end in (("appointments", times(IN_FOUR_DAYS), "canceled"), ("bills", bill(), "paid")):
        target = f"/clients/{client}/{path}/EXT-9"
        made = director.put(target, body).body["id"]
        by_id = f"/clients/{client}/{path}/{made}"
        assert director.delete(by_id).status == 204 if end == "canceled" else director.patch(by_id, {"status": end})
        kept = director.put(target, body)
        assert (kept.status, kept.body["status"], kept.etag) == (200, end, '"2"')


def test_nobody_is_told_that_what_they_never_heard_of_is_canceled(director: Caller, client: str) -> None:
    target = f"/clients/{client}/appointments/EXT-8"
    new = director.put(target, times(IN_FOUR_DAYS) | {"status": "canceled"})
    assert (new.status, new.body["status"], new.body["reminders"]) == (201, "canceled", [])
    assert decisions(director, client, "appointment_notice") == []


def test_what_another_system_has_is_not_taken_for_what_is_here(director: Caller, client: str) -> None:
    for path, body in (("appointments", times(IN_FOUR_DAYS)), ("bills", bill())):
        made = director.post(f"/clients/{client}/{path}", body).body["id"]
        by_our_id = director.put(f"/clients/{client}/{path}/{made}", body)
        assert by_our_id.status == 422, by_our_id.text
        assert by_our_id.body["errors"][0]["code"] == "external_id_not_valid"
        unknown = director.put(f"/clients/{client}/{path}/NEW", body, headers={"If-Match": '"1"'})
        assert (unknown.status, unknown.body["code"]) == (412, "stale_version")
        assert [one["id"] for one in director.get(f"/clients/{client}/{path}").body["items"]] == [made]
