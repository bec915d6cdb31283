"""Schedule: end uploads that never came and scans that got stuck, and finish deletions that were cut short."""

from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook.events import each
from carebook.files.bucket import FileBuckets
from carebook.files.queue import ScanRequests
from carebook.files.store import TableFiles
from carebook.files.sweeping import look_after
from carebook.instants import utcnow
from carebook.observability import logger
from carebook.table import open_table

_AT_ONCE: Final = 500
_TIME_TO_STOP_MS: Final = 20_000


def handler(_event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Lambda entry point. Files that do not fit into one run are still due at the next."""
    table = open_table()
    files, buckets, queue = TableFiles(table), FileBuckets(table), ScanRequests(table)
    now = utcnow()
    settled = each(
        files.due(now=now, limit=_AT_ONCE),
        lambda due: look_after(files, buckets, queue, *due, now=now),
        go_on=lambda: context.get_remaining_time_in_millis() > _TIME_TO_STOP_MS,
    )
    logger.info("Settled", count=settled)
    return {"settled": settled}
