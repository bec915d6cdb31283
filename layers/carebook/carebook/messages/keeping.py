"""What comes with a reply, kept as files of its contact: into quarantine and through the scan, as any upload.

A file's id is made of the reply's, so that however often the same reply comes there is one of each.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from carebook.files.model import LARGEST_FILE, UPLOAD_GRACE, UPLOAD_WITHIN, File, FileDetails, Status
from carebook.ids import FILE, ulid_of
from carebook.messages.mail import MailAttachment
from carebook.messages.model import Attachment, Message

MOST_KEPT: Final = 20
_MOST_NAMED: Final = 100  # more than people send; of some thousands the names alone are more than an item holds
TOO_MANY: Final = "too_many"
TOO_LARGE: Final = "too_large"
INFECTED: Final = "infected"
NO_FILES: Final = "no_files"
_UPLOADED_WITHIN: Final[timedelta] = UPLOAD_WITHIN + UPLOAD_GRACE


class KeptFiles(Protocol):
    """What keeping needs of the file store."""

    def locate(self, account: str, contact_id: str, file_id: str) -> File | None:
        """The file wherever merges have taken it since this contact had it."""
        ...


class Quarantine(Protocol):
    """Where bytes are laid that nobody has looked at."""

    def put(self, file: File, content: bytes) -> None:
        """Lay a file's bytes into the quarantine, as its upload."""
        ...


@dataclass(frozen=True, slots=True)
class Keeping:
    """All that keeping needs.

    Attributes:
        object_key: the name of an object, out of account, contact, file and a secret.
    """

    files: KeptFiles
    quarantine: Quarantine
    new_secret: Callable[[], str]
    object_key: Callable[[str, str, str, str], str]
    largest: int = LARGEST_FILE


def described(
    keeping: Keeping | None, message: Message, attached: Sequence[MailAttachment], *, infected: bool
) -> Iterator[tuple[Attachment, File | None]]:
    """Each attachment of a reply, and the file that is to be made of it; of what is not kept, the reason.

    Of very many the last one says how many more there were.

    Args:
        keeping: None for somebody who has no files, as a client.
        infected: whoever took in the mail has found something in it, and nothing of it is kept.
    """
    left = MOST_KEPT
    for index, one in enumerate(attached[:_MOST_NAMED]):
        reason = _why_not(keeping, one, infected=infected, left=left)
        if keeping is None or reason is not None:
            yield Attachment("file", None, one.name, one.content_type, len(one.content), reason), None
            continue
        left -= 1
        file = _file(keeping, message, index, one)
        yield Attachment("file", file.id, one.name, one.content_type, file.size), file
    if more := attached[_MOST_NAMED:]:
        size = sum(len(one.content) for one in more)
        yield Attachment("file", None, f"{len(more)} more", "application/octet-stream", size, TOO_MANY), None


def _why_not(keeping: Keeping | None, one: MailAttachment, *, infected: bool, left: int) -> str | None:
    if infected:
        return INFECTED
    if keeping is None:
        return NO_FILES
    if len(one.content) > keeping.largest:
        return TOO_LARGE
    return None if left else TOO_MANY


def lay_down(keeping: Keeping, message: Message, attached: Sequence[MailAttachment]) -> None:
    """Lay the bytes of a reply's files where the scan finds them; those that lie there, or did, stay as they are."""
    for kept, one in zip(message.attachments, attached, strict=False):
        file = None if kept.id is None else keeping.files.locate(message.account, message.recipient_id, kept.id)
        if file is not None and file.awaits_bytes:
            keeping.quarantine.put(file, one.content)


def _file(keeping: Keeping, message: Message, index: int, attached: MailAttachment) -> File:
    randomness = hashlib.sha256(f"{message.id} {index}".encode()).digest()[:10]
    file_id = f"{FILE}_{ulid_of(message.created_at, randomness)}"
    return File(
        id=file_id,
        account=message.account,
        contact_id=message.recipient_id,
        version=1,
        details=FileDetails(attached.name),
        content_type=attached.content_type,
        size=len(attached.content),
        sha256=hashlib.sha256(attached.content).hexdigest(),
        key=keeping.object_key(message.account, message.recipient_id, file_id, keeping.new_secret()),
        status=Status.AWAITING_UPLOAD,
        created_at=message.created_at,
        created_by=message.created_by,
        updated_at=message.created_at,
        due_at=message.created_at + _UPLOADED_WITHIN,
        message_id=message.id,
    )
