"""Schedule: hand over the reminders that are due, or share them out when they are many. Queue: hand over a page."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import lru_cache
from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook import keys
from carebook.clients.link_store import TableLinks
from carebook.clients.protocols import Books
from carebook.clients.store import TableClients
from carebook.contacts.store import TableContacts
from carebook.events import PartlyFailed, each_message
from carebook.instants import utcnow
from carebook.message_templates.store import TableMessageTemplates
from carebook.messages.providers import is_configured
from carebook.messages.queue import QueuedMessages
from carebook.messages.store import TableMessages
from carebook.observability import logger
from carebook.reminders.due_queue import DueQueue, page_in
from carebook.reminders.gathering import Gathering
from carebook.reminders.protocols import Desk
from carebook.reminders.sending import Counts, Run, send_due
from carebook.reminders.store import TableSchedule
from carebook.settings.store import TableSettings
from carebook.table import open_table

_DONE_HERE: Final = 200  # that takes a second or two; more is shared out
_MOST_OF_A_SHARD: Final = 5_000
_IN_A_PAGE: Final = 100
_THREADS: Final = 16  # as many requests are under way at once
_TIME_TO_STOP_MS: Final = 10_000


@lru_cache(maxsize=1)
def schedule() -> TableSchedule:
    return TableSchedule(open_table(), TableClients(open_table()))


@lru_cache(maxsize=1)
def queue() -> DueQueue:
    return DueQueue(open_table())


@lru_cache(maxsize=1)
def pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="reminders")


@lru_cache(maxsize=1)
def desk() -> Desk:
    table = open_table()
    clients, contacts = TableClients(table), TableContacts(table)
    return Desk(
        books=Books(clients, contacts, TableLinks(table, clients, contacts)),
        schedule=schedule(),
        templates=TableMessageTemplates(table),
        consents=TableMessages(table),
        queue=QueuedMessages(table),
        configured=is_configured,
    )


def handler(_event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Lambda entry point of the schedule. What does not fit into one run is still due at the next."""
    open_table().connect()
    due = _due()
    if len(due) > _DONE_HERE:
        # Those of an account together, so that a page asks for its settings and its people once.
        due.sort()
        queue().put([due[start : start + _IN_A_PAGE] for start in range(0, len(due), _IN_A_PAGE)])
        counts = {"shared_out": len(due)} | asdict(Counts())
    else:
        counts = {"shared_out": 0} | asdict(_send(due, context))
    logger.info("Swept reminders", counts=counts)
    if counts["failed"]:
        raise PartlyFailed(counts["failed"], counts["sent"])
    return counts


def page_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda entry point of the queue. A page in which something failed comes again; what is done is not due then."""
    open_table().connect()

    def hand_over(message: Mapping[str, Any]) -> None:
        counts = _send(page_in(message), context)
        logger.info("Handed reminders over", counts=asdict(counts))
        if counts.failed:
            raise PartlyFailed(counts.failed, counts.sent)

    return each_message(event, hand_over)


def _due() -> list[keys.Key]:
    """What is due, in each shard the longest due first: a round of one query for each."""
    until = keys.due_until(utcnow())

    def read(shard: int) -> list[keys.Key]:
        return schedule().due(shard, until=until, limit=_MOST_OF_A_SHARD)

    return [key for found in pool().map(read, range(keys.REMINDER_SHARDS)) for key in found]


def _send(due: list[keys.Key], context: LambdaContext) -> Counts:
    """Hand over, by the settings and templates of this moment."""
    run = Run(Gathering(desk(), TableSettings(open_table()), pool()), schedule(), utcnow, logger.exception)
    return send_due(run, due, go_on=lambda: context.get_remaining_time_in_millis() > _TIME_TO_STOP_MS)
