"""Reading request bodies: JSON objects and nothing else."""

import base64
import json
import math
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from carebook.errors import CarebookError, FieldError, Invalid

_LARGEST: Final = 5 * 1024 * 1024
_JSON_TYPES: Final = ("application/json", "application/merge-patch+json")


class MalformedBody(CarebookError):
    """The body is not a JSON object."""

    code = "malformed_json"


class UnsupportedMediaType(CarebookError):
    """The body is declared as something other than JSON."""

    code = "unsupported_media_type"


class PayloadTooLarge(CarebookError):
    """The body is larger than we take."""

    code = "payload_too_large"


def plain_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """*event* with its body as text and its content type as plain JSON, as the resolver expects them.

    Raises:
        Invalid: when a query parameter is there twice.
        UnsupportedMediaType: when the body is declared as something other than JSON.
        PayloadTooLarge: when it has more than 5 MB.
        MalformedBody: when it is no text.
    """
    plain = dict(event)
    given = plain.get("multiValueQueryStringParameters") or {}
    twice = [FieldError(name, "given_twice", "Give it once.") for name, values in given.items() if len(values) > 1]
    if twice:
        raise Invalid(twice)
    body = plain.get("body")
    if not body:
        return plain
    if len(body) > _LARGEST * (4 / 3 if plain.get("isBase64Encoded") else 1):
        raise PayloadTooLarge("The body is larger than 5 MB.")
    _check_media_type(plain)
    plain["headers"] = _with_json(plain.get("headers"))
    plain["multiValueHeaders"] = _with_json(plain.get("multiValueHeaders"), as_list=True)
    if plain.get("isBase64Encoded"):
        try:
            plain["body"] = base64.b64decode(body, validate=True).decode()
        except ValueError as error:
            raise MalformedBody("The body is not text in UTF-8.") from error
        plain["isBase64Encoded"] = False
    return plain


def strict_json(text: str) -> dict[str, Any]:
    """The JSON object that *text* is.

    Raises:
        MalformedBody: when it is not JSON, or not an object, or nested too deeply.
    """
    try:
        document = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise MalformedBody(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from error
    except RecursionError as error:
        raise MalformedBody("The body is nested too deeply.") from error
    except ValueError as error:
        raise MalformedBody("The body holds a number that JSON or we do not know.") from error
    if not isinstance(document, dict):
        raise MalformedBody("The body must be a JSON object: { … }.")
    if _deeper_than(document, 20):
        raise MalformedBody("The body is nested too deeply.")
    if "\ufffd" in text:
        raise MalformedBody("The body was no UTF-8: it holds the sign that stands for damaged text (U+FFFD).")
    if not _is_unicode(document):
        raise MalformedBody("The body holds half of a surrogate pair, which is no character.")
    return document


def _is_unicode(document: Any) -> bool:
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _deeper_than(document: Any, levels: int) -> bool:
    if not isinstance(document, (dict, list)):
        return False
    if levels == 0:
        return True
    inner = document.values() if isinstance(document, dict) else document
    return any(_deeper_than(value, levels - 1) for value in inner)


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(digits)
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _check_media_type(event: Mapping[str, Any]) -> None:
    headers = event.get("headers") or {}
    declared = next((str(value) for name, value in headers.items() if name.lower() == "content-type"), "")
    media_type, *parameters = (part.strip().lower() for part in declared.split(";"))
    if media_type and media_type not in _JSON_TYPES:
        raise UnsupportedMediaType("Send the body as application/json.")
    charset = next((part.partition("=")[2].strip('" ') for part in parameters if part.startswith("charset")), "utf-8")
    if charset not in {"utf-8", "utf8"}:
        raise UnsupportedMediaType("Send the body in UTF-8.")


def _with_json(headers: Mapping[str, Any] | None, *, as_list: bool = False) -> dict[str, Any]:
    kept = {name: value for name, value in (headers or {}).items() if name.lower() != "content-type"}
    return kept | {"content-type": ["application/json"] if as_list else "application/json"}
