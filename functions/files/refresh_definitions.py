"""Schedule: fetch the newest virus definitions, once for all scans."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook.files.bucket import FileBuckets
from carebook.files.definitions import DefinitionsBucket
from carebook.files.freshclam import refresh
from carebook.observability import logger
from carebook.table import open_table


def handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, str]:
    """Lambda entry point. When the mirror does not answer, the schedule tries again; the old set stays in use."""
    manifest = refresh(DefinitionsBucket(FileBuckets(open_table()).client))
    logger.info("Definitions", version=manifest.version, built_at=manifest.built_at.isoformat())
    return {"version": manifest.version}
