"""What of a client can be searched: the same as of a contact, in a book of its own."""

from typing import Final

from carebook.clients.model import Client
from carebook.search.tokens import Searchable

BOOK: Final = "cli"
_ONE_TYPE: Final = "c"


def searchable(client: Client) -> Searchable | None:
    """*client* as the index sees it; None while it is not to be found."""
    if not client.in_use:
        return None
    details = client.details
    return Searchable(
        id=client.id,
        type=_ONE_TYPE,
        last_name=details.last_name,
        first_name=details.first_name or "",
        middle_name=details.middle_name or "",
        emails=tuple(email.address for email in details.emails),
        phones=tuple(dict.fromkeys(phone.number for phone in details.phones)),
    )
