"""The sweep: late, twice at once, cut off, with a clock that goes back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from carebook import keys
from carebook.items import at_version, make_item
from carebook.reminders.model import Reminder
from carebook.reminders.store import TableSchedule
from carebook.table import Table
from tests.builders import Caller
from tests.integration.schedule.conftest import IN_FOUR_DAYS, Clock, appoint, bill, messages_of, mother, sweep


def test_a_late_run_catches_up_and_drops_what_is_useless(director: Caller, client: str, clock: Clock) -> None:
    appoint(director, client)
    clock.to(IN_FOUR_DAYS - timedelta(hours=3))
    assert sweep()["sent"] == 1
    appoint(director, client, IN_FOUR_DAYS + timedelta(days=9))
    clock.to(IN_FOUR_DAYS + timedelta(days=9, minutes=1))
    assert sweep() == {"shared_out": 0, "sent": 0, "other": 3, "failed": 0}


def test_what_was_turned_off_since_is_not_sent(director: Caller, client: str, clock: Clock) -> None:
    appoint(director, client)
    director.patch("/settings", {"automated_messages": {"appointment_reminder": {"enabled": False}}})
    clock.to(IN_FOUR_DAYS - timedelta(minutes=120))
    assert sweep() == {"shared_out": 0, "sent": 0, "other": 2, "failed": 0}


def test_a_client_who_is_archived_is_not_reminded(director: Caller, client: str, clock: Clock) -> None:
    contact = mother(director, client)
    target = f"/clients/{client}/appointments/{appoint(director, client)['id']}"
    assert director.delete(f"/clients/{client}").status == 204
    clock.to(IN_FOUR_DAYS - timedelta(minutes=2880))
    assert sweep() == {"shared_out": 0, "sent": 0, "other": 1, "failed": 0}
    assert len(messages_of(director, contact)) == 1
    shown = {one["lead"]: (one["state"], one["reason"]) for one in director.get(target).body["reminders"]}
    assert shown == {2880: ("dropped", "client_gone"), 120: ("waiting", None)}


def test_a_bill_that_is_paid_while_its_notice_is_decided_is_not_called_late(
    director: Caller, client: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = f"/clients/{client}/bills/{director.post(f'/clients/{client}/bills', bill()).body['id']}"
    clock.to(datetime(2026, 12, 17, 14, 0, tzinfo=UTC))
    hand_over = TableSchedule.hand_over

    def after_paying(store: TableSchedule, before: Reminder, *rest: Any) -> None:
        # As if it was paid, and the reminder was not yet dropped with it.
        raw = store._table.get(keys.bill_key(before.account, before.client_id, before.subject_id))
        assert raw is not None
        item = make_item(raw.key, "bill", {**raw.doc, "status": "paid"}, version=raw.version + 1)
        assert store._table.put_if(item, at_version(raw.version))
        hand_over(store, before, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(TableSchedule, "hand_over", after_paying)
        assert sweep()["sent"] == 0
    assert sweep()["sent"] == 0
    kinds = {one["kind"]: (one["state"], one["reason"]) for one in director.get(target).body["reminders"]}
    assert kinds["late_payment_notice"] == ("dropped", "bill_closed")


def test_two_sweeps_at_once_send_once(director: Caller, client: str, clock: Clock) -> None:
    contact = mother(director, client)
    appoint(director, client)
    clock.to(IN_FOUR_DAYS - timedelta(minutes=2880))
    with ThreadPoolExecutor(max_workers=3) as pool:
        runs = list(pool.map(lambda _: sweep(), range(3)))
    assert sum(run["sent"] for run in runs) == 1
    assert len(messages_of(director, contact)) == 2


def test_a_sweep_that_falls_over_before_its_transaction_is_done_by_the_next(
    director: Caller, client: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = mother(director, client)
    appoint(director, client)
    clock.to(IN_FOUR_DAYS - timedelta(minutes=2880))
    with monkeypatch.context() as patch:
        patch.setattr(Table, "write", lambda *_: 1 / 0)
        with pytest.raises(Exception, match="1 failed"):
            sweep()
    assert len(messages_of(director, contact)) == 1
    assert sweep()["sent"] == 1


def test_a_sweep_that_falls_over_after_its_transaction_leaves_the_rest_to_the_sweep_of_messages(
    director: Caller, client: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = mother(director, client)
    appoint(director, client)
    clock.to(IN_FOUR_DAYS - timedelta(minutes=2880))
    with monkeypatch.context() as patch:
        patch.setattr("carebook.reminders.sending.queue_messages", lambda *_: 1 / 0)
        with pytest.raises(Exception, match="1 failed"):
            sweep()
    assert sweep() == {"shared_out": 0, "sent": 0, "other": 0, "failed": 0}
    assert [one["status"] for one in messages_of(director, contact)] == ["queued", "queued"]


def test_a_clock_that_goes_back_an_hour_sends_nothing_twice(director: Caller, client: str, clock: Clock) -> None:
    appoint(director, client)
    clock.to(IN_FOUR_DAYS - timedelta(minutes=2880))
    assert sweep()["sent"] == 1
    clock.to(clock.now - timedelta(hours=1))
    assert sweep()["sent"] == 0
    clock.to(clock.now + timedelta(hours=1))
    assert sweep()["sent"] == 0


def test_after_an_outage_that_two_reminders_fell_into_only_the_later_one_goes(
    director: Caller, client: str, clock: Clock
) -> None:
    appointment = appoint(director, client)
    clock.to(IN_FOUR_DAYS - timedelta(minutes=90))
    assert sweep() == {"shared_out": 0, "sent": 1, "other": 1, "failed": 0}
    shown = director.get(f"/clients/{client}/appointments/{appointment['id']}").body["reminders"]
    assert {(one["lead"], one["state"], one["reason"]) for one in shown} == {
        (2880, "dropped", "too_late"),
        (120, "sent", None),
    }
