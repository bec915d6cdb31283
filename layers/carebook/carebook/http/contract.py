"""The API's contract as it is served: the OpenAPI document, and pages to read and try it on."""

from importlib.resources import files
from typing import Any

from aws_lambda_powertools.event_handler import Response

_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'"


def openapi_document() -> str:
    """The OpenAPI document, as ``make openapi`` wrote it."""
    return files("carebook").joinpath("openapi.json").read_text(encoding="utf-8")


def docs_page() -> Response[Any]:
    """Swagger UI in one page, from the assets that Powertools packages; nothing is loaded from elsewhere."""
    from aws_lambda_powertools.event_handler.openapi.swagger_ui import generate_swagger_html

    assets = files("aws_lambda_powertools.event_handler.openapi.swagger_ui")
    page = generate_swagger_html(
        openapi_document(),
        assets.joinpath("swagger-ui-bundle.min.js").read_text(encoding="utf-8"),
        assets.joinpath("swagger-ui.min.css").read_text(encoding="utf-8"),
        "",
        None,
    )
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "public, max-age=300"}
    return Response(200, "text/html; charset=utf-8", page, headers=headers)
