"""A message goes to an address of its recipient, or it does not go."""

from datetime import timedelta
from typing import Any

import pytest

from carebook.contacts.model import Email, Phone
from carebook.errors import Unavailable
from carebook.messages.channels import Channel, Outgoing
from carebook.messages.consents import Agreement, Consent
from carebook.messages.deciding import decide
from carebook.messages.model import About, Kind, Message, Status, Step
from carebook.messages.ports import Delivery
from carebook.messages.readdressing import address_now
from carebook.messages.recipients import Recipient, recipient_of
from carebook.messages.service import ref_of
from carebook.messages.situations import Situation
from carebook.settings.model import AccountSettings
from tests.fakes.examples import client, contact
from tests.messaging import NOON, FakeChannels, FakeProvider, message

OLD, NEW = {"email": "Old@example.org", "tel": "+13105550123"}, {"email": "new@example.org", "tel": "+13105550199"}
METHODS = {"email": "email", "sms": "tel", "voice": "tel", "fax": "tel"}
ABOUT = About("apt_1", "2026-11-30T15:00:00.000Z", NOON + timedelta(days=5))
KINDS: dict[str, dict[str, Any]] = {
    "to a contact": {},
    "to a client": {"recipient_id": "cli_01ARZ3NDEKTSV4RRFFQ69G5FAV"},
    "a copy": {"cc_of": "msg_01ARZ3NDEKTSV4RRFFQ69G5FAW", "client_id": "cli_01ARZ3NDEKTSV4RRFFQ69G5FAV"},
    "of a share": {"kind": Kind.SHARE, "share_id": "shr_1"},
    "an opt-in request": {"kind": Kind.OPT_IN_REQUEST},
}


class Known:
    """Consents, unknown where nothing else is said."""

    def __init__(self, *, suppressed: str | None = None, **agreements: Agreement) -> None:
        self._suppressed = suppressed
        self._agreements = agreements

    def consents(self, account: str, addresses: Any) -> dict[tuple[str, str], Consent]:
        return {
            where: Consent(
                account=account,
                channel=where[0],
                address=where[1],
                suppressed=self._suppressed,
                agreement=self._agreements.get(where[0], Agreement.UNKNOWN),
            )
            for where in addresses
        }


def by(method: str, **fields: Any) -> Message:
    """A message by that method, to where it went before."""
    return message(method=method, to=OLD[METHODS[method]], **fields)


def recipient(method: str, *addresses: dict[str, str], is_client: bool = False) -> Recipient:
    ways: dict[str, Any] = {
        "emails": tuple(Email(one["email"], "work") for one in addresses),
        "phones": tuple(Phone(one["tel"], "fax" if method == "fax" else "cell", None, one["tel"]) for one in addresses),
    }
    return recipient_of(client(**ways) if is_client else contact(**ways), AccountSettings())


def decided(
    message: Message, recipient: Recipient, known: Any = None, consent: Consent | None = None, **settings: Any
) -> Message | tuple[Channel, Outgoing] | None:
    values: dict[str, Any] = {**AccountSettings().values, **settings}
    provider: Any = FakeProvider()
    nothing: Any = None
    messages: Any = known or Known()
    delivery = Delivery(messages, nothing, nothing, nothing, FakeChannels(provider), lambda: NOON)
    situation = Situation(
        ref_of(message), message, AccountSettings(values=values), recipient, consent, is_unlinked=False
    )
    return decide(delivery, situation)


@pytest.mark.parametrize("what", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("status", [Status.QUEUED, Status.SENDING])
@pytest.mark.parametrize("method", METHODS)
def test_what_staff_wrote_goes_to_no_address_that_was_taken_off_the_file(
    method: str, status: Status, what: dict[str, Any]
) -> None:
    written = by(method, status=status, **what)
    is_client = written.recipient_id.startswith("cli_")
    still = decided(written, recipient(method, NEW, OLD, is_client=is_client))
    assert isinstance(still, tuple)
    assert still[1].to == written.to
    gone = decided(written, recipient(method, NEW, is_client=is_client))
    assert isinstance(gone, Message)
    assert (gone.status, gone.reason) == (Status.SKIPPED, "address_removed")


@pytest.mark.parametrize("on_file", ["old@example.org", "OLD@EXAMPLE.ORG"])
def test_an_address_is_the_same_in_whatever_capitals(on_file: str) -> None:
    assert isinstance(decided(by("email"), recipient("email", NEW | {"email": on_file})), tuple)


@pytest.mark.parametrize("about", [None, ABOUT])
def test_while_a_merge_moves_addresses_a_message_waits(about: About | None) -> None:
    merging = recipient("sms", NEW)
    object.__setattr__(merging, "merging", True)
    with pytest.raises(Unavailable):
        decided(by("sms", about=about), merging)


@pytest.mark.parametrize("method", METHODS)
def test_what_writes_itself_goes_to_the_address_that_is_on_file_now(method: str) -> None:
    moved = decided(by(method, about=ABOUT), recipient(method, NEW))
    assert isinstance(moved, Message)
    assert (moved.status, moved.to, moved.version) == (Status.QUEUED, NEW[METHODS[method]], 2)


@pytest.mark.parametrize(
    ("known", "settings"),
    [
        (Known(tel=Agreement.OPTED_OUT), {}),
        (Known(suppressed="bounce"), {}),
        (Known(tel=Agreement.REQUESTED), {"opt_in_required": True}),
        (Known(tel=Agreement.UNKNOWN), {"opt_in_required": True}),
    ],
    ids=["has said STOP", "is suppressed", "was asked", "was not asked"],
)
def test_but_to_none_whose_owner_has_not_agreed(known: Known, settings: dict[str, Any]) -> None:
    skipped = decided(by("sms", about=ABOUT), recipient("sms", NEW), known, **settings)
    assert isinstance(skipped, Message)
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "address_removed")
    agreed = decided(by("sms", about=ABOUT), recipient("sms", NEW), Known(tel=Agreement.OPTED_IN), **settings)
    assert isinstance(agreed, Message)
    assert agreed.to == NEW["tel"]


def test_nor_after_a_provider_has_been_asked_with_the_old_one() -> None:
    """It may have arrived there."""
    asked = (Step(Status.QUEUED, NOON), Step(Status.SENDING, NOON))
    tried = decided(by("sms", about=ABOUT, status=Status.SENDING, history=asked), recipient("sms", NEW))
    assert isinstance(tried, Message)
    assert tried.reason == "address_removed"


def test_what_the_queue_was_late_with_was_not_sent() -> None:
    moved = decided(by("sms", about=ABOUT, tried=2), recipient("sms", NEW))
    assert isinstance(moved, Message)
    assert moved.to == NEW["tel"]


def test_what_the_owner_of_the_old_number_said_is_not_asked() -> None:
    stopped = Consent(account="acc", channel="tel", address=OLD["tel"], agreement=Agreement.OPTED_OUT)
    moved = decided(by("sms", about=ABOUT), recipient("sms", NEW), consent=stopped)
    assert isinstance(moved, Message)
    assert (moved.status, moved.to) == (Status.QUEUED, NEW["tel"])


def test_it_is_looked_after_until_it_went() -> None:
    """Where a run ends before it was sent, the sweep finds it."""
    moved = decided(by("sms", about=ABOUT), recipient("sms", NEW))
    assert isinstance(moved, Message)
    assert moved.due_at is not None


def test_a_shares_link_and_code_follow_nowhere() -> None:
    of_share = by("sms", kind=Kind.SHARE, share_id="shr_1")
    assert address_now(Known(), of_share, recipient("sms", NEW), AccountSettings()) is None
    assert address_now(Known(), by("sms"), recipient("sms", NEW), AccountSettings()) == NEW["tel"]
