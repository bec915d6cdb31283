"""HTTP: appointments and bills of clients, and the automated messages about them."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook.appointments.model import Appointment, AppointmentDetails
from carebook.bills.model import Bill, BillDetails
from carebook.bills.model import Status as BillStatus
from carebook.clients.link_store import TableLinks
from carebook.clients.model import Client
from carebook.clients.protocols import Books
from carebook.clients.service import view_client
from carebook.clients.store import TableClients
from carebook.contacts.store import TableContacts
from carebook.http.api import Api, answer, no_content
from carebook.http.patches import MergePatch
from carebook.identity import Permission
from carebook.instants import day_in, utcnow
from carebook.merge_patch import merge_patch
from carebook.message_templates.store import TableMessageTemplates
from carebook.messages.providers import is_configured
from carebook.messages.queue import QueuedMessages
from carebook.messages.schemas import MessagePage
from carebook.messages.store import TableMessages
from carebook.messages.views import message_view
from carebook.reminders import appointing, billing, previewing
from carebook.reminders.documents import appointment_details, bill_details
from carebook.reminders.history import messages_about
from carebook.reminders.listing import page_of
from carebook.reminders.protocols import Desk, ScheduleAct
from carebook.reminders.reading import appointment_of, bill_of, read_appointment, read_bill
from carebook.reminders.schemas import (
    AppointmentPage,
    AppointmentView,
    BillPage,
    BillView,
    DecisionPage,
    NewAppointment,
    NewBill,
    PreviewInput,
    PreviewOfDecision,
    PutAppointment,
    PutBill,
)
from carebook.reminders.service import checked_external_id
from carebook.reminders.store import TableSchedule
from carebook.reminders.views import appointment_view, bill_view, decision_view, preview_view
from carebook.settings.model import AccountSettings
from carebook.settings.store import TableSettings
from carebook.table import open_table

api = Api()
Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query()]


@lru_cache(maxsize=1)
def schedule() -> TableSchedule:
    return TableSchedule(open_table(), TableClients(open_table()))


@lru_cache(maxsize=1)
def desk() -> Desk:
    table = open_table()
    clients, contacts = TableClients(table), TableContacts(table)
    return Desk(
        books=Books(clients, contacts, TableLinks(table, clients, contacts)),
        schedule=schedule(),
        templates=TableMessageTemplates(table),
        consents=TableMessages(table),
        queue=QueuedMessages(table),
        configured=is_configured,
    )


def _act(client_id: str, subject_id: str = "") -> ScheduleAct:
    principal = api.principal
    principal.require(Permission.USE_CLIENTS)
    return ScheduleAct(
        account=principal.account,
        client_id=client_id,
        subject_id=subject_id,
        by=principal.person,
        now=utcnow(),
        expected_version=api.expected_version,
    )


def _settings() -> AccountSettings:
    return TableSettings(open_table()).current(api.principal.account)


def _viewed(act: ScheduleAct) -> tuple[Client, AccountSettings]:
    """What hangs on a client is looked at as the client is: seen by those who may, and remembered."""
    return view_client(desk().books.clients, account=act.account, client_id=act.client_id, viewer=act.by, now=act.now)


@api.post("/clients/<client_id>/appointments", tags=["appointments"], summary="Make an appointment", status_code=201)
def make_appointment(client_id: str, new: Annotated[NewAppointment, Body()]) -> Response[AppointmentView]:
    made = appointing.add_appointment(desk(), _act(client_id), appointment_of(new), request=api.once)
    location = {"Location": f"/clients/{made.client_id}/appointments/{made.id}"}
    return _appointment_answer(made, status=201, headers=location)


@api.get("/clients/<client_id>/appointments", tags=["appointments"], summary="A client's appointments")
def list_appointments(client_id: str, limit: Limit = 50, cursor: Cursor = None) -> Response[AppointmentPage]:
    act = _act(client_id)
    position = api.unseal_cursor(cursor)
    _viewed(act)
    found = schedule().appointments(act.account, client_id)
    page, last = page_of(found, lambda one: (one.details.starts_at.isoformat(), one.id), behind=position, limit=limit)
    reminders = schedule().reminders(act.account, client_id)
    items = [appointment_view(one, reminders) for one in page]
    return answer({"items": items, "next_cursor": api.seal_cursor(last)})


@api.get("/clients/<client_id>/appointments/<appointment_id>", tags=["appointments"], summary="Read an appointment")
def read_one_appointment(client_id: str, appointment_id: str) -> Response[AppointmentView]:
    act = _act(client_id, appointment_id)
    _viewed(act)
    found, reminders = schedule().appointment(act.account, client_id, appointment_id)
    return answer(appointment_view(found, reminders), version=found.version)


@api.patch(
    "/clients/<client_id>/appointments/<appointment_id>", tags=["appointments"], summary="Move or change an appointment"
)
def change_appointment(
    client_id: str, appointment_id: str, patch: Annotated[MergePatch[NewAppointment], Body()]
) -> Response[AppointmentView]:
    def edit(before: AppointmentDetails) -> AppointmentDetails:
        return read_appointment(merge_patch(appointment_details(before), patch.root))

    changed = appointing.change_appointment(desk(), _act(client_id, appointment_id), edit)
    return _appointment_answer(changed)


@api.delete(
    "/clients/<client_id>/appointments/<appointment_id>",
    tags=["appointments"],
    summary="Cancel an appointment",
    status_code=204,
)
def cancel_appointment(client_id: str, appointment_id: str) -> Response[Any]:
    appointing.cancel_appointment(desk(), _act(client_id, appointment_id))
    return no_content()


@api.put(
    "/clients/<client_id>/appointments/<appointment_id>",
    tags=["appointments"],
    summary="Keep an appointment as another system has it, by the id that it has there",
)
def put_appointment(
    client_id: str, appointment_id: str, new: Annotated[PutAppointment, Body()]
) -> Response[AppointmentView]:
    act, external_id = _act(client_id), checked_external_id(appointment_id)
    canceled = new.status and new.status == "canceled"
    kept, is_new = appointing.put_appointment(desk(), act, external_id, appointment_of(new), canceled=canceled)
    return _appointment_answer(kept, status=201 if is_new else 200)


def _appointment_answer(
    appointment: Appointment, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response[AppointmentView]:
    reminders = schedule().reminders(appointment.account, appointment.client_id, appointment.id)
    return answer(appointment_view(appointment, reminders), status=status, version=appointment.version, headers=headers)


@api.post("/clients/<client_id>/bills", tags=["bills"], summary="Add a bill", status_code=201)
def add_bill(client_id: str, new: Annotated[NewBill, Body()]) -> Response[BillView]:
    act, settings = _act(client_id), _settings()
    made = billing.add_bill(desk(), act, bill_of(new, settings), request=api.once)
    location = {"Location": f"/clients/{made.client_id}/bills/{made.id}"}
    return _bill_answer(made, settings, act, status=201, headers=location)


@api.get("/clients/<client_id>/bills", tags=["bills"], summary="A client's bills")
def list_bills(client_id: str, limit: Limit = 50, cursor: Cursor = None) -> Response[BillPage]:
    act = _act(client_id)
    position = api.unseal_cursor(cursor)
    _, settings = _viewed(act)
    found = schedule().bills(act.account, client_id)
    page, last = page_of(found, lambda one: (one.details.due_on.isoformat(), one.id), behind=position, limit=limit)
    today = day_in(settings.time_zone, act.now)
    reminders = schedule().reminders(act.account, client_id)
    items = [bill_view(one, reminders, today) for one in page]
    return answer({"items": items, "next_cursor": api.seal_cursor(last)})


@api.get("/clients/<client_id>/bills/<bill_id>", tags=["bills"], summary="Read a bill")
def read_one_bill(client_id: str, bill_id: str) -> Response[BillView]:
    act = _act(client_id, bill_id)
    _, settings = _viewed(act)
    return _bill_answer(schedule().bill(act.account, client_id, bill_id)[0], settings, act)


@api.patch("/clients/<client_id>/bills/<bill_id>", tags=["bills"], summary="Change a bill, or note that it is paid")
def change_bill(client_id: str, bill_id: str, patch: Annotated[MergePatch[PutBill], Body()]) -> Response[BillView]:
    act, settings = _act(client_id, bill_id), _settings()
    wanted = dict(patch.root)
    status = billing.read_status(wanted.pop("status")) if "status" in wanted else None

    def edit(before: BillDetails) -> BillDetails:
        return read_bill(merge_patch(bill_details(before), wanted), settings)

    changed = billing.change_bill(desk(), act, edit, status)
    return _bill_answer(changed, settings, act)


@api.put(
    "/clients/<client_id>/bills/<bill_id>",
    tags=["bills"],
    summary="Keep a bill as another system has it, by the id that it has there",
)
def put_bill(client_id: str, bill_id: str, new: Annotated[PutBill, Body()]) -> Response[BillView]:
    act, settings = _act(client_id), _settings()
    kept, is_new = billing.put_bill(
        desk(),
        act,
        checked_external_id(bill_id),
        bill_of(new, settings),
        None if new.status is None else BillStatus(new.status),
    )
    return _bill_answer(kept, settings, act, status=201 if is_new else 200)


def _bill_answer(
    bill: Bill,
    settings: AccountSettings,
    act: ScheduleAct,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response[BillView]:
    today = day_in(settings.time_zone, act.now)
    reminders = schedule().reminders(bill.account, bill.client_id, bill.id)
    return answer(bill_view(bill, reminders, today), status=status, version=bill.version, headers=headers)


@api.get(
    "/clients/<client_id>/messages",
    tags=["automated messages"],
    summary="What was written to a client, and to contacts about them, newest first",
)
def list_messages(client_id: str, limit: Limit = 50, cursor: Cursor = None) -> Response[MessagePage]:
    act = _act(client_id)
    position = api.unseal_cursor(cursor)
    _viewed(act)
    found, next_before = messages_about(
        TableMessages(open_table()),
        schedule(),
        desk().books.contacts,
        account=act.account,
        client_id=client_id,
        before=position[0] if position else None,
        limit=limit,
    )
    next_cursor = api.seal_cursor([next_before] if next_before else None)
    return answer({"items": [message_view(message) for message in found], "next_cursor": next_cursor})


@api.get(
    "/clients/<client_id>/automated-messages",
    tags=["automated messages"],
    summary="What was decided for whom, sent or not and why, newest first",
)
def list_decisions(client_id: str, limit: Limit = 50, cursor: Cursor = None) -> Response[DecisionPage]:
    act = _act(client_id)
    position = api.unseal_cursor(cursor)
    _viewed(act)
    before = position[0] if position else None
    found = schedule().decisions(act.account, client_id, before=before, limit=limit + 1)
    next_cursor = api.seal_cursor([found[limit - 1][0]] if len(found) > limit else None)
    return answer({"items": [decision_view(*one) for one in found[:limit]], "next_cursor": next_cursor})


@api.post(
    "/clients/<client_id>/automated-messages/preview",
    tags=["automated messages"],
    summary="Who would get what by which method, and who not and why",
)
def preview(client_id: str, wanted: Annotated[PreviewInput, Body()]) -> Response[PreviewOfDecision]:
    act = _act(client_id)
    client, settings = _viewed(act)
    decision = previewing.preview(
        desk(), schedule(), kind=wanted.kind, client=client, settings=settings, by=act.by, now=act.now
    )
    return answer(preview_view(decision))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda entry point."""
    return api.resolve(event, context)
