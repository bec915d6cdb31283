"""Each message goes out once, whatever falls over on the way."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from carebook.messages.attachments import AttachmentRef
from carebook.messages.channels import Accepted, Busy, Outcome, Outgoing, Refused, Unknown
from carebook.messages.consents import Agreement
from carebook.messages.delivery import deliver
from carebook.messages.model import Message, Status
from carebook.messages.receipts import Receipt
from carebook.messages.receiving import record_receipt
from carebook.messages.refusing import NotReachable
from carebook.messages.service import ref_of
from carebook.messages.sweeping import sweep_message
from tests.builders import Caller
from tests.integration.delivery.conftest import Bench
from tests.messaging import NOON, FakeChannels, FakeProvider


def test_what_is_queued_is_sent_with_ids_and_nothing_else_for_the_provider(bench: Bench) -> None:
    (message,) = bench.write()
    assert bench.run() == {}
    (outgoing,) = bench.provider.sent
    assert outgoing.ids == {
        "account": bench.account,
        "recipient": bench.contact_id,
        "message": message.id,
        "attempt": "1",
    }
    sent = bench.now(message)
    assert (sent.status, sent.due_at, sent.claimed_at) == (Status.SENT, None, None)
    found = bench.messages.by_provider(sent.provider_id or "")
    assert found == ref_of(message)


def test_asked_for_twice_it_is_sent_once(bench: Bench) -> None:
    bench.write()
    refs = list(bench.queue.refs)
    bench.run(refs)
    bench.run(refs)
    bench.run(refs * 2)
    assert len(bench.provider.sent) == 1


def test_of_two_runs_that_have_both_read_a_message_one_sends_it(bench: Bench) -> None:
    (message,) = bench.write()
    refs = list(bench.queue.refs)

    def overtaken() -> bool:  # asked after the messages were read, and before the first is claimed
        bench.run(refs)
        return True

    assert deliver(bench.delivery, refs, go_on=overtaken) == {}
    assert len(bench.provider.sent) == 1
    assert [step.status for step in bench.now(message).history] == [Status.QUEUED, Status.SENDING, Status.SENT]


def test_a_receipt_between_a_message_and_the_next_is_not_overwritten(bench: Bench) -> None:
    first, second = (bench.write(body)[0] for body in ("one", "two"))

    def reported() -> bool:
        for outgoing in bench.provider.sent:
            provider_id = f"provider-1-{first.id}"
            ids, at = outgoing.ids, bench.clock()
            told = Receipt(provider_id=provider_id, ids=ids, status=Status.DELIVERED, at=at, detail="there")
            record_receipt(bench.receipts, told)
        return True

    assert deliver(bench.delivery, [ref_of(first), ref_of(second)], go_on=reported) == {}
    assert (bench.now(first).status, bench.now(second).status) == (Status.DELIVERED, Status.SENT)
    assert len(bench.provider.sent) == 2


def test_a_provider_that_is_busy_is_asked_again_later_and_not_for_the_others_now(bench: Bench) -> None:
    messages = [bench.write(str(number))[0] for number in range(3)]
    bench.provider.answers = [Busy("ThrottlingException")]
    later = bench.run()
    assert set(later) == {ref_of(message) for message in messages}
    assert all(15 <= seconds <= 60 for seconds in later.values())
    assert bench.provider.sent == []
    assert bench.now(messages[0]).status is Status.SENDING  # it does not go back
    assert bench.run() == {}
    assert [outgoing.body for outgoing in bench.provider.sent] == ["0", "1", "2"]


def test_each_pause_is_longer_than_the_one_before(bench: Bench) -> None:
    bench.write()
    pauses: list[int] = []
    for _ in range(8):
        bench.provider.answers = [Busy("x")]
        pauses += bench.run().values()
    assert max(pauses[:2]) <= 60
    assert min(pauses[-2:]) >= 450
    assert max(pauses) <= 900


@pytest.mark.parametrize(
    ("outcome", "status", "reason"),
    [
        (Refused("rejected"), Status.FAILED, "rejected"),
        (Refused("opted_out", opted_out=True), Status.OPTED_OUT, "opted_out"),
        (Unknown("ReadTimeoutError"), Status.FAILED, "outcome_unknown"),
        (RuntimeError("a bug in a channel"), Status.FAILED, "outcome_unknown"),
    ],
)
def test_a_no_is_final_and_a_person_can_try_again(
    bench: Bench, director: Caller, outcome: Outcome | Exception, status: Status, reason: str
) -> None:
    (message,) = bench.write()
    bench.provider.answers = [outcome]
    assert bench.run() == {}
    failed = bench.now(message)
    assert (failed.status, failed.reason, failed.due_at) == (status, reason, None)
    again = director.post(f"/contacts/{bench.contact_id}/messages/{message.id}/retry")
    if status is Status.FAILED:
        assert (again.status, again.body["status"]) == (202, "queued")
        bench.run([ref_of(message)])
        assert bench.now(message).status is Status.SENT
        assert bench.provider.sent[-1].ids["attempt"] == "2"
    else:
        assert again.status == 409


def test_an_opt_out_that_the_provider_knows_of_is_remembered(bench: Bench) -> None:
    bench.write(methods=["sms"])
    bench.provider.answers = [Refused("opted_out", opted_out=True)]
    bench.run()
    consent = bench.messages.consents(bench.account, [("tel", "+13105550123")])["tel", "+13105550123"]
    assert consent.agreement is Agreement.OPTED_OUT
    with pytest.raises(NotReachable) as refused:
        bench.write(methods=["sms", "voice"])
    assert {error.code for error in refused.value.errors} == {"opted_out"}


def test_an_attachment_goes_along_with_email_and_fax(bench: Bench, director: Caller) -> None:
    phones = [{"number": "(310) 555-0123", "type": "cell"}, {"number": "(310) 555-0199", "type": "fax"}]
    director.patch(f"/contacts/{bench.contact_id}", {"phones": phones})
    bench.write(methods=["email", "fax", "sms"], attachments=[AttachmentRef("file", "fil_1")])
    bench.run()
    assert [[one.content for one in outgoing.attachments] for outgoing in bench.provider.sent] == [
        [b"%PDF-1.7"],
        [b"%PDF-1.7"],
        [],
    ]


def test_a_fax_of_what_is_no_pdf_is_skipped_and_the_email_goes(bench: Bench, director: Caller) -> None:
    director.patch(f"/contacts/{bench.contact_id}", {"phones": [{"number": "(310) 555-0199", "type": "fax"}]})
    bench.files.content_type = "image/png"
    email, fax = bench.write(methods=["email", "fax"], attachments=[AttachmentRef("file", "fil_1")])
    assert (email.status, fax.status, fax.reason) == (Status.QUEUED, Status.SKIPPED, "attachment_not_pdf")


def test_one_that_cannot_be_handled_does_not_keep_the_others(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    messages = [bench.write(str(number))[0] for number in range(3)]
    claim = bench.messages.claim

    def stumble(before: Message, *others: Any) -> tuple[bool, bool]:
        if before.body == "1":
            raise RuntimeError("poison")
        return claim(before, *others)

    monkeypatch.setattr(bench.messages, "claim", stumble)
    assert set(bench.run()) == {ref_of(messages[1])}
    assert [outgoing.body for outgoing in bench.provider.sent] == ["0", "2"]
    assert [bench.now(message).status for message in messages] == [Status.SENT, Status.QUEUED, Status.SENT]


def test_what_there_is_no_time_for_is_left_for_the_next_run(bench: Bench) -> None:
    for number in range(3):
        bench.write(str(number))
    times = iter([True, False, False])
    later = deliver(bench.delivery, list(bench.queue.refs), go_on=lambda: next(times))
    assert list(later.values()) == [0, 0]
    assert len(bench.provider.sent) == 1


def test_a_receipt_that_is_faster_than_we_loses_nothing(bench: Bench) -> None:
    """The provider reports a delivery before its own answer is written down."""
    (message,) = bench.write()

    class Hasty(FakeProvider):
        def send(self, outgoing: Outgoing) -> Outcome:
            answer = super().send(outgoing)
            assert isinstance(answer, Accepted)
            report = Receipt(
                provider_id=answer.provider_id,
                ids=outgoing.ids,
                status=Status.DELIVERED,
                at=bench.clock(),
                detail="there",
            )
            assert record_receipt(bench.receipts, report)
            return answer

    hasty = Hasty()
    bench.run(delivery=replace(bench.delivery, channels=FakeChannels(hasty)))
    after = bench.now(message)
    assert (after.status, after.provider_id) == (Status.DELIVERED, f"provider-1-{message.id}")
    assert [step.status for step in after.history] == [
        Status.QUEUED,
        Status.SENDING,
        Status.DELIVERED,
    ]


def test_a_provider_that_is_away_for_a_day_is_given_up(bench: Bench) -> None:
    (message,) = bench.write()
    for _ in range(30):
        bench.provider.answers = [Busy("x")]
        bench.run()
        bench.clock.forward(hours=1)
        for ref in bench.messages.due(now=bench.clock(), limit=10):
            sweep_message(bench.sweep, ref)
    assert (bench.now(message).status, bench.now(message).reason) == (Status.FAILED, "provider_unavailable")


def test_one_that_a_busy_provider_left_waits_in_quiet_hours_until_they_end_and_no_longer(
    bench: Bench, director: Caller
) -> None:
    director.patch("/settings", {"quiet_hours": {"start": "12:30", "end": "13:30"}})
    (message,) = bench.write(methods=("sms",))
    bench.provider.answers = [Busy("ThrottlingException")]
    refs = list(bench.run())
    bench.clock.forward(minutes=45)
    bench.run(refs)
    waiting = bench.now(message)
    assert (waiting.status, waiting.claimed_at) == (Status.SENDING, None)
    assert waiting.due_at == NOON + timedelta(minutes=90), "when the quiet hours end, and not hours later"
    bench.run(refs)
    assert bench.now(message).version == waiting.version, "nothing is written while nothing changes"
    bench.clock.forward(minutes=45)
    assert sweep_message(bench.sweep, ref_of(message))
    bench.run()
    assert bench.now(message).status is Status.SENT
