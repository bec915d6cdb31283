"""The list that a platform keeps by itself of who wants no texts. It goes on refusing them until it is told otherwise.

Only a START of the number's owner leads here: nobody of the practice can opt somebody in.
"""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from carebook.messages.calls import is_transient
from carebook.observability import count, logger

REFUSED = "OptInRefused"


class PlatformOptOuts:
    """A list of End User Messaging, named as the number or pool has it."""

    def __init__(self, texting: Any, *, name: str) -> None:
        self._texting = texting
        self._name = name

    def take_off(self, number: str) -> None:
        """One request."""
        _take_off(
            lambda: self._texting.delete_opted_out_number(OptOutListName=self._name, OptedOutNumber=number),
            is_off=_is_not_on_it,
        )


class SimpleOptOuts:
    """The list of SNS, where texts go out through it."""

    def __init__(self, sns: Any) -> None:
        self._sns = sns

    def take_off(self, number: str) -> None:
        """One request."""
        _take_off(lambda: self._sns.opt_in_phone_number(phoneNumber=number), is_off=lambda _error: False)


def _take_off(request: Callable[[], Any], *, is_off: Callable[[ClientError], bool]) -> None:
    """Ask once; what is only busy is raised, so that the event brings the reply again.

    A no is final: both platforms take the same number off once in thirty days. The reply is kept all the same, and the
    next text says ``opted_out``.
    """
    try:
        request()
    except ClientError as error:
        if is_off(error):
            return
        # Also where nobody can say whether it was done: once more does no harm, other than with a message.
        if is_transient(error) or error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            raise
        code, reason = error.response["Error"]["Code"], error.response.get("Reason")
        logger.error("The platform goes on refusing texts after a START", code=code, reason=reason)
        count(REFUSED)


def _is_not_on_it(error: ClientError) -> bool:
    """Whether the number was not on the list; a list that does not exist answers with the same code."""
    response = error.response
    return response["Error"]["Code"] == "ResourceNotFoundException" and response.get("ResourceType") != "opt-out-list"
