"""Instants as text: RFC 3339 in UTC, to the millisecond where there is one."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def utcnow() -> datetime:
    """Now, to the millisecond. Only edges ask; rules are told."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def instant(moment: datetime) -> str:
    """*moment* as ``2026-11-23T22:47:51Z``, with milliseconds when it has any."""
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def parse_instant(text: str) -> datetime:
    """The instant that :func:`instant` wrote."""
    return datetime.fromisoformat(text)


def day_in(zone: str, moment: datetime) -> date:
    """The calendar day that it is at *moment* in a time zone of the IANA list."""
    return moment.astimezone(ZoneInfo(zone)).date()
