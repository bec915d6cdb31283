"""What waits goes to no address that was taken off the file meanwhile, and people can have it sent to the right one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from carebook.errors import Conflict, StaleVersion, Unavailable
from carebook.messages.channels import Accepted, Outgoing, Refused, Unknown
from carebook.messages.consents import Agreement, Consent
from carebook.messages.model import Kind, Message, Status
from carebook.messages.sending_again import retry_message
from carebook.messages.service import ref_of
from carebook.messages.store import TableMessages
from carebook.messages.sweeping import sweep_message
from tests.builders import Caller, physician
from tests.integration.delivery.conftest import ANA, Bench
from tests.messaging import NOON

NEW_NUMBER = {"phones": [{"number": "(310) 555-0199", "type": "cell"}]}


def again(bench: Bench, message: Message, *, expected_version: int | None = None) -> Message:
    return retry_message(
        bench.outbox,
        account=bench.account,
        contact_id=bench.contact_id,
        message_id=message.id,
        by=ANA,
        now=bench.clock(),
        expected_version=expected_version,
    )


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


def test_what_changes_while_those_before_it_are_sent_counts(bench: Bench, director: Caller) -> None:
    """A slow provider, and somebody who puts a number right while the first message of the batch goes out."""
    first, second = bench.write(methods=("email", "sms"))
    send: Callable[[Outgoing], Any] = bench.provider.send

    def slow(outgoing: Outgoing) -> Any:
        bench.clock.forward(seconds=2)
        assert director.patch(f"/contacts/{bench.contact_id}", NEW_NUMBER).status == 200
        return send(outgoing)

    bench.provider.send = slow  # type: ignore[method-assign]
    bench.run()
    assert [outgoing.to for outgoing in bench.provider.sent] == [first.to]
    assert bench.now(first).status is Status.SENT
    assert bench.now(second).reason == "address_removed"


def test_who_was_not_asked_is_asked_when_next_written_to(bench: Bench, director: Caller) -> None:
    """The number stood on the wrong file, where the request for it was held; now it is on the right one."""
    director.patch("/settings", {"opt_in_required": True, "quiet_hours": {"start": "12:30", "end": "13:30"}})
    bench.clock.moment = NOON + timedelta(minutes=45)
    written = bench.write(methods=("sms",))
    director.patch(f"/contacts/{bench.contact_id}", {"phones": []})
    phones = [{"number": "(310) 555-0123", "type": "cell"}]
    right = director.post("/contacts?allow_duplicate=true", physician(last_name="Right", phones=phones)).body["id"]
    bench.clock.moment = NOON + timedelta(hours=2)
    for message in written:
        sweep_message(bench.sweep, ref_of(message))
    bench.run()
    assert {(one.kind, bench.now(one).reason) for one in written} == {
        (Kind.OPT_IN_REQUEST, "address_removed"),
        (Kind.AD_HOC, "not_opted_in"),
    }
    bench.contact_id = right
    bench.write(methods=("sms",))
    bench.run()
    assert [outgoing.to for outgoing in bench.provider.sent] == ["+13105550123"]
    (consent,) = bench.messages.consents(bench.account, [("tel", "+13105550123")]).values()
    assert consent.agreement is Agreement.REQUESTED


def test_the_question_is_put_back_before_it_is_skipped_so_that_no_end_of_a_run_comes_between(
    bench: Bench, director: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    director.patch("/settings", {"opt_in_required": True})
    bench.write(methods=("sms",))
    director.patch(f"/contacts/{bench.contact_id}", {"phones": []})
    change, failing = TableMessages.change_consent, iter([True])

    def unsteady(self: TableMessages, before: Consent, after: Consent) -> None:
        if next(failing, False):
            raise Unavailable("for a moment")
        change(self, before, after)

    monkeypatch.setattr(TableMessages, "change_consent", unsteady)
    later = bench.run()
    assert bench.run(list(later)) == {}
    (consent,) = bench.messages.consents(bench.account, [("tel", "+13105550123")]).values()
    assert consent.agreement is Agreement.UNKNOWN


def test_a_question_that_was_skipped_is_not_sent_again_the_next_message_asks(bench: Bench, director: Caller) -> None:
    director.patch("/settings", {"opt_in_required": True})
    (request,) = [one for one in bench.write(methods=("sms",)) if one.kind is Kind.OPT_IN_REQUEST]
    director.patch(f"/contacts/{bench.contact_id}", {"phones": []})
    bench.run()
    director.patch(f"/contacts/{bench.contact_id}", {"phones": [{"number": "(310) 555-0123", "type": "cell"}]})
    with pytest.raises(Conflict) as refused:
        again(bench, request)
    assert refused.value.code == "not_failed"


def test_what_was_skipped_is_sent_again_to_the_number_that_is_on_file_now(bench: Bench, director: Caller) -> None:
    (message,) = bench.write(methods=("sms",))
    director.patch(f"/contacts/{bench.contact_id}", NEW_NUMBER)
    bench.run()
    assert bench.now(message).status is Status.SKIPPED
    again(bench, message)
    bench.run()
    assert [outgoing.to for outgoing in bench.provider.sent] == ["+13105550199"]
    assert (bench.now(message).status, bench.now(message).to) == (Status.SENT, "+13105550199")


@pytest.mark.parametrize("outcome", [Refused("no_such_number"), Unknown("ReadTimeoutError")], ids=["failed", "unknown"])
def test_what_a_provider_was_asked_with_keeps_its_number(bench: Bench, director: Caller, outcome: Any) -> None:
    """Late receipts, and what the old number's owner answers, are about the old number."""
    (message,) = bench.write(methods=("sms",))
    bench.provider.answers = [outcome]
    bench.run()
    director.patch(f"/contacts/{bench.contact_id}", NEW_NUMBER)
    with pytest.raises(Conflict) as refused:
        again(bench, message)
    assert refused.value.code == "address_removed"


def test_sent_again_it_needs_the_same_consent_as_the_first_time(bench: Bench, director: Caller) -> None:
    (message,) = bench.write(methods=("sms",))
    director.patch(f"/contacts/{bench.contact_id}", {"phones": []})
    bench.run()
    director.patch("/settings", {"opt_in_required": True})
    director.patch(f"/contacts/{bench.contact_id}", {"phones": [{"number": "(310) 555-0123", "type": "cell"}]})
    with pytest.raises(Conflict) as refused:
        again(bench, message)
    assert (refused.value.code, "not_opted_in" in str(refused.value)) == ("not_reachable", True)


def test_sent_again_it_goes_where_it_went_before_as_long_as_that_is_on_file(bench: Bench, director: Caller) -> None:
    (message,) = bench.write(methods=("sms",))
    bench.provider.answers = [Refused("no_such_number"), Accepted("x")]
    bench.run()
    phones = [{"number": "(310) 555-0199", "type": "cell"}, {"number": "(310) 555-0123", "type": "home"}]
    director.patch(f"/contacts/{bench.contact_id}", {"phones": phones})
    assert again(bench, message).to == message.to


@pytest.mark.parametrize("why", ["no number", "STOP"])
def test_sent_again_it_is_refused_when_there_is_no_number_that_it_may_go_to(
    bench: Bench, director: Caller, why: str
) -> None:
    (message,) = bench.write(methods=("sms",))
    director.patch(f"/contacts/{bench.contact_id}", {"phones": []} if why == "no number" else NEW_NUMBER)
    bench.run()
    if why == "STOP":
        (before,) = bench.messages.consents(bench.account, [("tel", "+13105550199")]).values()
        bench.messages.change_consent(before, before.changed(Agreement.OPTED_OUT, NOON, "x"))
    with pytest.raises(Conflict) as refused:
        again(bench, message)
    assert refused.value.code == "address_removed"
    assert bench.now(message).status is Status.SKIPPED


def test_a_question_that_failed_is_sent_again_before_anybody_has_agreed(bench: Bench, director: Caller) -> None:
    director.patch("/settings", {"opt_in_required": True})
    (request,) = [one for one in bench.write(methods=("sms",)) if one.kind is Kind.OPT_IN_REQUEST]
    bench.provider.answers = [Refused("throttled_for_good")]
    bench.run()
    assert bench.now(request).status is Status.FAILED
    again(bench, request)
    bench.run()
    assert bench.now(request).status is Status.SENT


def test_sent_again_by_an_old_version_it_is_refused(bench: Bench) -> None:
    (message,) = bench.write()
    bench.provider.answers = [Refused("no_such_address")]
    bench.run()
    with pytest.raises(StaleVersion):
        again(bench, message, expected_version=message.version)
    assert again(bench, message, expected_version=bench.now(message).version).status is Status.QUEUED
