"""Queue: record what providers report of messages."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook import environment
from carebook.contacts.store import TableContacts
from carebook.errors import NotFound
from carebook.events import each_message
from carebook.instants import utcnow
from carebook.messages.envelopes import open_envelope
from carebook.messages.receipts import receipt_in
from carebook.messages.receiving import Receipts, record_receipt
from carebook.messages.store import TableMessages
from carebook.table import open_table


@lru_cache(maxsize=1)
def receipts() -> Receipts:
    table = open_table()
    contacts = TableContacts(table)

    def moved_to(account: str, contact_id: str) -> str | None:
        try:
            return contacts.find(account, contact_id)[0].id
        except NotFound:
            return None

    return Receipts(TableMessages(table), moved_to, utcnow)


def record(message: Mapping[str, Any]) -> None:
    receipt = receipt_in(open_envelope(message["body"], topics=environment.topics()).content)
    if receipt is not None:
        record_receipt(receipts(), receipt)


def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Lambda entry point. What cannot be recorded comes again, and ends as a dead letter."""
    return each_message(event, record)
