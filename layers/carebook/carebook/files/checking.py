"""What happens with an upload: found, scanned, and only when it is clean moved to where it can be read.

Everything here can run twice, at the same moment too, and be cut short anywhere: the record's version decides which run
counts, and what the others copied is removed.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Protocol

from carebook.errors import Conflict, Unavailable
from carebook.files.history import entry_of
from carebook.files.model import File, Finding, Place, Reason, Scan, Status
from carebook.files.ports import FileStore, Gone
from carebook.files.scanner import Reply, Scanner
from carebook.files.types import HEAD, contradiction, true_type
from carebook.identity import Person
from carebook.retrying import attempts

SYSTEM: Final = Person("carebook", "Carebook")
_REASONS: Final = (("Heuristics.Encrypted.", Reason.ENCRYPTED), ("Heuristics.Limits.Exceeded", Reason.LIMITS_EXCEEDED))


class Buckets(Protocol):
    """Where the bytes are."""

    def read(self, place: Place) -> Iterator[bytes]:
        """The bytes of one version; Gone when there is none."""
        ...

    def take_over(self, place: Place, file: File) -> Place:
        """Copy this version of the quarantine to where it can be read under its name; Gone when there is none."""
        ...

    def put_back(self, place: Place) -> Place:
        """Copy this version from where it can be read to the quarantine; Gone when there is none."""
        ...

    def remove(self, place: Place) -> None:
        """Delete one version."""
        ...

    def remove_copies(self, key: str) -> None:
        """Delete every version from where it could be read."""
        ...


class ArrivalBuckets(Buckets, Protocol):
    """Buckets in which one can look for an upload."""

    def arrived(self, key: str) -> Place | None:
        """The first version of an upload that lies in quarantine, if any does."""
        ...


@dataclass(slots=True)
class Inspection:
    """What is learned about bytes while they go by."""

    head: bytes = b""
    size: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def watching(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """*chunks*, looked at and passed on."""
        for chunk in chunks:
            if len(self.head) < HEAD:
                self.head += chunk[: HEAD - len(self.head)]
            self.size += len(chunk)
            self.digest.update(chunk)
            yield chunk


def take_in(
    files: FileStore, buckets: Buckets, place: Place, owner: tuple[str, str, str] | None, *, now: datetime
) -> File | None:
    """The file whose upload this object is, now being scanned; None when it is not to be, and then it is removed.

    The first version that is announced counts. What nobody announced, what belongs to a file that was deleted, and what
    was uploaded a second time is deleted unread. *owner* is what the object's name says.

    Raises:
        Unavailable: when that cannot be said yet.
    """
    for _ in attempts():
        file = files.locate(*owner) if owner else None
        if file is None or file.key != place.key:
            buckets.remove(place)
            buckets.remove_copies(place.key)  # should a scan have been under way while the file was deleted
            return None
        if file.place == place:
            return file if file.status is Status.SCANNING else None
        if file.status is Status.SCANNING and file.accepted:
            # It may be what this scan has just put back, which the record does not tell yet.
            raise Unavailable("The file is being scanned once more.")
        if not file.awaits_bytes:
            buckets.remove(place)
            return None
        after = file.arrived(place, now)
        try:
            files.replace(file, after, None)
        except Conflict:
            continue
        return after
    raise Unavailable("The file is being changed by others.")


def scan_file(file: File, buckets: Buckets, scanner: Scanner, *, now: Callable[[], datetime]) -> Finding:
    """What the scanner and our own look at the bytes find. Memory does not grow with the file.

    Raises:
        ScannerFailed, Gone: when there is no verdict.
    """
    if file.place is None:
        raise Gone
    seen = Inspection()
    reply = scanner.scan(seen.watching(buckets.read(file.place)), now=now())
    return finding_of(file, reply, seen, now=now())


def inspect(file: File, buckets: Buckets, reply: Reply, *, now: Callable[[], datetime]) -> Finding:
    """What our own look at the bytes finds, when something else has scanned them."""
    seen = Inspection()
    if reply.signature is None and file.place is not None:
        for _ in seen.watching(buckets.read(file.place)):
            pass
    return finding_of(file, reply, seen, now=now())


def finding_of(file: File, reply: Reply, seen: Inspection, *, now: datetime) -> Finding:
    """The status that a file gets. Malware goes before all else; then the content must be what was announced.

    What was accepted once is not refused for a name that it got later: that would cost somebody the file.
    """
    verdict = "clean" if reply.signature is None else "infected"
    scan = Scan(reply.engine, reply.definitions or None, verdict, reply.signature, now)
    if reply.signature is not None:
        signature = reply.signature
        reason = next((why for start, why in _REASONS if signature.startswith(start)), Reason.MALWARE)
        return Finding(Status.INFECTED, scan, reason, true_type=true_type(seen.head) if file.accepted else None)
    sha256 = seen.digest.hexdigest()
    if seen.size != file.size or file.sha256 not in {None, sha256}:
        return Finding(Status.REFUSED, scan, Reason.CHECKSUM_MISMATCH)
    return _as_named(Finding(Status.CLEAN, scan, None, sha256, true_type(seen.head)), file)


def _as_named(finding: Finding, file: File) -> Finding:
    """*finding*, unless it is the first that would accept the file, and that has a name which contradicts its type."""
    if file.accepted or finding.true_type is None:
        return finding
    if contradiction(finding.true_type, content_type=file.content_type, name=file.details.name) is None:
        return finding
    return replace(finding, status=Status.REFUSED, reason=Reason.TYPE_MISMATCH, true_type=None)


def failed(engine: str, reason: Reason, *, now: datetime) -> Finding:
    """There was no verdict."""
    return Finding(Status.SCAN_FAILED, Scan(engine, None, "error", None, now), reason)


def conclude(files: FileStore, buckets: Buckets, file: File, finding: Finding, *, now: datetime) -> File | None:
    """The file with its verdict, its bytes where they belong; None when another run or a deletion was faster.

    Clean bytes are copied first, then the record says so, then they leave the quarantine. What is infected stays there,
    where nobody can read it, for a later scan, or goes back there; what was refused goes. What has no verdict stays
    where it is.
    """
    scanned = file.place
    if scanned is None:
        return None
    try:
        place = _place_after(buckets, scanned, finding, file)
    except Gone:
        if _still_waits(files.locate(file.account, file.contact_id, file.id), scanned):
            raise
        return None  # another run was faster, or the file was deleted
    current: File | None = file
    for _ in attempts():
        if current is None:
            buckets.remove(scanned)
            if place is not None:
                buckets.remove(place)
            buckets.remove_copies(scanned.key)
            return None
        if not _still_waits(current, scanned):
            if place is not None and place not in {scanned, current.place}:
                buckets.remove(place)
            return None
        # Edited, or moved by a merge, since it was read: the verdict is the same, unless for a name that it got.
        verdict = _as_named(finding, current)
        place, file = _named_anew(buckets, scanned, place, file, current), current
        after = current.judged(verdict, place if verdict.status is finding.status else None, now)
        try:
            files.replace(current, after, entry_of("file_scanned", current, after, by=SYSTEM, now=now))
        except Conflict:
            current = files.locate(file.account, file.contact_id, file.id)
            continue
        _tidy(buckets, scanned, after)
        return after
    raise Unavailable("The file is being changed by others.")


def _named_anew(buckets: Buckets, scanned: Place, place: Place | None, before: File, file: File) -> Place | None:
    """Where the clean bytes are: copied once more when the file got another name since the copy was made."""
    is_copy = place is not None and place.bucket == "files" and place != scanned
    if place is None or not is_copy or before.details.name == file.details.name:
        return place
    try:
        copy = buckets.take_over(scanned, file)
    except Gone:  # another run was faster, and the record will say so
        return place
    buckets.remove(place)
    return copy


def _tidy(buckets: Buckets, scanned: Place, after: File) -> None:
    """What was scanned goes from where it was, unless that is where it stays.

    Of what is not clean no copy stays where copies are read, but one that was found clean before and of which this scan
    could say nothing: there is no other, and without a clean record nobody is given its address.
    """
    if scanned != after.place:
        buckets.remove(scanned)
    if after.place is None or after.place.bucket == "quarantine":
        buckets.remove_copies(scanned.key)


def _still_waits(file: File | None, place: Place) -> bool:
    """Whether the verdict on what lies at *place* is still to come."""
    return file is not None and file.status is Status.SCANNING and file.place == place


def _place_after(buckets: Buckets, scanned: Place, finding: Finding, file: File) -> Place | None:
    if finding.status is Status.CLEAN:
        return buckets.take_over(scanned, file) if scanned.bucket == "quarantine" else scanned
    if finding.status is Status.INFECTED:
        return buckets.put_back(scanned) if scanned.bucket == "files" else scanned
    return None if finding.status is Status.REFUSED else scanned
