"""Instants as text: RFC 3339 in UTC, to the millisecond where there is one."""

from datetime import UTC, datetime


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
