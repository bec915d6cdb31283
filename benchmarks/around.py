"""Standing around each request to AWS, by either way: that of the table, and that of botocore's clients."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from botocore.endpoint import Endpoint

from carebook.wire import WireConnection


@dataclass(frozen=True, slots=True)
class Answer:
    """What came over the wire, and what is handed on of it."""

    http: Any
    whole: Any


@dataclass(frozen=True, slots=True)
class Sending:
    """A request on its way. The target is empty where the protocol knows none, as that of S3."""

    operation: str
    target: str
    body: bytes
    send: Callable[[bytes], Answer]

    def go_on(self) -> Answer:
        """Send it as it is."""
        return self.send(self.body)


@contextmanager
def around_requests(step: Callable[[Sending], Answer]) -> Iterator[None]:
    """Let *step* take each request that is made inside of the ``with`` block, and answer it."""
    exchange, make_request = WireConnection.exchange, Endpoint.make_request

    def by_wire(connection: WireConnection, operation: str, body: bytes) -> Any:
        def send(content: bytes) -> Answer:
            http = exchange(connection, operation, content)
            return Answer(http, http)

        return step(Sending(operation, f"DynamoDB_20120810.{operation}", body, send)).whole

    def by_client(endpoint: Endpoint, model: Any, request: Mapping[str, Any]) -> Any:
        def send(content: bytes) -> Answer:
            whole: Any = make_request(endpoint, model, {**request, "body": content} if content else request)
            return Answer(whole[0], whole)

        body, headers = request.get("body", b""), request.get("headers", {})
        content = body if isinstance(body, bytes) else b""  # S3's may be a stream, which goes as it is
        return step(Sending(model.name, headers.get("X-Amz-Target", ""), content, send)).whole

    with patch.object(WireConnection, "exchange", by_wire), patch.object(Endpoint, "make_request", by_client):
        yield
