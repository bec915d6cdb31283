"""The names of all clients in use, for the vocabulary of a search."""

from collections.abc import Iterator, Sequence

from carebook.clients.model import ClientSummary
from carebook.clients.protocols import ClientStore
from carebook.contacts.names import names_in


def names_in_use(clients: ClientStore, account: str) -> Iterator[tuple[str, ...]]:
    """What each client is called."""

    def page(after: str | None, limit: int) -> Sequence[tuple[str, ClientSummary]]:
        return clients.page(account, archived=False, after=after, limit=limit)

    return names_in(page)
