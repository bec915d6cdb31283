"""What a measured process needs: Lambda's place to look for modules, its context, and AWS without a network.

Imports nothing that a cold start is to be charged for.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NamedTuple
from zlib import crc32


class Canned(NamedTuple):
    """An HTTP answer of AWS, as it came over the wire."""

    status: int
    headers: Mapping[str, str]
    body: str

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str], document: Any) -> "Canned":
        """The answer that DynamoDB would write for *document*: without spaces, in UTF-8, with its check sum."""
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        kept = {name: value for name, value in headers.items() if name.lower() != "x-amz-crc32"}
        return cls(status, kept | {"x-amz-crc32": str(crc32(body.encode()))}, body)


class Context:
    """What handlers use of Lambda's context."""

    function_name = "carebook-benchmark"
    memory_limit_in_mb = 1769
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:carebook-benchmark"
    aws_request_id = "00000000-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 28_000


def read_task(file: str) -> Any:
    """What the parent process wants to know; from now on modules are found as on Lambda."""
    with open(file, encoding="utf-8") as opened:  # noqa: PTH123 - pathlib is charged to those who need it
        task = json.load(opened)
    # What Lambda's own runtime has loaded before it turns to a handler.
    for name in ("datetime", "decimal", "logging", "traceback"):
        import_module(name)
    sys.path[:] = [*task["path"], *(place for place in sys.path if place != task["root"])]
    return task


def canned(answers: Mapping[str, Sequence[Any]]) -> dict[str, Canned]:
    """Answers by their request's target, out of JSON."""
    return {target: Canned(*answer) for target, answer in answers.items()}


def mark_of(target: str, low_end: str) -> str:
    """The name of the answer to a query, when there are several: its target, and where it begins as in the body."""
    return f"{target} {json.dumps(low_end)}"


@contextmanager
def answering(answers: Mapping[str, Canned]) -> Iterator[None]:
    """Every request is answered by its ``X-Amz-Target``, or by its mark; one that was never recorded is an error."""
    from botocore.awsrequest import AWSResponse
    from botocore.httpsession import URLLib3Session

    response_type: Any = AWSResponse
    ready = {target: (answer, answer.body.encode()) for target, answer in answers.items()}
    marked: dict[str, list[tuple[bytes, tuple[Canned, bytes]]]] = {}
    for name, answer_and_body in ready.items():
        target, _, low_end = name.partition(" ")
        if low_end:
            marked.setdefault(target, []).append((low_end.encode(), answer_and_body))

    def send(_session: Any, request: Any) -> Any:
        target = request.headers["X-Amz-Target"]
        target = target.decode() if isinstance(target, bytes) else target
        if target in marked:
            answer, body = next(found for low_end, found in marked[target] if low_end in request.body)
        else:
            answer, body = ready[target]
        return response_type(request.url, answer.status, answer.headers, _Body(body))

    # By hand: unittest.mock would load half of the standard library into a cold start.
    session_type: Any = URLLib3Session
    original = session_type.send
    session_type.send = send
    try:
        yield
    finally:
        session_type.send = original


class _Body:
    """What botocore reads an answer from."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self._content
