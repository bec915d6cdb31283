"""Announcing files: a record for each, and the form that uploads it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from carebook.contacts.service import TOO_BUSY, checked_id
from carebook.errors import Conflict, Unavailable
from carebook.files.history import entry_of
from carebook.files.model import UPLOAD_GRACE, UPLOAD_WITHIN, File, FileDetails, Status
from carebook.files.ports import Bucket, Contacts, FileStore, Form
from carebook.files.service import writable
from carebook.identity import Person
from carebook.ids import FILE, new_id
from carebook.retrying import attempts
from carebook.settings.model import AccountSettings


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that somebody is about to upload. ``size`` in bytes, ``sha256`` in hexadecimal."""

    details: FileDetails
    content_type: str
    size: int
    sha256: str | None


def add_uploads(
    contacts: Contacts,
    files: FileStore,
    bucket: Bucket,
    *,
    account: str,
    contact_id: str,
    read: Callable[[AccountSettings], Sequence[NewFile]],
    new_secret: Callable[[], str],
    object_key: Callable[[str, str, str, str], str],
    by: Person,
    now: datetime,
    request: str | None = None,
) -> list[tuple[File, Form]]:
    """New files of a contact, each with the form that uploads it. The same *request* again gives the first ones' forms.

    Args:
        read: makes the new files, knowing the account's settings, or refuses them.

    Raises:
        NotFound: when the account has no such contact.
        Conflict: when the contact is archived or being merged.
        Invalid: from *read*.
    """
    for _ in attempts():
        contact, settings = contacts.find(account, checked_id(contact_id))
        made = []
        for new in read(settings):
            file_id = new_id(FILE, now)
            key = object_key(account, writable(contact).id, file_id, new_secret())
            made.append(
                File(
                    id=file_id, account=account, contact_id=contact.id, version=1, details=new.details,
                    content_type=new.content_type, size=new.size, sha256=new.sha256, key=key,
                    status=Status.AWAITING_UPLOAD, created_at=now, created_by=by, updated_at=now,
                    due_at=now + UPLOAD_WITHIN + UPLOAD_GRACE,
                )
            )  # fmt: skip
        entries = [entry_of("file_added", None, file, by=by, now=now) for file in made]
        try:
            kept = files.add(contact, made, entries, request=request)
        except Conflict:
            continue
        return [(file, bucket.upload_form(file, expires_at=expires_at(file), now=now)) for file in kept]
    raise Unavailable(TOO_BUSY)


def expires_at(file: File) -> datetime:
    """Until when a file can be uploaded."""
    return file.created_at + UPLOAD_WITHIN
