"""Looking after messages that wait: what may go now, what got stuck, what nobody can tell about."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from carebook.errors import Conflict, NotFound
from carebook.messages.consents import Agreement
from carebook.messages.delivery import DeliveryStore, SettingsReader, where_of
from carebook.messages.model import (
    NOT_OPTED_IN,
    OUTCOME_UNKNOWN,
    QUEUED_FOR,
    Message,
    Status,
)
from carebook.messages.service import MessageQueue, MessageRef, queue_messages, ref_of
from carebook.settings.model import AccountSettings

# So long may it take until a practice that has ceased to ask sees go out what waited for a yes.
_ASKED_EVERY: Final = timedelta(hours=1)
_AGREES_WITHIN: Final = timedelta(days=30)
# As long as a share's link and code are kept under seal: after that there is nothing to be sent, whoever agrees.
SHARE_AGREES_WITHIN: Final = timedelta(days=7)


class DueStore(DeliveryStore, Protocol):
    """What the sweep needs of the message store."""

    def due(self, *, now: datetime, limit: int) -> Iterable[MessageRef]:
        """Messages of any account whose time has come."""
        ...


class ReadOnce:
    """Settings as one run sees them: read once for each account, however many of its messages are due."""

    def __init__(self, settings: SettingsReader) -> None:
        self._settings = settings
        self._read: dict[str, AccountSettings] = {}

    def current(self, account: str) -> AccountSettings:
        """The account's settings."""
        if account not in self._read:
            self._read[account] = self._settings.current(account)
        return self._read[account]


@dataclass(frozen=True, slots=True)
class Sweep:
    """All that one run of the sweep needs."""

    messages: DueStore
    queue: MessageQueue
    settings: SettingsReader
    now: Callable[[], datetime]


def sweep_message(sweep: Sweep, ref: MessageRef) -> bool:
    """Take a message that is due one step on; whether there was one to take."""
    now = sweep.now()
    try:
        before = sweep.messages.find(ref)
    except NotFound:  # moved by a merge a moment ago: the index will say where to
        return False
    if before.due_at is None or before.due_at > now:
        return False
    after = _step(sweep, before, now)
    try:
        sweep.messages.replace(before, after)
    except Conflict:  # somebody else was faster
        return False
    if after.can_be_claimed:
        sweep.queue.put([ref_of(after)])
    return True


def _step(sweep: Sweep, message: Message, now: datetime) -> Message:
    if message.status is Status.HELD:
        if message.reason == NOT_OPTED_IN:
            return _after_asking(sweep, message, now)
        return message.stepped(Status.QUEUED, now, due_at=now + QUEUED_FOR)
    if message.claimed_at is not None:
        return message.stepped(Status.FAILED, now, reason=OUTCOME_UNKNOWN)
    if message.is_given_up(now):
        return message.stepped(Status.FAILED, now, reason="provider_unavailable")
    waiting = replace(message, version=message.version + 1, tried=message.tried + 1)
    return replace(waiting, due_at=now + waiting.patience)


def _after_asking(sweep: Sweep, message: Message, now: datetime) -> Message:
    """A message that waits for its reader's consent: released, refused, given up, or asked about later again."""
    where = where_of(message)
    consent = sweep.messages.consents(message.account, [where])[where] if where else None
    if consent is not None and consent.agreement is Agreement.OPTED_OUT:
        return message.stepped(Status.OPTED_OUT, now, reason="opted_out")
    if consent is None or consent.agreement is Agreement.OPTED_IN or not _asks(sweep, message.account):
        return message.stepped(Status.QUEUED, now, due_at=now + QUEUED_FOR)
    if now - message.created_at > (_AGREES_WITHIN if message.share_id is None else SHARE_AGREES_WITHIN):
        return message.stepped(Status.SKIPPED, now, reason=NOT_OPTED_IN)
    return replace(message, version=message.version + 1, due_at=now + _ASKED_EVERY)


def _asks(sweep: Sweep, account: str) -> bool:
    """Whether the practice still writes to nobody who has not agreed."""
    return bool(sweep.settings.current(account).values["opt_in_required"])


class WaitingStore(DeliveryStore, Protocol):
    """What the release needs of the message store."""

    def waiting(self, account: str, channel: str, address: str) -> list[Message]:
        """What waits for the consent of an address's owner."""
        ...


def release_waiting(
    messages: WaitingStore, queue: MessageQueue, *, account: str, where: tuple[str, str], now: datetime
) -> int:
    """Send on their way what waited until the owner of an address agreed; how many there were."""
    released: list[Message] = []
    for message in messages.waiting(account, *where):
        if message.status is not Status.HELD or message.reason != NOT_OPTED_IN:
            continue
        queued = message.stepped(Status.QUEUED, now, due_at=now + QUEUED_FOR)
        try:
            messages.replace(message, queued)
        except Conflict:
            continue
        released.append(queued)
    queue_messages(queue, released)
    return len(released)
