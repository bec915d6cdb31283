"""Deleting records for good: at once by hand, or when their time has come."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from carebook.errors import Conflict, NotFound, Unavailable
from carebook.identity import Person
from carebook.record import Record
from carebook.retrying import attempts
from carebook.rewriting import Act, RecordStore, refuse_stale
from carebook.settings.model import AccountSettings


class PurgingStore[R](RecordStore[R], Protocol):
    """Where records are kept that can be deleted for good."""

    def find_exactly(self, account: str, record_id: str, /) -> tuple[R, AccountSettings]:
        """The record with the account's settings, in whatever state it is.

        Raises:
            NotFound: when the account has no such record.
        """
        ...

    def purge(self, record: R, /, *, by: Person, now: datetime) -> None:
        """Remove the record and everything that hangs on it; what is left says only who did it and when.

        Raises:
            Conflict: when *record* is not what is kept any more.
        """
        ...

    def finish_purge(self, account: str, record_id: str, /) -> bool:
        """Go on with a purge that was cut short; False when there is none to go on with.

        Of a record that is purged, delete what somebody was writing at that very moment.
        """
        ...


def purge_record[R: Record[Any]](
    records: PurgingStore[R], act: Act, find: Callable[[str, str], tuple[R, AccountSettings]]
) -> None:
    """Delete the record and everything that hangs on it, for good.

    Raises:
        StaleVersion: when the caller means another version.
        Unavailable: when others are faster all the time.
    """
    for _ in attempts():
        record, _settings = find(act.account, act.record_id)
        refuse_stale(records, record, act)
        try:
            records.purge(record, by=act.by, now=act.now)
        except Conflict:
            continue
        return
    raise Unavailable("The record is being changed by others. Try again in a moment.")


def purge_when_due[R: Record[Any]](
    records: PurgingStore[R], *, account: str, record_id: str, by: Person, now: datetime
) -> bool:
    """Purge a record if it is still due: archived long enough, or half purged. Whether it was."""
    if records.finish_purge(account, record_id):
        return True
    try:
        record, _settings = records.find_exactly(account, record_id)
    except NotFound:
        return False
    if record.purge_at is None or record.purge_at > now:
        return False
    try:
        records.purge(record, by=by, now=now)
    except Conflict:  # restored or changed at this very moment: not due any more, or due again at the next run
        return False
    return True
