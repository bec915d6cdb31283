"""What of a contact can be searched."""

from collections.abc import Mapping
from typing import Final

from carebook.contacts.model import Contact
from carebook.search.tokens import Searchable

BOOK: Final = "con"
# One character for each type: index entries are many and each started kilobyte of them costs.
TYPE_CODES: Final[Mapping[str, str]] = {
    "parent_guardian": "g",
    "physician": "p",
    "community_care": "c",
    "aged_care_facility": "a",
    "other": "o",
}
TYPES: Final[Mapping[str, str]] = {code: name for name, code in TYPE_CODES.items()}


def searchable(contact: Contact) -> Searchable | None:
    """*contact* as the index sees it; None while it is not to be found."""
    if not contact.in_use:
        return None
    details = contact.details
    return Searchable(
        id=contact.id,
        type=TYPE_CODES[details.type],
        last_name=details.last_name or "",
        first_name=details.first_name or "",
        middle_name=details.middle_name or "",
        organization_name=details.organization_name or "",
        emails=tuple(email.address for email in details.emails),
        phones=tuple(dict.fromkeys(phone.number for phone in details.phones)),
        npi=details.npi or "",
    )
