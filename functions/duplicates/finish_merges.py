"""Schedule: finish merges, and their undoing, that somebody began and something cut short."""

from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook.contacts.store import TableContacts
from carebook.events import each
from carebook.instants import utcnow
from carebook.merging.service import finish_left_alone, merges_left_alone
from carebook.merging.store import TableMerges
from carebook.observability import logger
from carebook.table import open_table

_AT_ONCE: Final = 100
_TIME_TO_STOP_MS: Final = 20_000


def handler(_event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Lambda entry point. Merges that do not fit into one run are there at the next, before those that failed."""
    table = open_table()
    contacts = TableContacts(table)
    merges = TableMerges(table, contacts)
    now = utcnow()
    finished = each(
        merges_left_alone(merges, now=now, limit=_AT_ONCE),
        lambda left: finish_left_alone(contacts, merges, left, now=now),
        go_on=lambda: context.get_remaining_time_in_millis() > _TIME_TO_STOP_MS,
    )
    logger.info("Finished merges", count=finished)
    return {"finished": finished}
