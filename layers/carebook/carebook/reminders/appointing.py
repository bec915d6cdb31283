"""What staff do with appointments. Each change writes its reminders and its notice in one transaction."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from carebook.appointments.model import Appointment, AppointmentDetails, refuse_past
from carebook.clients.model import Client
from carebook.errors import Conflict, NotFound
from carebook.ids import APPOINTMENT, is_id, new_id
from carebook.reminders.deciding import Decision, Occasion, is_turned_on
from carebook.reminders.model import Dropped, News, Reminder, reminders_of_appointment, rest_of_notice
from carebook.reminders.protocols import AlreadyMade, Desk, ScheduleAct, Writing
from carebook.reminders.service import (
    decide_now,
    derived_id,
    entry_of,
    facts_of,
    found_client,
    refuse_stale,
    refuse_unknown,
    replaced,
    settled,
    with_changes,
)
from carebook.reminders.standing import about
from carebook.reminders.telling import appointment_values
from carebook.settings.model import AccountSettings

_NOTICE: Final = "appointment_notice"


def add_appointment(
    desk: Desk, act: ScheduleAct, details: AppointmentDetails, *, request: str | None = None
) -> Appointment:
    """A new appointment, with its reminders and its notice. The same *request* again gives what it made first.

    Raises:
        NotFound: when the account has no such client.
        Invalid: when it lies in the past, or its times are none.
        Conflict: when the client is archived.
    """
    details.check_times()
    refuse_past(details, act.now)

    def plan() -> _Planned:
        client, settings = found_client(desk, act)
        made = _new_appointment(act, new_id(APPOINTMENT, act.now), details)
        return _planned(desk, act, client, settings, None, made, [])

    try:
        return settled(desk, plan, request=request)[0]
    except AlreadyMade as already:
        return desk.schedule.appointment(act.account, already.client_id, already.subject_id)[0]


def change_appointment(
    desk: Desk, act: ScheduleAct, edit: Callable[[AppointmentDetails], AppointmentDetails]
) -> Appointment:
    """The appointment with other details. One that is moved gets new reminders, and a new notice goes out.

    Raises:
        NotFound: when there is no such client or appointment.
        StaleVersion: when the caller means another version.
        Invalid: when it is moved into the past, or its times are none.
        Conflict: when it is canceled, or the client is archived.
    """

    def plan() -> _Planned:
        client, settings = found_client(desk, act)
        before, reminders = _appointment(desk, act)
        details = edit(before.details)
        details.check_times()
        if details.starts_at != before.details.starts_at:
            refuse_past(details, act.now)
        if details == before.details:
            return before, None
        return _planned(desk, act, client, settings, before, before.changed(details, now=act.now), reminders)

    return settled(desk, plan)[0]


def cancel_appointment(desk: Desk, act: ScheduleAct) -> Appointment:
    """The appointment called off: its reminders are dropped, and a notice goes out. Again changes nothing.

    Raises:
        NotFound: when there is no such client or appointment.
        StaleVersion: when the caller means another version.
        Conflict: when the client is archived.
    """

    def plan() -> _Planned:
        client, settings = found_client(desk, act)
        before, reminders = _appointment(desk, act)
        after = before.canceled(act.now)
        if after is before:
            return before, None
        return _planned(desk, act, client, settings, before, after, reminders)

    return settled(desk, plan)[0]


def put_appointment(
    desk: Desk, act: ScheduleAct, external_id: str, details: AppointmentDetails, *, canceled: bool | None = None
) -> tuple[Appointment, bool]:
    """The appointment that another system knows by *external_id*, as it is there; whether it is new.

    Without a word on whether it is *canceled*, it stays what it was. The same again writes nothing and sends nothing.
    One that has passed is kept without a word to anybody.

    Raises:
        NotFound: when the account has no such client.
        StaleVersion: when the caller means another version, or one of what is not there yet.
        Invalid: when its times are none.
        Conflict: when it was canceled and is to take place again, or the client is archived.
    """
    details.check_times()
    subject_id = derived_id(APPOINTMENT, act.client_id, external_id)
    act = replace(act, subject_id=subject_id)

    def plan() -> _Planned:
        client, settings = found_client(desk, act)
        known, reminders = _known_appointment(desk, act)
        if known is None:
            refuse_unknown(act)
            made = replace(_new_appointment(act, subject_id, details), external_id=external_id)
            after = replace(made.canceled(act.now), version=1) if canceled else made
        else:
            changed = known if known.details == details else known.changed(details, now=act.now)
            changed = changed.canceled(act.now) if canceled else changed
            if canceled is False:
                _refuse_canceled(changed)
            if changed is known:
                return known, None
            after = replace(changed, version=known.version + 1)
        return _planned(desk, act, client, settings, known, after, reminders)

    kept, writing = settled(desk, plan)
    return kept, writing is not None and writing.before is None


def _appointment(desk: Desk, act: ScheduleAct) -> tuple[Appointment, list[Reminder]]:
    if not is_id(act.subject_id, APPOINTMENT):
        raise NotFound("There is no such appointment.")
    found = desk.schedule.appointment(act.account, act.client_id, act.subject_id)
    refuse_stale(desk, found[0], act)
    return found


def _known_appointment(desk: Desk, act: ScheduleAct) -> tuple[Appointment | None, list[Reminder]]:
    try:
        return _appointment(desk, act)
    except NotFound:
        return None, []


def _refuse_canceled(appointment: Appointment) -> None:
    if appointment.canceled_at is not None:
        raise Conflict("This appointment is canceled. Give a new one another id.", code="appointment_canceled")


def _new_appointment(act: ScheduleAct, subject_id: str, details: AppointmentDetails) -> Appointment:
    return Appointment(
        id=subject_id,
        account=act.account,
        client_id=act.client_id,
        version=1,
        details=details,
        created_at=act.now,
        updated_at=act.now,
    )


type _Planned = tuple[Appointment, Writing | None]


def _planned(
    desk: Desk,
    act: ScheduleAct,
    client: Client,
    settings: AccountSettings,
    before: Appointment | None,
    after: Appointment,
    reminders: list[Reminder],
) -> _Planned:
    after = with_changes(before, after)
    moved = before is not None and before.details.starts_at != after.details.starts_at
    canceled = after.canceled_at is not None
    changes_when = before is None or moved or canceled
    decision, planned = None, reminders_of_appointment(after, settings, now=act.now) if changes_when else ()
    if changes_when and _is_news(before, after, settings, act.now):
        moved_from = before.details.starts_at if before is not None and moved and not canceled else None
        news = News(moved_from=moved_from, canceled=canceled)
        useless_at = max(one.details.starts_at for one in (before, after) if one is not None)
        decision = _decided(desk, act, client, settings, after, news, useless_at)
        if decision.rest is not None:
            planned = (*planned, rest_of_notice(after, decision.rest, news, useless_at=useless_at, now=act.now))
    reason = Dropped.APPOINTMENT_CANCELED if canceled else Dropped.APPOINTMENT_MOVED
    action = "appointment_added" if before is None else "appointment_canceled" if canceled else "appointment_changed"
    writing = Writing(
        client=client,
        before=before,
        after=after,
        reminders=replaced(reminders, planned, reason, act.now) if changes_when else (),
        entry=entry_of(action, act, "appointment", before, after),
        decision=decision,
    )
    return after, writing


def _decided(
    desk: Desk,
    act: ScheduleAct,
    client: Client,
    settings: AccountSettings,
    after: Appointment,
    news: News,
    useless_at: datetime,
) -> Decision:
    occasion = Occasion(
        kind=_NOTICE,
        subject_id=after.id,
        values=lambda zone: appointment_values(after, zone, moved_from=news.moved_from, canceled=news.canceled),
        about=about(after, useless_at),
    )
    return decide_now(desk, facts_of(desk, client, settings), occasion, by=act.by, now=act.now)


def _is_news(before: Appointment | None, after: Appointment, settings: AccountSettings, now: datetime) -> bool:
    """Whether anybody is told: of what lies ahead, or lay ahead until now."""
    ahead = after.details.starts_at > now or (before is not None and before.details.starts_at > now)
    unknown = before is None and after.canceled_at is not None
    return ahead and not unknown and is_turned_on(_NOTICE, settings)
