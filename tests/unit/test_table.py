"""The table when DynamoDB answers in part, is busy or refuses: nothing is dropped, nothing is tried in vain."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    NoCredentialsError,
    ReadTimeoutError,
)
from moto.core.botocore_stubber import MockRawResponse

from carebook.errors import Unavailable
from carebook.items import NOT_THERE, ConditionFailed, Writes, make_item
from carebook.keys import Key
from carebook.table import Row, Table
from carebook.troubles import will_pass
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


def raw(number: int) -> dict[str, Any]:
    return {"PK": {"S": "p"}, "SK": {"S": f"{number:03}"}, "doc": {"S": f'{{"n":{number}}}'}, "version": {"N": "7"}}


def canceled(*codes: str) -> Answer:
    reasons = [{"Code": code, "Message": "m"} if code != "None" else {"Code": "None"} for code in codes]
    return {
        "Error": {"Code": "TransactionCanceledException", "Message": f"[{', '.join(codes)}]"},
        "CancellationReasons": reasons,
    }


def two_puts_and_a_delete() -> Writes:
    writes = Writes()
    writes.put(make_item(Key("p", "first put"), "x", {}), NOT_THERE)
    writes.put(make_item(Key("p", "second put"), "x", {}), NOT_THERE)
    writes.delete(Key("p", "delete"), NOT_THERE)
    return writes


def test_items_read_together_come_in_the_order_asked_for_and_none_where_there_is_none(
    table: Table, dynamo: Dynamo
) -> None:
    dynamo.answers = [{"Responses": {TABLE: [raw(2), raw(1)]}, "UnprocessedKeys": {}}]
    found = table.get_together(Key("p", "001"), Key("p", "missing"), Key("p", "002"))
    assert [row and row.doc["n"] for row in found] == [1, None, 2]
    assert found[0] == Row(Key("p", "001"), 7, {"n": 1})


def test_keys_that_were_left_over_are_asked_for_again(table: Table, dynamo: Dynamo) -> None:
    left = {TABLE: {"Keys": [{"PK": {"S": "p"}, "SK": {"S": "002"}}], "ConsistentRead": True}}
    dynamo.answers = [
        {"Responses": {TABLE: [raw(1)]}, "UnprocessedKeys": left},
        {"Responses": {}, "UnprocessedKeys": left},
        {"Responses": {TABLE: [raw(2)]}, "UnprocessedKeys": {}},
    ]
    found = table.get_together(Key("p", "001"), Key("p", "002"))
    assert [row and row.doc["n"] for row in found] == [1, 2]
    asked = [[key["SK"]["S"] for key in params["RequestItems"][TABLE]["Keys"]] for params in dynamo.bodies]
    assert asked == [["001", "002"], ["002"], ["002"]]


def test_a_table_that_never_answers_in_full_is_unavailable(table: Table, dynamo: Dynamo) -> None:
    left = {TABLE: {"Keys": [{"PK": {"S": "p"}, "SK": {"S": "001"}}]}}
    dynamo.answers = [{"Responses": {}, "UnprocessedKeys": left}]
    with pytest.raises(Unavailable):
        table.get_together(Key("p", "001"))
    assert len(dynamo.made) > 3


def test_a_query_goes_on_over_pages_of_a_megabyte_until_it_has_enough(table: Table, dynamo: Dynamo) -> None:
    dynamo.answers = [
        {"Items": [raw(1), raw(2)], "LastEvaluatedKey": {"PK": {"S": "p"}, "SK": {"S": "002"}}},
        {"Items": [], "LastEvaluatedKey": {"PK": {"S": "p"}, "SK": {"S": "004"}}},
        {"Items": [raw(5), raw(6)], "LastEvaluatedKey": {"PK": {"S": "p"}, "SK": {"S": "006"}}},
    ]
    rows = table.query("p", limit=4)
    assert [row.doc["n"] for row in rows] == [1, 2, 5, 6]
    assert [(body["Limit"], "ExclusiveStartKey" in body) for body in dynamo.bodies] == [
        (4, False),
        (2, True),
        (2, True),
    ]


def test_a_query_ends_where_the_partition_does(table: Table, dynamo: Dynamo) -> None:
    dynamo.answers = [{"Items": [raw(1)]}]
    assert len(table.query("p", limit=4)) == 1
    assert len(dynamo.made) == 1


def test_deletes_come_in_batches_of_25_and_what_is_left_over_is_deleted_again(table: Table, dynamo: Dynamo) -> None:
    left = {TABLE: [{"DeleteRequest": {"Key": {"PK": {"S": "p"}, "SK": {"S": "007"}}}}]}
    dynamo.answers = [{"UnprocessedItems": left}, {"UnprocessedItems": {}}]
    table.delete_all([Key("p", f"{number:03}") for number in range(30)])
    sent = [[each["DeleteRequest"]["Key"]["SK"]["S"] for each in body["RequestItems"][TABLE]] for body in dynamo.bodies]
    assert sent == [[f"{n:03}" for n in range(25)], ["007"], [f"{n:03}" for n in range(25, 30)]]


def test_a_table_that_never_deletes_all_is_unavailable(table: Table, dynamo: Dynamo) -> None:
    dynamo.answers = [{"UnprocessedItems": {TABLE: [{"DeleteRequest": {"Key": {"PK": {"S": "p"}, "SK": {"S": "1"}}}}]}}]
    with pytest.raises(Unavailable):
        table.delete_all([Key("p", "1")])


@pytest.mark.parametrize(
    ("codes", "key"),
    [
        (("ConditionalCheckFailed", "None", "None"), "delete"),
        (("None", "ConditionalCheckFailed", "None"), "first put"),
        (("None", "None", "ConditionalCheckFailed"), "second put"),
        (("None", "ConditionalCheckFailed", "ConditionalCheckFailed"), "first put"),
        (("TransactionConflict", "None", "ConditionalCheckFailed"), "second put"),
    ],
)
def test_a_condition_that_does_not_hold_is_told_by_its_key_and_not_tried_again(
    table: Table, dynamo: Dynamo, codes: tuple[str, ...], key: str
) -> None:
    dynamo.answers = [canceled(*codes)]
    with pytest.raises(ConditionFailed) as failure:
        table.write(two_puts_and_a_delete())
    assert failure.value.key == Key("p", key)
    assert dynamo.made == ["TransactWriteItems"]


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_write_that_met_another_is_tried_again(table: Table, dynamo: Dynamo, code: str) -> None:
    dynamo.answers = [canceled("None", code, "None"), canceled(code, "None", "None"), {}]
    table.write(two_puts_and_a_delete())
    assert len(dynamo.made) == 3
    assert dynamo.bodies[0]["TransactItems"] == dynamo.bodies[2]["TransactItems"]


def test_a_transaction_in_progress_is_waited_for(table: Table, dynamo: Dynamo) -> None:
    dynamo.answers = [{"Error": {"Code": "TransactionInProgressException", "Message": "m"}}, {}]
    table.write(two_puts_and_a_delete())
    first, second = (body["ClientRequestToken"] for body in dynamo.bodies)
    assert first == second, "it is the same one, and must not meet itself"


def test_a_transaction_that_was_canceled_is_another_one_the_next_time(table: Table, dynamo: Dynamo) -> None:
    dynamo.answers = [canceled("None", "TransactionConflict", "None"), {}]
    table.write(two_puts_and_a_delete())
    first, second = (body["ClientRequestToken"] for body in dynamo.bodies)
    assert first != second


def test_a_write_that_others_never_let_through_is_unavailable(table: Table, dynamo: Dynamo) -> None:
    dynamo.answers = [canceled("TransactionConflict", "None", "None")]
    with pytest.raises(Unavailable):
        table.write(two_puts_and_a_delete())
    assert len(dynamo.made) > 3


@pytest.mark.parametrize(
    "refusal",
    [
        canceled("None", "ValidationError", "None"),
        canceled("ItemCollectionSizeLimitExceeded", "None", "None"),
        {"Error": {"Code": "AccessDeniedException", "Message": "m"}},
        {"Error": {"Code": "ValidationException", "Message": "m"}},
    ],
    ids=["an item too large", "a collection too large", "no permission", "not valid"],
)
def test_a_refusal_that_we_do_not_understand_flies_at_once(table: Table, dynamo: Dynamo, refusal: Answer) -> None:
    dynamo.answers = [refusal]
    with pytest.raises(ClientError):
        table.write(two_puts_and_a_delete())
    assert len(dynamo.made) == 1


def test_opening_a_table_needs_no_network_and_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    assert Table(TABLE, region="us-east-1").name == TABLE


def test_the_other_way_round_reads_whole_items_on_gsi1_until_the_limit(table: Table, dynamo: Dynamo) -> None:
    first, second = (
        {"PK": {"S": f"P{n}"}, "SK": {"S": "S"}, "GSI1PK": {"S": "G"}, "GSI1SK": {"S": f"{n}"}, "doc": {"S": "{}"}}
        for n in (1, 2)
    )
    dynamo.answers = [{"Items": [first], "LastEvaluatedKey": first}, {"Items": [second]}]
    rows = table.other_way("G", low="1", high="9", limit=5)
    assert rows == [("1", Row(Key("P1", "S"), 0, {})), ("2", Row(Key("P2", "S"), 0, {}))]
    assert [body["IndexName"] for body in dynamo.bodies] == ["GSI1", "GSI1"]
    assert [body["Limit"] for body in dynamo.bodies] == [5, 4]
    assert "ConsistentRead" not in dynamo.bodies[0]


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


@pytest.mark.parametrize(
    "first",
    [
        answered(500, {"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError"}),
        answered(503, "<html>Busy</html>"),
        answered(400, {"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "m"}),
        answered(200, {"Item": {}}, **{"x-amz-crc32": "1"}),
        ConnectTimeoutError(endpoint_url="u"),
        ReadTimeoutError(endpoint_url="u"),
    ],
    ids=["a hiccup", "something on the way", "throttled", "not whole", "no connection", "no answer"],
)
def test_what_may_pass_is_tried_again_with_the_same_words(
    table: Table, monkeypatch: pytest.MonkeyPatch, first: Any
) -> None:
    sent = transient(table, monkeypatch, first, answered(200, {}))
    table.write(two_puts_and_a_delete())
    assert len(sent) == 2
    assert sent[0] == sent[1], "with the same token, so that it happens once"
    assert json.loads(sent[0])["ClientRequestToken"]


@pytest.mark.parametrize(
    "answer",
    [
        answered(500, {"__type": "x#InternalServerError"}),
        answered(502, ""),
        answered(502, "[]"),
        answered(200, {}, **{"x-amz-crc32": "1"}),
        ReadTimeoutError(endpoint_url="u"),
        ConnectionClosedError(endpoint_url="u"),
    ],
    ids=["a hiccup", "nothing said", "something else said", "not whole", "no answer", "a broken line"],
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


def test_a_small_request_is_not_held_back_for_more_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would take 40 ms longer than with botocore's client, and no stand-in below the network would notice."""
    given: dict[str, Any] = {}
    monkeypatch.setattr("carebook.wire.URLLib3Session", lambda **options: given.update(options))
    connection: Any = Table(TABLE, region="us-east-1").connection
    assert connection._http is None
    assert (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1) in given["socket_options"]
