"""The API's contract as it is served: the OpenAPI document, and pages to read and try it on."""

from functools import lru_cache
from importlib.resources import files
from typing import Final

PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def openapi_document() -> str:
    """The OpenAPI document, as ``make openapi`` wrote it."""
    return files("carebook").joinpath("openapi.json").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def docs_page() -> str:
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
    return page.replace("<title>Swagger UI</title>", "<title>Carebook API</title>").replace(
        "?format=json", "/../openapi.json"
    )
