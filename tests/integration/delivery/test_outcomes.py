"""What came of a message is written, whatever fails besides; what decides about the next is read anew when old."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from carebook.errors import Unavailable
from carebook.identity import Person
from carebook.messages.channels import Busy, Outgoing, Unknown
from carebook.messages.delivery import deliver
from carebook.messages.model import Message, Status
from carebook.messages.receipts import Receipt
from carebook.messages.receiving import record_receipt
from carebook.messages.sending_again import retry_message
from carebook.messages.service import MessageRef, ref_of
from carebook.messages.store import TableMessages
from tests.integration.delivery.conftest import Bench


@pytest.mark.parametrize("times", [1, 3])
def test_what_came_of_a_message_is_written_also_when_that_fails_at_first(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    (message,) = bench.write()
    replace_, failing = TableMessages.replace, iter([True] * times)

    def unsteady(self: TableMessages, before: Message, after: Message, *rest: Any) -> None:
        if next(failing, False):
            raise Unavailable("for a moment")
        replace_(self, before, after, *rest)

    monkeypatch.setattr(TableMessages, "replace", unsteady)
    bench.run()
    assert (bench.now(message).status, len(bench.provider.sent)) == (Status.SENT, 1)


def test_where_what_came_of_one_cannot_be_written_at_once_the_next_one_goes_and_both_are_told_of(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = [bench.write(body)[0] for body in "abc"]
    claim, replace_, sent_when_written = TableMessages.claim, TableMessages.replace, list[int]()

    def alone(self: TableMessages, before: Message, claimed: Message, done: Any) -> tuple[bool, bool]:
        return claim(self, before, claimed, None)[0], False

    def noted(self: TableMessages, before: Message, after: Message, *rest: Any) -> None:
        sent_when_written.append(len(bench.provider.sent))
        replace_(self, before, after, *rest)

    monkeypatch.setattr(TableMessages, "claim", alone)
    monkeypatch.setattr(TableMessages, "replace", noted)
    bench.run()
    assert sent_when_written == [3, 3, 3]  # nothing that may fail comes between a claim and its call
    assert [bench.now(message).status for message in written] == [Status.SENT] * 3


def test_where_what_came_of_one_cannot_be_written_at_all_the_others_are(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (bench.write(body)[0] for body in "ab")
    claim, replace_ = TableMessages.claim, TableMessages.replace

    def alone(self: TableMessages, before: Message, claimed: Message, done: Any) -> tuple[bool, bool]:
        return claim(self, before, claimed, None)[0], False

    def broken(self: TableMessages, before: Message, after: Message, *rest: Any) -> None:
        if before.id == first.id:
            raise Unavailable("for good")
        replace_(self, before, after, *rest)

    monkeypatch.setattr(TableMessages, "claim", alone)
    monkeypatch.setattr(TableMessages, "replace", broken)
    with pytest.raises(ExceptionGroup):
        bench.run()
    assert [bench.now(one).status for one in (first, second)] == [Status.SENDING, Status.SENT]


def test_of_several_that_wait_to_be_written_the_last_goes_with_the_next_claim_and_the_others_at_the_end(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = [bench.write(body)[0] for body in "abcd"]
    claim, claims = TableMessages.claim, list[str]()

    def sometimes_alone(self: TableMessages, before: Message, claimed: Message, done: Any) -> tuple[bool, bool]:
        claims.append(before.id)
        if len(claims) in {2, 3}:
            return claim(self, before, claimed, None)[0], False
        return claim(self, before, claimed, done)

    monkeypatch.setattr(TableMessages, "claim", sometimes_alone)
    bench.run()
    assert [bench.now(message).status for message in written] == [Status.SENT] * 4


def slow(bench: Bench, *, seconds: float) -> None:
    """A provider that takes its time with each message."""
    send: Callable[[Outgoing], Any] = bench.provider.send

    def wait(outgoing: Outgoing) -> Any:
        bench.clock.forward(seconds=seconds)
        return send(outgoing)

    bench.provider.send = wait  # type: ignore[method-assign]


def reads(bench: Bench, monkeypatch: pytest.MonkeyPatch, *, fail: int = 0, seconds: float = 0) -> list[int]:
    """How many messages each reading was about; the reading of that number fails, and each takes so long."""
    load, counts = TableMessages.load_with_settings, list[int]()

    def counted(self: TableMessages, refs: Sequence[MessageRef]) -> Any:
        counts.append(len(refs))
        bench.clock.forward(seconds=seconds)
        if len(counts) == fail:
            raise RuntimeError("DynamoDB, for a moment")
        return load(self, refs)

    monkeypatch.setattr(TableMessages, "load_with_settings", counted)
    return counts


@pytest.mark.parametrize(("seconds", "counts"), [(0.3, [3]), (2, [3, 2, 1]), (-5, [3, 2, 1])])
def test_what_decides_is_read_anew_when_it_is_older_than_a_second_or_the_clock_went_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, seconds: float, counts: list[int]
) -> None:
    for body in "abc":
        bench.write(body)
    slow(bench, seconds=seconds)
    counted = reads(bench, monkeypatch)
    assert bench.run() == {}
    assert (counted, len(bench.provider.sent)) == (counts, 3)


def test_where_reading_takes_long_one_message_goes_each_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for body in "abc":
        bench.write(body)
    counted = reads(bench, monkeypatch, seconds=1.5)
    assert bench.run() == {}
    assert (counted, len(bench.provider.sent)) == ([3, 2, 1], 3)


def test_where_the_second_reading_fails_what_went_is_written_and_the_rest_comes_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (bench.write(body)[0] for body in "abc")
    slow(bench, seconds=2)
    reads(bench, monkeypatch, fail=2)
    later = bench.run()
    assert [bench.now(one).status for one in (first, second, third)] == [Status.SENT, Status.QUEUED, Status.QUEUED]
    assert {ref.message_id for ref in later} == {second.id, third.id}


def test_where_there_is_no_time_left_between_two_readings_the_rest_comes_at_once(bench: Bench) -> None:
    refs = [ref_of(bench.write(body)[0]) for body in "abc"]
    slow(bench, seconds=2)
    later = deliver(bench.delivery, refs, go_on=lambda: len(bench.provider.sent) < 2)
    assert later == {refs[2]: 0}
    assert len(bench.provider.sent) == 2


def test_one_that_a_busy_provider_left_is_let_go_also_when_a_receipt_came_meanwhile(bench: Bench) -> None:
    (message,) = bench.write(methods=("sms",))
    bench.provider.answers = [Unknown("x")]
    bench.run()
    retry_message(
        bench.outbox,
        account=bench.account,
        contact_id=bench.contact_id,
        message_id=message.id,
        by=Person("usr_ana", "Ana"),
        now=bench.clock(),
    )
    send = bench.provider.send

    def busy(outgoing: Outgoing) -> Busy:
        ids = outgoing.ids | {"attempt": "1"}
        told = Receipt(provider_id="old", ids=ids, status=None, at=bench.clock(), detail="late")
        record_receipt(bench.receipts, told)
        return Busy("x")

    bench.provider.send = busy  # type: ignore[method-assign]
    later = bench.run()
    bench.provider.send = send  # type: ignore[method-assign]
    bench.clock.forward(minutes=1)
    bench.run(list(later))
    assert (bench.now(message).status, len(bench.provider.sent)) == (Status.SENT, 1)
