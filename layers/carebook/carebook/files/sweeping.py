"""Files that wait for too long: for an upload, for a verdict, for the end of their deletion."""

from datetime import datetime, timedelta
from typing import Final

from carebook.errors import Conflict
from carebook.files.checking import SYSTEM, ArrivalBuckets, conclude, failed
from carebook.files.history import entry_of
from carebook.files.model import UPLOAD_GRACE, UPLOAD_WITHIN, Reason, Status
from carebook.files.ports import FileStore, ScanQueue
from carebook.observability import count, logger

_EVENT_AWAITED: Final = timedelta(minutes=15)


def look_after(
    files: FileStore,
    buckets: ArrivalBuckets,
    queue: ScanQueue,
    account: str,
    contact_id: str,
    file_id: str,
    *,
    now: datetime,
) -> bool:
    """Settle one file that has waited for too long; whether there was anything to settle."""
    if files.finish_deletion(account, contact_id, file_id):
        return True
    file = files.locate(account, contact_id, file_id)
    if file is None or file.due_at is None or file.due_at > now:
        return False
    if file.status is Status.SCANNING:
        logger.error("A scan got stuck", file_id=file.id)
        count("StuckScans")
        return conclude(files, buckets, file, failed("", Reason.TIMED_OUT, now=now), now=now) is not None
    place = buckets.arrived(file.key)
    try:
        if place is not None:  # it is there, and its event was lost
            after = file.arrived(place, now)
            files.replace(file, after, None)
            queue.ask_for_scan(after)
            return True
        if now < file.created_at + UPLOAD_WITHIN + UPLOAD_GRACE:
            files.replace(file, file.postponed(now + _EVENT_AWAITED, now), None)
            return False
        after = file.expired(now)
        files.replace(file, after, entry_of("file_expired", file, after, by=SYSTEM, now=now))
    except Conflict:  # it came, or was deleted, at this very moment
        return False
    return True
