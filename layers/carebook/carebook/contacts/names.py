"""The names of all records in use, for the vocabulary of a search."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from carebook.contacts.model import Named
from carebook.contacts.service import ContactStore

_PAGE: Final = 1_000

type Pages[Row: Named] = Callable[[str | None, int], Sequence[tuple[str, Row]]]


def names_in_use(contacts: ContactStore, account: str) -> Iterator[tuple[str, ...]]:
    """What each contact is called: its names and its organization."""

    def page(after: str | None, limit: int) -> Sequence[tuple[str, Named]]:
        return contacts.page(account, archived=False, contact_type=None, after=after, limit=limit)

    return names_in(page)


def names_in[Row: Named](page: Pages[Row]) -> Iterator[tuple[str, ...]]:
    """What each record of a list is called; *page* gives up to so many rows behind a position, each with its own."""
    after: str | None = None
    while True:
        rows = page(after, _PAGE)
        for position, row in rows:
            after = position
            named = (row.last_name, row.first_name, row.middle_name, row.organization_name)
            yield tuple(text for text in named if text)
        if len(rows) < _PAGE:
            return
