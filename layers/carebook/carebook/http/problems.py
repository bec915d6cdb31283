"""Problem documents (RFC 9457): how every refusal looks from outside."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from carebook import errors
from carebook.errors import CarebookError, FieldError, Invalid, StaleVersion
from carebook.http.body import MalformedBody, PayloadTooLarge, UnsupportedMediaType

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
    (errors.Unavailable, 503, "Try again"),
)


def status_of(error: CarebookError) -> int:
    """The HTTP status that says *error*."""
    return next(status for kind, status, _ in _STATUS if isinstance(error, kind))


def problem(error: CarebookError, request_id: str) -> dict[str, Any]:
    """The problem document for a refusal."""
    title = next(title for kind, _, title in _STATUS if isinstance(error, kind))
    document = _document(status_of(error), error.code, title, error.detail, request_id)
    if isinstance(error, Invalid):
        document["errors"] = [
            {"field": broken.field, "code": broken.code, "message": broken.message} for broken in error.errors
        ]
    if isinstance(error, StaleVersion):
        document |= {"version": error.version, "current": error.current}
    return document


def internal_error(request_id: str) -> dict[str, Any]:
    """The problem document for a surprise: what happened is in the log under *request_id*, not here."""
    detail = "Something went wrong on our side. Give the request id when you report it."
    return _document(500, "internal_error", "Internal error", detail, request_id)


def proxy_response(document: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A problem document as API Gateway's proxy integration takes it."""
    all_headers = {"Content-Type": PROBLEM_JSON, **SECURITY_HEADERS, **(headers or {})}
    return {
        "statusCode": document["status"],
        "multiValueHeaders": {name: [value] for name, value in all_headers.items()},
        "body": json.dumps(document, ensure_ascii=False),
        "isBase64Encoded": False,
    }


def invalid_input(found: Iterable[Mapping[str, Any]]) -> CarebookError:
    """What pydantic found, in our words. A body that is missing is as good as malformed."""
    details = list(found)
    if any(tuple(detail["loc"]) == ("body",) for detail in details):
        return MalformedBody("The body must be a JSON object: { … }.")
    return Invalid([_field_error(detail) for detail in details])


def _document(status: int, code: str, title: str, detail: str, request_id: str) -> dict[str, Any]:
    return {
        "type": f"/problems/{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
    }


def field_path(location: Sequence[str | int]) -> str:
    """``("body", "phones", 0, "number")`` as ``phones[0].number``."""
    parts = location[1:] if location and location[0] in {"body", "query", "path", "header"} else location
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _field_error(detail: Mapping[str, Any]) -> FieldError:
    kind, context = str(detail["type"]), detail.get("ctx") or {}
    code, message = _WORDS.get(kind, (kind, str(detail.get("msg", "This value cannot be accepted."))))
    return FieldError(field_path(tuple(detail["loc"])), code, message.format_map(_Known(context)))


class _Known(dict[str, Any]):
    """What is known of a value's limits; the rest of a sentence stays readable without it."""

    def __missing__(self, key: str) -> str:
        return "…"


# pydantic's error types, in words that say what would be right. Types of our own carry their words with them.
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("required", "This field is required."),
    "extra_forbidden": ("unknown_field", "There is no such field. Check its spelling."),
    "string_type": ("wrong_type", "Give text."),
    "string_unicode": ("wrong_type", "Give text in Unicode; this holds half of a surrogate pair."),
    "string_too_long": ("too_long", "Use at most {max_length} characters."),
    "string_too_short": ("too_short", "Use at least {min_length} characters."),
    "string_pattern_mismatch": ("wrong_form", "The text must match {pattern}."),
    "literal_error": ("not_one_of", "Use one of {expected}."),
    "int_type": ("wrong_type", "Give a whole number."),
    "int_parsing": ("wrong_type", "Give a whole number."),
    "int_from_float": ("wrong_type", "Give a whole number."),
    "bool_type": ("wrong_type", "Give true or false."),
    "bool_parsing": ("wrong_type", "Give true or false."),
    "list_type": ("wrong_type", "Give a list."),
    "dict_type": ("wrong_type", "Give an object."),
    "model_type": ("wrong_type", "Give an object."),
    "model_attributes_type": ("wrong_type", "Give an object."),
    "too_long": ("too_many", "Give at most {max_length}."),
    "greater_than_equal": ("out_of_range", "Use at least {ge}."),
    "less_than_equal": ("out_of_range", "Use at most {le}."),
}
