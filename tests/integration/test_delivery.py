"""Each message goes out once, whatever falls over on the way."""

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from carebook.contacts.store import TableContacts
from carebook.errors import Conflict
from carebook.identity import Person
from carebook.messages.attachments import AttachmentNotReady, AttachmentRef
from carebook.messages.channels import Accepted, Busy, Outcome, Outgoing, Refused, Unknown
from carebook.messages.consents import Agreement
from carebook.messages.delivery import deliver
from carebook.messages.model import Attachment, Message, Status
from carebook.messages.ports import Delivery
from carebook.messages.receipts import Receipt
from carebook.messages.receiving import Receipts, record_receipt
from carebook.messages.recipients import ContactRecipients
from carebook.messages.refusing import NotReachable
from carebook.messages.service import MessageRef, Outbox, ref_of, send_message
from carebook.messages.store import TableMessages
from carebook.messages.sweeping import Sweep, sweep_message
from carebook.settings.store import TableSettings
from carebook.table import Table, open_table
from tests.builders import Caller, physician
from tests.messaging import NOON, Clock, FakeChannels, FakeProvider, Fatal, Killed, mortal

ANA = Person("usr_ana", "Ana")


class ListedQueue:
    """A queue that is a list."""

    def __init__(self) -> None:
        self.refs: list[MessageRef] = []

    def put(self, refs: Any) -> None:
        self.refs += refs


class OneFile:
    """A source with one PDF, until it is taken away."""

    def __init__(self) -> None:
        self.content_type = "application/pdf"
        self.refusal: str | None = None

    def describe(self, account: str, recipient_id: str, refs: Any) -> list[Attachment]:
        return [Attachment(ref.kind, ref.id, "report.pdf", self.content_type, 8) for ref in refs]

    def content(self, account: str, recipient_id: str, attachment: Attachment) -> bytes:
        if self.refusal is not None:
            raise AttachmentNotReady(self.refusal)
        return b"%PDF-1.7"


class Bench:
    """A practice with one contact, a provider and a clock."""

    def __init__(self, caller: Caller) -> None:
        self.table: Table = open_table()
        self.account = caller.account
        self.clock = Clock()
        self.provider = FakeProvider()
        self.queue = ListedQueue()
        self.files = OneFile()
        self.messages = TableMessages(self.table)
        contacts = TableContacts(self.table)
        self.outbox = Outbox(contacts, self.messages, self.queue, self.files, lambda _method: True)
        self.delivery = Delivery(
            self.messages,
            ContactRecipients(contacts),
            TableSettings(self.table),
            self.files,
            FakeChannels(self.provider),
            self.clock,
        )
        self.receipts = Receipts(self.messages, lambda _account, contact_id: contact_id, self.clock)
        self.sweep = Sweep(self.messages, self.queue, TableSettings(self.table), self.clock)
        self.contact_id = caller.post("/contacts", physician(messaging_methods=["email"])).body["id"]

    def write(self, body: str = "Hello", methods: Any = ("email",), attachments: Any = ()) -> list[Message]:
        return send_message(
            self.outbox,
            account=self.account,
            contact_id=self.contact_id,
            subject="S",
            body=body,
            methods=methods,
            attachments=attachments,
            by=ANA,
            now=self.clock(),
        )

    def run(self, refs: list[MessageRef] | None = None, delivery: Delivery | None = None) -> dict[MessageRef, int]:
        refs = self.queue.refs if refs is None else refs
        later = deliver(delivery or self.delivery, list(refs), go_on=lambda: True)
        self.queue.refs = [ref for ref in self.queue.refs if ref in later]
        return later

    def now(self, message: Message) -> Message:
        return self.messages.find(ref_of(message))


@pytest.fixture
def bench(director: Caller) -> Bench:
    return Bench(director)


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


class Overtaken(TableMessages):
    """A store before whose first write something else happens."""

    def __init__(self, table: Table, before: Callable[[], object]) -> None:
        super().__init__(table)
        self.before = [before]

    def add(self, *args: Any, **kwargs: Any) -> list[Message]:
        while self.before:
            self.before.pop()()
        return super().add(*args, **kwargs)


def test_who_stops_while_it_is_written_gets_nothing(bench: Bench) -> None:
    def stops() -> None:
        (before,) = bench.messages.consents(bench.account, [("email", "ana@example.org")]).values()
        bench.messages.change_consent(before, before.changed(Agreement.OPTED_OUT, bench.clock(), "STOP"))

    bench.outbox = replace(bench.outbox, messages=Overtaken(bench.table, stops))
    with pytest.raises(NotReachable):
        bench.write()
    assert bench.messages.page(bench.account, bench.contact_id, before=None, limit=10) == []


def test_who_is_archived_while_it_is_written_gets_nothing(bench: Bench, director: Caller) -> None:
    archived = Overtaken(bench.table, lambda: director.delete(f"/contacts/{bench.contact_id}"))
    bench.outbox = replace(bench.outbox, messages=archived)
    with pytest.raises(Conflict):
        bench.write()
    assert bench.messages.page(bench.account, bench.contact_id, before=None, limit=10) == []


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


def test_who_opted_out_after_it_was_queued_gets_nothing(bench: Bench) -> None:
    (message,) = bench.write(methods=["sms"])
    (before,) = bench.messages.consents(bench.account, [("tel", "+13105550123")]).values()
    bench.messages.change_consent(before, before.changed(Agreement.OPTED_OUT, bench.clock(), "stop"))
    bench.run()
    assert bench.provider.sent == []
    assert bench.now(message).status is Status.OPTED_OUT


def test_an_address_that_was_suppressed_meanwhile_gets_nothing(bench: Bench) -> None:
    (message,) = bench.write()
    (before,) = bench.messages.consents(bench.account, [("email", "ana@example.org")]).values()
    bench.messages.change_consent(before, before.suppressed_for("bounce", bench.clock(), "x"))
    bench.run()
    assert (bench.now(message).status, bench.now(message).reason) == (Status.SKIPPED, "address_suppressed")


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


@pytest.mark.parametrize("reason", ["attachment_not_found", "file_not_clean"])
def test_an_attachment_that_is_gone_or_not_clean_any_more_goes_nowhere(bench: Bench, reason: str) -> None:
    (message,) = bench.write(attachments=[AttachmentRef("file", "fil_1")])
    bench.files.refusal = reason
    bench.run()
    assert bench.provider.sent == []
    assert (bench.now(message).status, bench.now(message).reason) == (Status.FAILED, reason)


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


def settle(bench: Bench, refs: list[MessageRef], *, reporting: bool) -> int:
    """What happens by itself afterwards, and last by a person: how often that one had to."""
    for outgoing in bench.provider.sent if reporting else []:
        ref = MessageRef(bench.account, bench.contact_id, outgoing.ids["message"])
        provider_id = f"provider-{bench.provider.sent.index(outgoing) + 1}-{ref.message_id}"
        record_receipt(
            bench.receipts,
            Receipt(provider_id=provider_id, ids=outgoing.ids, status=Status.SENT, at=bench.clock(), detail="taken"),
        )
    bench.run(refs)
    bench.clock.forward(minutes=20)
    for ref in bench.messages.due(now=bench.clock(), limit=1000):
        sweep_message(bench.sweep, ref)
    bench.run()
    by_hand = 0
    for ref in refs:
        message = bench.messages.find(ref)
        if message.reason == "outcome_unknown":
            by_hand += 1
            bench.messages.replace(message, message.again(bench.clock(), ANA))
            bench.run([ref])
    return by_hand


@pytest.mark.parametrize("step", range(9))
def test_killed_at_any_step_nothing_is_lost_and_nothing_sent_twice(bench: Bench, step: int) -> None:
    refs = [ref_of(bench.write(str(number))[0]) for number in range(2)]
    fatal = Fatal(iter([False] * step + [True]))
    with suppress(Killed):
        bench.run(refs, mortal(bench.delivery, bench.table, fatal))
    by_hand = settle(bench, refs, reporting=True)
    assert by_hand <= 1
    assert sorted(outgoing.body for outgoing in bench.provider.sent) == ["0", "1"]
    assert {bench.messages.find(ref).status for ref in refs} == {Status.SENT}


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_random_with_a_provider_that_fails_each_is_sent_once(bench: Bench, seed: int) -> None:
    chance = random.Random(seed)
    refs = [ref_of(bench.write(str(number))[0]) for number in range(30)]
    bench.provider.answers = [Busy("x") if chance.random() < 0.2 else Accepted(f"p{number}") for number in range(200)]
    fatal = Fatal(iter([chance.random() < 0.02 for _ in range(10_000)]))
    kills = 0
    left = list(refs)
    for _ in range(200):
        batch, rest = left[:10], left[10:]
        try:
            later = bench.run(batch, mortal(bench.delivery, bench.table, fatal))
        except Killed:
            kills += 1
            left = rest + batch  # the queue shows them again
            continue
        left = rest + list(later)
        if not left:
            break
    assert kills > 0
    bench.provider.answers = []
    for outgoing in bench.provider.sent:  # what the provider took, it reports
        receipt = Receipt(provider_id="p", ids=outgoing.ids, status=Status.DELIVERED, at=bench.clock(), detail="taken")
        record_receipt(bench.receipts, receipt)
    by_hand = settle(bench, refs, reporting=False)
    assert by_hand <= kills
    counts = Counter(outgoing.body for outgoing in bench.provider.sent)
    assert counts == {str(number): 1 for number in range(30)}


def test_without_a_report_it_ends_as_unknown_and_is_not_sent_again(bench: Bench) -> None:
    (message,) = bench.write()
    fatal = Fatal(iter([False, False, False, True]))  # after the provider took it
    with pytest.raises(Killed):
        bench.run(None, mortal(bench.delivery, bench.table, fatal))
    bench.run([ref_of(message)])
    bench.clock.forward(minutes=16)
    for ref in bench.messages.due(now=bench.clock(), limit=10):
        sweep_message(bench.sweep, ref)
    bench.run()
    assert len(bench.provider.sent) == 1
    assert (bench.now(message).status, bench.now(message).reason) == (Status.FAILED, "outcome_unknown")
    late = Receipt(
        provider_id="p1",
        ids=bench.provider.sent[0].ids,
        status=Status.DELIVERED,
        at=bench.clock(),
        detail="taken in",
    )
    record_receipt(bench.receipts, late)
    assert (bench.now(message).status, bench.now(message).reason) == (Status.DELIVERED, None)


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


@pytest.mark.parametrize("waits", [True, False], ids=["held for the night", "queued"])
def test_what_waits_does_not_go_to_an_address_that_was_put_right(bench: Bench, director: Caller, waits: bool) -> None:
    """A wrong number is a stranger's."""
    if waits:
        director.patch("/settings", {"quiet_hours": {"start": "12:30", "end": "13:30"}})
        bench.clock.moment = NOON + timedelta(minutes=45)
    email, text = bench.write(methods=("email", "sms"))
    director.patch(f"/contacts/{bench.contact_id}", {"phones": [{"number": "(310) 555-0199", "type": "cell"}]})
    if waits:
        bench.clock.moment = NOON + timedelta(hours=2)
        assert sweep_message(bench.sweep, ref_of(text))
    bench.run()
    assert [outgoing.to for outgoing in bench.provider.sent] == ["ana@example.org"]
    assert bench.now(email).status is Status.SENT
    assert (bench.now(text).status, bench.now(text).reason) == (Status.SKIPPED, "address_removed")


def test_a_number_that_is_no_longer_the_first_still_gets_what_was_written_to_it(bench: Bench, director: Caller) -> None:
    (message,) = bench.write(methods=("sms",))
    phones = [{"number": "(310) 555-0199", "type": "cell"}, {"number": "(310) 555-0123", "type": "home"}]
    director.patch(f"/contacts/{bench.contact_id}", {"phones": phones})
    bench.run()
    assert [outgoing.to for outgoing in bench.provider.sent] == [message.to]
