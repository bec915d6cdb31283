"""The same work without anything around it: boto3 calls, and their answers, out of requests that were recorded."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, Literal

from benchmarks.inside import Canned
from benchmarks.practice import TABLE
from benchmarks.recording import Request, answers_of

BareCall = Literal["get", "put", "query", "queries", "write"]
Bare = tuple[list[tuple[str, dict[str, Any]]], dict[str, Canned]]

# The first request of the first kind that an operation sent; of queries, all.
_KINDS: Final[dict[BareCall, tuple[str, ...]]] = {
    "get": ("GetItem", "BatchGetItem"),
    "put": ("PutItem",),
    "query": ("Query",),
    "queries": ("Query",),
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
    calls: list[tuple[str, dict[str, Any]]] = []
    plain: list[Request] = []
    for call in wanted:
        chosen = [request for kind in _KINDS[call] for request in sent if request.operation == kind]
        for request in chosen if call == "queries" else chosen[:1]:
            operation, arguments, answer = _plain(request)
            calls.append((_METHODS[operation], arguments))
            canned = Canned.of(200, request.answer.headers, answer)
            plain.append(replace(request, operation=operation, target=f"DynamoDB_20120810.{operation}", answer=canned))
    return calls, answers_of(plain)


def method_names(wanted: Sequence[BareCall], sent: Sequence[Request]) -> str:
    """The methods that :func:`bare_calls` calls."""
    counted = Counter(method for method, _ in bare_calls(sent, wanted)[0])
    return " + ".join(f"{count} × {method}" if count > 1 else method for method, count in counted.items())


def _plain(request: Request) -> tuple[str, dict[str, Any], dict[str, Any]]:
    document: dict[str, Any] = json.loads(request.answer.body)
    if request.operation == "BatchGetItem":
        key = request.body["RequestItems"][TABLE]["Keys"][0]
        item = next(item for item in document["Responses"][TABLE] if key.items() <= item.items())
        return "GetItem", {"TableName": TABLE, "Key": key, "ConsistentRead": True}, {"Item": item}
    arguments = {name: value for name, value in request.body.items() if name != "ReturnConsumedCapacity"}
    answer = {name: value for name, value in document.items() if name != "ConsumedCapacity"}
    return request.operation, arguments, answer
