"""The merge fields of documents, and what stands for them in a letter to a contact."""

import re
from datetime import datetime
from typing import Final

from carebook.contacts.model import Address, Contact
from carebook.documents.letter import PRACTICE_FIELDS, practice_of, spoken_date, today_of
from carebook.settings.model import AccountSettings

_NAMES: Final = ("first_name", "middle_name", "last_name", "name_suffix", "qualifications", "npi")
CONTACT_FIELDS: Final = (
    *("contact.name", "contact.salutation", "contact.organization", "contact.email", "contact.phone", "contact.fax"),
    *(f"contact.{name}" for name in _NAMES),
    "contact.address",
    *(f"contact.address.{name}" for name in Address.__slots__),
)
KNOWN_FIELDS: Final = frozenset(
    {*CONTACT_FIELDS, *(f"practice.{name}" for name in PRACTICE_FIELDS), "sender.name", "today"}
)


def values_for(contact: Contact, settings: AccountSettings, *, sender: str, now: datetime) -> dict[str, str]:
    """The value of each of :data:`KNOWN_FIELDS`; empty where there is none."""
    practice = practice_of(settings)
    practice["address"] = ", ".join(line.strip() for line in practice["address"].splitlines() if line.strip())
    return {
        **contact_values(contact),
        **{f"practice.{name}": value for name, value in practice.items()},
        "sender.name": sender,
        "today": spoken_date(today_of(settings, now), settings.country),
    }


def contact_values(contact: Contact) -> dict[str, str]:
    """The value of each of :data:`CONTACT_FIELDS`."""
    details = contact.details
    fax = next((phone.display for phone in details.phones if phone.type == "fax"), "")
    phone = next((phone.display for phone in details.phones if phone.type != "fax"), "")
    return {
        "contact.name": details.display_name,
        "contact.salutation": salutation(contact),
        "contact.organization": details.organization_name or "",
        "contact.email": details.emails[0].address if details.emails else "",
        "contact.phone": phone,
        "contact.fax": fax,
        **{f"contact.{name}": getattr(details, name) or "" for name in _NAMES},
        "contact.address": in_one_line(details.address),
        **{f"contact.address.{name}": getattr(details.address, name) for name in Address.__slots__},
    }


def salutation(contact: Contact) -> str:
    """What comes after "Dear": ``Dr. Müller`` for a physician, else the person's name, else the organization's."""
    details = contact.details
    if details.type == "physician" and details.last_name:
        return f"Dr. {details.last_name}"
    return details.display_name


def in_one_line(address: Address) -> str:
    """Street, city, region with postal code; without the country."""
    region = " ".join(part for part in (address.region, address.postal_code) if part)
    return ", ".join(part for part in (address.line1, address.line2, address.city, region) if part)


_MARKUP: Final = re.compile(r"([\\`*_\[\]<>&~|!])")
_AT_START: Final = re.compile(r"\A(\s*)(#|\+|-|=|:)")
_NUMBERED: Final = re.compile(r"\A(\s*\d{1,9})([.)])")


def as_markdown(value: str) -> str:
    """*value* written so that Markdown shows it as it is: a name is never a heading, a list or emphasis."""
    escaped = _MARKUP.sub(r"\\\1", value)
    return _NUMBERED.sub(r"\1\\\2", _AT_START.sub(r"\1\\\2", escaped))
