"""Idempotency-Key: a repeated POST gets the first answer, and happens once."""

import gzip
import hashlib
import json
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from carebook import cursors
from carebook.errors import Conflict, FieldError, Invalid, RequestMismatch
from carebook.ids import CLIENT, CONTACT, is_id
from carebook.keys import ANSWER_PREFIX, answer_beside_key, idempotency_pk

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
    principal = app.principal  # type: ignore[attr-defined]
    account, who = principal.account, [principal.user_id, *sorted(principal.roles)]
    # A kept answer is for who got it, in the role they had: nobody else is shown it without being asked who they are.
    mark = _digest([event.http_method, event.path, key, *who])
    body = json.dumps([event.query_string_parameters, event.json_body], sort_keys=True)
    app.context["once"] = f"{mark}.{_digest(body)}"
    return _remembering(account, mark, body, app, next_middleware)


def _digest(what: Any) -> str:
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


def _remembering(account: str, mark: str, body: str, app: APIGatewayRestResolver, proceed: Next) -> Response[Any]:
    # Powertools' idempotency brings boto3 with it: only requests that carry a key pay for it.
    from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function
    from aws_lambda_powertools.utilities.idempotency.exceptions import (
        IdempotencyAlreadyInProgressError,
        IdempotencyValidationError,
    )

    config = IdempotencyConfig(
        event_key_jmespath="mark",
        hash_function="sha256",
        payload_validation_jmespath="body",
        expires_after_seconds=_REMEMBERED_SECONDS,
        raise_on_no_idempotency_key=True,
        lambda_context=app.lambda_context,
    )

    scope = (account, "kept answer", mark)

    @idempotent_function(  # type: ignore[untyped-decorator]
        data_keyword_argument="request", persistence_store=_store(account), config=config, key_prefix=ANSWER_PREFIX
    )
    def once(*, request: Mapping[str, str]) -> dict[str, Any]:  # noqa: ARG001 - Powertools reads it
        response = proceed(app)
        _note_beside_records(account, mark, response)
        return _packed(response, scope, app.context.get("sealed_fields", ()))

    try:
        return _unpacked(once(request={"mark": mark, "body": body}), scope)
    except IdempotencyAlreadyInProgressError as error:
        raise Conflict("The first request with this key is still running.", code="in_progress") from error
    except IdempotencyValidationError as error:
        raise RequestMismatch from error


def _note_beside_records(account: str, mark: str, response: Response[Any]) -> None:
    """An answer that shows a contact or a client must go when they are purged: a note beside each leads to it."""
    shown = sorted(_records_shown(response.body))
    if not shown:
        return
    from carebook.items import NOT_THERE, Writes, make_item
    from carebook.table import open_table

    items = [make_item(answer_beside_key(account, record_id, mark), None) for record_id in shown]
    for item in items:
        item.expires_at = int(time.time()) + _REMEMBERED_SECONDS
    if len(items) == 1:
        open_table().put_if(items[0], NOT_THERE)  # half of what a transaction costs
        return
    writes = Writes()
    for item in items:
        writes.put(item)
    open_table().write(writes)


def _records_shown(body: Any) -> set[str]:
    """The contacts and clients that an answer shows, or on which hangs what it shows."""
    if isinstance(body, list):
        return next((shown for one in body if (shown := _records_shown(one))), set())
    if not isinstance(body, dict):
        return set()
    named = (body.get(name) for name in ("id", "contact_id", "client_id"))
    shown = {one for one in named if isinstance(one, str) and (is_id(one, CONTACT) or is_id(one, CLIENT))}
    return shown or next((shown for name in ("items", "file") if (shown := _records_shown(body.get(name)))), set())


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


def _packed(response: Response[Any], scope: Sequence[str], sealed_fields: Sequence[str]) -> dict[str, Any]:
    kept: Any = response.body
    sealed = {name: kept[name] for name in sealed_fields if kept[name] is not None}
    if sealed:
        kept = {**kept, **dict.fromkeys(sealed)}
    # Compressed, so that the largest contact's answer fits into one item.
    body = b64encode(gzip.compress(json.dumps(kept).encode(), mtime=0)).decode()
    return {
        "status": response.status_code,
        "content_type": response.content_type or "",
        "headers": {name: str(value) for name, value in response.headers.items()},
        "body": body,
    } | ({"sealed": cursors.seal(_secret(), scope, [json.dumps(sealed)])} if sealed else {})


def _unpacked(kept: Mapping[str, Any], scope: Sequence[str]) -> Response[Any]:
    body = json.loads(gzip.decompress(b64decode(kept["body"])))
    if "sealed" in kept:
        body |= json.loads(cursors.unseal(_secret(), scope, kept["sealed"])[0])
    return Response(int(kept["status"]), kept["content_type"], body, headers=dict(kept["headers"]))


def _secret() -> bytes:
    from carebook.secrets import signing_secret

    return signing_secret()
