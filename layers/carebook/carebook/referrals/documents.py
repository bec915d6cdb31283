"""A referral and its rows in lists as JSON documents, and back."""

from collections.abc import Mapping
from typing import Any

from carebook.claims.model import Provider
from carebook.clients.documents import shown_in, with_shown
from carebook.identity import Person
from carebook.instants import instant, parse_instant
from carebook.referrals.model import Appointment, Referral, ReferralDetails, ReferralRow


def referral_document(referral: Referral) -> dict[str, Any]:
    """All of a referral but its key and version."""
    return {
        "details": referral.details.to_document(),
        "referrer": referral.referrer,
        "referrer_at": None if referral.referrer_at is None else instant(referral.referrer_at),
        "created_at": instant(referral.created_at),
        "created_by": {"id": referral.created_by.id, "name": referral.created_by.name},
        "updated_at": instant(referral.updated_at),
        "changed_in": dict(referral.changed_in),
    } | with_shown(referral.client)


def referral_from(
    account: str, client_id: str, referral_id: str, version: int, document: Mapping[str, Any]
) -> Referral:
    """The referral out of :func:`referral_document`."""
    referrer_at = document["referrer_at"]
    return Referral(
        id=referral_id,
        account=account,
        client_id=client_id,
        version=version,
        details=ReferralDetails.from_document(document["details"]),
        referrer=document["referrer"],
        referrer_at=None if referrer_at is None else parse_instant(referrer_at),
        created_at=parse_instant(document["created_at"]),
        created_by=Person(**document["created_by"]),
        updated_at=parse_instant(document["updated_at"]),
        changed_in=document.get("changed_in", {}),
        client=shown_in(client_id, document),
    )


def row_document(row: ReferralRow) -> dict[str, Any]:
    """A row of a list; what is empty is left out, since every started kilobyte costs."""
    fields: dict[str, Any] = {name: getattr(row, name) for name in ReferralRow.__slots__}
    if row.provider is not None:
        names = {name: getattr(row.provider, name) for name in Provider.__slots__}
        fields["provider"] = {name: value for name, value in names.items() if value is not None}
    return {name: value for name, value in fields.items() if value is not None}


def row_from(document: Mapping[str, Any]) -> ReferralRow:
    """The row out of :func:`row_document`."""
    fields: dict[str, Any] = {name: document.get(name) for name in ReferralRow.__slots__}
    provider = document.get("provider")
    return ReferralRow(**fields | {"provider": None if provider is None else Provider(**provider)})


def appointment_from(document: Mapping[str, Any]) -> Appointment:
    """What a referral needs to know, out of an appointment's document."""
    canceled_at = document.get("canceled_at")
    return Appointment(
        referral_id=document.get("referral_id"),
        starts_at=parse_instant(document["starts_at"]),
        ends_at=parse_instant(document["ends_at"]),
        canceled_at=None if canceled_at is None else parse_instant(canceled_at),
    )
