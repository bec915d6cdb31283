"""Deleting clients for good by hand."""

from datetime import datetime

from carebook.clients.protocols import ClientStore
from carebook.clients.service import checked_id
from carebook.identity import Person
from carebook.purging import purge_record
from carebook.rewriting import Act


def purge_client(
    clients: ClientStore,
    *,
    account: str,
    client_id: str,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> None:
    """Delete the client and everything that hangs on it, for good: links on both sides, referrals, history.

    Raises:
        NotFound: when the account has no such client.
        StaleVersion: when *expected_version* is given and not the current one.
    """
    act = Act(account, checked_id(client_id), by, now, expected_version)
    purge_record(clients, act, clients.find)
