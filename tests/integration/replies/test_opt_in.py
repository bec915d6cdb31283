"""Asking first: what is held, what releases it, and in whose words it is asked."""

import pytest

from carebook.settings.model import AccountSettings
from carebook.settings.store import TableSettings
from functions.messages import release_held
from tests.builders import Caller, Context
from tests.integration.replies.conftest import Practice, practice_of
from tests.messaging import Clock, FakeProvider


def test_opt_in_asks_first_holds_what_follows_and_sends_it_after_a_yes(practice: Practice) -> None:
    assert practice.caller.patch("/settings", {"opt_in_required": True, "practice_name": "Lakeside"}).status == 200
    first = practice.write("sms", body="first")
    assert [(one["kind"], one["status"], one["reason"]) for one in first] == [
        ("opt_in_request", "queued", None),
        ("ad_hoc", "held", "not_opted_in"),
    ]
    second = practice.write("sms", body="second")
    assert [(one["kind"], one["status"]) for one in second] == [("ad_hoc", "held")]
    practice.deliver()
    (asked,) = practice.provider.sent
    assert asked.body.startswith("Lakeside would like to text you about appointments, bills and documents. Reply YES")
    practice.text("Who is this?", inbound_id="in-1")
    practice.deliver()
    assert len(practice.provider.sent) == 1
    practice.text("Yes", inbound_id="in-2")
    practice.deliver()
    assert [outgoing.body for outgoing in practice.provider.sent[1:]] == ["first", "second"]
    assert practice.sent("sms", body="third")["status"] == "sent"


def test_opt_in_asks_in_the_practices_own_words(practice: Practice) -> None:
    practice.caller.patch("/settings", {"opt_in_required": True, "practice_name": "Lakeside"})
    path = "/settings/message-templates/opt_in_request"
    body = "{{ recipient.first_name }}, may {{ practice.name }} write to you? Reply YES or STOP."
    assert practice.caller.put(f"{path}/email", {"subject": "A question", "body": body}).status == 200
    assert practice.caller.put(f"{path}/sms", {"body": body}).status == 200
    practice.write("email", "sms")
    practice.deliver()
    asked = [(outgoing.subject, outgoing.body.strip()) for outgoing in practice.provider.sent]
    words = "Ana, may Lakeside write to you? Reply YES or STOP."
    assert asked == [("A question", words), ("", words)]


def test_words_that_a_name_makes_too_long_give_way_to_the_built_in_ones(practice: Practice) -> None:
    practice.caller.patch("/settings", {"opt_in_required": True, "practice_name": "L" * 200})
    body = "{{ practice.name }} " * 9 + "Reply YES or STOP."
    own = practice.caller.put("/settings/message-templates/opt_in_request/sms", {"body": body})
    assert own.status == 200, own.text
    practice.write("sms")
    practice.deliver()
    assert "would like to text you" in practice.provider.sent[0].body


def test_opt_in_needs_nobody_for_a_fax_and_cannot_ask_by_voice(
    director: Caller, world: tuple[Clock, FakeProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAREBOOK_ORIGINATION_IDENTITY", "arn:aws:sms-voice:us-east-1:123456789012:pool/p")
    phones = [{"number": "(310) 555-0123", "type": "cell"}, {"number": "(310) 555-0199", "type": "fax"}]
    practice = practice_of(director, *world, phones=phones)
    director.patch("/settings", {"opt_in_required": True})
    made = practice.write("fax", "voice")
    assert [(one["method"], one["status"], one["reason"]) for one in made] == [
        ("fax", "queued", None),
        ("voice", "skipped", "not_opted_in"),
    ]


def test_a_no_in_opt_in_mode_ends_what_waits(practice: Practice) -> None:
    practice.caller.patch("/settings", {"opt_in_required": True})
    practice.write("sms")
    practice.deliver()
    practice.text("STOP")
    practice.clock.forward(days=1, minutes=1)
    release_held.handler({}, Context(remaining_ms=55_000))
    assert {one["status"] for one in practice.messages("?kind=ad_hoc")} == {"opted_out"}


def test_nobody_answers_for_a_month(practice: Practice) -> None:
    practice.caller.patch("/settings", {"opt_in_required": True})
    practice.write("sms")
    practice.deliver()
    for _ in range(32):
        practice.clock.forward(days=1, minutes=1)
        release_held.handler({}, Context(remaining_ms=55_000))
    (held,) = practice.messages("?kind=ad_hoc")
    assert (held["status"], held["reason"]) == ("skipped", "not_opted_in")


def sweep(practice: Practice) -> None:
    release_held.handler({}, Context(remaining_ms=55_000))
    practice.deliver()


def test_what_waits_goes_within_the_hour_in_which_a_practice_ceases_to_ask(
    practice: Practice, world: tuple[Clock, FakeProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    strict = practice_of(Caller(practice.caller.handler, account="acc_next_door"), *world)
    for one in (practice, strict):
        one.caller.patch("/settings", {"opt_in_required": True})
        for body in ("first", "second"):
            one.write("sms", "email", body=body)
        one.deliver()
    assert practice.caller.patch("/settings", {"opt_in_required": False}).status == 200
    practice.clock.forward(minutes=50)
    sweep(practice)
    assert {one["status"] for one in practice.messages("?kind=ad_hoc")} == {"held"}
    read: list[str] = []
    before = TableSettings.current

    def current(store: TableSettings, account: str) -> AccountSettings:
        read.append(account)
        return before(store, account)

    monkeypatch.setattr(TableSettings, "current", current)
    practice.clock.forward(minutes=11)
    release_held.handler({}, Context(remaining_ms=55_000))
    assert sorted(read) == sorted([practice.caller.account, strict.caller.account])
    practice.deliver()
    assert [(one["body"], one["status"]) for one in practice.messages("?kind=ad_hoc")] == [
        *[("second", "sent")] * 2,
        *[("first", "sent")] * 2,
    ]
    assert {one["status"] for one in strict.messages("?kind=ad_hoc")} == {"held"}


def test_who_said_no_gets_nothing_when_a_practice_ceases_to_ask(practice: Practice) -> None:
    practice.caller.patch("/settings", {"opt_in_required": True})
    practice.write("sms")
    practice.deliver()
    practice.text("STOP")
    practice.caller.patch("/settings", {"opt_in_required": False})
    practice.clock.forward(hours=1, minutes=1)
    sweep(practice)
    assert {one["status"] for one in practice.messages("?kind=ad_hoc")} == {"opted_out"}


def test_what_waited_keeps_quiet_hours_when_it_is_released(practice: Practice) -> None:
    practice.caller.patch("/settings", {"opt_in_required": True, "quiet_hours": {"start": "12:30", "end": "18:00"}})
    practice.write("sms")
    practice.deliver()
    practice.caller.patch("/settings", {"opt_in_required": False})
    practice.clock.forward(hours=1, minutes=1)
    sweep(practice)
    assert {(one["status"], one["reason"]) for one in practice.messages("?kind=ad_hoc")} == {("held", "quiet_hours")}
    practice.clock.forward(hours=5)
    sweep(practice)
    assert {one["status"] for one in practice.messages("?kind=ad_hoc")} == {"sent"}
