"""What the use cases of files need of others: contacts, a store, buckets and a queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from carebook.contacts.history import HistoryEntry
from carebook.contacts.model import Contact
from carebook.contacts.protocols import Found
from carebook.files.model import File, Place
from carebook.identity import Person


class Gone(Exception):
    """The bytes are not there (any more)."""


@dataclass(frozen=True, slots=True)
class Form:
    """What posts a file straight to its bucket: address and fields, the file itself last."""

    url: str
    fields: Mapping[str, str]


class Contacts(Protocol):
    """What files need to know of contacts."""

    def find(self, account: str, contact_id: str) -> Found:
        """The contact, of a merged one that into which it was merged; NotFound when there is none."""
        ...

    def view(self, account: str, contact_id: str, *, viewer: Person, now: datetime) -> Found:
        """The same, recorded as a view."""
        ...


class FileStore(Protocol):
    """Where files' records are kept, each with its entry in the contact's history, together or not at all."""

    def find(self, account: str, contact_id: str, file_id: str) -> File | None:
        """The file as last written, if this very contact has it."""
        ...

    def find_together(self, account: str, contact_id: str, file_ids: Sequence[str]) -> dict[str, File]:
        """Those of up to a hundred files that this very contact has, by id."""
        ...

    def locate(self, account: str, contact_id: str, file_id: str) -> File | None:
        """The file wherever merges have taken it since this contact had it."""
        ...

    def add(
        self, contact: Contact, files: Sequence[File], entries: Sequence[HistoryEntry], *, request: str | None
    ) -> list[File]:
        """Keep new files; when this *request* has added some before, those are returned.

        Raises:
            Conflict: when *contact* is not what is kept any more.
        """
        ...

    def replace(self, before: File, after: File, entry: HistoryEntry | None, *, contact: Contact | None = None) -> None:
        """Keep *after* in place of *before*.

        Raises:
            Conflict: when *before*, or the *contact* where given, is not what is kept any more.
        """
        ...

    def record(self, file: File, entry: HistoryEntry) -> None:
        """Keep an entry about a file that does not change."""
        ...

    def hide(self, file: File, entry: HistoryEntry, *, contact: Contact, now: datetime) -> None:
        """Take the file out of sight for good.

        Raises:
            Conflict: when *file* or *contact* is not what is kept any more.
        """
        ...

    def finish_deletion(self, account: str, contact_id: str, file_id: str) -> bool:
        """Delete the objects and then the record of a file that was hidden; False when there is none."""
        ...

    def all_of(self, account: str, contact_id: str) -> list[File]:
        """Every file of a contact, newest first."""
        ...

    def page(self, account: str, contact_id: str, *, before: str | None, limit: int) -> list[File]:
        """Up to *limit* files of a contact, newest first, older than the id *before*."""
        ...

    def due(self, *, now: datetime, limit: int) -> list[tuple[str, str, str]]:
        """Account, contact and id of up to *limit* files that wait for too long."""
        ...


class Bucket(Protocol):
    """Where callers put and get bytes without us in between."""

    def upload_form(self, file: File, *, expires_at: datetime, now: datetime) -> Form:
        """A form that takes exactly this file until then."""
        ...

    def put_name(self, file: File) -> Place | None:
        """See to it that what is fetched is saved under the name that the file has now; the copy made for that, if any.

        Raises:
            Gone: when its bytes are not there any more.
        """
        ...

    def put_new_name(self, file: File) -> Place:
        """Have what is fetched from now on saved under the name that the file has here; the copy made for that.

        Raises:
            Gone: when its bytes are not there any more.
        """
        ...

    def download_url(self, file: File, *, seconds: int) -> str:
        """An address under which the file can be fetched for so long."""
        ...

    def remove(self, place: Place) -> None:
        """Delete one version."""
        ...


class ScanQueue(Protocol):
    """Where files wait for a scan."""

    def ask_for_scan(self, file: File) -> None:
        """Have the file's object scanned soon."""
        ...
