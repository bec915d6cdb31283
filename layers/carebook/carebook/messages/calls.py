"""Calling a provider exactly once: no retry of botocore's own, and every way to fail told apart."""

from collections.abc import Callable
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    ParamValidationError,
    ProxyConnectionError,
    SSLError,
)

from carebook import __version__, environment
from carebook.messages.channels import TRANSIENT_CODES, Accepted, Busy, Outcome, Refused, Unknown
from carebook.observability import logger
from carebook.table import open_table

# A retry after a lost answer would send a message twice, and botocore retries by itself unless it is told not to.
_ONCE: Final = Config(
    retries={"total_max_attempts": 1},
    # The provider looks at a request's form as well, and says so; our own look costs a quarter of the call.
    parameter_validation=False,
    connect_timeout=3,
    read_timeout=20,
    user_agent=f"carebook/{__version__}",
)
_NEVER_SENT: Final = (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ProxyConnectionError,
    SSLError,
)


def client_of(service: str, *, tries: int = 1) -> Any:
    """A client of an AWS service that makes each request once; *tries* times at most where a repeat does no harm."""
    session = open_table().connection.session  # its service models are loaded, and its credentials fetched
    config = _ONCE if tries == 1 else _ONCE.merge(Config(retries={"total_max_attempts": tries, "mode": "standard"}))
    return session.create_client(service, region_name=environment.region(), config=config)


def call(request: Callable[[], dict[str, Any]], read_refusal: Callable[[ClientError], Refused | None]) -> Outcome:
    """What becomes of one call.

    Args:
        read_refusal: what a channel knows of its provider's answers; None leaves it to what all have in common.
    """
    try:
        answer = request()
    except ClientError as error:
        response = error.response
        logger.warning("The provider said no", code=response["Error"]["Code"], reason=response.get("Reason"))
        return read_refusal(error) or _read(error)
    except ParamValidationError:
        return Refused("not_accepted")
    except _NEVER_SENT as error:
        return Busy(type(error).__name__)
    except HTTPClientError as error:
        return Unknown(type(error).__name__)
    return Accepted(str(answer["MessageId"]))


def is_transient(error: ClientError) -> bool:
    """Whether the provider did nothing, and the same again later is right."""
    return error.response["Error"]["Code"] in TRANSIENT_CODES or _status(error) in {429, 500, 502, 503}


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))


def _read(error: ClientError) -> Outcome:
    code = error.response["Error"]["Code"]
    if is_transient(error):
        return Busy(code)
    if code in {"AccessDenied", "AccessDeniedException"}:
        return Refused("channel_not_configured")
    if _status(error) == 504:
        return Unknown(code)
    return Refused("not_accepted")
