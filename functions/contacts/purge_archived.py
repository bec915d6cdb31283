"""Schedule: delete for good what was archived long enough ago, and finish what was cut short."""

from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook.clients.store import TableClients
from carebook.contacts.store import TableContacts
from carebook.events import each
from carebook.identity import Person
from carebook.ids import CLIENT, is_id
from carebook.instants import utcnow
from carebook.observability import logger
from carebook.purging import purge_when_due
from carebook.table import open_table

_SYSTEM: Final = Person("carebook", "Carebook")
_AT_ONCE: Final = 500
_TIME_TO_STOP_MS: Final = 20_000


def handler(_event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Lambda entry point. What does not fit into one run is still due at the next."""
    contacts, clients = TableContacts(open_table()), TableClients(open_table())
    now = utcnow()

    def purge(due: tuple[str, str]) -> bool:
        account, record_id = due
        if is_id(record_id, CLIENT):
            return purge_when_due(clients, account=account, record_id=record_id, by=_SYSTEM, now=now)
        return purge_when_due(contacts, account=account, record_id=record_id, by=_SYSTEM, now=now)

    purged = each(
        contacts.due_for_purge(now=now, limit=_AT_ONCE),
        purge,
        go_on=lambda: context.get_remaining_time_in_millis() > _TIME_TO_STOP_MS,
    )
    logger.info("Purged", count=purged)
    return {"purged": purged}
