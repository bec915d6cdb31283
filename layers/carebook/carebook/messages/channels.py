"""The port to the outside: one channel for each method, and what can come of handing a message over."""

from dataclasses import dataclass
from typing import Final, Protocol

TRANSIENT_CODES = frozenset(
    {
        "InternalServerException",
        "InternalServiceErrorException",
        "InternalError",
        "InternalErrorException",
        "InternalFailure",
        "LimitExceededException",
        "RequestTimeout",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "Throttled",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


# AWS has switched off sending for the whole AWS account, or its owner has; nothing of the message is wrong.
SENDING_DISABLED: Final = "sending_disabled"


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that goes along."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message as a channel gets it.

    Attributes:
        ids: what the provider gives back with each receipt: account, recipient, message and attempt. Ids only.
        sender: the practice's name.
        reply_token: makes the reply address of an e-mail its own.
    """

    ids: dict[str, str]
    to: str
    subject: str
    body: str
    sender: str
    attachments: tuple[Attached, ...] = ()
    reply_token: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has it."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider will never take it; *opted_out*: because its owner asked for that."""

    reason: str
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class Busy:
    """The provider did not take it now; the same again later is right."""

    detail: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can say whether the provider took it: the line broke after it was asked."""

    detail: str


type Outcome = Accepted | Refused | Busy | Unknown


class Channel(Protocol):
    """One way by which messages go out."""

    def send(self, outgoing: Outgoing) -> Outcome:
        """Hand a message over, once. Never raises for what a provider can answer."""
        ...


class Channels(Protocol):
    """The channels of this installation."""

    def of(self, method: str) -> Channel | None:
        """The channel of a method; None when it is not configured."""
        ...


class OptOuts(Protocol):
    """The list that the platform keeps by itself of numbers that want no texts."""

    def take_off(self, number: str) -> None:
        """Let texts to a number through again; nothing happens when it is not on the list. A repeat does no harm.

        Raises whatever means that the platform is busy; what it refuses for good is logged and counted.
        """
        ...
