"""What may go along with a message, and what it weighs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from carebook.errors import FieldError, Invalid
from carebook.messages.model import Attachment

# SES takes 40 MB as it goes over the wire: base64 makes four bytes of three, with a line end for each 76.
LARGEST_EMAIL: Final = 40 * 1024 * 1024
_ROOM_FOR_TEXT: Final = 256 * 1024


class AttachmentNotReady(Exception):
    """It cannot be sent: gone, or not found clean, or still a draft."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class AttachmentRef:
    """A file or a document of the recipient's, by its id."""

    kind: str
    id: str


class AttachmentSource(Protocol):
    """Where files and documents come from."""

    def describe(self, account: str, recipient_id: str, refs: Sequence[AttachmentRef]) -> list[Attachment]:
        """Name, type and size of each.

        Raises:
            Invalid: naming each that does not exist, or may not be sent.
        """
        ...

    def content(self, account: str, recipient_id: str, attachment: Attachment) -> bytes:
        """The bytes, at the moment of sending.

        Raises:
            AttachmentNotReady: when it is gone, or not clean or final any more.
        """
        ...


class NoAttachments:
    """A source that has nothing."""

    def describe(self, account: str, recipient_id: str, refs: Sequence[AttachmentRef]) -> list[Attachment]:  # noqa: ARG002
        """Refuses each."""
        if refs:
            raise Invalid([not_found(index, ref) for index, ref in enumerate(refs)])
        return []

    def content(self, account: str, recipient_id: str, attachment: Attachment) -> bytes:  # noqa: ARG002
        """Refuses."""
        raise AttachmentNotReady("attachment_not_found")


def not_found(index: int, ref: AttachmentRef) -> FieldError:
    """The refusal of an attachment that the recipient does not have."""
    return FieldError(f"attachments[{index}]", "attachment_not_found", f"This contact has no such {ref.kind}.")


def refuse_too_large(attachments: Sequence[Attachment]) -> None:
    """Refuse what no e-mail carries.

    Raises:
        Invalid: when all together are larger than an e-mail may be.
    """
    weight = sum(_on_the_wire(attachment.size) for attachment in attachments)
    if weight > LARGEST_EMAIL - _ROOM_FOR_TEXT:
        message = "Together they are larger than the 40 MB that an e-mail carries, which is 29 MB of files. Share them."
        raise Invalid([FieldError("attachments", "attachments_too_large", message)])


def _on_the_wire(size: int) -> int:
    encoded = -(-size // 3) * 4
    return encoded + encoded // 76 * 2
