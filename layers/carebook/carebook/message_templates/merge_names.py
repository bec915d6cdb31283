"""Which merge fields each kind of message knows, what they hold, and where they must not stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal[
    "appointment_notice", "appointment_reminder", "bill_reminder", "late_payment_notice", "opt_in_request", "share"
]

Method = Literal["email", "sms", "fax", "voice"]


@dataclass(frozen=True, slots=True)
class MergeField:
    """A merge field: what it holds, and an example of it."""

    name: str
    description: str
    sample: str


_PRACTICE: Final = (MergeField("practice.name", "The practice's name.", "Lakeside Family Practice"),)
_RECIPIENT: Final = (
    MergeField("recipient.name", "Name of who gets the message, client or contact.", "Maria Schmidt"),
    MergeField("recipient.first_name", "Their first name.", "Maria"),
)
_CLIENT_AND_CONTACT: Final = (
    MergeField("client.name", "Name of the client whom it is about.", "Ben Schmidt"),
    MergeField("client.first_name", "The client's first name.", "Ben"),
    MergeField("contact.name", "Name of the contact who gets a copy; empty when the client gets it.", "Maria Schmidt"),
    MergeField("contact.first_name", "That contact's first name.", "Maria"),
    MergeField("contact.organization_name", "That contact's organization.", "Harbor Aged Care"),
)
_APPOINTMENT: Final = (
    MergeField("appointment.date", "The day.", "Friday, December 4, 2026"),
    MergeField("appointment.day", "The day in short.", "Fri, Dec 4"),
    MergeField("appointment.time", "When it begins, in the recipient's time zone.", "9:30 AM EST"),
    MergeField("appointment.end_time", "When it ends.", "10:15 AM EST"),
    MergeField("appointment.practitioner", "Whom it is with.", "Dr. Lee"),
    MergeField("appointment.location", "Where it is.", "12 Lake Street"),
    MergeField("appointment.kind", "What it is for.", "Initial consultation"),
)
_NEWS: Final = (
    MergeField("appointment.moved", "Holds a word when the appointment was moved.", "moved"),
    MergeField("appointment.canceled", "Holds a word when the appointment was canceled.", ""),
    MergeField("appointment.old_date", "The day before it was moved.", "Thursday, December 3, 2026"),
    MergeField("appointment.old_time", "When it would have begun before it was moved.", "2:00 PM EST"),
)
_BILL: Final = (
    MergeField("bill.number", "The bill's number.", "2026-0117"),
    MergeField("bill.amount", "What is to be paid, with its currency.", "$120.00"),
    MergeField("bill.issued_on", "The day of the bill.", "November 20, 2026"),
    MergeField("bill.due_on", "The day on which it is due.", "December 18, 2026"),
)
_SHARE: Final = (
    MergeField(
        "share.link",
        "Where the documents can be opened; empty in the message with the code.",
        "https://carebook.example/s/9KQ2",
    ),
    MergeField("share.code", "The code that opens them; empty in the message with the link.", ""),
    MergeField("share.expires_on", "The last day on which they can be opened.", "December 9, 2026"),
    MergeField("share.message", "What the sender wrote with it.", "Here is the letter we talked about."),
)

_FIELDS: Final[Mapping[Kind, tuple[MergeField, ...]]] = {
    "appointment_notice": (*_PRACTICE, *_RECIPIENT, *_CLIENT_AND_CONTACT, *_APPOINTMENT, *_NEWS),
    "appointment_reminder": (*_PRACTICE, *_RECIPIENT, *_CLIENT_AND_CONTACT, *_APPOINTMENT),
    "bill_reminder": (*_PRACTICE, *_RECIPIENT, *_CLIENT_AND_CONTACT, *_BILL),
    "late_payment_notice": (*_PRACTICE, *_RECIPIENT, *_CLIENT_AND_CONTACT, *_BILL),
    "opt_in_request": (*_PRACTICE, *_RECIPIENT),
    "share": (*_PRACTICE, *_RECIPIENT, *_SHARE),
}
_SAID: Final[Mapping[str, str]] = {"share.link": "", "share.code": "4, 8, 2, 9, 1, 0, 3, 7"}
KINDS: Final = tuple(_FIELDS)
METHODS: Final[tuple[Method, ...]] = ("email", "sms", "fax", "voice")

# A subject is read by every server on the way, and stands on locked screens.
_IN_SUBJECTS: Final = frozenset({"practice.name", "appointment.moved", "appointment.canceled"})
# Text messages and calls reach whoever holds the phone, and may carry no more of somebody's health than they must.
_NOT_ON_PHONES: Final = frozenset({"client.name", "contact.organization_name", "appointment.kind", "share.message"})


def fields_of(kind: Kind) -> tuple[MergeField, ...]:
    """Every merge field of a kind."""
    return _FIELDS[kind]


def samples_of(kind: Kind, method: Method | None = None) -> dict[str, str]:
    """A value for each merge field of a kind, to look at a template with. Nobody is read a link, but the code."""
    samples = {field.name: field.sample for field in _FIELDS[kind]}
    return {**samples, **_SAID} if (kind, method) == ("share", "voice") else samples


def needed_in(kind: Kind, method: Method) -> frozenset[str]:
    """What such a message may be sent for: without it the built-in text goes in its place."""
    if kind != "share":
        return frozenset()
    return frozenset({"share.code"} if method == "voice" else {"share.link", "share.code"})


def may_stand(name: str, *, method: Method, part: Literal["subject", "body"]) -> bool:
    """Whether a field may be in that part of a message by that method."""
    if part == "subject":
        return name in _IN_SUBJECTS
    return method in ("email", "fax") or name not in _NOT_ON_PHONES
