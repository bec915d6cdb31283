"""HTTP: /settings/message-templates."""

from functools import lru_cache
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook.http.api import Api, answer, no_content
from carebook.identity import Permission
from carebook.instants import utcnow
from carebook.message_templates import service
from carebook.message_templates.model import checked_words
from carebook.message_templates.schemas import Draft, PreviewView, TemplatePage, TemplateView, TemplateWords
from carebook.message_templates.store import TableMessageTemplates
from carebook.message_templates.views import preview_view, template_view
from carebook.table import open_table

api = Api()


@lru_cache(maxsize=1)
def templates() -> TableMessageTemplates:
    return TableMessageTemplates(open_table())


@api.get("/settings/message-templates", tags=["settings"], summary="List the message templates")
def every() -> Response[TemplatePage]:
    principal = api.principal
    principal.require(Permission.READ_SETTINGS)
    found = service.all_templates(templates(), account=principal.account)
    return answer({"items": [template_view(one) for one in found], "next_cursor": None})


@api.get("/settings/message-templates/<kind>/<method>", tags=["settings"], summary="Read a message template")
def read(kind: str, method: str) -> Response[TemplateView]:
    principal = api.principal
    principal.require(Permission.READ_SETTINGS)
    template = templates().find(principal.account, *service.which(kind, method))
    return answer(template_view(template), version=template.version)


@api.put("/settings/message-templates/<kind>/<method>", tags=["settings"], summary="Write a message template")
def write(kind: str, method: str, words: Annotated[TemplateWords, Body()]) -> Response[TemplateView]:
    principal = api.principal
    principal.require(Permission.EDIT_SETTINGS)
    named, by_method = service.which(kind, method)
    template = service.change_template(
        templates(),
        account=principal.account,
        kind=named,
        method=by_method,
        words=checked_words(named, by_method, subject=words.subject, body=words.body),
        by=principal.person,
        now=utcnow(),
        expected_version=api.expected_version,
    )
    return answer(template_view(template), version=template.version)


@api.delete(
    "/settings/message-templates/<kind>/<method>",
    tags=["settings"],
    summary="Go back to the built-in text",
    status_code=204,
)
def back_to_built_in(kind: str, method: str) -> Response[Any]:
    principal = api.principal
    principal.require(Permission.EDIT_SETTINGS)
    named, by_method = service.which(kind, method)
    service.change_template(
        templates(),
        account=principal.account,
        kind=named,
        method=by_method,
        words=None,
        by=principal.person,
        now=utcnow(),
        expected_version=api.expected_version,
    )
    return no_content()


@api.post(
    "/settings/message-templates/<kind>/<method>/preview",
    tags=["settings"],
    summary="See a message with examples filled in",
)
def preview(kind: str, method: str, draft: Annotated[Draft | None, Body()] = None) -> Response[PreviewView]:
    principal = api.principal
    principal.require(Permission.READ_SETTINGS)
    named, by_method = service.which(kind, method)
    rendered = service.preview(
        templates(),
        account=principal.account,
        kind=named,
        method=by_method,
        subject=draft.subject if draft else None,
        body=draft.body if draft else None,
    )
    return answer(preview_view(named, by_method, rendered))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda entry point."""
    return api.resolve(event, context)
