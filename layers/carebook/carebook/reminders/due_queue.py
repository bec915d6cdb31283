"""The queue that shares out what is due when it is more than one run can do. It carries keys, which hold ids alone."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from carebook import environment
from carebook.keys import Key
from carebook.table import Table

_IN_ONE_REQUEST: Final = 10  # of pages that are 15 KB long; a request carries 256


class DueQueue:
    """The queue, on SQS."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._made: Any = None

    def put(self, pages: Sequence[Sequence[Key]]) -> None:
        """One request for each ten pages.

        Raises:
            RuntimeError: when the queue has refused some; what they name is still due at the next run.
        """
        refused = 0
        for start in range(0, len(pages), _IN_ONE_REQUEST):
            entries = [
                {"Id": str(number), "MessageBody": json.dumps([[key.pk, key.sk] for key in page])}
                for number, page in enumerate(pages[start : start + _IN_ONE_REQUEST])
            ]
            answer = self._client.send_message_batch(QueueUrl=environment.due_queue_url(), Entries=entries)
            refused += len(answer.get("Failed", ()))
        if refused:
            raise RuntimeError(f"The queue has refused {refused} pages.")

    @property
    def _client(self) -> Any:
        if self._made is None:
            self._made = self._table.connection.session.create_client("sqs", region_name=environment.region())
        return self._made


def page_in(message: Mapping[str, Any]) -> list[Key]:
    """The keys that a message of the queue names.

    Raises:
        ValueError: when it is none of ours.
    """
    page = json.loads(message["body"])
    if not isinstance(page, list) or not all(isinstance(key, list) and len(key) == len(Key._fields) for key in page):
        raise ValueError("not a page of keys")
    return [Key(str(pk), str(sk)) for pk, sk in page]
