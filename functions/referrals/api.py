"""HTTP: referrals, and what a claim says of who referred."""

from functools import lru_cache
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook.claims.model import Payer, Provider, Role
from carebook.claims.schemas import ClaimView
from carebook.claims.service import Claim, claim_for, provider_of
from carebook.claims.views import claim_view
from carebook.clients.store import TableClients
from carebook.contacts.service import view_contact
from carebook.contacts.store import TableContacts
from carebook.fields import Day
from carebook.http.api import Api, answer, no_content, pdf
from carebook.http.patches import MergePatch
from carebook.identity import Permission
from carebook.instants import day_in, utcnow
from carebook.referrals import service
from carebook.referrals.claiming import claim_of
from carebook.referrals.listing import claim_problems, list_referrals, referrals_by_contact, summary_of
from carebook.referrals.protocols import Desk, ReferralAct
from carebook.referrals.reading import details_of, read_details
from carebook.referrals.schemas import (
    ClaimProblems,
    JsonOrPdf,
    NewReferral,
    PayerName,
    ReferralListPage,
    ReferralPage,
    ReferralView,
    RoleName,
    Status,
    SummaryView,
)
from carebook.referrals.store import TableReferrals
from carebook.referrals.views import problem_row, referral_row, referral_view, summary_rows
from carebook.settings.store import TableSettings
from carebook.table import open_table

api = Api()
Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query()]
PayerParameter = Annotated[PayerName, Query(description="Whose rules hold.")]
Format = Annotated[JsonOrPdf, Query(description="`pdf`: the items in place for print on the standard form.")]
PrimaryCare = Annotated[str | None, Query(description="A contact to be named as primary care provider besides (P3).")]


@lru_cache(maxsize=1)
def desk() -> Desk:
    clients, contacts = TableClients(open_table()), TableContacts(open_table())
    return Desk(clients, contacts, TableReferrals(open_table(), clients, contacts))


def _act(client_id: str, referral_id: str = "") -> ReferralAct:
    principal = api.principal
    principal.require(Permission.USE_CLIENTS)
    return ReferralAct(
        account=principal.account,
        client_id=client_id,
        referral_id=referral_id,
        by=principal.person,
        now=utcnow(),
        expected_version=api.expected_version,
    )


@api.post("/clients/<client_id>/referrals", tags=["referrals"], summary="Add a referral", status_code=201)
def create(client_id: str, new: Annotated[NewReferral, Body()]) -> Response[ReferralView]:
    act = _act(client_id)
    known = service.add_referral(desk(), act, lambda today: details_of(new, today=today), request=api.once)
    location = {"Location": f"/clients/{known.referral.client_id}/referrals/{known.referral.id}"}
    return answer(referral_view(known), status=201, version=known.referral.version, headers=location)


@api.get("/clients/<client_id>/referrals", tags=["referrals"], summary="The referrals of a client")
def list_of_client(client_id: str, limit: Limit = 50, cursor: Cursor = None) -> Response[ReferralPage]:
    act = _act(client_id)
    position = api.unseal_cursor(cursor)
    found, next_before = service.referrals_of_client(desk(), act, before=position[0] if position else None, limit=limit)
    next_cursor = api.seal_cursor([next_before] if next_before else None)
    return answer({"items": [referral_view(known) for known in found], "next_cursor": next_cursor})


@api.get("/clients/<client_id>/referrals/<referral_id>", tags=["referrals"], summary="Read a referral")
def read(client_id: str, referral_id: str) -> Response[ReferralView]:
    known = service.view_referral(desk(), _act(client_id, referral_id))
    return answer(referral_view(known), version=known.referral.version)


@api.patch("/clients/<client_id>/referrals/<referral_id>", tags=["referrals"], summary="Change a referral")
def change(
    client_id: str, referral_id: str, patch: Annotated[MergePatch[NewReferral], Body()]
) -> Response[ReferralView]:
    known = service.change_referral(
        desk(), _act(client_id, referral_id), patch.root, lambda document, today: read_details(document, today=today)
    )
    return answer(referral_view(known), version=known.referral.version)


@api.delete(
    "/clients/<client_id>/referrals/<referral_id>", tags=["referrals"], summary="Delete a referral", status_code=204
)
def remove(client_id: str, referral_id: str) -> Response[Any]:
    service.delete_referral(desk(), _act(client_id, referral_id))
    return no_content()


@api.post(
    "/clients/<client_id>/referrals/<referral_id>/refresh",
    tags=["referrals"],
    summary="Copy the referrer anew, as they are now",
)
def refresh(client_id: str, referral_id: str) -> Response[ReferralView]:
    known = service.refresh_referrer(desk(), _act(client_id, referral_id))
    return answer(referral_view(known), version=known.referral.version)


@api.get("/clients/<client_id>/referrals/<referral_id>/claim", tags=["claims"], summary="Items 17, 17a, 17b")
def claim_of_referral(
    client_id: str,
    referral_id: str,
    payer: PayerParameter = "nucc",
    primary_care: PrimaryCare = None,
    format: Format = "json",  # noqa: A002 - the name that callers know
) -> Response[ClaimView | str]:
    known = service.view_referral(desk(), _act(client_id, referral_id))
    return _answer(claim_of(known, Payer(payer), primary_care=_provider(primary_care)), format)


@api.get("/contacts/<contact_id>/claim", tags=["claims"], summary="Items 17, 17a, 17b, were this contact on a claim")
def claim_of_contact(
    contact_id: str,
    role: Annotated[RoleName, Query()] = "referring",
    payer: PayerParameter = "nucc",
    primary_care: PrimaryCare = None,
    format: Format = "json",  # noqa: A002 - the name that callers know
) -> Response[ClaimView | str]:
    api.principal.require(Permission.USE_CLIENTS)
    provider = _provider(contact_id)
    claim = claim_for(provider or Provider(), Role(role), Payer(payer), primary_care=_provider(primary_care))
    return _answer(claim, format)


def _provider(contact_id: str | None) -> Provider | None:
    if contact_id is None:
        return None
    principal = api.principal
    contact, _settings = view_contact(
        desk().contacts, account=principal.account, contact_id=contact_id, viewer=principal.person, now=utcnow()
    )
    return provider_of(contact.details)


def _answer(claim: Claim, how: JsonOrPdf) -> Response[Any]:
    if how == "json":
        return answer(claim_view(claim))
    from carebook.claims.form import form_page

    return pdf(form_page(claim.printable), name="cms-1500-item-17.pdf")


@api.get("/contacts/<contact_id>/referrals", tags=["referrals"], summary="The referrals by a contact")
def list_of_contact(contact_id: str, limit: Limit = 50, cursor: Cursor = None) -> Response[ReferralListPage]:
    principal = api.principal
    principal.require(Permission.USE_CLIENTS)
    position, now = api.unseal_cursor(cursor), utcnow()
    listed, settings, next_before = referrals_by_contact(
        desk(),
        lambda: view_contact(
            desk().contacts, account=principal.account, contact_id=contact_id, viewer=principal.person, now=now
        ),
        account=principal.account,
        contact_id=contact_id,
        before=position[0] if position else None,
        limit=limit,
    )
    today = day_in(settings.time_zone, now)
    next_cursor = api.seal_cursor([next_before] if next_before else None)
    return answer({"items": [referral_row(one, today) for one in listed], "next_cursor": next_cursor})


@api.get("/referrals", tags=["referrals"], summary="Referrals of all clients, those received last first")
def list_of_account(
    status: Annotated[Status | None, Query()] = None,
    received_from: Annotated[Day | None, Query()] = None,
    received_to: Annotated[Day | None, Query()] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[ReferralListPage]:
    principal = api.principal
    principal.require(Permission.USE_CLIENTS)
    query = (status or "", received_from or "", received_to or "")
    position = api.unseal_cursor(cursor, *query)
    (listed, next_before), settings = desk().referrals.together(
        lambda: list_referrals(
            desk(),
            account=principal.account,
            status=status,
            received_from=received_from,
            received_to=received_to,
            before=position[0] if position else None,
            limit=limit,
        ),
        lambda: TableSettings(open_table()).current(principal.account),
    )
    today = day_in(settings.time_zone, utcnow())
    next_cursor = api.seal_cursor([next_before] if next_before else None, *query)
    return answer({"items": [referral_row(one, today) for one in listed], "next_cursor": next_cursor})


@api.get("/referrals/summary", tags=["referrals"], summary="How many referrals came from whom")
def summary(
    first: Annotated[Day | None, Query(alias="from", description="A year back when left out.")] = None,
    last: Annotated[Day | None, Query(alias="to", description="Today when left out.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[SummaryView]:
    principal = api.principal
    principal.require(Permission.USE_CLIENTS)
    position = api.unseal_cursor(cursor, first or "", last or "")
    settings = TableSettings(open_table()).current(principal.account)
    found = summary_of(desk(), account=principal.account, settings=settings, first=first, last=last, now=utcnow())
    rows, skip = summary_rows(found), int(position[0]) if position else 0
    going_on = [str(skip + limit)] if len(rows) > skip + limit else None
    page = {
        "items": rows[skip : skip + limit],
        "next_cursor": api.seal_cursor(going_on, first or "", last or ""),
        "total": found.total,
        "period": {"from": found.first.isoformat(), "to": found.last.isoformat()},
    }
    return answer(page)


@api.get("/referrals/claim-problems", tags=["claims"], summary="Referrers of open referrals whose claim would fail")
def problems(payer: PayerParameter = "nucc", limit: Limit = 50, cursor: Cursor = None) -> Response[ClaimProblems]:
    principal = api.principal
    principal.require(Permission.USE_CLIENTS)
    position = api.unseal_cursor(cursor, payer)
    found, next_skip = claim_problems(
        desk(),
        account=principal.account,
        payer=Payer(payer),
        skip=int(position[0]) if position else 0,
        limit=limit,
    )
    next_cursor = api.seal_cursor([str(next_skip)] if next_skip else None, payer)
    return answer({"items": [problem_row(problem) for problem in found], "next_cursor": next_cursor})


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda entry point."""
    return api.resolve(event, context)
