"""From what somebody wants to send to the messages that come of it: one for each method, each with its fate."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Final, Literal

from carebook.addresses import consent_address
from carebook.errors import Invalid
from carebook.identity import Person
from carebook.ids import MESSAGE, new_id
from carebook.message_templates.model import MessageTemplate, render
from carebook.messages.attachments import CARRY_FILES
from carebook.messages.consents import Agreement, Consent
from carebook.messages.model import (
    NOT_OPTED_IN,
    PDF,
    QUEUED_FOR,
    QUIET,
    TOO_LATE,
    About,
    Attachment,
    Kind,
    Message,
    Status,
    Step,
)
from carebook.messages.quiet import released_at
from carebook.messages.recipients import Recipient
from carebook.settings.model import AccountSettings

# The answer releases what waits; the sweep looks whether it was missed, or the practice has ceased to ask.
_ASKED_AFTER: Final = timedelta(hours=1)
_NO_REPLY: Final = frozenset({"voice"})
NO_WORDS_OF_THEIR_OWN: Final[Mapping[str, MessageTemplate]] = {}
# The owner of a fax machine is a business; no rule asks for their consent, and they could not reply.
NEEDS_CONSENT: Final = frozenset({"email", "sms", "voice"})


@dataclass(frozen=True, slots=True)
class Text:
    """Subject and body for one method."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is to be sent.

    Attributes:
        texts: for each method what it says; its keys are the methods, in order.
        client_id, cc_of: for a contact's copy of a client's message, whose and which.
        share_id: for the messages of a share, which one.
        about: for automated messages, what they tell of.
    """

    kind: Kind
    texts: Mapping[str, Text]
    attachments: tuple[Attachment, ...] = ()
    client_id: str | None = None
    cc_of: str | None = None
    share_id: str | None = None
    about: About | None = None


@dataclass(slots=True)
class Plan:
    """Messages to be written, consents that change with them, and those that must not change meanwhile."""

    messages: list[Message] = field(default_factory=list)
    requested: list[tuple[Consent, Consent]] = field(default_factory=list)
    relied_on: list[Consent] = field(default_factory=list)

    @property
    def to_queue(self) -> list[Message]:
        """What can be sent now."""
        return [message for message in self.messages if message.status is Status.QUEUED]

    @property
    def all_skipped(self) -> bool:
        """Whether nothing will ever be sent."""
        return all(message.status is Status.SKIPPED for message in self.messages)


Consents = Mapping[tuple[str, str], Consent]


def addresses_of(recipient: Recipient, methods: Iterable[str]) -> list[tuple[str, str]]:
    """Channels and addresses whose consent a plan must know."""
    reached = ((method, recipient.reach[method].to) for method in methods)
    found = (consent_address(method, to) for method, to in reached if to is not None)
    return list(dict.fromkeys(address for address in found if address is not None))


def plan(
    recipient: Recipient,
    draft: Draft,
    *,
    settings: AccountSettings,
    consents: Consents,
    configured: Callable[[str], bool],
    by: Person,
    now: datetime,
    requests: Mapping[str, MessageTemplate] = NO_WORDS_OF_THEIR_OWN,
) -> Plan:
    """One message for each method of *draft*: queued, held or skipped; with opt-in requests where they are due.

    Args:
        requests: the practice's own words for opt-in requests, by method; without them the built-in ones go out.
    """
    planned = Plan()
    for method, text in draft.texts.items():
        message = _message(recipient, draft, method, text, by, now)
        where = None if message.to is None else consent_address(method, message.to)
        consent = None if where is None else consents[where]
        reason = _why_not(recipient, message, consent, configured)
        if reason is not None:
            planned.messages.append(_in_status(message, Status.SKIPPED, now, reason=reason))
            continue
        if consent is not None and consent not in planned.relied_on:
            planned.relied_on.append(consent)
        if consent is None or consent.agreement is Agreement.OPTED_IN or not settings.values["opt_in_required"]:
            planned.messages.append(scheduled(message, recipient, settings, now))
        elif method in _NO_REPLY:
            planned.messages.append(_in_status(message, Status.SKIPPED, now, reason=NOT_OPTED_IN))
        else:
            if consent.wants_request(now) and all(before != consent for before, _ in planned.requested):
                words = _asking(recipient, method, settings, requests.get(method))
                asking = Draft(kind=Kind.OPT_IN_REQUEST, texts={}, client_id=draft.client_id)
                request = _message(recipient, asking, method, words, by, now)
                planned.messages.append(scheduled(request, recipient, settings, now))
                planned.requested.append((consent, consent.asked(request.id, now)))
            held = _in_status(message, Status.HELD, now, reason=NOT_OPTED_IN, due_at=now + _ASKED_AFTER)
            planned.messages.append(held)
    changing = [before for before, _ in planned.requested]
    planned.relied_on = [consent for consent in planned.relied_on if consent not in changing]
    return planned


def scheduled(message: Message, recipient: Recipient, settings: AccountSettings, now: datetime) -> Message:
    """A new message as it goes out: queued, or held while it is quiet where the recipient lives, if that is in time."""
    release = released_at(
        now, method=message.method, time_zone=recipient.time_zone, hours=settings.values["quiet_hours"]
    )
    if release is not None and message.about is not None and release >= message.about.until:
        return _in_status(message, Status.SKIPPED, now, reason=TOO_LATE)
    if release is not None:
        return _in_status(message, Status.HELD, now, reason=QUIET, due_at=release)
    return _in_status(message, Status.QUEUED, now, due_at=now + QUEUED_FOR)


def _why_not(
    recipient: Recipient, message: Message, consent: Consent | None, configured: Callable[[str], bool]
) -> str | None:
    reach = recipient.reach[message.method]
    if not reach.ok:
        return reach.reason
    if not configured(message.method):
        return "channel_not_configured"
    if message.method == "fax" and any(one.content_type != PDF for one in message.attachments):
        return "attachment_not_pdf"
    return None if consent is None else consent.refusal()


def _message(recipient: Recipient, draft: Draft, method: str, text: Text, by: Person, now: datetime) -> Message:
    return Message(
        id=new_id(MESSAGE, now),
        account=recipient.account,
        recipient_id=recipient.id,
        version=1,
        kind=draft.kind,
        direction="out",
        method=method,
        to=recipient.reach[method].to,
        subject=text.subject,
        body=text.body,
        attachments=draft.attachments if method in CARRY_FILES else (),
        status=Status.QUEUED,
        history=(),
        created_at=now,
        created_by=by,
        client_id=draft.client_id,
        cc_of=draft.cc_of,
        share_id=draft.share_id,
        about=draft.about,
        reply_token=token_hex(12) if method == "email" else None,
    )


def _asking(recipient: Recipient, method: str, settings: AccountSettings, template: MessageTemplate | None) -> Text:
    """The question whether we may write."""
    values = {
        "practice.name": settings.values["practice_name"],
        "recipient.name": recipient.name,
        "recipient.first_name": recipient.first_name,
    }
    by_method: Literal["email", "sms"] = "sms" if method == "sms" else "email"  # a fax needs no consent
    try:
        rendered = render("opt_in_request", by_method, values, template=template)
    except Invalid:  # with this name the practice's own words are too long
        rendered = render("opt_in_request", by_method, values)
    return Text(rendered.subject or "", rendered.body)


def _in_status(
    message: Message, status: Status, now: datetime, *, reason: str | None = None, due_at: datetime | None = None
) -> Message:
    return replace(message, status=status, reason=reason, due_at=due_at, history=(Step(status, now, reason),))


def methods_of(asked: Sequence[str] | None, recipient: Recipient) -> tuple[str, ...]:
    """The methods to use: those asked for, else the recipient's own."""
    return tuple(asked) if asked is not None else recipient.methods
