"""The names of all contacts in use, for the vocabulary of a search."""

from collections.abc import Iterator
from typing import Final

from carebook.contacts.protocols import ContactStore

_PAGE: Final = 1_000


def names_in_use(contacts: ContactStore, account: str) -> Iterator[tuple[str, ...]]:
    """What each contact is called: its names and its organization, a page of the list at a time."""
    after: str | None = None
    while True:
        rows = contacts.page(account, archived=False, contact_type=None, after=after, limit=_PAGE)
        for position, row in rows:
            after = position
            named = (row.last_name, row.first_name, row.middle_name, row.organization_name)
            yield tuple(text for text in named if text)
        if len(rows) < _PAGE:
            return
