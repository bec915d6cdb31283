"""The resolver that every HTTP function uses: who calls, what they sent, and how the answer looks."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import ValidationError

from carebook import cursors
from carebook.errors import CarebookError, FieldError, Invalid, NotFound
from carebook.http.body import plain_event, strict_json
from carebook.http.idempotency import answer_once
from carebook.http.problems import (
    PROBLEM_JSON,
    SECURITY_HEADERS,
    internal_error,
    invalid_input,
    problem,
    proxy_response,
    status_of,
)
from carebook.identity import Principal, principal_from_claims
from carebook.observability import logger

_dump: Final = partial(json.dumps, ensure_ascii=False, separators=(",", ":"))
_JSON: Final = "application/json"
_NO_VERSION: Final = -1


class Api(APIGatewayRestResolver):
    """One resource's routes.

    Args:
        public: whether the routes answer without a token.
    """

    def __init__(self, *, public: bool = False) -> None:
        super().__init__(enable_validation=True, serializer=_dump, json_body_deserializer=strict_json)
        self._public = public
        self._principal: Principal | None = None
        self.use([_refuse_unknown_parameters, answer_once])
        self.exception_handler(CarebookError)(self._refuse)
        self.exception_handler(RequestValidationError)(lambda found: self._refuse(invalid_input(found.errors())))
        self.exception_handler(ValidationError)(lambda found: self._refuse(invalid_input(found.errors())))
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
            return proxy_response(problem(refusal, request_id))
        except Exception:  # noqa: BLE001 - the last line: nothing of a surprise may reach the caller
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
        """The version in If-Match; None when the header is absent or ``*``, and never a match when unreadable."""
        header = self.current_event.headers.get("If-Match")
        if header is None or header.strip() == "*":
            return None
        digits = header.strip().removeprefix("W/").strip('"')
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else _NO_VERSION

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
        return (self.principal.account, self.current_event.path.removeprefix("/v1"), *query)

    def _refuse(self, refusal: CarebookError) -> Response[Any]:
        _log_refusal(refusal)
        document = problem(refusal, self.current_event.request_context.request_id or "")
        return Response(status_of(refusal), PROBLEM_JSON, _dump(document), headers=dict(SECURITY_HEADERS))


def answer(
    body: Any, *, status: int = 200, version: int | None = None, headers: Mapping[str, str] | None = None
) -> Response[Any]:
    """A JSON answer; with *version* it carries the ETag."""
    etag = {} if version is None else {"ETag": f'"{version}"'}
    return Response(status, _JSON, body, headers={**SECURITY_HEADERS, **etag, **(headers or {})})


def no_content() -> Response[Any]:
    """The answer that says: done."""
    return Response(204, None, "", headers=dict(SECURITY_HEADERS))


def _secret() -> bytes:
    from carebook.secrets import signing_secret

    return signing_secret()


def _log_refusal(refusal: CarebookError) -> None:
    logger.info("Refused", code=refusal.code)


def _refuse_unknown_parameters(
    app: APIGatewayRestResolver, next_middleware: Callable[[APIGatewayRestResolver], Response[Any]]
) -> Response[Any]:
    """A misspelt filter must not silently select everything."""
    given = app.current_event.query_string_parameters
    if given:
        known = {parameter.alias for parameter in app.context["_route"].dependant.query_params}
        errors = [
            FieldError(name, "unknown_parameter", "There is no such parameter here. Check its spelling.")
            for name in given
            if name not in known
        ]
        if errors:
            raise Invalid(errors)
    return next_middleware(app)
