"""The resolver that every HTTP function uses: who calls, what they sent, and how the answer looks."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError, ResponseValidationError
from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook import cursors
from carebook.errors import UNREADABLE_VERSION, CarebookError, FieldError, Invalid, NotFound, Unavailable
from carebook.http.body import plain_event, strict_json
from carebook.http.idempotency import answer_once
from carebook.http.problems import (
    PROBLEM_JSON,
    SECURITY_HEADERS,
    headers_of,
    internal_error,
    invalid_request,
    problem,
    proxy_response,
    status_of,
)
from carebook.identity import Principal, principal_from_claims
from carebook.observability import logger
from carebook.validation import unknown_field

_dump: Final = partial(json.dumps, ensure_ascii=False, separators=(",", ":"))
_JSON: Final = "application/json"


class Api(APIGatewayRestResolver):
    """One resource's routes.

    Args:
        public: whether the routes answer without a token.
    """

    def __init__(self, *, public: bool = False) -> None:
        super().__init__(
            enable_validation=True,
            serializer=_dump,
            json_body_deserializer=strict_json,
            response_validation_error_http_code=500,
        )
        self._public = public
        self._principal: Principal | None = None
        # Without a caller there is nobody to whom a kept answer could belong.
        self.use([_refuse_what_is_not_asked_for] if public else [_refuse_what_is_not_asked_for, answer_once])
        self.exception_handler(CarebookError)(self._refuse)
        self.exception_handler(RequestValidationError)(lambda found: self._refuse(invalid_request(found.errors())))
        self.exception_handler(ResponseValidationError)(self._own_fault)
        self.exception_handler(NotFoundError)(lambda _: self._refuse(NotFound("There is nothing here.")))

    def resolve(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Answer an event of API Gateway; whatever happens, the answer is a well-formed one."""
        request_context = event.get("requestContext") or {}
        request_id = str(request_context.get("requestId", ""))
        logger.set_correlation_id(request_id)
        try:
            if not self._public:
                claims = (request_context.get("authorizer") or {}).get("claims") or {}
                self._principal = principal_from_claims(claims)
            return super().resolve(plain_event(event), context)
        except CarebookError as refusal:
            _log_refusal(refusal)
            return proxy_response(problem(refusal, request_id), headers_of(refusal))
        except Exception as surprise:  # noqa: BLE001 - the last line: nothing of a surprise may reach the caller
            if _will_pass(surprise):
                logger.warning("AWS is busy", error=type(surprise).__name__)
                busy = Unavailable("We are busy at the moment. Try again in a moment.")
                return proxy_response(problem(busy, request_id), headers_of(busy))
            logger.exception("Unexpected error")
            return proxy_response(internal_error(request_id))
        finally:
            self._principal = None

    @property
    def principal(self) -> Principal:
        """The caller of the request at hand."""
        if self._principal is None:
            raise RuntimeError("A public route has no caller.")
        return self._principal

    @property
    def expected_version(self) -> int | None:
        """The version in If-Match; None when the header is absent or ``*``, and never a match when unreadable.

        Of several ETags the highest counts. Weak ones count too: compressing proxies make them of strong ones.
        """
        header = self.current_event.headers.get("If-Match")
        if header is None or header.strip() == "*":
            return None
        tags = [tag.strip().removeprefix("W/").strip('"') for tag in header.split(",")]
        versions = [int(tag) for tag in tags if tag.isascii() and tag.isdigit() and len(tag) < 16]
        return max(versions, default=UNREADABLE_VERSION)

    def keep_sealed(self, *fields: str) -> None:
        """Have these fields of the answer kept under seal only, if it is kept for repeats."""
        self.context["sealed_fields"] = fields

    @property
    def once(self) -> str | None:
        """What marks this request and its repeats, when the caller gave an Idempotency-Key."""
        mark: str | None = self.context.get("once")
        return mark

    def seal_cursor(self, position: list[str] | None, *query: str) -> str | None:
        """A cursor that only this account can use, for this route and *query*; None stays None."""
        return None if position is None else cursors.seal(_secret(), self._cursor_scope(query), position)

    def unseal_cursor(self, cursor: str | None, *query: str) -> list[str] | None:
        """The position in a cursor of this account, route and *query*; None stays None.

        Raises:
            BadCursor: when the cursor is any other.
        """
        return None if cursor is None else cursors.unseal(_secret(), self._cursor_scope(query), cursor)

    def _cursor_scope(self, query: tuple[str, ...]) -> tuple[str, ...]:
        return (self.principal.account, self.current_event.path.removeprefix("/v1").rstrip("/"), *query)

    def _own_fault(self, fault: ResponseValidationError) -> Response[Any]:
        """An answer that is not what we promise: our fault, never the caller's. What it held is not for the log."""
        found = [{"loc": list(error["loc"]), "type": error["type"]} for error in fault.errors()]
        logger.error("The answer breaks its schema", errors=found)
        document = internal_error(self.current_event.request_context.request_id or "")
        return Response(500, PROBLEM_JSON, _dump(document), headers=dict(SECURITY_HEADERS))

    def _refuse(self, refusal: CarebookError) -> Response[Any]:
        _log_refusal(refusal)
        document = problem(refusal, self.current_event.request_context.request_id or "")
        return Response(status_of(refusal), PROBLEM_JSON, _dump(document), headers=headers_of(refusal))


def answer(
    body: Any, *, status: int = 200, version: int | None = None, headers: Mapping[str, str] | None = None
) -> Response[Any]:
    """A JSON answer; with *version* it carries the ETag."""
    etag = {} if version is None else {"ETag": f'"{version}"'}
    return Response(status, _JSON, body, headers={**SECURITY_HEADERS, **etag, **(headers or {})})


def pdf(page: str, *, name: str) -> Response[Any]:
    """A PDF that is written in ASCII alone, to be shown or saved under *name*."""
    headers = {**SECURITY_HEADERS, "Content-Disposition": f'inline; filename="{name}"'}
    return Response(200, "application/pdf", page, headers=headers)


def no_content() -> Response[Any]:
    """The answer that says: done."""
    return Response(204, None, "", headers=dict(SECURITY_HEADERS))


def _secret() -> bytes:
    from carebook.secrets import signing_secret

    return signing_secret()


def _will_pass(surprise: Exception) -> bool:
    from carebook.troubles import will_pass  # functions without a table stay without botocore

    return will_pass(surprise)


def _log_refusal(refusal: CarebookError) -> None:
    logger.info("Refused", code=refusal.code)


def _refuse_what_is_not_asked_for(
    app: APIGatewayRestResolver, next_middleware: Callable[[APIGatewayRestResolver], Response[Any]]
) -> Response[Any]:
    """A misspelt filter must not silently select everything, nor a body be sent to a route that takes none."""
    dependant, event = app.context["_route"].dependant, app.current_event
    known = {parameter.alias for parameter in dependant.query_params}
    errors = [
        FieldError(name, "unknown_parameter", "There is no such parameter here. Check its spelling.")
        for name in event.query_string_parameters
        if name not in known
    ]
    if event.body and not dependant.body_params:
        errors += [unknown_field(name, name) for name in event.json_body]
    if errors:
        raise Invalid(errors)
    return next_middleware(app)
