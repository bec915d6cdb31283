"""EventBridge: what GuardDuty Malware Protection has found in an upload."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook.files.bucket import FileBuckets
from carebook.files.scanning import record_verdict
from carebook.files.store import TableFiles
from carebook.instants import utcnow
from carebook.table import open_table


def handler(event: dict[str, Any], _context: LambdaContext) -> None:
    """Lambda entry point. An error is tried again by Lambda, then kept in the dead-letter queue."""
    table = open_table()
    record_verdict(TableFiles(table), FileBuckets(table), event, now=utcnow)
