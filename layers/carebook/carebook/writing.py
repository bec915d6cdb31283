"""Writes as they meet others: one under a condition, or many at once. What may pass is tried again."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

from botocore.exceptions import ClientError
from pynamodb.connection import Connection
from pynamodb.exceptions import VerboseClientError

from carebook.errors import Unavailable
from carebook.expressions import UNTOLD
from carebook.items import ConditionFailed
from carebook.keys import Key
from carebook.retrying import attempts
from carebook.troubles import MET_A_TRANSACTION, code_of

_OTHERS_CHANGE_IT: Final = "The record is being changed by others. Try again in a moment."
_PASSING_REASONS: Final = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


def holds(connection: Connection, operation: str, request: Mapping[str, Any]) -> bool:
    """Write or remove one item if the condition in *request* holds; whether it did.

    Raises:
        Unavailable: when transactions that have the item would not let it through.
    """
    for _ in attempts():
        try:
            connection.dispatch(operation, {**request, "ReturnConsumedCapacity": UNTOLD})
        except ClientError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                return False
            if code_of(error) != MET_A_TRANSACTION:
                raise
        else:
            return True
    raise Unavailable(_OTHERS_CHANGE_IT)


def transact(connection: Connection, actions: Sequence[Mapping[str, Any]], written: Sequence[Key]) -> None:
    """All of *actions*, or none.

    Args:
        written: the keys of the actions, in their order.

    Raises:
        ConditionFailed: for the first condition that does not hold.
        Unavailable: when other writes to the same items would not let it through.
    """
    request = {"TransactItems": actions, "ReturnConsumedCapacity": UNTOLD}
    token = _token()
    for _ in attempts():
        try:
            connection.dispatch("TransactWriteItems", request | token)
        except VerboseClientError as error:
            _raise_if_final(error, written)
            # One in progress is ours, whose answer was lost: under another token it would meet itself.
            token = token if _is_in_progress(error) else _token()
        else:
            return
    raise Unavailable(_OTHERS_CHANGE_IT)


def _token() -> dict[str, str]:
    """What makes a transaction happen once, however often it is tried."""
    return {"ClientRequestToken": str(uuid4())}


def _is_in_progress(error: VerboseClientError) -> bool:
    return code_of(error) == "TransactionInProgressException"


def _raise_if_final(error: VerboseClientError, written: Sequence[Key]) -> None:
    if _is_in_progress(error):
        return
    if code_of(error) != "TransactionCanceledException":
        raise error
    # In the order in which they were sent DynamoDB answers.
    for key, reason in zip(written, error.cancellation_reasons, strict=False):
        if reason is not None and reason.code == "ConditionalCheckFailed":
            raise ConditionFailed(key) from error
    if not any(reason is not None and reason.code in _PASSING_REASONS for reason in error.cancellation_reasons):
        raise error
