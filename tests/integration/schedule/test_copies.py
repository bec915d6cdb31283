"""Who gets an automated message, who does not and why; the history and the preview say the same."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from carebook.items import Writes
from carebook.reminders.store import TableSchedule
from carebook.table import Table
from tests.builders import Caller, child
from tests.integration.schedule.conftest import (
    IN_FOUR_DAYS,
    KINDS,
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

IN_TWO = NOW + timedelta(days=2)


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


TEXTED = {"messaging_methods": ["sms"], "phones": [{"number": "+13105550188", "type": "cell"}]}


def test_a_number_counts_once_however_it_is_used(
    director: Caller, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAREBOOK_ORIGINATION_IDENTITY", "arn:x")
    client = director.post("/clients", child(**TEXTED)).body["id"]
    called = mother(director, client)
    director.patch(f"/contacts/{called}", TEXTED | {"messaging_methods": ["voice"]})
    appoint(director, client)
    (notice,) = decisions(director, client, "appointment_notice")
    assert outcome(notice) == {client: [("queued", None)], called: [("skipped", "same_as_client")]}


def test_an_address_at_which_nothing_goes_out_is_nobody_s_yet(
    director: Caller, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAREBOOK_ORIGINATION_IDENTITY", "arn:x")
    client = director.post("/clients", child(**TEXTED)).body["id"]
    abroad = mother(director, client)
    director.patch(f"/contacts/{abroad}", TEXTED | {"time_zone": "Asia/Tokyo"})
    clock.to(datetime(2026, 11, 26, 4, 0, tzinfo=UTC))  # night in New York, and one in the afternoon in Tokyo
    appoint(director, client, clock.now + timedelta(hours=5))
    (notice,) = decisions(director, client, "appointment_notice")
    assert outcome(notice) == {client: [("skipped", "too_late")], abroad: [("queued", None)]}


def test_who_gets_nothing_by_any_method_has_a_reason(director: Caller, client: str) -> None:
    contact = mother(director, client)
    director.patch(f"/contacts/{contact}", {"messaging_methods": []})
    preview = f"/clients/{client}/automated-messages/preview"
    assert outcome(director.post(preview, {"kind": "bill_reminder"}).body) == {
        client: [("queued", None)], contact: "no_method"
    }  # fmt: skip
    director.patch("/settings", {"automated_messages": {"bill_reminder": {"enabled": False}}})
    assert outcome(director.post(preview, {"kind": "bill_reminder"}).body) == {
        client: "turned_off", contact: "turned_off"
    }  # fmt: skip


def test_whoever_is_too_much_for_a_transaction_with_others_gets_one_of_their_own(
    director: Caller, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = mother(director, client)
    monkeypatch.setattr("carebook.reminders.deciding._cost", lambda _: 1_000)
    appoint(director, client)
    (notice,) = decisions(director, client, "appointment_notice")
    assert outcome(notice) == {client: [("queued", None)]}
    assert sweep()["sent"] == 1
    (rest,) = [one for one in decisions(director, client, "appointment_notice") if one["continues"]]
    assert outcome(rest) == {contact: [("queued", None)]}


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


def test_whoever_is_merged_before_they_are_told_is_told_as_who_they_are_now(director: Caller, client: str) -> None:
    contacts = many_contacts(director, client)
    appoint(director, client)
    told = dict(zip(contacts, copies(director, contacts, "appointment_notice"), strict=True))
    waiting = next(contact for contact in contacts if not told[contact])
    survivor = director.post("/contacts", {"type": "other", "last_name": "Unlinked"}).body["id"]
    assert director.post(f"/contacts/{survivor}/merge", {"duplicate_id": waiting}).status == 200
    assert sweep()["sent"] == 1
    (rest,) = [one for one in decisions(director, client, "appointment_notice") if one["continues"]]
    assert outcome(rest)[survivor]


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


def test_a_preview_speaks_of_what_comes_next(director: Caller, client: str) -> None:
    preview = f"/clients/{client}/automated-messages/preview"
    assert director.post(preview, {"kind": "appointment_reminder"}).body["subject_id"] is None
    appoint(director, client, IN_FOUR_DAYS + timedelta(days=1), location="Not this one")
    soon = appoint(director, client, location="12 Lake Street")
    for external_id, starts_at, status in (("GONE", NOW - timedelta(days=1), "scheduled"), ("OFF", IN_TWO, "canceled")):
        other = times(starts_at) | {"status": status}
        assert director.put(f"/clients/{client}/appointments/{external_id}", other).status == 201
    shown = director.post(preview, {"kind": "appointment_reminder"}).body
    assert shown["subject_id"] == soon["id"]
    assert "12 Lake Street" in shown["people"][0]["messages"][0]["body"]
    due = director.post(f"/clients/{client}/bills", bill(number="2026-99")).body["id"]
    shown = director.post(preview, {"kind": "late_payment_notice"}).body
    assert shown["subject_id"] == due
    assert "2026-99" in shown["people"][0]["messages"][0]["body"]


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
