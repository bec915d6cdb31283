"""What stands around the text of a letter: who writes, to whom, and on which day."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from carebook.contacts.model import Contact
from carebook.settings.model import AccountSettings

PRACTICE_FIELDS: Final = ("name", "address", "phone", "fax", "email", "website")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
# Where the month is said first, and where paper is of the sizes of ANSI (CLDR, territory information).
_MONTH_FIRST: Final = frozenset({"US", "PH", "PR", "GU", "VI", "AS", "MP", "UM"})
_ANSI_PAPER: Final = frozenset(
    {"US", "CA", "MX", "PH", "PR", "CL", "CO", "CR", "GT", "NI", "PA", "SV", "VE", "DO", "BZ", "GU", "VI", "AS", "MP"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The frame of a letter.

    ``practice`` has the fields of :data:`PRACTICE_FIELDS`; its address may have several lines. ``recipient`` are the
    lines above the address: name, organization. ``address`` has the parts of a contact's address. ``home`` is the
    practice's country: a letter to another one names that in its address. ``language`` is the recipient's, as a BCP 47
    tag, or empty.
    """

    date: str
    paper: str
    home: str
    language: str = ""
    practice: Mapping[str, str] = field(default_factory=dict)
    recipient: tuple[str, ...] = ()
    address: Mapping[str, str] = field(default_factory=dict)

    def to_document(self) -> dict[str, Any]:
        """The letter in the shape of JSON."""
        return {**asdict(self), "recipient": list(self.recipient)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Letter":
        """The letter out of :meth:`to_document`'s shape."""
        return cls(**{**document, "recipient": tuple(document["recipient"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What is printed: the frame, the title, the text in Markdown, whether it is a draft, and when it was made."""

    letter: Letter
    title: str
    body: str
    draft: bool
    at: datetime


def letter_to(contact: Contact, settings: AccountSettings, now: datetime) -> Letter:
    """The frame of a letter that goes to *contact* now."""
    details = contact.details
    person = " ".join(
        part for part in (details.first_name, details.middle_name, details.last_name, details.name_suffix) if part
    )
    if person and details.qualifications:
        person = f"{person}, {details.qualifications}"
    lines = (person, details.organization_name)
    return Letter(
        date=spoken_date(today_of(settings, now), settings.country),
        paper="us-letter" if settings.country in _ANSI_PAPER else "a4",
        home=settings.country,
        language=details.language or "",
        practice=practice_of(settings),
        recipient=tuple(line for line in lines if line),
        address=contact.details.to_document()["address"],
    )


def practice_of(settings: AccountSettings) -> dict[str, str]:
    """The practice as a letterhead shows it."""
    return {name: str(settings.values[f"practice_{name}"]) for name in PRACTICE_FIELDS}


def today_of(settings: AccountSettings, now: datetime) -> date:
    """The day in the account's time zone."""
    return now.astimezone(ZoneInfo(str(settings.values["time_zone"]))).date()


def spoken_date(day: date, country: str) -> str:
    """*day* as a letter says it: ``November 5, 2026``, or ``5 November 2026`` where the day comes first."""
    month = _MONTHS[day.month - 1]
    return f"{month} {day.day}, {day.year}" if country in _MONTH_FIRST else f"{day.day} {month} {day.year}"
