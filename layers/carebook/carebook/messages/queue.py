"""The queue that carries messages to their delivery. It carries ids and nothing else."""

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from carebook import environment
from carebook.messages.service import MessageRef
from carebook.observability import logger
from carebook.table import Table

_IN_ONE_REQUEST: Final = 10
_LONGEST_DELAY: Final = 43_200


class QueuedMessages:
    """The message queue on SQS."""

    def __init__(self, table: Table, *, url: str | None = None) -> None:
        self._table = table
        self._url = url

    @cached_property
    def _client(self) -> Any:
        session = self._table.connection.session
        config = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 3})
        return session.create_client("sqs", region_name=environment.region(), config=config)

    def put(self, refs: Sequence[MessageRef]) -> None:
        """One request for each ten. What is refused stays queued in the table, where the sweep finds it."""
        for start in range(0, len(refs), _IN_ONE_REQUEST):
            entries = [
                {"Id": str(number), "MessageBody": body_of(ref)}
                for number, ref in enumerate(refs[start : start + _IN_ONE_REQUEST])
            ]
            try:
                answer = self._client.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
            except (BotoCoreError, ClientError) as error:
                logger.warning("Messages wait for the sweep", error=type(error).__name__, count=len(entries))
                continue
            if answer.get("Failed"):
                logger.warning("Messages wait for the sweep", count=len(answer["Failed"]))

    def hold_back(self, receipt: str, seconds: int) -> None:
        """Show a message that is in hand to nobody for a while."""
        self._client.change_message_visibility(
            QueueUrl=self._queue_url, ReceiptHandle=receipt, VisibilityTimeout=min(seconds, _LONGEST_DELAY)
        )

    @property
    def _queue_url(self) -> str:
        return self._url or environment.message_queue_url()


def body_of(ref: MessageRef) -> str:
    """What the queue carries."""
    return json.dumps([ref.account, ref.recipient_id, ref.message_id])


def ref_in(record: Mapping[str, Any]) -> MessageRef:
    """What a record of the queue names.

    Raises:
        ValueError: when it is none of ours.
    """
    parts = json.loads(record["body"])
    if not isinstance(parts, list) or len(parts) != len(MessageRef.__slots__):
        raise ValueError("not a message")
    if not all(isinstance(part, str) for part in parts):
        raise ValueError("not a message")
    return MessageRef(*parts)
