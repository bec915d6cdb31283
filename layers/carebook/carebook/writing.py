"""Writes as they meet others: one under a condition, or many at once. What may pass is tried again."""

from collections.abc import Callable, Mapping, Sequence
from secrets import token_hex
from typing import Any, Final
from uuid import uuid4

from pynamodb.connection import Connection

from carebook.errors import Unavailable
from carebook.expressions import UNTOLD
from carebook.items import ConditionFailed, Writes
from carebook.keys import Key
from carebook.retrying import attempts, attempts_past_five_seconds
from carebook.troubles import MET_A_TRANSACTION, Refused, code_of

_OTHERS_CHANGE_IT: Final = "The record is being changed by others. Try again in a moment."
_MARK: Final = "nonce"
_PASSING_REASONS: Final = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


def put_if(connection: Connection, request: dict[str, Any]) -> bool:
    """Write an item if the condition in *request*, which is filled up here, holds; whether it did.

    Each put has a mark of its own, and by it knows itself where its first try was done and the answer was lost. The
    rest is not enough: two who count the same in the same second write the same words.

    Raises:
        Unavailable: when transactions that have the item would not let it through.
    """
    mark = request["Item"][_MARK] = {"S": token_hex(8)}
    return _holds(connection, "PutItem", request, lambda refused: (refused.item or {}).get(_MARK) == mark)


def delete_if(connection: Connection, request: dict[str, Any]) -> bool:
    """Remove an item if the condition in *request*, which is filled up here, holds; whether it did.

    Where an earlier try may have been done, and nothing is there any more, it did.

    Raises:
        Unavailable: when transactions that have the item would not let it through.
    """
    return _holds(connection, "DeleteItem", request, lambda refused: refused.unheard and not refused.item)


def _holds(
    connection: Connection, operation: str, request: dict[str, Any], met_itself: Callable[[Refused], bool]
) -> bool:
    request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    request["ReturnConsumedCapacity"] = UNTOLD
    unheard = False
    for _ in attempts():
        try:
            connection.dispatch(operation, request)
        except Refused as error:
            error.unheard = unheard = unheard or error.unheard
            if code_of(error) == "ConditionalCheckFailedException":
                return met_itself(error)
            if code_of(error) != MET_A_TRANSACTION:
                raise
        else:
            return True
    raise Unavailable(_OTHERS_CHANGE_IT)


def transact(connection: Connection, actions: Sequence[Mapping[str, Any]], writes: Writes) -> None:
    """All of *writes*, or none.

    Args:
        actions: the same as the API has them: checks, deletes, puts.

    Raises:
        ConditionFailed: for the first condition that does not hold.
        Unavailable: when other writes to the same items would not let it through.
    """
    request = {"TransactItems": actions, "ReturnConsumedCapacity": UNTOLD}
    for _ in attempts():
        try:
            _happen_once(connection, request)
        except Refused as error:
            _raise_if_final(error, writes)
        else:
            return
    raise Unavailable(_OTHERS_CHANGE_IT)


def _happen_once(connection: Connection, request: dict[str, Any]) -> None:
    """One transaction, under one token however often it is tried: under another it would meet itself.

    One that is in progress is ours, whose answer was lost. DynamoDB brings it to an end when it is asked for again
    five seconds after its beginning.
    """
    request["ClientRequestToken"] = str(uuid4())
    for _ in attempts_past_five_seconds():
        try:
            connection.dispatch("TransactWriteItems", request)
        except Refused as error:
            if code_of(error) != "TransactionInProgressException":
                raise
        else:
            return
    raise Unavailable("Your change is still being saved. Look again in a moment.")


def _raise_if_final(error: Refused, writes: Writes) -> None:
    if code_of(error) != "TransactionCanceledException":
        raise error
    # In the order in which they were sent DynamoDB answers.
    ordered = [key for key, _ in writes.checks]
    ordered += [Key(item.pk, item.sk) for item, _ in (*writes.deletes, *writes.puts)]
    for key, reason in zip(ordered, error.cancellation_reasons, strict=False):
        if reason is not None and reason.code == "ConditionalCheckFailed":
            raise ConditionFailed(key) from error
    if not any(reason is not None and reason.code in _PASSING_REASONS for reason in error.cancellation_reasons):
        raise error
