"""What answers without a token: health and the contract."""

import json

from openapi_spec_validator import validate

from carebook import __version__
from tests.builders import Answer, Context, rest_event
from tests.integration.conftest import handler_for
from tests.template.reading import ROOT, root


def get(path: str) -> Answer:
    response = handler_for(path)(rest_event("GET", path), Context())
    headers = {name: values[0] for name, values in response["multiValueHeaders"].items()}
    return Answer(response["statusCode"], headers, response["body"])


def test_health_says_the_version() -> None:
    answer = get("/health")
    assert (answer.status, answer.body) == (200, {"status": "ok", "version": __version__})


def test_the_contract_is_served_as_it_is_kept_and_is_valid() -> None:
    answer = get("/openapi.json")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.text == (ROOT / "docs/openapi.json").read_text(encoding="utf-8")
    validate(answer.body)


def test_every_route_of_the_template_is_in_the_contract_and_the_other_way_round() -> None:
    resources = root().resources.values()
    events = [
        event["Properties"]
        for resource in resources
        if resource["Type"] == "AWS::Serverless::Function"
        for event in (resource["Properties"].get("Events") or {}).values()
        if event["Type"] == "Api"
    ]
    routed = {(event["Path"], event["Method"].lower()) for event in events}
    document = json.loads((ROOT / "docs/openapi.json").read_text(encoding="utf-8"))
    described = {(path, method) for path, operations in document["paths"].items() for method in operations}
    assert routed - described == {("/openapi.json", "get"), ("/docs", "get")}
    assert described <= routed


def test_the_pages_need_nothing_from_elsewhere() -> None:
    answer = get("/docs")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "<script src=" not in answer.text
    assert "SwaggerUIBundle" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
