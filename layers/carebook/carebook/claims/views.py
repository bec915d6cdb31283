"""A claim in the shape that callers see."""

from typing import cast

from carebook.claims.model import Finding
from carebook.claims.schemas import ClaimView, FindingView, Item17
from carebook.claims.service import Claim


def claim_view(claim: Claim) -> ClaimView:
    """The items, the segments one after the other and by loop, and the findings."""
    items = claim.items
    return {
        "item_17": cast("Item17", {"qualifier": items.qualifier, "name": items.name}),
        "item_17a": {"qualifier": items.other_id.qualifier, "id": items.other_id.id} if items.other_id else None,
        "item_17b": items.npi,
        "x12": [segment for loop in claim.loops for segment in loop.segments],
        "x12_loops": [{"loop": loop.name, "segments": list(loop.segments)} for loop in claim.loops],
        "findings": [finding_view(finding) for finding in claim.findings],
    }


def finding_view(finding: Finding) -> FindingView:
    """A finding."""
    return {"code": finding.code, "severity": finding.severity, "message": finding.message}
