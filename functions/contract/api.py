"""HTTP, without a token: /health, the OpenAPI document and its pages."""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel

from carebook import __version__
from carebook.http.api import Api, answer
from carebook.http.contract import PAGE_POLICY, docs_page, openapi_document

api = Api(public=True)


class Health(BaseModel):
    """The service answers."""

    status: str
    version: str


@api.get("/health", tags=["service"], summary="Whether the service answers")
def health() -> Response[Health]:
    return answer({"status": "ok", "version": __version__})


_SHARED = {"Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff"}


@api.get("/openapi.json", include_in_schema=False)
def openapi() -> Response[Any]:
    return Response(200, "application/json", openapi_document(), headers=dict(_SHARED))


@api.get("/docs", include_in_schema=False)
def docs() -> Response[Any]:
    headers = _SHARED | {"Content-Security-Policy": PAGE_POLICY}
    return Response(200, "text/html; charset=utf-8", docs_page(), headers=headers)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda entry point."""
    return api.resolve(event, context)
