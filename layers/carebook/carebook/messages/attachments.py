"""What may go along with a message, and what it weighs."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from carebook.errors import FieldError, Invalid
from carebook.messages.model import Attachment

# SES takes 40 MB as it goes over the wire: base64 makes four bytes of three, with a line end for each 76.
LARGEST_EMAIL: Final = 40 * 1024 * 1024
CARRY_FILES: Final = frozenset({"email", "fax"})
_ROOM_FOR_TEXT: Final = 256 * 1024
TOO_LARGE: Final = "attachments_too_large"


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


_WHY_NOT: Final[Mapping[str, str]] = {
    "attachment_not_found": "This contact has no such {kind}.",
    "file_not_clean": "The file was not found clean. Wait for its scan, or leave it out.",
    "document_not_final": "The document is still a draft. Make it final first.",
    "listed_twice": "This {kind} stands in the list before.",
}


def refusal(index: int, ref: AttachmentRef, code: str) -> FieldError:
    """Why an attachment cannot go along, as its sender is told."""
    return FieldError(f"attachments[{index}]", code, _WHY_NOT[code].format(kind=ref.kind))


def refuse_too_large(attachments: Sequence[Attachment]) -> None:
    """Refuse what no e-mail carries.

    Raises:
        Invalid: when all together are larger than an e-mail may be.
    """
    if are_too_large(attachment.size for attachment in attachments):
        message = "Together they are larger than the 40 MB that an e-mail carries, which is 29 MB of files. Share them."
        raise Invalid([FieldError("attachments", TOO_LARGE, message)])


def refuse_not_carried(methods: Collection[str]) -> None:
    """Refuse attachments that would go along with nothing: texts and calls say the words, and leave the files out.

    Raises:
        Invalid: when methods are given and none of them carries files.
    """
    if methods and CARRY_FILES.isdisjoint(methods):
        message = "Text messages and calls carry no files. Add e-mail or fax, or share them."
        raise Invalid([FieldError("attachments", "not_carried", message)])


def is_pdf(content: bytes) -> bool:
    """Whether these bytes are a PDF; readers look for its beginning in the first kilobyte (ISO 32000-1, H.3.4.1)."""
    return b"%PDF-" in content[:1024]


def are_too_large(sizes: Iterable[int]) -> bool:
    """Whether attachments of these sizes are more than an e-mail carries."""
    return sum(map(_on_the_wire, sizes)) > LARGEST_EMAIL - _ROOM_FOR_TEXT


def _on_the_wire(size: int) -> int:
    encoded = -(-size // 3) * 4
    return encoded + encoded // 76 * 2
