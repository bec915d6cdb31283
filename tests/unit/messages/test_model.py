"""A message's status moves forward, whatever is reported in whatever order."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carebook.messages.consents import Agreement, Consent
from carebook.messages.documents import consent_document, consent_from, message_document, message_from
from carebook.messages.model import About, Attachment, Message, Status
from carebook.messages.words import Wish
from tests.messaging import NOON, message

REPORTED = [Status.SENT, Status.DELIVERED, Status.FAILED, Status.BOUNCED, Status.OPTED_OUT]
REPORTS = st.lists(st.tuples(st.sampled_from(REPORTED), st.integers(0, 50)), max_size=12)


def told(start: Message, reports: list[tuple[Status, int]]) -> Message:
    for status, seconds in reports:
        start = start.told(status, NOON + timedelta(seconds=seconds))
    return start


@given(REPORTS, st.randoms())
def test_in_any_order_and_more_than_once_the_outcome_is_the_same(
    reports: list[tuple[Status, int]], chance: object
) -> None:
    sent = message().claimed(NOON).accepted("p", NOON)
    shuffled = reports * 2
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    ranked = {Status.FAILED: Status.FAILED, Status.OPTED_OUT: Status.FAILED}  # equals: the first one stays
    one, other = told(sent, reports), told(sent, shuffled)
    assert ranked.get(one.status, one.status) == ranked.get(other.status, other.status)
    assert {(step.status, step.at) for step in one.history} == {(step.status, step.at) for step in other.history}


@given(REPORTS)
def test_a_report_that_is_known_changes_nothing(reports: list[tuple[Status, int]]) -> None:
    once = told(message().claimed(NOON).accepted("p", NOON), reports)
    assert told(once, reports) is once


def test_who_took_it_in_was_not_failed_at() -> None:
    unknown = message().claimed(NOON).stepped(Status.FAILED, NOON, reason="outcome_unknown")
    assert unknown.told(Status.SENT, NOON).status is Status.SENT
    failed = message().claimed(NOON).stepped(Status.FAILED, NOON, reason="rejected")
    assert failed.told(Status.SENT, NOON).status is Status.FAILED
    assert failed.told(Status.DELIVERED, NOON).status is Status.DELIVERED


def test_a_bounce_after_the_delivery_has_the_last_word() -> None:
    delivered = message().claimed(NOON).accepted("p", NOON).told(Status.DELIVERED, NOON)
    assert delivered.told(Status.BOUNCED, NOON).status is Status.BOUNCED
    assert delivered.told(Status.SENT, NOON).status is Status.DELIVERED


def test_a_message_comes_back_from_its_document() -> None:
    full = message(
        attachments=(Attachment("file", "fil_1", "a.pdf", "application/pdf", 3),),
        occurred_at=NOON,
        claimed_at=NOON,
        due_at=NOON,
        tried=3,
        reason="x",
        sender="x@example.org",
        client_id="cli_1",
        cc_of="msg_2",
        in_reply_to="msg_3",
        provider_id="p",
        reply_token="t",
        came_from="con_2",
        share_id="shr_1",
        about=About("apt_1", "canceled", NOON),
    )
    for one in (message(), full):
        document = message_document(one)
        assert (
            message_from(one.account, one.recipient_id, one.id, one.version, document, came_from=one.came_from) == one
        )


def consent() -> Consent:
    return Consent(account="acc", channel="tel", address="+13105550123")


def test_a_yes_answers_a_question_and_takes_back_no_stop() -> None:
    assert consent().wished(Wish.AGREE, NOON, "x").agreement is Agreement.UNKNOWN
    asked = consent().changed(Agreement.REQUESTED, NOON, "request")
    assert asked.wished(Wish.AGREE, NOON, "x").agreement is Agreement.OPTED_IN
    stopped = asked.wished(Wish.STOP, NOON, "x")
    assert (stopped.agreement, stopped.refusal()) == (Agreement.OPTED_OUT, "opted_out")
    assert stopped.wished(Wish.AGREE, NOON, "x") is stopped
    assert stopped.wished(Wish.START, NOON, "x").refusal() is None


def test_what_was_said_is_kept_with_the_consent() -> None:
    changed = consent().changed(Agreement.REQUESTED, NOON, "request msg_1").wished(Wish.AGREE, NOON, "in-1")
    assert [why for _, why in changed.said] == ["request msg_1", "agree (in-1)"]
    assert consent_from("acc", "tel", "+13105550123", changed.version, consent_document(changed)) == changed


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (0, 2, 1), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_of_stop_and_start_the_one_that_was_said_last_holds(order: tuple[int, ...]) -> None:
    said = [(Wish.STOP, 0, "in-1"), (Wish.START, 1, "in-2"), (Wish.STOP, 2, "in-3")]
    one, last = consent(), consent()
    for number in order:
        wish, minutes, said_in = said[number]
        one = one.wished(wish, NOON + timedelta(minutes=minutes), said_in)
    assert one.agreement is Agreement.OPTED_OUT
    for number in order:
        if number < 2:
            wish, minutes, said_in = said[number]
            last = last.wished(wish, NOON + timedelta(minutes=minutes), said_in)
    assert last.agreement is Agreement.OPTED_IN


def test_the_same_word_again_is_no_news() -> None:
    stopped = consent().wished(Wish.STOP, NOON, "in-1")
    assert stopped.wished(Wish.STOP, NOON, "in-1") is stopped
    later = stopped.wished(Wish.STOP, NOON + timedelta(minutes=5), "in-2")
    assert (later.since, [why for _, why in later.said]) == (NOON, ["stop (in-1)", "stop (in-2)"])


def test_a_word_told_of_again_with_a_later_moment_is_as_old_as_it_was() -> None:
    said = [(Wish.STOP, 0, "in-1"), (Wish.START, 1, "in-2"), (Wish.STOP, 9, "in-1")]
    one = consent()
    for wish, minutes, said_in in said:
        one = one.wished(wish, NOON + timedelta(minutes=minutes), said_in)
    assert one.agreement is Agreement.OPTED_IN
    stopped = one.wished(Wish.STOP, NOON + timedelta(minutes=10), "in-3")
    assert stopped.wished(Wish.START, NOON + timedelta(minutes=20), "in-2") is stopped
    # What a provider has refused meanwhile is no word of its owner.
    refused = one.changed(Agreement.OPTED_OUT, NOON + timedelta(minutes=11), "refused (msg_1)")
    assert refused.wished(Wish.START, NOON + timedelta(minutes=20), "in-2").agreement is Agreement.OPTED_IN


def test_a_report_of_before_a_start_does_not_undo_it() -> None:
    started = consent().wished(Wish.STOP, NOON, "in-1").wished(Wish.START, NOON + timedelta(minutes=5), "in-2")
    assert started.reported_opted_out(NOON + timedelta(minutes=4), "blocked") is started
    assert started.reported_opted_out(NOON + timedelta(minutes=6), "blocked").agreement is Agreement.OPTED_OUT


def test_a_start_also_lifts_what_a_bounce_or_a_complaint_has_closed() -> None:
    for before in (consent(), consent().wished(Wish.START, NOON, "in-0")):
        closed = before.suppressed_for("complaint", NOON, "complaint: abuse")
        assert closed.wished(Wish.AGREE, NOON, "in-1").refusal() == "address_suppressed"
        opened = closed.wished(Wish.START, NOON + timedelta(minutes=1), "in-2")
        assert (opened.refusal(), opened.version) == (None, closed.version + 1)
        assert [why for _, why in opened.said][-2:] == ["complaint: abuse", "start (in-2)"]
        assert opened.wished(Wish.START, NOON + timedelta(minutes=1), "in-2") is opened


def test_a_bounce_of_before_a_start_does_not_close_what_that_has_opened() -> None:
    bounced = consent().suppressed_for("bounce", NOON, "bounce (msg_1)")
    started = bounced.wished(Wish.START, NOON + timedelta(minutes=5), "in-2")
    assert started.suppressed_for("bounce", NOON, "bounce (msg_1)") is started  # it is told of twice
    assert started.suppressed_for("bounce", NOON + timedelta(minutes=6), "x").refusal() == "address_suppressed"


def test_an_owner_is_asked_once_a_month_at_most() -> None:
    assert consent().wants_request(NOON)
    asked = consent().changed(Agreement.REQUESTED, NOON, "x")
    assert not asked.wants_request(NOON + timedelta(days=29))
    assert asked.wants_request(NOON + timedelta(days=31))
    assert not replace(asked, agreement=Agreement.OPTED_OUT).wants_request(NOON + timedelta(days=31))


ASKED = Consent(account="acc", channel="tel", address="+13105550123").asked("r1", NOON)
LATER = NOON + timedelta(days=31)


def test_a_question_that_did_not_go_was_not_asked() -> None:
    forgotten = ASKED.not_asked("r1", NOON)
    assert (forgotten.agreement, forgotten.since, forgotten.version) == (Agreement.UNKNOWN, None, 2)
    assert forgotten.not_asked("r1", NOON) is forgotten
    assert ASKED.not_asked("r0", NOON) is ASKED


def test_an_answer_to_an_earlier_question_that_went_still_counts() -> None:
    second = ASKED.asked("r2", LATER).not_asked("r2", LATER)
    assert (second.agreement, second.since) == (Agreement.REQUESTED, NOON)
    assert second.wants_request(LATER)
    assert second.wished(Wish.AGREE, LATER, "in").agreement is Agreement.OPTED_IN
    third = ASKED.not_asked("r1", NOON).asked("r2", LATER).not_asked("r2", LATER)
    assert third.agreement is Agreement.UNKNOWN


@pytest.mark.parametrize("wish", [Wish.START, Wish.STOP])
def test_what_its_owner_said_since_is_not_forgotten_with_a_question(wish: Wish) -> None:
    said = ASKED.wished(wish, LATER, "in")
    assert said.not_asked("r1", LATER) is said
