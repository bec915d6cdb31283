"""A table whose answers a test gives, below PynamoDB and botocore."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto.core.botocore_stubber import MockRawResponse

from carebook.table import Table
from tests.fakes.examples import TABLE

Answer = dict[str, Any]


class Dynamo:
    """Stands where the network begins: notes each request and gives the answer that is up."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[Answer] = []

    def answer(self, request: Any, event_name: str, **_: Any) -> AWSResponse:
        self.requests.append((event_name.rpartition(".")[2], json.loads(request.body)))
        up = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if "Error" not in up:
            return answered(200, up)
        error = {"__type": f"com.amazonaws.dynamodb.v20120810#{up['Error']['Code']}", "message": up["Error"]["Message"]}
        return answered(400, up | error)

    @property
    def made(self) -> list[str]:
        return [name for name, _ in self.requests]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [body for _, body in self.requests]


def answered(status: int, document: Any, **headers: str) -> AWSResponse:
    """What the network gives back."""
    content = document if isinstance(document, str) else json.dumps(document)
    return AWSResponse("", status, HTTPHeaders.from_dict(headers), MockRawResponse(content))


@pytest.fixture
def dynamo() -> Dynamo:
    return Dynamo()


@pytest.fixture(scope="module")
def warm_table() -> Iterator[Table]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        table = Table(TABLE, region="us-east-1")
        table.connect()
        yield table


@pytest.fixture
def table(warm_table: Table, dynamo: Dynamo) -> Iterator[Table]:
    events: Any = warm_table.connection.client.meta.events
    events.register("before-send.dynamodb", dynamo.answer)
    yield warm_table
    events.unregister("before-send.dynamodb", dynamo.answer)


def transient(table: Table, monkeypatch: pytest.MonkeyPatch, *answers: Any) -> list[bytes]:
    """Let the network give these answers, one after the other; the bodies that were sent."""
    left, sent = list(answers), []
    monkeypatch.setattr("carebook.wire.time.sleep", lambda _seconds: None)

    def exchange(_operation: str, body: bytes) -> AWSResponse:
        sent.append(body)
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]

    monkeypatch.setattr(table.connection, "exchange", exchange)
    return sent
