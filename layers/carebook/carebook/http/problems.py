"""Problem documents (RFC 9457): how every refusal looks from outside."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from carebook import errors
from carebook.errors import CarebookError
from carebook.http.body import MalformedBody, PayloadTooLarge, UnsupportedMediaType
from carebook.validation import invalid

PROBLEM_JSON: Final = "application/problem+json"
SECURITY_HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

# The first class that fits decides, so the special come before the general.
_STATUS: Final[tuple[tuple[type[CarebookError], int, str], ...]] = (
    (MalformedBody, 400, "Malformed JSON"),
    (errors.BadCursor, 400, "Bad cursor"),
    (errors.NotAllowed, 403, "Not allowed"),
    (errors.NotFound, 404, "Not found"),
    (errors.StaleVersion, 412, "Changed in the meantime"),
    (errors.Conflict, 409, "Not in this state"),
    (PayloadTooLarge, 413, "Too large"),
    (UnsupportedMediaType, 415, "Unsupported media type"),
    (errors.Invalid, 422, "Not valid"),
    (errors.TooManyTries, 429, "Too many tries"),
    (errors.Unavailable, 503, "Try again"),
)


def status_of(error: CarebookError) -> int:
    """The HTTP status that says *error*."""
    return next(status for kind, status, _ in _STATUS if isinstance(error, kind))


def problem(error: CarebookError, request_id: str) -> dict[str, Any]:
    """The problem document for a refusal."""
    title = next(title for kind, _, title in _STATUS if isinstance(error, kind))
    return _document(status_of(error), error.code, title, error.detail, request_id) | dict(error.extra)


def internal_error(request_id: str) -> dict[str, Any]:
    """The problem document for a surprise: what happened is in the log under *request_id*, not here."""
    detail = "Something went wrong on our side. Give the request id when you report it."
    return _document(500, "internal_error", "Internal error", detail, request_id)


def headers_of(error: CarebookError) -> dict[str, str]:
    """The headers that go with a refusal; what passes by itself says when to come back."""
    if isinstance(error, errors.TooManyTries):
        return SECURITY_HEADERS | {"Retry-After": str(error.seconds)}
    again = isinstance(error, errors.Unavailable) or error.code == "in_progress"
    return SECURITY_HEADERS | ({"Retry-After": "1"} if again else {})


def proxy_response(document: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A problem document as API Gateway's proxy integration takes it."""
    all_headers = {"Content-Type": PROBLEM_JSON, **SECURITY_HEADERS, **(headers or {})}
    return {
        "statusCode": document["status"],
        "multiValueHeaders": {name: [value] for name, value in all_headers.items()},
        "body": json.dumps(document, ensure_ascii=False),
        "isBase64Encoded": False,
    }


def _document(status: int, code: str, title: str, detail: str, request_id: str) -> dict[str, Any]:
    return {
        "type": f"/problems/{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
    }


def invalid_request(found: Sequence[Mapping[str, Any]]) -> CarebookError:
    """What is wrong with a request. A body that is missing is as good as malformed."""
    if any(tuple(detail["loc"]) == ("body",) for detail in found):
        return MalformedBody("The body must be a JSON object: { … }.")
    return invalid(found)
