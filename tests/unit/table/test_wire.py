"""Requests on their way: signed, tried again where that may help, and told as what they are where it does not."""

import json
import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)
from pynamodb.exceptions import PynamoDBException

from carebook.items import NOT_THERE, Writes, make_item
from carebook.keys import Key
from carebook.table import Table
from carebook.troubles import will_pass
from tests.fakes.examples import TABLE
from tests.unit.table.conftest import Dynamo, answered, transient

THROTTLED = {
    code: answered(400, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "m"})
    for code in ("ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded")
}
NO_ANSWERS = {
    "no connection": ConnectTimeoutError(endpoint_url="u"),
    "nobody there": EndpointConnectionError(endpoint_url="u"),
    "no handshake": SSLError(endpoint_url="u", error=EOFError()),
    "no proxy": ProxyConnectionError(proxy_url="u"),
    "no answer": ReadTimeoutError(endpoint_url="u"),
    "a broken line": ConnectionClosedError(endpoint_url="u"),
    "something unknown": HTTPClientError(error="e"),
}
NOT_WHOLE = {
    "another check sum": answered(200, {"Item": {}}, **{"x-amz-crc32": "1"}),
    "a strange check sum": answered(200, {}, **{"x-amz-crc32": "one"}),
    "a part": answered(200, '{"Item": {'),
    "nothing": answered(200, ""),
    "no object": answered(200, "[]"),
}


BUNDLES = {
    "AWS's": {"AWS_CA_BUNDLE": "/aws.pem"},
    "one for all": {"REQUESTS_CA_BUNDLE": "/requests.pem"},
    "both": {"AWS_CA_BUNDLE": "/aws.pem", "REQUESTS_CA_BUNDLE": "/requests.pem"},
    "configured": {"AWS_CONFIG_FILE": "CONFIG", "REQUESTS_CA_BUNDLE": "/requests.pem"},
}


class Session:
    """Stands where botocore's HTTP session does, and answers."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def send(self, request: Any) -> Any:
        self.sent.append(request)
        return answered(200, {})


def connection() -> Any:
    return Table(TABLE, region="us-east-1").connection


def two_puts() -> Writes:
    writes = Writes()
    writes.put(make_item(Key("p", "first put"), "x", {}), NOT_THERE)
    writes.put(make_item(Key("p", "second put"), "x", {}), NOT_THERE)
    return writes


def test_opening_a_table_needs_no_network_and_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    assert Table(TABLE, region="us-east-1").name == TABLE


@pytest.mark.parametrize(
    "first",
    [
        answered(500, {"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError"}),
        answered(503, "<html>Busy</html>"),
        *THROTTLED.values(),
        *NO_ANSWERS.values(),
        *NOT_WHOLE.values(),
    ],
    ids=["a hiccup", "something on the way", *THROTTLED, *NO_ANSWERS, *NOT_WHOLE],
)
def test_what_may_pass_is_tried_again_with_the_same_words(
    table: Table, monkeypatch: pytest.MonkeyPatch, first: Any
) -> None:
    sent = transient(table, monkeypatch, first, answered(200, {}))
    table.write(two_puts())
    assert len(sent) == 2
    assert sent[0] == sent[1], "with the same token, so that it happens once"
    assert json.loads(sent[0])["ClientRequestToken"]


@pytest.mark.parametrize(
    "answer",
    [
        answered(500, {"__type": "x#InternalServerError"}),
        answered(502, ""),
        answered(502, "[]"),
        answered(500, {"__type": None}),
        *THROTTLED.values(),
        *NO_ANSWERS.values(),
        *NOT_WHOLE.values(),
    ],
    ids=["a hiccup", "nothing said", "something else said", "nameless", *THROTTLED, *NO_ANSWERS, *NOT_WHOLE],
)
def test_what_does_not_pass_ends_after_four_tries_as_something_that_will(
    table: Table, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    sent = transient(table, monkeypatch, answer)
    with pytest.raises((BotoCoreError, ClientError)) as failure:
        table.put_if(make_item(Key("p", "s"), "x", {}), NOT_THERE)
    assert len(sent) == 4
    assert will_pass(failure.value)


def test_a_request_is_signed_for_dynamodb_and_says_who_sends_it(table: Table, dynamo: Dynamo) -> None:
    seen: list[Any] = []
    events: Any = table.connection.client.meta.events
    events.register("before-send.dynamodb.GetItem", lambda request, **_: seen.append(request))
    dynamo.answers = [{}]
    assert table.get(Key("p", "s")) is None
    (request,) = seen
    headers = {
        name.lower(): value if isinstance(value, str) else value.decode() for name, value in request.headers.items()
    }
    assert "/us-east-1/dynamodb/aws4_request" in headers["authorization"]
    assert headers["x-amz-target"] == "DynamoDB_20120810.GetItem"
    assert headers["user-agent"].startswith("carebook/")
    assert request.url == "https://dynamodb.us-east-1.amazonaws.com/"


def test_without_credentials_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table(TABLE, region="us-east-1")
    monkeypatch.setattr(type(table.connection.session), "get_credentials", lambda _self: None)
    with pytest.raises(NoCredentialsError):
        table.put_if(make_item(Key("p", "s"), "x", {}), NOT_THERE)


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What botocore's HTTP session is made with."""
    given: dict[str, Any] = {}
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("carebook.wire.URLLib3Session", lambda **options: given.update(options))
    return given


def test_a_small_request_is_not_held_back_for_more_to_come(options: dict[str, Any]) -> None:
    """It would take 40 ms longer than with botocore's client, and no stand-in below the network would notice."""
    assert connection()._http is None
    assert (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1) in options["socket_options"]


def test_whoever_answers_must_show_a_certificate(options: dict[str, Any]) -> None:
    assert connection()._http is None
    assert options["verify"] is True


@pytest.mark.parametrize("named", BUNDLES.values(), ids=BUNDLES)
def test_certificates_are_those_that_botocores_client_would_take(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: dict[str, str]
) -> None:
    config = tmp_path / "config"
    config.write_text("[default]\nca_bundle = /configured.pem\n")
    for name, value in named.items():
        monkeypatch.setenv(name, value.replace("CONFIG", str(config)))
    made = connection()
    assert made._http is None
    assert options["verify"] == made.client._endpoint.http_session._verify
    assert options["verify"] in {"/aws.pem", "/requests.pem", "/configured.pem"}


def test_no_answer_is_waited_for_longer_than_a_caller_waits(options: dict[str, Any]) -> None:
    assert connection()._http is None
    connect, read = options["timeout"]
    assert 0 < connect <= 3
    assert connect < read < 29 / 4, "of four tries the last is made before API Gateway gives up"


def test_requests_go_through_the_proxy_that_the_environment_names(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    assert connection()._http is None
    assert options["proxies"]["https"] == "http://proxy.example:3128"


@pytest.mark.parametrize("ends", ["", "/"], ids=["without", "with"])
def test_requests_go_to_the_endpoint_that_the_environment_names(monkeypatch: pytest.MonkeyPatch, ends: str) -> None:
    session = Session()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", f"http://localhost:4566{ends}")
    monkeypatch.setattr("carebook.wire.URLLib3Session", lambda **_: session)
    Table(TABLE, region="eu-central-1").get(Key("p", "s"))
    (sent,) = session.sent
    assert sent.url == "http://localhost:4566/"
    assert "/eu-central-1/dynamodb/aws4_request" in sent.headers["Authorization"]


def test_between_tries_there_are_pauses_that_grow(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    transient(table, monkeypatch, ReadTimeoutError(endpoint_url="u"))
    slept: list[float] = []
    monkeypatch.setattr("carebook.wire.time.sleep", slept.append)
    with pytest.raises(PynamoDBException):
        table.get(Key("p", "s"))
    assert len(slept) == 3
    assert all(
        low <= pause <= high for pause, low, high in zip(slept, (0.025, 0.05, 0.1), (0.05, 0.1, 0.2), strict=True)
    )


@pytest.mark.parametrize("trouble", NO_ANSWERS.values(), ids=NO_ANSWERS)
@pytest.mark.parametrize(
    "read",
    [lambda table: table.get(Key("p", "s")), lambda table: table.query("p", limit=1)],
    ids=["one", "many"],
)
def test_what_pynamodb_makes_of_it_passes_as_well(
    table: Table, monkeypatch: pytest.MonkeyPatch, read: Any, trouble: Exception
) -> None:
    transient(table, monkeypatch, trouble)
    with pytest.raises(PynamoDBException) as failure:
        read(table)
    assert will_pass(failure.value)


def test_what_threads_share_is_made_before_they_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several that begin together would each make a pool of connections of their own, and look for credentials."""
    made: list[str] = []
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    table = Table(TABLE, region="us-east-1")
    find = type(table.connection.session).get_credentials

    def session(**_: Any) -> Session:
        made.append("session")
        return Session()

    def credentials(session: Any, *args: Any) -> Any:
        made.append("credentials")
        return find(session, *args)

    monkeypatch.setattr("carebook.wire.URLLib3Session", session)
    monkeypatch.setattr(type(table.connection.session), "get_credentials", credentials)
    table.connect()
    before = Counter(made)
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(table.get, [Key("p", "s")] * 8)) == [None] * 8
    assert (before["session"], Counter(made)) == (1, before)
