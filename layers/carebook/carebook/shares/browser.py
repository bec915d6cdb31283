"""Browsers and programs at the same address: what a form sends becomes JSON, and what is answered becomes a page."""

import base64
import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs

from carebook.shares.page import DISCREET, page_of

_FORM: Final = "application/x-www-form-urlencoded"
_LONGEST_FORM: Final = 1_000


def as_program(event: Mapping[str, Any]) -> dict[str, Any]:
    """*event* as a program would have sent it: a form's fields as JSON, and nothing that only browsers add."""
    plain = dict(event)
    if not _is_browser(event):
        return plain
    # Mail programs and sites hang their own marks on links; they mean nothing to us.
    plain["queryStringParameters"] = plain["multiValueQueryStringParameters"] = None
    if _header(event, "content-type").startswith(_FORM):
        plain["headers"] = {"Content-Type": "application/json", "Accept": "application/json"}
        plain["multiValueHeaders"] = {name: [value] for name, value in plain["headers"].items()}
        plain["body"], plain["isBase64Encoded"] = json.dumps(_fields(event)), False
    return plain


def answered(event: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """*answer* with the headers that all these have; for a browser as a page."""
    kept = {name: values[0] for name, values in (answer.get("multiValueHeaders") or {}).items()}
    headers = kept | dict(answer.get("headers") or {}) | DISCREET
    body = answer.get("body") or ""
    if _is_browser(event):
        headers["Content-Type"] = "text/html; charset=utf-8"
        status, document = answer["statusCode"], json.loads(body or "{}")
        body = page_of(status, document, action=_action(event), opening=event.get("httpMethod") == "POST")
    return {
        "statusCode": answer["statusCode"],
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "body": body,
        "isBase64Encoded": False,
    }


def _is_browser(event: Mapping[str, Any]) -> bool:
    return "text/html" in _header(event, "accept") or _header(event, "content-type").startswith(_FORM)


def _header(event: Mapping[str, Any], name: str) -> str:
    headers = event.get("headers") or {}
    return next((str(value).lower() for key, value in headers.items() if key.lower() == name), "")


def _fields(event: Mapping[str, Any]) -> dict[str, str]:
    body = str(event.get("body") or "")[:_LONGEST_FORM]
    if event.get("isBase64Encoded"):
        try:
            body = base64.b64decode(body + "=" * (-len(body) % 4)).decode("utf-8", "replace")
        except ValueError:
            body = ""
    return {name: values[0].replace("\ufffd", "") for name, values in parse_qs(body).items() if name == "code"}


def _action(event: Mapping[str, Any]) -> str:
    """Where the form goes, as seen from where the page is. A slash that was hung on the link is one level more."""
    path = str(event.get("path") or "")
    token, _, rest = path.partition("/shares/")[2].partition("/")
    if rest:
        return "../open" if rest.endswith("/") else "open"
    return "open" if path.endswith("/") else f"{token}/open"
