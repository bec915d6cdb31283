"""Queue: scan what was uploaded, and move it to where it can be read when it is clean."""

from functools import lru_cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook.events import each_message
from carebook.files.bucket import FileBuckets
from carebook.files.definitions import DefinitionsBucket
from carebook.files.queue import ScanRequests
from carebook.files.scanner import ClamAV
from carebook.files.scanning import ScanRun
from carebook.files.store import TableFiles
from carebook.instants import utcnow
from carebook.table import open_table


@lru_cache(maxsize=1)
def scanner() -> ClamAV:
    """One clamd for the life of this environment."""
    return ClamAV(DefinitionsBucket(FileBuckets(open_table()).client))


@lru_cache(maxsize=1)
def run() -> ScanRun:
    table = open_table()
    return ScanRun(TableFiles(table), FileBuckets(table), scanner(), ScanRequests(table), now=utcnow)


def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Lambda entry point. What fails comes again; after the last time the file counts as not scanned."""
    return each_message(event, run().handle)
