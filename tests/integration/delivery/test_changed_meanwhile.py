"""What has changed between writing a message and sending it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from carebook.errors import Conflict
from carebook.messages.attachments import AttachmentRef
from carebook.messages.consents import Agreement
from carebook.messages.model import Message, Status
from carebook.messages.refusing import NotReachable
from carebook.messages.service import ref_of
from carebook.messages.store import TableMessages
from carebook.messages.sweeping import sweep_message
from carebook.table import Table
from tests.builders import Caller
from tests.integration.delivery.conftest import Bench
from tests.messaging import NOON


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


@pytest.mark.parametrize("reason", ["attachment_not_found", "file_not_clean"])
def test_an_attachment_that_is_gone_or_not_clean_any_more_goes_nowhere(bench: Bench, reason: str) -> None:
    (message,) = bench.write(attachments=[AttachmentRef("file", "fil_1")])
    bench.files.refusal = reason
    bench.run()
    assert bench.provider.sent == []
    assert (bench.now(message).status, bench.now(message).reason) == (Status.FAILED, reason)


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
