"""Builders of what tests need: callers, requests, contacts."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aws_lambda_powertools.utilities.typing import LambdaContext

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


class Context(LambdaContext):
    """What handlers use of Lambda's context."""

    def __init__(self, *, remaining_ms: int = 30_000) -> None:
        self._function_name = "carebook-test"
        self._memory_limit_in_mb = 512
        self._invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:carebook-test"
        self._aws_request_id = "00000000-0000-0000-0000-000000000000"
        self._remaining_ms = remaining_ms

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]
        return self._remaining_ms


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def etag(self) -> str:
        return self.headers["ETag"]


@dataclass
class Caller:
    """Somebody with a token, calling handlers in process the way API Gateway does."""

    handler: Callable[[str], Handler]
    account: str = "acc_lakeside"
    user_id: str = "usr_director"
    groups: str = "director"
    claims: Mapping[str, Any] = field(default_factory=dict)

    def get(self, target: str, **headers: str) -> Answer:
        return self.call("GET", target, headers=headers)

    def post(self, target: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        return self.call("POST", target, body=body, headers=headers)

    def patch(self, target: str, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
        return self.call("PATCH", target, body=body, headers=headers)

    def put(self, target: str, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
        return self.call("PUT", target, body=body, headers=headers)

    def delete(self, target: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self.call("DELETE", target, headers=headers)

    def call(
        self,
        method: str,
        target: str,
        *,
        body: Any = None,
        raw: str | None = None,
        headers: Mapping[str, str] | None = None,
        base64: bool = False,
    ) -> Answer:
        text = raw if raw is not None else None if body is None else json.dumps(body)
        event = rest_event(method, target, body=text, headers=headers, claims=self._claims(), base64=base64)
        response = self.handler(urlsplit(target).path)(event, Context())
        joined = {name: values[0] for name, values in (response.get("multiValueHeaders") or {}).items()}
        return Answer(response["statusCode"], joined | (response.get("headers") or {}), response.get("body") or "")

    def _claims(self) -> dict[str, Any]:
        return {
            "sub": self.user_id,
            "email": f"{self.user_id}@example.org",
            "token_use": "id",
            "custom:account_id": self.account,
            "cognito:groups": self.groups,
            **self.claims,
        }


def rest_event(
    method: str,
    target: str,
    *,
    body: str | None = None,
    headers: Mapping[str, str] | None = None,
    claims: Mapping[str, Any] | None = None,
    base64: bool = False,
) -> dict[str, Any]:
    """An event of API Gateway's REST proxy integration."""
    parts = urlsplit(target)
    query = parse_qsl(parts.query, keep_blank_values=True)
    sent = {"Content-Type": "application/json"} | dict(headers or {})
    return {
        "resource": parts.path,
        "path": parts.path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": {name: [v for n, v in query if n == name] for name, _ in query} or None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "requestId": "req-1",
            "stage": "v1",
            "path": f"/v1{parts.path}",
            "httpMethod": method,
            "resourcePath": parts.path,
            "identity": {"sourceIp": "127.0.0.1"},
            "authorizer": {"claims": dict(claims)} if claims is not None else None,
        },
        "body": body,
        "isBase64Encoded": base64,
    }


def physician(**changes: Any) -> dict[str, Any]:
    """A new contact as a caller would send it."""
    return {
        "first_name": "Ana",
        "middle_name": "M",
        "last_name": "Müller",
        "qualifications": "MD, FACP",
        "organization_name": "Lakeside Family Practice",
        "type": "physician",
        "npi": "1234567893",
        "other_id": "A12345",
        "other_id_qualifier": "0B",
        "messaging_methods": ["email", "sms"],
        "emails": [{"address": "ana@example.org", "label": "work"}],
        "phones": [{"number": "(310) 555-0123", "type": "cell"}],
    } | changes


def child(**changes: Any) -> dict[str, Any]:
    """A new client as a caller would send it."""
    return {
        "first_name": "Mia",
        "last_name": "Müller",
        "date_of_birth": "2019-04-30",
        "emails": [{"address": "mia@example.org"}],
        "phones": [{"number": "(310) 555-0166", "type": "home"}],
    } | changes
