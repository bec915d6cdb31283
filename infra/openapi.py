"""Write the OpenAPI document from the handlers' resolvers, or check that the written one is still true.

python infra/openapi.py            write layers/carebook/carebook/openapi.json
python infra/openapi.py --check    exit 1 when it differs from what the code says
"""

import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
DOCUMENT: Final = ROOT / "layers/carebook/carebook/openapi.json"
sys.path[:0] = [str(ROOT), str(ROOT / "layers/carebook")]

_HEADERS: Final[dict[str, dict[str, Any]]] = {
    "Idempotency-Key": {
        "description": "A repeat within 24 hours gets the first answer and changes nothing.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    },
    "If-Match": {
        "description": "The ETag that you read; when the record has changed since, the answer is 412.",
        "schema": {"type": "string", "examples": ['"3"']},
    },
}
_PUBLIC: Final = {"/health", "/shares/{token}", "/shares/{token}/open"}
_SUCCESSES: Final = {
    "200": "Done",
    "201": "Made; Location says where",
    "202": "Taken on; the rest happens by itself",
    "204": "Done; there is nothing to say",
}
_MADE_BY_PUT: Final = {"/clients/{client_id}/contacts/{contact_id}"}  # 201 at first, 200 from then on
_PROBLEMS: Final = {
    "400": "Malformed JSON, or a cursor of another list",
    "401": "No valid token",
    "403": "The caller's role does not allow it",
    "404": "No such record in this account",
    "409": "The record's state does not allow it",
    "412": "The record has changed since it was read",
    "413": "The body is too large",
    "415": "The body is not JSON",
    "422": "Fields that cannot be accepted",
    "429": "Too many requests",
    "500": "Something went wrong on our side",
    "503": "Try again in a moment",
}


def build() -> dict[str, Any]:
    """The whole document: every handler's routes, and what all routes share."""
    from aws_lambda_powertools.event_handler.openapi.merge import OpenAPIMerge
    from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer, Server

    from carebook import __version__

    merge = OpenAPIMerge(
        title="Carebook",
        version=__version__,
        description="The contact book of a healthcare practice.",
        servers=[Server(url=".")],
        security_schemes={"idToken": HTTPBearer(bearerFormat="JWT", description="A Cognito ID token.")},
        security=[{"idToken": []}],
        on_conflict="error",
    )
    # Powertools' own discovery looks for its resolver classes by name and passes ours by.
    functions = ROOT / "functions"
    for source in sorted([*functions.glob("*/api.py"), *functions.glob("*/public.py")]):
        module = importlib.import_module(f"functions.{source.parent.name}.{source.stem}")
        merge.add_schema(json.loads(module.api.get_openapi_json_schema()))
    document: dict[str, Any] = json.loads(merge.get_openapi_json_schema())
    for path, operations in sorted(document["paths"].items()):
        for method, operation in operations.items():
            _complete(path, method, operation)
    schemas = document["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError", "ResponseValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = _problem_schema()
    document["paths"] = dict(sorted(document["paths"].items()))
    return _with_plain_names(document)


def _with_plain_names(document: dict[str, Any]) -> dict[str, Any]:
    """``MergePatch_NewContact_`` is how Python says it; callers read ``NewContactPatch``."""
    plain: dict[str, Any] = json.loads(re.sub(r"MergePatch_(\w+)_(?=\W)", r"\1Patch", json.dumps(document)))
    plain["components"]["schemas"] = dict(sorted(plain["components"]["schemas"].items()))
    return plain


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    operation["operationId"] = f"{method}_{path.strip('/').replace('/', '_').replace('{', '').replace('}', '')}"
    if path in _PUBLIC:
        operation["security"] = []
    parameters = operation.setdefault("parameters", [])
    header = {"post": "Idempotency-Key", "patch": "If-Match", "put": "If-Match", "delete": "If-Match"}.get(method)
    if header and path not in _PUBLIC:
        parameters.append({"name": header, "in": "header", "required": False, **_HEADERS[header]})
    for ours in ("422", "500"):
        operation["responses"].pop(ours, None)
    for status, response in operation["responses"].items():
        response["description"] = _SUCCESSES[status]
        if status == "204":
            response.pop("content", None)
        _add_etag(response)
        if path.endswith("/claim") and status == "200":
            as_json = response["content"]["application/json"]["schema"]
            as_json.update(as_json.pop("anyOf")[0])  # the other one is the PDF
            response["content"]["application/pdf"] = {"schema": {"type": "string", "format": "binary"}}
    if method == "put" and path in _MADE_BY_PUT:
        made = operation["responses"]["200"] | {"description": "Made; there was none before"}
        operation["responses"] = {"200": operation["responses"]["200"], "201": made}
    for status in _problems(path, method):
        operation["responses"][status] = {
            "description": _PROBLEMS[status],
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }


def _problems(path: str, method: str) -> list[str]:
    if path in _PUBLIC:
        shared = {"404", "503"} if "{token}" in path else set()
        guessed = {"400", "403", "413", "415", "422"} if method == "post" else set()
        return sorted({"429", "500"} | shared | guessed)
    statuses = {"401", "403", "422", "429", "500"}
    if method == "get":
        statuses |= {"400"}
    else:
        statuses |= {"400", "409", "413", "415", "503"} | ({"412"} if method != "post" else set())
    if "{" in path:
        statuses |= {"404"}
    return sorted(statuses)


def _add_etag(response: dict[str, Any]) -> None:
    reference = json.dumps(response.get("content", {}))
    persons = ("ClientView", "ContactOfClient", "ContactView", "ReferralView")
    views = (*persons, "DocumentView", "MessageView", "SettingsView", "TaskView", "TemplateView")
    if any(f"/{view}" in reference for view in views):
        response["headers"] = {"ETag": {"description": "The version.", "schema": {"type": "string"}}}


def _problem_schema() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "type": "object",
        "title": "Problem",
        "description": "A refusal (RFC 9457).",
        "required": ["type", "title", "status", "detail", "code", "request_id"],
        "properties": {
            "type": text | {"examples": ["/problems/not_valid"]},
            "title": text,
            "status": {"type": "integer"},
            "detail": text,
            "code": text,
            "request_id": text,
            "errors": {
                "type": "array",
                "description": "With 422: each field that cannot be accepted.",
                "items": {
                    "type": "object",
                    "required": ["field", "code", "message"],
                    "properties": {"field": text | {"examples": ["phones[0].number"]}, "code": text, "message": text},
                },
            },
            "version": {"type": "integer", "description": "With 412: the record's version now."},
            "current": {
                "type": "object",
                "description": "With 412: the fields that differ from your copy, as they are now.",
            },
        },
    }


def main() -> int:
    """Write or check."""
    text = json.dumps(build(), indent=2, ensure_ascii=False) + "\n"
    if "--check" not in sys.argv[1:]:
        DOCUMENT.write_text(text, encoding="utf-8")
        return 0
    if DOCUMENT.exists() and DOCUMENT.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write("openapi.json does not say what the code says. Run make openapi and look at the difference.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
