"""Called by the documents' API: make a PDF and put it into the documents bucket."""

from functools import lru_cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook.documents.bucket import DocumentBucket, file_name_of
from carebook.documents.press import Unprintable, pdf_of
from carebook.documents.typesetting import order_of
from carebook.observability import logger


@lru_cache(maxsize=1)
def bucket() -> DocumentBucket:
    return DocumentBucket()


def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Lambda entry point. What cannot be printed is told; any other failure is the function's."""
    sheet, key = order_of(event)
    try:
        pdf = pdf_of(sheet)
    except Unprintable:
        logger.info("Refused", code="not_printable")
        return {"refused": "not_printable"}
    bucket().put(key, pdf, file_name=file_name_of(sheet.title))
    logger.info("Made a PDF", bytes=len(pdf), draft=sheet.draft)
    return {"bytes": len(pdf)}
