"""A file of a contact: what it is, where its bytes are, what may happen to it next. Rules and values, nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from carebook.errors import Conflict
from carebook.identity import Person

UPLOAD_WITHIN: Final = timedelta(hours=1)
UPLOAD_GRACE: Final = timedelta(minutes=15)  # the form is looked at when an upload begins; a slow one ends later
SCAN_WITHIN: Final = timedelta(minutes=30)  # longer than all retries of the queue together
DOWNLOAD_WITHIN: Final = timedelta(minutes=5)
LARGEST_FILE: Final = 100 * 1024 * 1024


class Status(StrEnum):
    """Where a file is on its way. Only ``CLEAN`` can be read."""

    AWAITING_UPLOAD = "awaiting_upload"
    SCANNING = "scanning"
    CLEAN = "clean"
    INFECTED = "infected"
    REFUSED = "refused"
    SCAN_FAILED = "scan_failed"
    EXPIRED = "expired"


class Reason(StrEnum):
    """Why a file is ``infected``, ``refused`` or ``scan_failed``."""

    MALWARE = "malware"
    ENCRYPTED = "encrypted"  # nobody can look inside
    LIMITS_EXCEEDED = "limits_exceeded"  # unpacks to more, or deeper, than is looked at
    TYPE_MISMATCH = "type_mismatch"
    CHECKSUM_MISMATCH = "checksum_mismatch"
    NOT_SCANNABLE = "not_scannable"
    SCAN_ERROR = "scan_error"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True)
class FileDetails:
    """What staff may write about a file. ``date`` is a day (ISO 8601)."""

    name: str
    category: str | None = None
    date: str | None = None
    description: str = ""

    def to_document(self) -> dict[str, Any]:
        """The details in the shape of the API and of storage."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class TrueType:
    """What first bytes tell: the media type of which they are ``found`` to be, and whether they may be ``text``."""

    found: str | None
    text: bool


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan found. ``verdict`` is ``clean``, ``infected`` or ``error``."""

    engine: str
    definitions: str | None
    verdict: str
    signature: str | None
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """How a check ended: the status that the file gets, why, what the scan said; what the bytes are."""

    status: Status
    scan: Scan
    reason: Reason | None = None
    sha256: str | None = None
    true_type: TrueType | None = None  # of what was accepted


@dataclass(frozen=True, slots=True)
class Place:
    """One version of an object: in the bucket ``quarantine`` or ``files``."""

    bucket: str
    key: str
    version_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file's record. ``key`` names its object in either bucket, ``place`` is the version that counts, if any does.

    ``message_id`` is the reply that it came with, for a file that nobody of the practice has uploaded.
    """

    id: str
    account: str
    contact_id: str
    version: int
    details: FileDetails
    content_type: str
    size: int
    sha256: str | None
    key: str
    status: Status
    created_at: datetime
    created_by: Person
    updated_at: datetime
    due_at: datetime | None = None  # when somebody must look whether it got stuck
    place: Place | None = None
    reason: Reason | None = None
    scan: Scan | None = None
    true_type: TrueType | None = None  # known since it was accepted; of what was before types were kept, not at all
    changed: Mapping[str, int] = field(default_factory=dict)
    message_id: str | None = None
    came_from: str | None = None  # what merges have noted, carried along unread

    @property
    def readable(self) -> bool:
        """Whether its bytes may be handed out."""
        return self.status is Status.CLEAN and self.place is not None and self.place.bucket == "files"

    @property
    def awaits_bytes(self) -> bool:
        """Whether an upload would still count; one that comes late is taken too."""
        return self.status in {Status.AWAITING_UPLOAD, Status.EXPIRED}

    @property
    def accepted(self) -> bool:
        """Whether it was found clean, and what it says it is, before; be that as it may now."""
        return self.true_type is not None or (self.place is not None and self.place.bucket == "files")

    @property
    def can_be_rescanned(self) -> bool:
        """Whether there are bytes that a scan could look at once more."""
        return self.place is not None and self.status in {Status.CLEAN, Status.INFECTED, Status.SCAN_FAILED}

    def edited(self, details: FileDetails, now: datetime) -> "File":
        """The next version, with other details."""
        return self._succeeded(now, details=details)

    def arrived(self, place: Place, now: datetime) -> "File":
        """The next version: its bytes are there and are being scanned."""
        return self._succeeded(now, status=Status.SCANNING, place=place, due_at=now + SCAN_WITHIN)

    def rescanned(self, now: datetime) -> "File":
        """The next version, being scanned once more; until that is done nobody reads it.

        Raises:
            Conflict: when there is nothing to scan, or a scan is under way.
        """
        if not self.can_be_rescanned:
            raise Conflict(_WHY_NOT_AGAIN.get(self.status, "There is nothing to scan."), code="file_not_scannable")
        return self._succeeded(now, status=Status.SCANNING, reason=None, due_at=now + SCAN_WITHIN)

    def judged(self, finding: Finding, place: Place | None, now: datetime) -> "File":
        """The next version, with a verdict; *place* is where its bytes are now, None when they are gone."""
        return self._succeeded(
            now,
            status=finding.status,
            reason=finding.reason,
            scan=finding.scan,
            sha256=finding.sha256 or self.sha256,
            true_type=finding.true_type or self.true_type,
            place=place,
            due_at=None,
        )

    def postponed(self, until: datetime, now: datetime) -> "File":
        """The next version, to be looked at again later."""
        return self._succeeded(now, due_at=until)

    def expired(self, now: datetime) -> "File":
        """The next version: nothing was uploaded."""
        return self._succeeded(now, status=Status.EXPIRED, due_at=None)

    def _succeeded(self, now: datetime, **changes: Any) -> "File":
        moment = max(now, self.updated_at + timedelta(milliseconds=1))
        after = replace(self, version=self.version + 1, updated_at=moment, **changes)
        differing = {
            name: after.version for name in shown_fields(after) if shown_fields(after)[name] != shown_fields(self)[name]
        }
        return replace(after, changed={**self.changed, **differing})

    def changed_since(self, version: int) -> dict[str, Any]:
        """The fields that have changed since a version, as they are now."""
        now = shown_fields(self)
        return {name: now[name] for name, when in self.changed.items() if when > version}


_WHY_NOT_AGAIN: Final = {
    Status.AWAITING_UPLOAD: "The file was not uploaded yet.",
    Status.EXPIRED: "The file was never uploaded.",
    Status.SCANNING: "The file is being scanned at this moment.",
    Status.REFUSED: "The file was refused for what it is; another scan changes nothing. Upload another file.",
}


def shown_fields(file: File) -> dict[str, Any]:
    """What may differ between two versions, in the shape of the API."""
    return {
        **file.details.to_document(),
        "status": file.status.value,
        "reason": file.reason and file.reason.value,
        "sha256": file.sha256,
    }


def grouped(files: Iterable[File]) -> list[tuple[str | None, list[File]]]:
    """*files*, which stand in the order of :func:`by_category`, as groups of one category each."""
    groups: list[tuple[str | None, list[File]]] = []
    for file in files:
        if not groups or groups[-1][0] != file.details.category:
            groups.append((file.details.category, []))
        groups[-1][1].append(file)
    return groups


def by_category(files: Iterable[File]) -> list[File]:
    """By category as people sort words, without one last; in a category the newest first."""
    newest_first = sorted(files, key=lambda file: file.id, reverse=True)
    return sorted(newest_first, key=lambda file: _place_of(file.details.category))


def comes_after(file: File, category: str | None, file_id: str) -> bool:
    """Whether *file* stands behind one of this category and id in that order, be that one still there or not."""
    place, other = _place_of(file.details.category), _place_of(category)
    return place > other or (place == other and file.id < file_id)


def _place_of(category: str | None) -> tuple[bool, str, str]:
    """Where a category stands among others."""
    return (category is None, (category or "").casefold(), category or "")
