"""What staff do with bills. Each change writes its reminders in one transaction."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from carebook.bills.model import Bill, BillDetails
from carebook.bills.model import Status as BillStatus
from carebook.clients.model import Client
from carebook.errors import FieldError, Invalid, NotFound
from carebook.ids import BILL, is_id, new_id
from carebook.reminders.model import Dropped, Reminder, reminders_of_bill
from carebook.reminders.protocols import AlreadyMade, Desk, ScheduleAct, Writing
from carebook.reminders.service import (
    derived_id,
    entry_of,
    found_client,
    refuse_stale,
    refuse_unknown,
    replaced,
    settled,
    with_changes,
)
from carebook.settings.model import AccountSettings


def add_bill(desk: Desk, act: ScheduleAct, details: BillDetails, *, request: str | None = None) -> Bill:
    """A new bill with its reminder and its late payment notice to come.

    Raises:
        NotFound: when the account has no such client.
        Invalid: when its days are none.
        Conflict: when the client is archived.
    """
    details.check_days()

    def plan() -> _Planned:
        client, settings = found_client(desk, act)
        return _planned(act, client, settings, None, _new_bill(act, new_id(BILL, act.now), details), [])

    try:
        return settled(desk, plan, request=request)[0]
    except AlreadyMade as already:
        return desk.schedule.bill(act.account, already.client_id, already.subject_id)[0]


def change_bill(
    desk: Desk, act: ScheduleAct, edit: Callable[[BillDetails], BillDetails], status: BillStatus | None = None
) -> Bill:
    """The bill with other details, or paid, or void: then nothing more is sent about it.

    Raises:
        NotFound: when there is no such client or bill.
        StaleVersion: when the caller means another version.
        Invalid: when its days are none.
        Conflict: when it is paid or void and is to be something else, or the client is archived.
    """

    def plan() -> _Planned:
        client, settings = found_client(desk, act)
        before, reminders = _bill(desk, act)
        details = edit(before.details)
        details.check_days()
        return _planned(act, client, settings, before, _changed(before, details, status, act), reminders)

    return settled(desk, plan)[0]


def put_bill(
    desk: Desk, act: ScheduleAct, external_id: str, details: BillDetails, status: BillStatus | None = None
) -> tuple[Bill, bool]:
    """The bill that another system knows by *external_id*, as it is there; whether it is new.

    Without a *status* it keeps the one it has: whoever takes payments here need not tell the other system.

    Raises:
        NotFound: when the account has no such client.
        StaleVersion: when the caller means another version, or one of what is not there yet.
        Invalid: when its days are none.
        Conflict: when it is paid or void and is to be something else, or the client is archived.
    """
    details.check_days()
    subject_id = derived_id(BILL, act.client_id, external_id)
    act = replace(act, subject_id=subject_id)

    def plan() -> _Planned:
        client, settings = found_client(desk, act)
        try:
            before, reminders = _bill(desk, act)
        except NotFound:
            refuse_unknown(act)
            made = replace(_new_bill(act, subject_id, details), external_id=external_id)
            made = replace(made.closed(status or made.status, now=act.now), version=1)
            return _planned(act, client, settings, None, made, [])
        return _planned(act, client, settings, before, _changed(before, details, status, act), reminders)

    kept, writing = settled(desk, plan)
    return kept, writing is not None and writing.before is None


def _bill(desk: Desk, act: ScheduleAct) -> tuple[Bill, list[Reminder]]:
    if not is_id(act.subject_id, BILL):
        raise NotFound("There is no such bill.")
    found = desk.schedule.bill(act.account, act.client_id, act.subject_id)
    refuse_stale(desk, found[0], act)
    return found


def _new_bill(act: ScheduleAct, subject_id: str, details: BillDetails) -> Bill:
    return Bill(
        id=subject_id,
        account=act.account,
        client_id=act.client_id,
        version=1,
        details=details,
        created_at=act.now,
        updated_at=act.now,
    )


type _Planned = tuple[Bill, Writing | None]


def _changed(before: Bill, details: BillDetails, status: BillStatus | None, act: ScheduleAct) -> Bill:
    """The bill with all that is asked for as one version; the same one when that changes nothing."""
    after = before if details == before.details else before.changed(details, now=act.now)
    after = after if status is None else after.closed(status, now=act.now)
    return before if after is before else replace(after, version=before.version + 1)


def _planned(
    act: ScheduleAct,
    client: Client,
    settings: AccountSettings,
    before: Bill | None,
    after: Bill,
    reminders: list[Reminder],
) -> _Planned:
    if after is before:
        return before, None
    after = with_changes(before, after)
    steps: tuple[tuple[Reminder | None, Reminder], ...] = ()
    if before is None or _stands(before) != _stands(after):
        reason = Dropped.BILL_MOVED if after.is_owed else Dropped.BILL_CLOSED
        steps = replaced(reminders, reminders_of_bill(after, settings, now=act.now), reason, act.now)
    action = "bill_added" if before is None else "bill_changed" if after.is_open else "bill_closed"
    entry = entry_of(action, act, "bill", before, after)
    return after, Writing(client=client, before=before, after=after, reminders=steps, entry=entry)


def _stands(bill: Bill) -> tuple[bool, date]:
    """What its reminders hang on."""
    return bill.is_owed, bill.details.due_on


def read_status(status: object) -> BillStatus:
    """The status that a patch asks for.

    Raises:
        Invalid: when there is no such status.
    """
    if not isinstance(status, str) or status not in {one.value for one in BillStatus}:
        raise Invalid([FieldError("status", "not_one_of", "Use one of 'open', 'paid' or 'void'.")])
    return BillStatus(status)
