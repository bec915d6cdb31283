"""Messages that ask for a scan, and verdicts that come from elsewhere, each carried through to its end."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol

from carebook import environment, keys
from carebook.files.checking import ArrivalBuckets, Buckets, conclude, failed, inspect, scan_file, take_in
from carebook.files.model import File, Finding, Place, Reason, Scan, Status
from carebook.files.ports import FileStore, Gone
from carebook.files.queue import announced, asked_for
from carebook.files.scanner import Reply, Scanner
from carebook.ids import FILE, is_id
from carebook.observability import count, logger

_PAUSE_SECONDS: Final = 15
GUARDDUTY: Final = "GuardDuty"
_IGNORED_KEY: Final = "malware-protection-resource-validation-object"  # GuardDuty tries the bucket with it


class Messages(Protocol):
    """What the queue can do with a message."""

    def again_in(self, message: Mapping[str, Any], seconds: int) -> None:
        """Have the message back after so long."""
        ...


class ScanRun:
    """Scans what messages ask for, with one scanner."""

    def __init__(
        self,
        files: FileStore,
        buckets: ArrivalBuckets,
        scanner: Scanner,
        queue: Messages,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._files = files
        self._buckets = buckets
        self._scanner = scanner
        self._queue = queue
        self._now = now

    def handle(self, message: Mapping[str, Any]) -> None:
        """One message, to its end. What fails is raised, so that the queue sends it again or gives it up."""
        file = self._file_of(json.loads(message["body"]))
        if file is None or environment.scan_engine() == "guardduty":
            return  # GuardDuty sees the object by itself; what it finds goes to record_verdict
        attempt = int(message["attributes"]["ApproximateReceiveCount"])
        try:
            finding = scan_file(file, self._buckets, self._scanner, now=self._now)
        except Gone:
            finding = failed("ClamAV", Reason.NOT_SCANNABLE, now=self._now())
        except Exception:
            if attempt >= environment.scan_attempts():
                self._conclude(file, failed("ClamAV", Reason.SCAN_ERROR, now=self._now()))
            else:
                self._queue.again_in(message, _PAUSE_SECONDS * attempt)
            raise
        self._conclude(file, finding)

    def _file_of(self, body: Mapping[str, Any]) -> File | None:
        wanted = asked_for(body)
        if wanted is not None:
            file = self._files.locate(*wanted)
            return file if file is not None and file.status is Status.SCANNING else None
        told = announced(body)
        if told is None:
            logger.warning("A message that asks for nothing", kind=str(body.get("detail-type")))
            return None
        key, version = told
        place = Place("quarantine", key, version) if version else self._buckets.arrived(key)
        if place is None:  # deleted since
            return None
        return take_in_announced(self._files, self._buckets, place, now=self._now())

    def _conclude(self, file: File, finding: Finding) -> None:
        after = conclude(self._files, self._buckets, file, finding, now=self._now())
        logger.info("Scanned", file_id=file.id, status=(after or file).status.value, counted=after is not None)


def take_in_announced(files: FileStore, buckets: Buckets, place: Place, *, now: datetime) -> File | None:
    """The file whose upload this is; an object that no file waits for is removed, and counted."""
    owner = keys.parse_object_key(place.key)
    known = owner if owner is not None and is_id(owner[2], FILE) else None
    file = take_in(files, buckets, place, known, now=now)
    if file is None:
        logger.warning("An object that no file waits for", file_id=known[2] if known else None)
        count("UnexpectedUploads")
    return file


def record_verdict(
    files: FileStore, buckets: Buckets, event: Mapping[str, Any], *, now: Callable[[], datetime]
) -> None:
    """What GuardDuty says of an object. Of its five results one is clean: NO_THREATS_FOUND."""
    detail = event["detail"]
    told, result = detail["s3ObjectDetails"], detail.get("scanResultDetails") or {}
    if told["objectKey"].startswith(_IGNORED_KEY) or told["bucketName"] != environment.bucket_name("quarantine"):
        return
    place = Place("quarantine", told["objectKey"], told["versionId"])
    file = take_in_announced(files, buckets, place, now=now())
    if file is None:
        return
    finding = _guardduty_finding(file, buckets, detail.get("scanStatus"), result, now=now)
    after = conclude(files, buckets, file, finding, now=now())
    logger.info("Scanned", file_id=file.id, status=(after or file).status.value, counted=after is not None)


def _guardduty_finding(
    file: File, buckets: Buckets, scan_status: Any, result: Mapping[str, Any], *, now: Callable[[], datetime]
) -> Finding:
    status = result.get("scanResultStatus")
    threats = [str(threat.get("name")) for threat in result.get("threats") or ()]
    if status == "THREATS_FOUND" or threats:
        return inspect(file, buckets, Reply(GUARDDUTY, "", ", ".join(threats) or "unnamed"), now=now)
    if status == "NO_THREATS_FOUND" and scan_status == "COMPLETED":
        try:
            return inspect(file, buckets, Reply(GUARDDUTY, "", None), now=now)
        except Gone:
            return failed(GUARDDUTY, Reason.NOT_SCANNABLE, now=now())
    if status == "UNSUPPORTED":
        why = {str(reason) for reason in result.get("statusReasons") or ()}
        reason = Reason.ENCRYPTED if "PASSWORD_PROTECTED" in why else Reason.NOT_SCANNABLE
        scan = Scan(GUARDDUTY, None, "error", None, now())
        return Finding(Status.SCAN_FAILED, scan, reason)
    # ACCESS_DENIED, FAILED, and whatever may come to be: nobody has said that it is clean.
    return failed(GUARDDUTY, Reason.SCAN_ERROR, now=now())
