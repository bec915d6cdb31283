"""Every route: who answers and who may ask. Every refusal: what it looks like. Every log line: what it may say."""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.template.reading import ROOT, Properties, events, functions, nested, only, root

PUBLIC = {("GET", "/health"), ("GET", "/openapi.json"), ("GET", "/docs")}
FOR_WHO_HAS_A_LINK = {("GET", "/shares/{token}"), ("GET", "/shares/{token}/open"), ("POST", "/shares/{token}/open")}
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
API = only(root(), "AWS::Serverless::Api")

# All that the access log may hold. Not the path or query (ids and names), no message of an error (it may quote what was
# sent), not the caller's address, browser or claims.
HARMLESS = {
    f"$context.{name}"
    for name in (
        "requestId",
        "xrayTraceId",
        "requestTimeEpoch",
        "httpMethod",
        "resourcePath",
        "status",
        "responseLength",
        "responseLatency",
        "integrationLatency",
        "integration.status",
        "authorizer.status",
        "error.responseType",
    )
}
STATUS = {
    "UNAUTHORIZED": (401, "unauthorized"),
    "EXPIRED_TOKEN": (401, "unauthorized"),
    "ACCESS_DENIED": (403, "access_denied"),
    "WAF_FILTERED": (403, "access_denied"),
    "INVALID_API_KEY": (403, "access_denied"),
    "MISSING_AUTHENTICATION_TOKEN": (404, "not_found"),
    "INVALID_SIGNATURE": (404, "not_found"),
    "RESOURCE_NOT_FOUND": (404, "not_found"),
    "REQUEST_TOO_LARGE": (413, "payload_too_large"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "unsupported_media_type"),
    "THROTTLED": (429, "too_many_requests"),
    "QUOTA_EXCEEDED": (429, "too_many_requests"),
    "DEFAULT_4XX": (400, "bad_request"),
    "INTEGRATION_TIMEOUT": (504, "timeout"),
    "DEFAULT_5XX": (500, "internal_error"),
}


def routes() -> Iterator[tuple[str, str, str, Properties]]:
    """Function, method, path and properties of every route."""
    for name in functions():
        for event in events(name).values():
            if event["Type"] == "Api":
                properties = event["Properties"]
                yield name, properties["Method"], properties["Path"], properties


def declared(source: str) -> set[tuple[str, str]]:
    """Method and path of every resolver decorator in *source*, as API Gateway writes paths."""
    return {
        (decorator.func.attr.upper(), re.sub(r"<(\w+)>", r"{\1}", str(ast.literal_eval(decorator.args[0]))))
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and decorator.func.attr.upper() in METHODS
    }


def test_every_route_needs_a_token_but_the_public_ones() -> None:
    assert API["Auth"]["DefaultAuthorizer"] == "Users"
    assert API["Auth"]["Authorizers"] == {"Users": {"UserPoolArn": {"Fn::GetAtt": ["Identity", "Outputs.UserPoolArn"]}}}
    without = {(method, path) for _, method, path, properties in routes() if "Auth" in properties}
    assert without == PUBLIC | FOR_WHO_HAS_A_LINK
    assert all(p["Auth"] == {"Authorizer": "NONE"} for *_, p in routes() if "Auth" in p)


def test_every_route_belongs_to_this_api() -> None:
    assert all(properties["RestApiId"] == {"Ref": "Api"} for *_, properties in routes())


def test_every_route_names_its_method() -> None:
    assert {method for _, method, _, _ in routes()} <= METHODS


def test_no_route_is_answered_twice() -> None:
    seen = [(method, re.sub(r"{.+?}", "{}", path)) for _, method, path, _ in routes()]
    assert sorted(seen) == sorted(set(seen))


@pytest.mark.parametrize("name", sorted({name for name, *_ in routes()}))
def test_routes_are_those_that_the_handler_answers(name: str) -> None:
    module = functions()[name]["Handler"].rpartition(".")[0]
    source = ROOT / functions()[name]["CodeUri"] / f"{module.replace('.', '/')}.py"
    routed = {(method, path) for function, method, path, _ in routes() if function == name}
    assert routed == declared(source.read_text())


def test_requests_are_limited_on_every_route() -> None:
    setting = API["MethodSettings"][0]
    assert (setting["ResourcePath"], setting["HttpMethod"]) == ("/*", "*")
    assert setting["ThrottlingRateLimit"] == {"Ref": "ThrottleRate"}
    assert setting["ThrottlingBurstLimit"] == {"Ref": "ThrottleBurst"}


def test_who_has_only_a_link_is_limited_more_closely() -> None:
    def route(setting: Properties) -> tuple[str, str]:
        return setting["HttpMethod"], setting["ResourcePath"].replace("~1", "/").removeprefix("/")

    limited = {route(setting): setting for setting in API["MethodSettings"][1:]}
    assert set(limited) == FOR_WHO_HAS_A_LINK
    assert limited["POST", "/shares/{token}/open"]["ThrottlingRateLimit"] <= 5
    assert all(setting["ThrottlingBurstLimit"] <= 40 for setting in limited.values())
    assert all(setting["MetricsEnabled"] for setting in limited.values())


def test_bodies_are_never_logged() -> None:
    for setting in API["MethodSettings"]:
        assert setting["DataTraceEnabled"] is False
        assert setting.get("LoggingLevel", "OFF") == "OFF"


def test_the_stage_is_regional_and_writes_no_urls_into_traces() -> None:
    assert API["TracingEnabled"] is False  # a stage's trace holds the query string; functions are traced for themselves
    assert API["StageName"] == "v1"
    assert API["EndpointConfiguration"] == {"Type": "REGIONAL"}


def access_log() -> dict[str, str]:
    entry: dict[str, str] = json.loads(API["AccessLogSetting"]["Format"])
    return entry


def test_the_access_log_holds_nothing_personal() -> None:
    assert set(access_log().values()) <= HARMLESS


def test_the_access_log_tells_what_operations_need() -> None:
    needed = {"requestId", "resourcePath", "httpMethod", "status", "responseLatency", "error.responseType"}
    assert {f"$context.{name}" for name in needed} <= set(access_log().values())


def test_the_access_log_forgets_and_is_encrypted() -> None:
    group = only(nested("AccessLog"), "AWS::Logs::LogGroup")
    assert group["RetentionInDays"] == {"Ref": "RetentionDays"}
    assert group["KmsKeyId"] == {"Ref": "KeyArn"}
    assert API["AccessLogSetting"]["DestinationArn"] == {"Fn::GetAtt": ["AccessLog", "Outputs.LogGroupArn"]}
    given = root().resources["AccessLog"]["Properties"]["Parameters"]
    assert given["RetentionDays"] == {"Ref": "LogRetentionDays"}
    assert given["KeyArn"] == {"Fn::GetAtt": ["Table", "Outputs.KeyArn"]}


def refusal(kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    response = API["GatewayResponses"][kind]
    return response, json.loads(response["ResponseTemplates"]["application/json"])


def test_every_refusal_of_the_gateway_is_ours() -> None:
    assert set(API["GatewayResponses"]) == set(STATUS)


@pytest.mark.parametrize("kind", STATUS)
def test_a_refusal_of_the_gateway_reads_like_our_own_errors(kind: str) -> None:
    response, body = refusal(kind)
    status, code = STATUS[kind]
    assert response["StatusCode"] == body["status"] == status
    assert body["code"] == code
    assert body["type"] == f"/problems/{code}"
    assert body["request_id"] == "$context.requestId"
    assert set(body) == {"type", "title", "status", "detail", "code", "request_id"}
    assert all(body.values())


@pytest.mark.parametrize("kind", STATUS)
def test_a_refusal_of_the_gateway_is_a_problem_and_is_not_cached(kind: str) -> None:
    headers = refusal(kind)[0]["ResponseParameters"]["Headers"]
    assert headers == {"Content-Type": "'application/problem+json'", "Cache-Control": "'no-store'"}


@pytest.mark.parametrize("kind", STATUS)
def test_a_refusal_of_the_gateway_repeats_nothing_that_was_sent(kind: str) -> None:
    template = API["GatewayResponses"][kind]["ResponseTemplates"]["application/json"]
    assert re.findall(r"\$[\w.]+", template) == ["$context.requestId"]
