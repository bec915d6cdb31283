"""Schedule: send what was held when its time comes, and look after what got stuck."""

from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook.events import each
from carebook.instants import utcnow
from carebook.messages.queue import QueuedMessages
from carebook.messages.store import TableMessages
from carebook.messages.sweeping import ReadOnce, Sweep, sweep_message
from carebook.observability import logger
from carebook.settings.store import TableSettings
from carebook.table import open_table

_AT_ONCE: Final = 500
_TIME_TO_STOP_MS: Final = 10_000


def handler(_event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Lambda entry point. What does not fit into one run is still due at the next."""
    table = open_table()
    messages = TableMessages(table)
    sweep = Sweep(messages, QueuedMessages(table), ReadOnce(TableSettings(table)), utcnow)
    swept = each(
        messages.due(now=utcnow(), limit=_AT_ONCE),
        lambda ref: sweep_message(sweep, ref),
        go_on=lambda: context.get_remaining_time_in_millis() > _TIME_TO_STOP_MS,
    )
    logger.info("Swept", count=swept)
    return {"swept": swept}
