"""Pairs in the shape that callers see."""

from typing import cast

from carebook.contacts.model import summary_of
from carebook.contacts.views import contact_row
from carebook.duplicates.schemas import DuplicatePair
from carebook.duplicates.service import Pair


def duplicate_pair(pair: Pair) -> DuplicatePair:
    """Two rows, what they have in common, and how much that says."""
    view = {
        "contacts": [contact_row(summary_of(contact)) for contact in (pair.one, pair.other)],
        "reasons": [str(reason) for reason in pair.evidence.reasons],
        "score": pair.evidence.score,
    }
    return cast("DuplicatePair", view)  # the resolver checks every answer against the schema
