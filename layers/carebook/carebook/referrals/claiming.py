"""The claim's items of a referral: made of the copy that it keeps of its referrer."""

from typing import Final

from carebook.claims.model import Finding, Payer, Provider, Role
from carebook.claims.service import Claim, claim_for
from carebook.referrals.model import KnownReferral, provider_in

_NOBODY: Final = Provider()
_ON_THE_CLAIM: Final = frozenset(Provider.__slots__)


def claim_of(known: KnownReferral, payer: Payer, *, primary_care: Provider | None = None) -> Claim:
    """The items for the referrer as the referral keeps them, in the referral's role."""
    referral = known.referral
    role = Role(referral.details.role)
    if referral.referrer is None:
        nobody = Finding(
            "referrer_missing", "error", "The referral names no referrer. Name one, or leave item 17 blank."
        )
        return Claim(claim_for(_NOBODY, role, payer).items, (), (nobody,))
    claim = claim_for(provider_in(referral.referrer), role, payer, primary_care=primary_care)
    if _ON_THE_CLAIM & set(known.changed_fields):
        message = (
            "The contact has changed since. The claim uses the copy that the referral keeps; take it anew if need be."
        )
        claim = claim.with_findings(Finding("referrer_changed", "warning", message))
    if referral.details.expiry(known.today) == "expired":
        claim = claim.with_findings(Finding("referral_expired", "warning", "The referral has expired."))
    return claim
