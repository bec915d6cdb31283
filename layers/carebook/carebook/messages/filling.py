"""What a message's body leaves open until it is sent, because nobody is to read it in the history."""

from typing import Final, Protocol

from carebook.messages.model import Message


class NotToBeFilled(Exception):
    """What belongs into the body is not there any more: the message cannot go."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Filling(Protocol):
    """Where what is left open comes from."""

    def body(self, message: Message, recipient_id: str) -> str:
        """The body as it goes out.

        Args:
            recipient_id: with whom the message lies now; a merge may have moved it.

        Raises:
            NotToBeFilled: with the reason that the message gets.
        """
        ...


class NothingToFill:
    """Bodies go out as they are kept."""

    def body(self, message: Message, recipient_id: str) -> str:  # noqa: ARG002
        """The body as it is."""
        return message.body


NOTHING_TO_FILL: Final = NothingToFill()
