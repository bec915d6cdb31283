"""Schedule: delete for good what was archived long enough ago, and finish what was cut short."""

from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook.contacts.purging import due_for_purge, purge_when_due
from carebook.contacts.store import TableContacts
from carebook.events import each
from carebook.identity import Person
from carebook.instants import utcnow
from carebook.observability import logger
from carebook.table import open_table

_SYSTEM: Final = Person("carebook", "Carebook")
_AT_ONCE: Final = 500
_TIME_TO_STOP_MS: Final = 20_000


def handler(_event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Lambda entry point. Contacts that do not fit into one run are still due at the next."""
    contacts = TableContacts(open_table())
    now = utcnow()
    purged = each(
        due_for_purge(contacts, now=now, limit=_AT_ONCE),
        lambda due: purge_when_due(contacts, account=due[0], contact_id=due[1], by=_SYSTEM, now=now),
        go_on=lambda: context.get_remaining_time_in_millis() > _TIME_TO_STOP_MS,
    )
    logger.info("Purged", count=purged)
    return {"purged": purged}
