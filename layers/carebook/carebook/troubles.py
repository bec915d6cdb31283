"""What goes wrong between us and DynamoDB, and what of it passes by itself."""

import json
from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import ChecksumError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NotConnected
from pynamodb.exceptions import CancellationReason, VerboseClientError

# No line, a line that broke, or an answer that is not whole: what was asked for may have been done.
NO_ANSWER: Final = (ChecksumError, HTTPClientError, NotConnected)
_THROTTLED: Final = frozenset({"ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded"})
# A transaction has the item at this moment. It takes longer than a hiccup, and botocore's clients give up on it.
MET_A_TRANSACTION: Final = "TransactionConflictException"
_PASSING_ERRORS: Final = _THROTTLED | {
    MET_A_TRANSACTION,
    "InternalErrorException",
    "InternalServerError",
    "ServiceUnavailable",
    "TooManyRequestsException",
}


def will_pass(error: Exception) -> bool:
    """Whether an error of AWS is of the kind that passes by itself: throttling, a time-out, a broken line, a hiccup."""
    known = error if isinstance(error, ClientError) else getattr(error, "cause", None) or error.__cause__
    if isinstance(known, ClientError):
        return code_of(known) in _PASSING_ERRORS
    return isinstance(known or error, NO_ANSWER)


class Refused(VerboseClientError):
    """DynamoDB's no to a request.

    Attributes:
        item: what lies where a condition does not hold, if the request asks for it and there is anything.
        unheard: whether an earlier try of the same request may have been done, and nobody heard so.
    """

    item: Mapping[str, Any] | None = None
    unheard = False

    def may_pass_at_once(self) -> bool:
        """Whether another node, or the same one in a moment, may do it."""
        return self.may_be_done() or code_of(self) in _THROTTLED

    def may_be_done(self) -> bool:
        """Whether this is no answer to the request, but tells of trouble on the way to one."""
        status: int = self.response["ResponseMetadata"]["HTTPStatusCode"]
        return status >= 500


def code_of(error: ClientError) -> str:
    """What AWS calls it."""
    code: str = error.response["Error"]["Code"]
    return code


def refusal(operation: str, answer: Any, *, unheard: bool) -> Refused:
    """What an HTTP answer says that is no success."""
    told = object_in(answer) or {}  # none comes from something on the way
    code = (told.get("__type") or "ServiceUnavailable").rpartition("#")[2]
    reasons = (
        None if one["Code"] == "None" else CancellationReason(one["Code"], one.get("Message"), one.get("Item"))
        for one in told.get("CancellationReasons", ())
    )
    response = {
        "Error": {"Code": code, "Message": told.get("message") or told.get("Message") or ""},
        "ResponseMetadata": {"HTTPStatusCode": answer.status_code},
    }
    verbose = {"request_id": answer.headers.get("x-amzn-requestid", "")}
    refused = Refused(response, operation, verbose, cancellation_reasons=reasons)
    refused.item, refused.unheard = told.get("Item"), unheard
    return refused


def object_in(answer: Any) -> dict[str, Any] | None:
    """The JSON object that an HTTP answer holds; None when it holds anything else."""
    try:
        found = json.loads(answer.content)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
