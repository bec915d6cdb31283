"""Idempotency-Key: a repeated POST gets the first answer, and happens once."""

import gzip
import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from carebook.errors import Conflict, FieldError, Invalid
from carebook.keys import idempotency_pk

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer

Next = Callable[[APIGatewayRestResolver], Response[Any]]
_REMEMBERED_SECONDS: Final = 24 * 60 * 60


def answer_once(app: APIGatewayRestResolver, next_middleware: Next) -> Response[Any]:
    """Middleware: with an Idempotency-Key, a POST runs once and its answer is kept for 24 hours.

    A refusal is not kept: nothing was written, so a corrected request may use the key again. The mark in
    ``context["once"]`` goes into the write's own transaction, for the case that we fall between write and answer.
    """
    event = app.current_event
    key = event.headers.get("Idempotency-Key")
    if key is None or event.http_method != "POST":
        return next_middleware(app)
    if not 1 <= len(key) <= 255 or not key.isprintable():
        raise Invalid([FieldError("Idempotency-Key", "wrong_form", "Use 1 to 255 printable characters.")])
    account = app.principal.account  # type: ignore[attr-defined]
    mark = hashlib.sha256(json.dumps([event.http_method, event.path, key]).encode()).hexdigest()
    app.context["once"] = mark
    body = json.dumps([event.query_string_parameters, event.json_body], sort_keys=True)
    return _remembering(account, mark, body, app, next_middleware)


def _remembering(account: str, mark: str, body: str, app: APIGatewayRestResolver, proceed: Next) -> Response[Any]:
    # Powertools' idempotency brings boto3 with it: only requests that carry a key pay for it.
    from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function
    from aws_lambda_powertools.utilities.idempotency.exceptions import (
        IdempotencyAlreadyInProgressError,
        IdempotencyValidationError,
    )

    config = IdempotencyConfig(
        event_key_jmespath="mark",
        payload_validation_jmespath="body",
        expires_after_seconds=_REMEMBERED_SECONDS,
        raise_on_no_idempotency_key=True,
        lambda_context=app.lambda_context,
    )

    @idempotent_function(  # type: ignore[untyped-decorator]
        data_keyword_argument="request", persistence_store=_store(account), config=config
    )
    def once(*, request: Mapping[str, str]) -> dict[str, Any]:  # noqa: ARG001 - Powertools reads it
        return _packed(proceed(app))

    try:
        return _unpacked(once(request={"mark": mark, "body": body}))
    except IdempotencyAlreadyInProgressError as error:
        raise Conflict("The first request with this key is still running.", code="in_progress") from error
    except IdempotencyValidationError as error:
        wrong = FieldError("Idempotency-Key", "idempotency_mismatch", "Use a new key for another request.")
        detail = "This key was used for a request with another body."
        raise Invalid([wrong], detail=detail, code="idempotency_mismatch") from error


@lru_cache(maxsize=256)
def _store(account: str) -> "DynamoDBPersistenceLayer":
    from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer

    from carebook.table import open_table  # functions without a table stay without its client

    table = open_table()
    return DynamoDBPersistenceLayer(
        table.name,
        key_attr="PK",
        sort_key_attr="SK",
        static_pk_value=idempotency_pk(account),
        expiry_attr="expires_at",
        boto3_client=table.connection.client,
    )


def _packed(response: Response[Any]) -> dict[str, Any]:
    # Compressed, so that the largest contact's answer fits into one item.
    body = b64encode(gzip.compress(json.dumps(response.body).encode(), mtime=0)).decode()
    return {
        "status": response.status_code,
        "content_type": response.content_type or "",
        "headers": {name: str(value) for name, value in response.headers.items()},
        "body": body,
    }


def _unpacked(kept: Mapping[str, Any]) -> Response[Any]:
    body = json.loads(gzip.decompress(b64decode(kept["body"])))
    return Response(int(kept["status"]), kept["content_type"], body, headers=dict(kept["headers"]))
