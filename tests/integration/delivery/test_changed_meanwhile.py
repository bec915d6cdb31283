"""What has changed between writing a message and sending it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from carebook.errors import Conflict
from carebook.messages.attachments import AttachmentRef
from carebook.messages.consents import Agreement
from carebook.messages.model import Message, Status
from carebook.messages.refusing import NotReachable
from carebook.messages.store import TableMessages
from carebook.table import Table
from tests.builders import Caller
from tests.integration.delivery.conftest import Bench


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
