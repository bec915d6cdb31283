"""Appointments, bills and what is sent about them: to the client, copied to contacts, at its time, once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from carebook.clients.link_store import TableLinks
from carebook.clients.model import Link
from carebook.items import ConditionFailed, Writes
from carebook.messages.channels import Accepted, Outgoing
from carebook.messages.withdrawing import Withdrawal
from carebook.reminders.store import TableSchedule
from carebook.table import Table
from functions.messages import deliver, receive_reply
from functions.reminders import send_due
from functions.schedule import api as schedule_api
from tests.builders import Caller, Context, child, physician
from tests.integration.conftest import TOPICS, handler_for
from tests.messaging import event, notification, records

NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
KINDS = ("appointment_notice", "appointment_reminder", "bill_reminder", "late_payment_notice")


class Clock:
    """The time that the functions see."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def to(self, moment: datetime) -> None:
        self.now = moment


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(schedule_api, "utcnow", clock)
    monkeypatch.setattr(send_due, "utcnow", clock)
    return clock


@pytest.fixture(autouse=True)
def queue(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    url: str = boto3.client("sqs").create_queue(QueueName="messages-of-the-schedule")["QueueUrl"]
    monkeypatch.setenv("CAREBOOK_MESSAGE_QUEUE", url)
    monkeypatch.setenv("CAREBOOK_SENDER", "practice@example.org")
    yield url
    boto3.client("sqs").delete_queue(QueueUrl=url)


@pytest.fixture
def client(director: Caller, clock: Clock) -> str:
    made: str = director.post("/clients", child(messaging_methods=["email"])).body["id"]
    return made


def mother(caller: Caller, client: str, email: str = "ana@example.org", **terms: Any) -> str:
    body = {"type": "parent_guardian", "first_name": "Ana", "last_name": "Müller", "emails": [{"address": email}]}
    contact: str = caller.post("/contacts?allow_duplicate=true", body | {"messaging_methods": ["email"]}).body["id"]
    linked = caller.put(f"/clients/{client}/contacts/{contact}", {"cc_all_automated_messages": True} | terms)
    assert linked.status == 201, linked.text
    return contact


def times(starts_at: datetime, minutes: int = 50) -> dict[str, str]:
    return {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(minutes=minutes)).isoformat()}


IN_FOUR_DAYS = NOW + timedelta(days=4)


def appoint(caller: Caller, client: str, starts_at: datetime = IN_FOUR_DAYS, **fields: Any) -> dict[str, Any]:
    answer = caller.post(f"/clients/{client}/appointments", times(starts_at) | fields)
    assert answer.status == 201, answer.text
    made: dict[str, Any] = answer.body
    return made


def decisions(caller: Caller, client: str, kind: str) -> list[dict[str, Any]]:
    items = caller.get(f"/clients/{client}/automated-messages").body["items"]
    return [item for item in items if item["kind"] == kind]


def outcome(decision: dict[str, Any]) -> dict[str, list[tuple[str, str | None]] | str | None]:
    return {
        person["id"]: person["reason"] or [(one["status"], one["reason"]) for one in person["messages"]]
        for person in decision["people"]
    }


def sweep() -> dict[str, int]:
    return send_due.handler({}, Context())


def messages_of(caller: Caller, contact: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = caller.get(f"/contacts/{contact}/messages").body["items"]
    return found


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


def test_an_appointment_with_two_reminders_and_three_copies_is_one_transaction(
    director: Caller, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        mother(director, client, f"{number}@example.org")
    written: list[Writes] = []
    write = Table.write

    def note(table: Table, writes: Writes) -> None:
        written.append(writes)
        write(table, writes)

    monkeypatch.setattr(Table, "write", note)
    appoint(director, client)
    (transaction,) = written
    kinds = [item.kind for item, _ in transaction.puts]
    assert {kind: kinds.count(kind) for kind in ("appointment", "reminder", "message", "decision")} == {
        "appointment": 1, "reminder": 2, "message": 4, "decision": 1
    }  # fmt: skip


def test_a_copy_names_the_client_s_message(director: Caller, client: str) -> None:
    contact = mother(director, client)
    appoint(director, client)
    (notice,) = decisions(director, client, "appointment_notice")
    (original,) = [one["id"] for person in notice["people"] if person["id"] == client for one in person["messages"]]
    (copied,) = messages_of(director, contact)
    assert copied["cc_of"] == original


def test_all_messages_about_a_client_are_one_history(director: Caller, client: str) -> None:
    contact, other = mother(director, client), mother(director, client, "two@example.org")
    for day in range(3):
        appoint(director, client, IN_FOUR_DAYS + timedelta(days=day))
    whole = director.get(f"/clients/{client}/messages").body
    assert (len(whole["items"]), whole["next_cursor"]) == (9, None)
    ids = [one["id"] for one in whole["items"]]
    assert ids == sorted(ids, reverse=True)
    assert {one["contact_id"] for one in whole["items"]} == {None, contact, other}
    assert {one["client_id"] for one in whole["items"]} == {client}
    paged: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = director.get(f"/clients/{client}/messages?limit=2" + (f"&cursor={cursor}" if cursor else "")).body
        paged += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert paged == ids
    assert director.post(f"/contacts/{contact}/merge", {"duplicate_id": other}).status == 200
    merged = director.get(f"/clients/{client}/messages").body["items"]
    assert [one["id"] for one in merged] == ids
    assert {one["contact_id"] for one in merged} == {None, contact}


def test_an_address_gets_one_and_the_others_say_why(director: Caller, client: str) -> None:
    shares = mother(director, client, "MIA@example.org")
    first, second = mother(director, client, "both@example.org"), mother(director, client, "both@example.org")
    appoint(director, client)
    (notice,) = decisions(director, client, "appointment_notice")
    told = outcome(notice)
    assert told[shares] == [("skipped", "same_as_client")]
    assert sorted([told[first], told[second]], key=str) == [[("queued", None)], [("skipped", "same_as_contact")]]


def test_a_contact_gets_the_copy_when_the_client_cannot_be_reached(director: Caller, client: str) -> None:
    director.patch(f"/clients/{client}", {"emails": []})
    contact = mother(director, client)
    appoint(director, client)
    (notice,) = decisions(director, client, "appointment_notice")
    assert outcome(notice) == {client: [("skipped", "no_email")], contact: [("queued", None)]}


def test_a_kind_that_is_taken_out_is_not_copied(director: Caller, client: str) -> None:
    contact = mother(director, client, cc={"appointment_notice": False})
    appoint(director, client)
    (notice,) = decisions(director, client, "appointment_notice")
    assert outcome(notice)[contact] == "not_copied"


def many_contacts(caller: Caller, client: str, count: int = 20) -> list[str]:
    """Contacts that get copies, more than one transaction holds; the first and the last share an address."""
    caller.patch("/settings", {"automated_messages": {"appointment_reminder": {"lead_minutes": list(range(1, 11))}}})
    return [mother(caller, client, f"{number % (count - 1)}@example.org") for number in range(count)]


def copies(caller: Caller, contacts: list[str], kind: str) -> list[list[tuple[str, str | None]]]:
    """For each contact what became of its messages of a kind."""
    return [
        [(one["status"], one["reason"]) for one in messages_of(caller, contact) if one["kind"] == kind]
        for contact in contacts
    ]


def test_more_contacts_than_a_transaction_holds_are_told_by_several(
    director: Caller, client: str, clock: Clock
) -> None:
    contacts = many_contacts(director, client)
    moved = appoint(director, client)["id"]
    assert copies(director, contacts, "appointment_notice").count([]) > 0
    assert sweep()["sent"] == 1  # the notice for the rest
    told = copies(director, contacts, "appointment_notice")
    assert sorted(told) == [[("queued", None)]] * 19 + [[("skipped", "same_as_contact")]]
    second, first = decisions(director, client, "appointment_notice")
    assert (first["continues"], second["continues"]) == (None, first["id"])
    assert len(outcome(first) | outcome(second)) == len(outcome(first)) + len(outcome(second)) == 21
    (own,) = next(one["messages"] for one in first["people"] if one["id"] == client)
    assert {one["cc_of"] for contact in contacts for one in messages_of(director, contact)} == {own["id"]}
    assert sweep()["sent"] == 0
    clock.to(IN_FOUR_DAYS - timedelta(minutes=10))
    assert sweep()["sent"] == 1
    assert sorted(copies(director, contacts, "appointment_reminder")) == sorted(told)
    read = director.get(f"/clients/{client}/appointments/{moved}").body["reminders"]
    assert [(one["kind"], one["lead"], one["state"]) for one in read[:3]] == [
        ("appointment_notice", 0, "sent"), ("appointment_reminder", 10, "sent"), ("appointment_reminder", 9, "waiting")
    ]  # fmt: skip


def test_a_run_that_falls_over_between_two_transactions_is_taken_up_where_it_was(
    director: Caller, client: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    contacts = many_contacts(director, client)
    appoint(director, client)
    sweep()
    clock.to(IN_FOUR_DAYS - timedelta(minutes=10))
    hand_over, calls = TableSchedule.hand_over, list[int]()

    def only_once(store: TableSchedule, *given: Any) -> None:
        calls.append(1)
        if len(calls) > 1:
            raise RuntimeError("killed")
        hand_over(store, *given)

    with monkeypatch.context() as patch:
        patch.setattr(TableSchedule, "hand_over", only_once)
        with pytest.raises(Exception, match="1 failed"):
            sweep()
    assert copies(director, contacts, "appointment_reminder").count([]) > 0
    assert sweep()["sent"] == 1
    found = copies(director, contacts, "appointment_reminder")
    assert sorted(found) == [[("queued", None)]] * 19 + [[("skipped", "same_as_contact")]]
    about = director.get(f"/clients/{client}/messages?limit=100").body["items"]
    assert len([one for one in about if one["kind"] == "appointment_reminder"]) == 21


def test_whoever_was_not_told_yet_is_told_of_the_new_time_alone(director: Caller, client: str) -> None:
    contacts = many_contacts(director, client)
    target = f"/clients/{client}/appointments/{appoint(director, client)['id']}"
    assert director.patch(target, times(IN_FOUR_DAYS + timedelta(days=1))).status == 200
    assert sweep()["sent"] == 1
    told = copies(director, contacts, "appointment_notice")
    assert {len(one) for one in told} == {1, 2}
    assert director.delete(target).status == 204
    assert sweep()["sent"] == 1
    assert {len(one) for one in copies(director, contacts, "appointment_notice")} == {2, 3}
    assert sweep() == {"shared_out": 0, "sent": 0, "other": 0, "failed": 0}


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
    for path, body, change in (
        ("appointments", times(IN_FOUR_DAYS), {"location": "Room 2"}),
        ("bills", bill(), {"number": "8"}),
    ):
        target = f"/clients/{client}/{path}/EXT"
        made = director.put(target, body).body["id"]
        by_id = f"/clients/{client}/{path}/{made}"
        assert director.patch(by_id, change, headers={"If-Match": '"1"'}).etag == '"2"'
        for method, where, sent in (("PATCH", by_id, change), ("PUT", target, body)):
            stale = director.call(method, where, body=sent, headers={"If-Match": '"1"'})
            assert stale.status == 412, stale.text
            assert stale.body["current"].items() >= change.items()


def test_a_preview_speaks_of_what_comes_next(director: Caller, client: str) -> None:
    preview = f"/clients/{client}/automated-messages/preview"
    assert director.post(preview, {"kind": "appointment_reminder"}).body["subject_id"] is None
    appoint(director, client, IN_FOUR_DAYS + timedelta(days=1), location="Not this one")
    soon = appoint(director, client, location="12 Lake Street")
    shown = director.post(preview, {"kind": "appointment_reminder"}).body
    assert shown["subject_id"] == soon["id"]
    assert "12 Lake Street" in shown["people"][0]["messages"][0]["body"]
    due = director.post(f"/clients/{client}/bills", bill(number="2026-99")).body["id"]
    shown = director.post(preview, {"kind": "late_payment_notice"}).body
    assert shown["subject_id"] == due
    assert "2026-99" in shown["people"][0]["messages"][0]["body"]


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


@pytest.mark.parametrize("kind", KINDS)
def test_a_preview_says_the_same_and_writes_nothing(director: Caller, client: str, kind: str) -> None:
    contact, other = mother(director, client), mother(director, client, "MIA@example.org")
    answer = director.post(f"/clients/{client}/automated-messages/preview", {"kind": kind})
    assert answer.status == 200, answer.text
    people = {person["id"]: person for person in answer.body["people"]}
    assert [one["status"] for one in people[client]["messages"]] == ["queued"]
    assert [one["reason"] for one in people[other]["messages"]] == ["same_as_client"]
    assert people[contact]["messages"][0]["body"]
    assert decisions(director, client, kind) == []
    assert messages_of(director, contact) == []


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
        (times(IN_FOUR_DAYS) | {"starts_at": "2026-12-01T09:00:00"}, "starts_at", "timezone_aware"),
        (
            times(IN_FOUR_DAYS) | {"starts_at": "2026-12-01T09:00:00 Mars/Base"},
            "starts_at",
            "datetime_from_date_parsing",
        ),
        (times(IN_FOUR_DAYS) | {"referral_id": "x"}, "referral_id", "no_such_referral"),
        (times(IN_FOUR_DAYS) | {"colour": "red"}, "colour", "unknown_field"),
    ],
)
def test_a_bad_appointment_is_refused(director: Caller, client: str, body: Any, field: str, code: str) -> None:
    answer = director.post(f"/clients/{client}/appointments", body)
    assert answer.status == 422, answer.text
    assert [(one["field"], one["code"]) for one in answer.body["errors"]] == [(field, code)]


def test_nothing_is_moved_into_the_past(director: Caller, client: str) -> None:
    target = f"/clients/{client}/appointments/{appoint(director, client)['id']}"
    answer = director.patch(target, times(NOW - timedelta(days=1)))
    assert (answer.status, answer.body["errors"][0]["code"]) == (422, "in_the_past")


def test_a_late_run_catches_up_and_drops_what_is_useless(director: Caller, client: str, clock: Clock) -> None:
    appoint(director, client)
    clock.to(IN_FOUR_DAYS - timedelta(minutes=60))
    assert sweep()["sent"] == 2
    appoint(director, client, IN_FOUR_DAYS + timedelta(days=9))
    clock.to(IN_FOUR_DAYS + timedelta(days=9, minutes=1))
    assert sweep() == {"shared_out": 0, "sent": 0, "other": 2, "failed": 0}


def test_what_was_turned_off_since_is_not_sent(director: Caller, client: str, clock: Clock) -> None:
    appoint(director, client)
    director.patch("/settings", {"automated_messages": {"appointment_reminder": {"enabled": False}}})
    clock.to(IN_FOUR_DAYS - timedelta(minutes=120))
    assert sweep() == {"shared_out": 0, "sent": 0, "other": 2, "failed": 0}


def bill(**changes: Any) -> dict[str, Any]:
    return {"number": "7", "amount": 12000, "issued_on": "2026-11-25", "due_on": "2026-12-10"} | changes


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
    assert director.put(target, times(IN_FOUR_DAYS)).body["code"] == "appointment_canceled"
    past = director.put(f"/clients/{client}/appointments/EXT-2", times(NOW - timedelta(days=9)))
    assert past.status == 201
    assert len(decisions(director, client, "appointment_notice")) == 2
    bills = [director.put(f"/clients/{client}/bills/B:1", bill(status=status)) for status in ("open", "open", "paid")]
    assert [(one.status, one.body["version"], one.body["status"]) for one in bills] == [
        (201, 1, "open"), (200, 1, "open"), (200, 2, "paid")
    ]  # fmt: skip
    assert director.put(f"/clients/{client}/bills/ä", bill()).status in {404, 422}


def test_a_repeated_request_makes_one_appointment(director: Caller, client: str) -> None:
    key = {"Idempotency-Key": "k"}
    made = {
        director.post(f"/clients/{client}/appointments", times(IN_FOUR_DAYS), headers=key).body["id"] for _ in range(2)
    }
    assert len(made) == len(decisions(director, client, "appointment_notice")) == 1


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


def test_a_contact_that_is_unlinked_or_archived_before_the_reminder_is_due_gets_none(
    director: Caller, client: str, clock: Clock
) -> None:
    gone, archived = mother(director, client), mother(director, client, "two@example.org")
    appoint(director, client)
    assert director.delete(f"/clients/{client}/contacts/{gone}").status == 204
    assert director.delete(f"/contacts/{archived}").status == 204
    clock.to(IN_FOUR_DAYS - timedelta(minutes=2880))
    assert sweep()["sent"] == 1
    (reminder,) = decisions(director, client, "appointment_reminder")
    assert outcome(reminder) == {client: [("queued", None)], archived: "archived"}


def test_a_contact_that_is_unlinked_while_the_reminder_is_decided_gets_none(
    director: Caller, client: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = mother(director, client)
    appoint(director, client)
    clock.to(IN_FOUR_DAYS - timedelta(minutes=2880))
    write = Table.write

    def after_unlinking(table: Table, writes: Any) -> None:
        monkeypatch.setattr(Table, "write", write)
        assert director.delete(f"/clients/{client}/contacts/{contact}").status == 204
        with pytest.raises(ConditionFailed) as failed:
            write(table, writes)
        raise failed.value

    monkeypatch.setattr(Table, "write", after_unlinking)
    assert sweep()["sent"] == 0
    assert sweep()["sent"] == 1
    assert [one["kind"] for one in messages_of(director, contact)] == ["appointment_notice"]


class Post:
    """A channel that takes everything."""

    def __init__(self) -> None:
        self.taken: list[Outgoing] = []

    def of(self, _method: str) -> "Post":
        return self

    def send(self, outgoing: Outgoing) -> Accepted:
        self.taken.append(outgoing)
        return Accepted(f"provider-{len(self.taken)}")


def test_what_waits_is_taken_back_in_the_moment_of_unlinking(
    director: Caller, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, other = mother(director, client), director.post("/clients", child()).body["id"]
    director.put(f"/clients/{other}/contacts/{gone}", {"cc_all_automated_messages": True})
    for one in (client, other):
        appoint(director, one)
    director.post(f"/contacts/{gone}/messages", {"subject": "Hello", "body": "To you alone", "methods": ["email"]})
    written: list[Writes] = []
    write = Table.write

    def note(table: Table, writes: Writes) -> None:
        written.append(writes)
        write(table, writes)

    monkeypatch.setattr(Table, "write", note)
    assert director.delete(f"/clients/{client}/contacts/{gone}").status == 204
    assert len(written) == 1
    found = {(one["client_id"], one["status"], one["reason"]) for one in messages_of(director, gone)}
    assert found == {(client, "skipped", "unlinked"), (other, "queued", None), (None, "queued", None)}


def test_what_slips_through_goes_to_nobody_who_was_unlinked(
    director: Caller, client: str, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, gone = mother(director, client), mother(director, client, "gone@example.org")
    appoint(director, client)
    monkeypatch.setattr(Withdrawal, "__call__", lambda *_: None)
    assert director.delete(f"/clients/{client}/contacts/{gone}").status == 204
    post = delivered(queue, monkeypatch)
    assert sorted(one.to for one in post.taken) == ["ana@example.org", "mia@example.org"]
    assert [one["status"] for one in messages_of(director, kept)] == ["sent"]
    assert [(one["status"], one["reason"]) for one in messages_of(director, gone)] == [("skipped", "unlinked")]


def delivered(queue: str, monkeypatch: pytest.MonkeyPatch) -> Post:
    """Everything that waits goes out."""
    post = Post()
    delivery = replace(deliver.delivery(), channels=post, now=lambda: NOW)
    monkeypatch.setattr(deliver, "delivery", lambda: delivery)
    received = boto3.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    batch = [
        {"messageId": one["MessageId"], "receiptHandle": one["ReceiptHandle"], "body": one["Body"]} for one in received
    ]
    assert deliver.handler({"Records": batch}, Context(remaining_ms=60_000)) == {"batchItemFailures": []}
    return post


def test_what_a_client_answers_is_in_their_history(
    director: Caller, clock: Clock, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAREBOOK_ORIGINATION_IDENTITY", "arn:x")
    monkeypatch.setattr(receive_reply, "utcnow", clock)
    number = "+13105550188"
    phones = [{"number": number, "type": "cell"}]
    client = director.post("/clients", child(messaging_methods=["sms"], phones=phones)).body["id"]
    appoint(director, client)
    delivered(queue, monkeypatch)
    text = event("eum_inbound") | {"originationNumber": number, "inboundMessageId": "in-9"}
    text.pop("previousPublishedMessageId")
    for body in ("We will be late", "We will be late", "STOP"):
        said = notification(
            TOPICS.split(",")[1], text | {"messageBody": body, "inboundMessageId": f"in-{body}"}, at=NOW
        )
        assert receive_reply.handler(records([said]), Context()) == {"batchItemFailures": []}
    found = director.get(f"/clients/{client}/messages").body["items"]
    assert sorted((one["kind"], one["body"]) for one in found if one["direction"] == "in") == [
        ("reply", "STOP"), ("reply", "We will be late")
    ]  # fmt: skip
    history = director.get(f"/clients/{client}/history").body["items"]
    assert [one["action"] for one in history].count("reply_received") == 2
    preview = director.post(f"/clients/{client}/automated-messages/preview", {"kind": "bill_reminder"}).body
    assert [(one["status"], one["reason"]) for one in preview["people"][0]["messages"]] == [("skipped", "opted_out")]


@pytest.fixture
def due_queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The queue of pages, when anything but a single reminder is more than one run does."""
    url: str = boto3.client("sqs").create_queue(QueueName="due")["QueueUrl"]
    monkeypatch.setenv("CAREBOOK_DUE_QUEUE", url)
    monkeypatch.setattr(send_due, "_DONE_HERE", 1)
    monkeypatch.setattr(send_due, "_IN_A_PAGE", 2)
    yield url
    boto3.client("sqs").delete_queue(QueueUrl=url)


def pages(url: str) -> list[dict[str, Any]]:
    """What the queue holds, as Lambda hands it over."""
    received = boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [{"messageId": one["MessageId"], "body": one["Body"]} for one in received]


def test_many_reminders_are_shared_out_and_each_is_sent_once(
    director: Caller, client: str, clock: Clock, due_queue: str
) -> None:
    contact = mother(director, client)
    clients = [client] + [director.post("/clients", child()).body["id"] for _ in range(2)]
    for one in clients:
        appoint(director, one)
    clock.to(IN_FOUR_DAYS - timedelta(minutes=2880))
    none = {"sent": 0, "other": 0, "failed": 0}
    assert [sweep(), sweep()] == [none | {"shared_out": 3}] * 2  # the second before anything was handed over
    shared = pages(due_queue)
    assert len(shared) == 4
    for page in [*shared, shared[0]]:
        assert send_due.page_handler({"Records": [page]}, Context()) == {"batchItemFailures": []}
    assert sweep() == none | {"shared_out": 0}
    for one in clients:
        (reminder,) = decisions(director, one, "appointment_reminder")
        assert outcome(reminder)[one] == [("queued", None)]
    assert len([one for one in messages_of(director, contact) if one["kind"] == "appointment_reminder"]) == 1


def test_a_page_in_which_one_fails_comes_again_and_the_others_are_sent(
    director: Caller, client: str, clock: Clock, due_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = director.post("/clients", child()).body["id"]
    for one in (client, other):
        appoint(director, one)
    clock.to(IN_FOUR_DAYS - timedelta(minutes=2880))
    assert sweep()["shared_out"] == 2
    (page,) = pages(due_queue)
    links = TableLinks.of_client

    def broken(store: TableLinks, account: str, client_id: str) -> list[Link]:
        if client_id == client:
            raise RuntimeError("cannot be read")
        return links(store, account, client_id)

    with monkeypatch.context() as patch:
        patch.setattr(TableLinks, "of_client", broken)
        failed = send_due.page_handler({"Records": [page]}, Context())
    assert failed == {"batchItemFailures": [{"itemIdentifier": page["messageId"]}]}
    assert [len(decisions(director, one, "appointment_reminder")) for one in (client, other)] == [0, 1]
    assert send_due.page_handler({"Records": [page]}, Context()) == {"batchItemFailures": []}
    assert [len(decisions(director, one, "appointment_reminder")) for one in (client, other)] == [1, 1]


def test_what_is_no_page_is_a_dead_letter(due_queue: str) -> None:
    batch = [{"messageId": str(number), "body": body} for number, body in enumerate(["{}", "[1]", "[[1]]", "x"])]
    failed = send_due.page_handler({"Records": batch}, Context())
    assert [one["itemIdentifier"] for one in failed["batchItemFailures"]] == ["0", "1", "2", "3"]


def test_a_clock_that_goes_back_an_hour_sends_nothing_twice(director: Caller, client: str, clock: Clock) -> None:
    appoint(director, client)
    clock.to(IN_FOUR_DAYS - timedelta(minutes=2880))
    assert sweep()["sent"] == 1
    clock.to(clock.now - timedelta(hours=1))
    assert sweep()["sent"] == 0
    clock.to(clock.now + timedelta(hours=1))
    assert sweep()["sent"] == 0


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
