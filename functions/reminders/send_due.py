"""Schedule: hand over the reminders that are due."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook import keys
from carebook.clients.link_store import TableLinks
from carebook.clients.linking import Books
from carebook.clients.store import TableClients
from carebook.contacts.store import TableContacts
from carebook.events import PartlyFailed
from carebook.instants import utcnow
from carebook.message_templates.store import TableMessageTemplates
from carebook.messages.providers import is_configured
from carebook.messages.queue import QueuedMessages
from carebook.messages.store import TableMessages
from carebook.observability import logger
from carebook.reminders.sending import Sweep, send_due
from carebook.reminders.service import Desk
from carebook.reminders.store import TableSchedule
from carebook.settings.store import TableSettings
from carebook.table import open_table

_AT_ONCE: Final = 100  # of one shard
_THREADS: Final = 16
_TIME_TO_STOP_MS: Final = 10_000


@lru_cache(maxsize=1)
def schedule() -> TableSchedule:
    return TableSchedule(open_table(), TableClients(open_table()))


def _sweep() -> Sweep:
    table = open_table()
    clients, contacts = TableClients(table), TableContacts(table)
    desk = Desk(
        books=Books(clients, contacts, TableLinks(table, clients, contacts)),
        schedule=schedule(),
        templates=TableMessageTemplates(table),
        consents=TableMessages(table),
        queue=QueuedMessages(table),
        configured=is_configured,
    )
    return Sweep(desk, schedule(), TableSettings(table), utcnow)


def handler(_event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Lambda entry point. What does not fit into one run is still due at the next."""
    open_table().connect()
    counts = {"sent": 0, "other": 0, "failed": 0}
    sweep = _sweep()
    with ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="reminders") as pool:
        for shard in range(keys.REMINDER_SHARDS):
            _shard(sweep, shard, pool, counts, context)
    logger.info("Swept reminders", counts=counts)
    if counts["failed"]:
        raise PartlyFailed(counts["failed"], counts["sent"])
    return counts


def _shard(sweep: Sweep, shard: int, pool: ThreadPoolExecutor, counts: dict[str, int], context: LambdaContext) -> None:
    """Page after page of what is due in a shard, until it is done or does not get less, or time runs out."""
    seen: set[keys.Key] = set()
    while context.get_remaining_time_in_millis() > _TIME_TO_STOP_MS:
        due = schedule().due(shard, until=keys.due_until(sweep.now()), limit=_AT_ONCE)
        new = [key for key in due if key not in seen]
        if not new:
            return
        seen.update(new)
        for outcome in pool.map(_outcome, send_due(sweep, new)):
            counts[outcome] += 1


def _outcome(step: Callable[[], bool]) -> str:
    try:
        return "sent" if step() else "other"
    except Exception:  # noqa: BLE001 - one bad reminder must not keep the others waiting
        logger.exception("Reminder failed")
        return "failed"
