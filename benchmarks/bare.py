"""The same work without anything around it: boto3 calls, and their answers, out of requests that were recorded."""

import json
from collections.abc import Sequence
from typing import Any, Final, Literal

from benchmarks.inside import Canned
from benchmarks.practice import TABLE
from benchmarks.recording import Request

BareCall = Literal["get", "put", "query", "write"]
Bare = tuple[list[tuple[str, dict[str, Any]]], dict[str, Canned]]

# The first kind of request that an operation sent counts.
_KINDS: Final[dict[BareCall, tuple[str, ...]]] = {
    "get": ("GetItem", "BatchGetItem"),
    "put": ("PutItem",),
    "query": ("Query",),
    "write": ("TransactWriteItems", "PutItem"),
}
_METHODS: Final = {
    "GetItem": "get_item",
    "PutItem": "put_item",
    "Query": "query",
    "TransactWriteItems": "transact_write_items",
}


def bare_calls(sent: Sequence[Request], wanted: Sequence[BareCall]) -> Bare:
    """boto3's methods with arguments for what is *wanted*, on the same items as in *sent*, and AWS's answers."""
    calls, answers = [], {}
    for call in wanted:
        request = next(request for kind in _KINDS[call] for request in sent if request.operation == kind)
        operation, arguments, answer = _plain(request)
        calls.append((_METHODS[operation], arguments))
        answers[f"DynamoDB_20120810.{operation}"] = Canned.of(200, request.answer.headers, answer)
    return calls, answers


def method_names(wanted: Sequence[BareCall], sent: Sequence[Request]) -> str:
    """The methods that :func:`bare_calls` calls."""
    return " + ".join(method for method, _ in bare_calls(sent, wanted)[0])


def _plain(request: Request) -> tuple[str, dict[str, Any], dict[str, Any]]:
    document: dict[str, Any] = json.loads(request.answer.body)
    if request.operation == "BatchGetItem":
        key = request.body["RequestItems"][TABLE]["Keys"][0]
        item = next(item for item in document["Responses"][TABLE] if key.items() <= item.items())
        return "GetItem", {"TableName": TABLE, "Key": key, "ConsistentRead": True}, {"Item": item}
    arguments = {name: value for name, value in request.body.items() if name != "ReturnConsumedCapacity"}
    answer = {name: value for name, value in document.items() if name != "ConsumedCapacity"}
    return request.operation, arguments, answer
