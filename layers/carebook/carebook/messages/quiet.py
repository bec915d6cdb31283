"""Quiet hours: when texts and calls wait, by the clock on the recipient's wall."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from carebook.addresses import CONSENT_CHANNELS

_MINUTE: Final = timedelta(minutes=1)
_LONGEST: Final = 26 * 60  # a day and what a change of the clock can add
# An e-mail or a fax wakes nobody.
_RINGING: Final = frozenset(CONSENT_CHANNELS) - {"email"}


def released_at(now: datetime, *, method: str, time_zone: str, hours: Mapping[str, str]) -> datetime | None:
    """When a message that must wait may go; None when it may go now.

    The clock decides, minute by minute: where it jumps over the end, quiet ends with the jump; where it shows an hour
    twice, both are quiet.
    """
    if method not in _RINGING:
        return None
    zone = ZoneInfo(time_zone)
    start, end = time.fromisoformat(hours["start"]), time.fromisoformat(hours["end"])
    if not _is_quiet(now, zone, start, end):
        return None
    moment = now.astimezone(UTC).replace(second=0, microsecond=0)
    for _ in range(_LONGEST):
        moment += _MINUTE
        if not _is_quiet(moment, zone, start, end):
            return moment
    return moment


def _is_quiet(moment: datetime, zone: ZoneInfo, start: time, end: time) -> bool:
    clock = moment.astimezone(zone).time()
    if start <= end:
        return start <= clock < end
    return clock >= start or clock < end
