"""Referrals in the shape that callers see."""

from typing import Any, cast

from carebook.claims.views import finding_view
from carebook.clients.views import linked_client_row
from carebook.contacts.model import shown_name
from carebook.instants import instant
from carebook.referrals.listing import ClaimProblem, ListedReferral, Referrer, Summary, referrer_in
from carebook.referrals.model import KnownReferral, Referral, left_of, provider_in
from carebook.referrals.schemas import (
    ClaimProblemRow,
    ReferralListRow,
    ReferralView,
    ReferrerRow,
    SnapshotView,
    SummaryRow,
)


def referral_view(known: KnownReferral) -> ReferralView:
    """The whole record, with what remains of it and what has become of its referrer."""
    referral, used = known.referral, known.usage
    details = referral.details
    changed = known.changed_fields
    view: dict[str, Any] = details.to_document() | {
        "id": referral.id,
        "client_id": referral.client_id,
        "contact_id": known.contact.id if known.contact else details.contact_id,
        "version": referral.version,
        "created_at": instant(referral.created_at),
        "created_by": {"id": referral.created_by.id, "name": referral.created_by.name},
        "updated_at": instant(referral.updated_at),
        "expiry": details.expiry(known.today),
        "appointments_used": used.appointments,
        "appointments_left": left_of(details.appointment_limit, used.appointments),
        "minutes_used": used.minutes,
        "minutes_left": left_of(details.minutes_limit, used.minutes),
        "referrer_snapshot": _snapshot(referral),
        "referrer_state": known.referrer_state,
        "referrer_changed": bool(changed),
        "referrer_changed_fields": changed,
    }
    return cast("ReferralView", view)  # the resolver checks every answer against the schema


def _snapshot(referral: Referral) -> SnapshotView | None:
    if referral.referrer is None or referral.referrer_at is None:
        return None
    name = shown_name(provider_in(referral.referrer))
    return cast("SnapshotView", {"name": name, **referral.referrer, "taken_at": instant(referral.referrer_at)})


def referral_row(listed: ListedReferral) -> ReferralListRow:
    """A row of a list that spans clients."""
    row = listed.row
    return cast(
        "ReferralListRow",
        {
            "id": row.id,
            "client": linked_client_row(listed.client),
            "referrer": referrer_row(referrer_in(row, listed.contact)),
            "role": row.role,
            "status": row.status,
            "received_on": row.received_on,
            "dated_on": row.dated_on,
            "expires_on": row.expires_on,
            "expiry": listed.expiry,
            "appointment_limit": row.appointment_limit,
        },
    )


def referrer_row(referrer: Referrer | None) -> ReferrerRow | None:
    """A referrer in a row."""
    return None if referrer is None else {"id": referrer.id, "name": referrer.name}


def summary_rows(summary: Summary) -> list[SummaryRow]:
    """The counts, the most first."""
    return [{"referrer": referrer_row(referrer), "count": count} for referrer, count in summary.counts]


def problem_row(problem: ClaimProblem) -> ClaimProblemRow:
    """A referrer whose claim would fail."""
    return {
        "referrer": referrer_row(problem.referrer),
        "role": problem.role.value,
        "findings": [finding_view(finding) for finding in problem.findings],
        "referrals": [{"id": row.id, "client_id": row.client_id} for row in problem.referrals],
        "count": problem.count,
        "contact_is_in_order": problem.contact_is_in_order,
    }
