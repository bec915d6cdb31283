"""A delivery that is killed or cannot tell: nothing is lost, nothing is sent twice."""

import random
from collections import Counter
from contextlib import suppress

import pytest

from carebook.messages.channels import Accepted, Busy
from carebook.messages.model import Status
from carebook.messages.receipts import Receipt
from carebook.messages.receiving import record_receipt
from carebook.messages.service import MessageRef, ref_of
from carebook.messages.sweeping import sweep_message
from tests.integration.delivery.conftest import ANA, Bench
from tests.messaging import Fatal, Killed, mortal


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
