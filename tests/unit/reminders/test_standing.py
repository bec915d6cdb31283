"""A message that has waited is asked about again; one that goes out at once is not."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from carebook.bills.model import Bill, BillDetails, Status
from carebook.clients.model import Client, Link
from carebook.contacts.model import Contact
from carebook.identity import Person
from carebook.messages.model import Kind, Message
from carebook.messages.model import Status as MessageStatus
from carebook.reminders.protocols import Subject
from carebook.reminders.standing import Overtaken, about

NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
UNTIL = NOW + timedelta(days=1)
BILL = Bill(
    id="bil_1",
    account="a",
    client_id="cli_1",
    version=1,
    details=BillDetails(number="1", amount=100, currency="USD", issued_on=NOW.date(), due_on=NOW.date()),
    created_at=NOW,
    updated_at=NOW,
)
NOTICE = Message(
    id="msg_1",
    account="a",
    recipient_id="cli_1",
    version=1,
    kind=Kind.LATE_PAYMENT_NOTICE,
    direction="out",
    method="email",
    to="mia@example.org",
    subject="",
    body="",
    status=MessageStatus.QUEUED,
    history=(),
    created_at=NOW,
    created_by=Person("carebook", "Carebook"),
    client_id="cli_1",
    about=about(BILL, UNTIL),
)


class Shelves:
    """One bill, as it is now, and nothing else; it counts how often it is asked."""

    def __init__(self, bill: Subject | None) -> None:
        self.bill = bill
        self.asked = 0

    def subject(self, account: str, client_id: str, subject_id: str) -> Subject | None:
        self.asked += 1
        assert (account, client_id, subject_id) == ("a", "cli_1", "bil_1")
        return self.bill

    def find_together(self, _account: str, _client_ids: Sequence[str]) -> dict[str, Client]:
        return {}

    def led_to(self, _account: str, _contact_ids: Collection[str]) -> dict[str, Contact]:
        return {}

    def of_client(self, _account: str, _client_id: str) -> list[Link]:
        return []


def why(shelves: Shelves, message: Message, waited: timedelta) -> str | None:
    return Overtaken(shelves, shelves, shelves, shelves)(message, message.recipient_id, NOW + waited)


def test_what_goes_out_at_once_costs_no_request() -> None:
    shelves = Shelves(BILL.closed(Status.PAID, now=NOW))
    assert why(shelves, NOTICE, timedelta(minutes=4)) is None
    assert shelves.asked == 0


@pytest.mark.parametrize(
    ("bill", "reason"),
    [
        (BILL, None),
        (replace(BILL, details=replace(BILL.details, number="2", amount=99)), None),
        (BILL.closed(Status.PAID, now=NOW), "bill_closed"),
        (BILL.closed(Status.VOID, now=NOW), "bill_closed"),
        (replace(BILL, details=replace(BILL.details, amount=0)), "bill_closed"),
        (replace(BILL, details=replace(BILL.details, due_on=UNTIL.date())), "bill_moved"),
        (None, "client_gone"),
    ],
)
def test_what_has_waited_is_sent_if_it_is_so_still(bill: Bill | None, reason: str | None) -> None:
    assert why(Shelves(bill), NOTICE, timedelta(minutes=5)) == reason


def test_a_copy_goes_to_nobody_whose_client_is_gone() -> None:
    assert why(Shelves(BILL), replace(NOTICE, cc_of="msg_0"), timedelta(hours=1)) == "client_gone"


@pytest.mark.parametrize(("waited", "reason"), [(timedelta(hours=23), None), (timedelta(days=1), "too_late")])
def test_what_is_of_no_use_any_more_is_not_sent(waited: timedelta, reason: str | None) -> None:
    assert why(Shelves(BILL), NOTICE, waited) == reason


def test_what_tells_of_no_appointment_and_no_bill_is_not_asked_about() -> None:
    shelves = Shelves(None)
    assert why(shelves, replace(NOTICE, kind=Kind.AD_HOC, about=None), timedelta(days=9)) is None
    assert shelves.asked == 0
