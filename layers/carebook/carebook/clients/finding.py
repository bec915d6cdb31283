"""Finding clients by what somebody typed."""

from carebook.clients.model import Client
from carebook.clients.protocols import ClientStore
from carebook.clients.service import clients_by_id
from carebook.errors import FieldError, Invalid
from carebook.search.plan import Plan
from carebook.search.service import Hit, Position, Results, SearchIndex, search


def find_clients(
    clients: ClientStore,
    entries: SearchIndex,
    plan: Plan,
    *,
    account: str,
    archived: bool,
    start: Position | None,
    limit: int,
) -> tuple[list[tuple[Client, Hit]], Results]:
    """A page of what *plan* finds, each client with why it was found.

    The records are read too: two of one name are told apart by their date of birth.

    Raises:
        Invalid: when archived ones are asked for, which the index does not hold.
        BadCursor: when *start* is no place in this plan.
    """
    if archived:
        raise Invalid([FieldError("archived", "not_searched", "What is archived cannot be searched; list it.")])
    found = search(entries, plan, record_type=None, start=start, limit=limit)
    known = clients_by_id(clients, account=account, client_ids=[hit.entry.record.id for hit in found.hits])
    rows = [(known[hit.entry.record.id], hit) for hit in found.hits if hit.entry.record.id in known]
    return rows, found
