"""What a bill may be, and what may become of it."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from carebook.bills.model import Bill, BillDetails, Status
from carebook.errors import Conflict, Invalid

NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
DETAILS = BillDetails(
    number="2026-17", amount=12_000, currency="USD", issued_on=date(2026, 11, 25), due_on=date(2026, 12, 10)
)


def bill() -> Bill:
    return Bill(id="bil_1", account="a", client_id="cli_1", version=1, details=DETAILS, created_at=NOW, updated_at=NOW)


def test_a_bill_does_not_fall_due_before_it_is_issued() -> None:
    replace(DETAILS, due_on=DETAILS.issued_on).check_days()
    with pytest.raises(Invalid) as refused:
        replace(DETAILS, due_on=date(2026, 11, 24)).check_days()
    assert [(one.field, one.code) for one in refused.value.errors] == [("due_on", "due_before_issued")]


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"due_on": date(9999, 12, 31)}, "due_on"), ({"issued_on": date(1, 1, 1)}, "issued_on")],
)
def test_a_bill_has_days_from_which_others_can_be_counted(changes: dict[str, date], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        replace(DETAILS, **changes).check_days()  # type: ignore[arg-type]
    assert [(one.field, one.code) for one in refused.value.errors] == [(field, "out_of_range")]


@pytest.mark.parametrize("status", [Status.PAID, Status.VOID])
def test_a_closed_bill_stays_closed(status: Status) -> None:
    closed = bill().closed(status, now=NOW)
    assert (closed.status, closed.closed_at, closed.version) == (status, NOW, 2)
    assert closed.closed(status, now=NOW) == closed
    other = {Status.PAID: Status.VOID, Status.VOID: Status.PAID}[status]
    for again in (other, Status.OPEN):
        with pytest.raises(Conflict) as refused:
            closed.closed(again, now=NOW)
        assert refused.value.code == "bill_closed"
    with pytest.raises(Conflict):
        closed.changed(DETAILS, now=NOW)


@pytest.mark.parametrize(("today", "late"), [(date(2026, 12, 10), False), (date(2026, 12, 11), True)])
def test_a_bill_is_late_when_its_last_day_has_passed_unpaid(today: date, late: bool) -> None:
    assert bill().is_late(today) is late
    assert not bill().closed(Status.PAID, now=NOW).is_late(today)
