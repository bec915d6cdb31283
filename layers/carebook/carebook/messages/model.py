"""A message: what the practice wrote to somebody, or somebody to the practice. Rules and values, nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from carebook.addresses import CONSENT_CHANNELS
from carebook.identity import Person

WRITTEN_METHODS: Final = ("email", "sms", "fax", "voice")
# Who is neither heard of nor sent by then is looked at again.
QUEUED_FOR: Final = timedelta(minutes=5)
IN_FLIGHT_FOR: Final = timedelta(minutes=15)
GIVEN_UP_AFTER: Final = timedelta(hours=24)


class Status(StrEnum):
    """How far a message has come. Replies are received and notes recorded, and stay so."""

    HELD = "held"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    BOUNCED = "bounced"
    OPTED_OUT = "opted_out"
    SKIPPED = "skipped"
    RECEIVED = "received"
    RECORDED = "recorded"


class Kind(StrEnum):
    """Why there is a message."""

    AD_HOC = "ad_hoc"
    NOTE = "note"
    SHARE = "share"
    APPOINTMENT_NOTICE = "appointment_notice"
    APPOINTMENT_REMINDER = "appointment_reminder"
    BILL_REMINDER = "bill_reminder"
    LATE_PAYMENT_NOTICE = "late_payment_notice"
    OPT_IN_REQUEST = "opt_in_request"
    REPLY = "reply"


PDF: Final = "application/pdf"
OUTCOME_UNKNOWN: Final = "outcome_unknown"
QUIET: Final = "quiet_hours"
NOT_OPTED_IN: Final = "not_opted_in"
TOO_LATE: Final = "too_late"
WAITING: Final = frozenset({Status.HELD, Status.QUEUED})
# Receipts come in any order and more than once. A higher rank is closer to the truth: a mailbox that bounces after it
# took the message in has the last word, and a delivery proves wrong whoever said that it failed.
_RANKS: Final[Mapping[Status, int]] = {
    Status.HELD: 0,
    Status.QUEUED: 0,
    Status.SENDING: 1,
    Status.SKIPPED: 2,
    Status.SENT: 3,
    Status.FAILED: 4,
    Status.OPTED_OUT: 4,
    Status.DELIVERED: 5,
    Status.BOUNCED: 6,
    Status.RECEIVED: 9,
    Status.RECORDED: 9,
}


@dataclass(frozen=True, slots=True)
class Step:
    """A status that a message reached, when, and what there is to say about it."""

    status: Status
    at: datetime
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """What goes along with a message: a file or a document of the recipient's, named by its id.

    A reply's attachment that was not kept as a file has no id, and a reason.
    """

    kind: str
    id: str | None
    name: str
    content_type: str
    size: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class About:
    """What an automated message tells of.

    Attributes:
        id: of the appointment or bill.
        stood: how it stood when the message was written; told in the same words, it stands so still.
        until: from when on nobody has any use for the message.
    """

    id: str
    stood: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message's record. It lies with its recipient: a contact, or a client.

    Attributes:
        claimed_at: since when one run of the delivery has it in hand; while it is set, nobody else calls the provider.
        tried: how often the provider was called, or could not be.
        due_at: when the sweep looks at it again; None when there is nothing to wait for.
        reply_token: what makes the reply address of this message its own.
        sender: for a reply, the address or number that it came from.
        came_from: what merges have noted on the item, kept for them.
        share_id: of a share's message, which one; what its body leaves open is filled in at delivery.
        about: of an automated message, what it tells of.
    """

    id: str
    account: str
    recipient_id: str
    version: int
    kind: Kind
    direction: str
    method: str
    to: str | None
    subject: str
    body: str
    sender: str | None = None
    attachments: tuple[Attachment, ...] = ()
    status: Status
    reason: str | None = None
    history: tuple[Step, ...]
    created_at: datetime
    created_by: Person
    client_id: str | None = None
    cc_of: str | None = None
    occurred_at: datetime | None = None
    in_reply_to: str | None = None
    provider_id: str | None = None
    reply_token: str | None = None
    claimed_at: datetime | None = None
    tried: int = 0
    due_at: datetime | None = None
    came_from: str | None = None
    share_id: str | None = None
    about: About | None = None

    @property
    def consent_channel(self) -> str | None:
        """Under which channel the recipient's consent is kept; None where none is needed."""
        return CONSENT_CHANNELS.get(self.method)

    @property
    def can_be_claimed(self) -> bool:
        """Whether it is time to send it and nobody else is at it."""
        return self.status is Status.QUEUED or (self.status is Status.SENDING and self.claimed_at is None)

    @property
    def was_asked(self) -> bool:
        """Whether a provider was asked with it, or may have been: somebody may have it."""
        return any(step.status is Status.SENDING for step in self.history)

    def stepped(
        self,
        status: Status,
        at: datetime,
        *,
        detail: str | None = None,
        reason: str | None = None,
        due_at: datetime | None = None,
    ) -> "Message":
        """The next version, in another status, with no claim on it."""
        step = Step(status, at, detail or reason)
        return replace(
            self,
            version=self.version + 1,
            status=status,
            reason=reason,
            history=(*self.history, step),
            claimed_at=None,
            due_at=due_at,
        )

    def claimed(self, at: datetime) -> "Message":
        """The next version, in the hands of one run of the delivery."""
        again = self.status is Status.SENDING
        history = self.history if again else (*self.history, Step(Status.SENDING, at))
        return replace(
            self,
            version=self.version + 1,
            status=Status.SENDING,
            reason=None,
            history=history,
            claimed_at=at,
            tried=self.tried + 1,
            due_at=at + IN_FLIGHT_FOR,
        )

    def released(self, at: datetime) -> "Message":
        """The next version, for another run to claim: the provider has not taken it."""
        return replace(self, version=self.version + 1, claimed_at=None, due_at=at + self.patience)

    def put_off(self, until: datetime) -> "Message":
        """The next version, to be looked at again when it may go."""
        return replace(self, version=self.version + 1, claimed_at=None, due_at=until)

    @property
    def patience(self) -> timedelta:
        """How long the queue has before the sweep asks: longer each time."""
        return min(QUEUED_FOR * (1 << min(self.tried, 8)), timedelta(hours=4))

    def is_given_up(self, now: datetime) -> bool:
        """Whether its provider has had a day to take it."""
        return now - self.history[-1].at > GIVEN_UP_AFTER

    def accepted(self, provider_id: str, at: datetime) -> "Message":
        """The next version, in the provider's hands. A receipt may have told more already."""
        told = self.told(Status.SENT, at, provider_id=provider_id)
        if told is not self:
            return told
        return replace(self, version=self.version + 1, provider_id=provider_id)

    def told(
        self,
        status: Status,
        at: datetime,
        *,
        detail: str | None = None,
        reason: str | None = None,
        provider_id: str | None = None,
    ) -> "Message":
        """The message with a step that was reported; the same one when it knew that. The status only moves forward."""
        step = Step(status, at, detail or reason)
        known = step in self.history
        if not self.is_behind(status):
            if known:
                return self
            steps = tuple(sorted((*self.history, step), key=lambda one: one.at))
            return replace(self, version=self.version + 1, history=steps, provider_id=provider_id or self.provider_id)
        steps = self.history if known else tuple(sorted((*self.history, step), key=lambda one: one.at))
        return replace(
            self,
            version=self.version + 1,
            status=status,
            reason=reason,
            history=steps,
            provider_id=provider_id or self.provider_id,
            claimed_at=None,
            due_at=None,
        )

    def is_behind(self, status: Status) -> bool:
        """Whether *status* is further on than the message's own."""
        mine = 2 if self.reason == OUTCOME_UNKNOWN else _RANKS[self.status]
        return _RANKS[status] > mine

    def again(self, at: datetime, by: Person) -> "Message":
        """The next version, queued once more because a person asks for it."""
        queued = self.stepped(Status.QUEUED, at, detail=f"again, by {by.name}", due_at=at + QUEUED_FOR)
        return replace(queued, provider_id=None)
