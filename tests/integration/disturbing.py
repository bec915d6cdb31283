"""A line to DynamoDB on which the next request of a kind does not get what it should."""

import json
from collections.abc import Callable
from typing import Any, Final

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError
from moto.core.botocore_stubber import MockRawResponse

from carebook.wire import WireConnection

_CONFLICT: Final = {
    "__type": "com.amazonaws.dynamodb.v20120810#TransactionConflictException",
    "message": "Transaction is ongoing for the item",
}
Send = Callable[[], Any]


class Line:
    """What happens to the next requests: each disturbance to one of its kind, and once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._next: dict[str, Callable[[Send], Any]] = {}
        real = WireConnection.exchange

        def exchange(connection: WireConnection, operation: str, body: bytes) -> Any:
            disturbed = self._next.pop(operation, _plainly)
            return disturbed(lambda: real(connection, operation, body))

        monkeypatch.setattr(WireConnection, "exchange", exchange)
        monkeypatch.setattr("carebook.wire.time.sleep", lambda _seconds: None)

    @property
    def is_quiet(self) -> bool:
        """Whether all has happened that should."""
        return not self._next

    def meet_a_transaction(self, operation: str) -> None:
        """A transaction has the item just now."""
        conflict = AWSResponse("", 400, HTTPHeaders.from_dict({}), MockRawResponse(json.dumps(_CONFLICT)))
        self._next[operation] = lambda _send: conflict

    def lose_the_answer(self, operation: str, *, after: Callable[[], Any] = lambda: None) -> None:
        """It is done, and *after* happens before it is tried again; but nobody hears so."""

        def lose(send: Send) -> Any:
            send()
            after()
            raise ReadTimeoutError(endpoint_url="u")

        self._next[operation] = lose

    def lose_the_request(self, operation: str, *, after: Callable[[], Any] = lambda: None) -> None:
        """It never arrives, and *after* happens before it is tried again."""

        def lose(_send: Send) -> Any:
            after()
            raise ReadTimeoutError(endpoint_url="u")

        self._next[operation] = lose


def _plainly(send: Send) -> Any:
    return send()
