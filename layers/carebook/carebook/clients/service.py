"""What staff do with clients, as functions. Collaborators come first, facts by name."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from carebook.clients.model import Client, ClientDetails, ClientSummary
from carebook.clients.protocols import ClientStore, Found
from carebook.contacts.history import HistoryEntry, made
from carebook.errors import Conflict, NotFound
from carebook.identity import Person
from carebook.ids import CLIENT, is_id, new_id
from carebook.rewriting import Act, brought_back, history_of, patched, put_away, write_next
from carebook.settings.model import AccountSettings


def create_client(
    clients: ClientStore,
    *,
    account: str,
    details: ClientDetails,
    by: Person,
    now: datetime,
    request: str | None = None,
) -> Client:
    """A new client. The same *request* again gives the client that it made the first time."""
    client = Client(id=new_id(CLIENT, now), account=account, version=1, details=details, created_at=now, updated_at=now)
    return clients.add(client, made("created", client, by=by), request=request)


def view_client(clients: ClientStore, *, account: str, client_id: str, viewer: Person, now: datetime) -> Found:
    """The client and the account's settings; the view goes into the history.

    Raises:
        NotFound: when the account has no such client.
    """
    return clients.view(account, checked_id(client_id), viewer=viewer, now=now)


def change_client(
    clients: ClientStore,
    *,
    account: str,
    client_id: str,
    patch: Mapping[str, Any],
    read_details: Callable[[Any, AccountSettings, ClientDetails], ClientDetails],
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Found:
    """The client with a merge patch applied. Fields that the patch does not name keep what others wrote.

    Args:
        read_details: makes details of the patched document, knowing what was there before, or refuses it.

    Raises:
        NotFound: when the account has no such client.
        StaleVersion: when *expected_version* is given and not the current one.
        Conflict: when the client is archived.
        Invalid: from *read_details*.
    """
    act = Act(account, checked_id(client_id), by, now, expected_version)
    return write_next(clients, act, patched(patch, read_details, act), clients.find)


def archive_client(
    clients: ClientStore,
    *,
    account: str,
    client_id: str,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Client:
    """The client, put away: gone from list and search, with all that hangs on it kept. Again changes nothing."""
    act = Act(account, checked_id(client_id), by, now, expected_version)
    return write_next(clients, act, put_away(act), clients.find)[0]


def restore_client(
    clients: ClientStore,
    *,
    account: str,
    client_id: str,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Found:
    """The client, back in use with all that it had. Restoring one in use changes nothing."""
    act = Act(account, checked_id(client_id), by, now, expected_version)
    return write_next(clients, act, brought_back(act), clients.find)


def list_clients(
    clients: ClientStore, *, account: str, archived: bool, after: str | None, limit: int
) -> tuple[Sequence[ClientSummary], str | None]:
    """A page of clients by name, and the position behind which the next one begins (None: this was the last)."""
    rows = clients.page(account, archived=archived, after=after, limit=limit + 1)
    next_after = rows[limit - 1][0] if len(rows) > limit else None
    return [summary for _, summary in rows[:limit]], next_after


def clients_by_id(clients: ClientStore, *, account: str, client_ids: Collection[str]) -> dict[str, Client]:
    """Those of the clients that are there, archived or not."""
    return clients.find_together(account, list(client_ids)) if client_ids else {}


def client_history(
    clients: ClientStore,
    *,
    account: str,
    client_id: str,
    viewer: Person,
    now: datetime,
    before: tuple[datetime, str] | None,
    limit: int,
) -> tuple[Sequence[HistoryEntry], tuple[datetime, str] | None]:
    """A page of a client's history, newest first, and where the next one begins. Reading it is a view.

    Raises:
        NotFound: when the account has no such client.
    """
    clients.find(account, checked_id(client_id))
    return history_of(clients, Act(account, client_id, viewer, now), before=before, limit=limit)


def writable(found: Found) -> Client:
    """The client that was found, if what hangs on it may be written.

    Raises:
        Conflict: when it is archived.
    """
    client, _settings = found
    if client.archived_at is not None:
        raise Conflict("The client is archived. Restore it first.", code="archived")
    return client


def checked_id(client_id: str) -> str:
    """*client_id*, if it has the form of one; what has not is not found without asking."""
    if not is_id(client_id, CLIENT):
        raise NotFound("There is no such client.")
    return client_id
