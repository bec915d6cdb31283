"""Contacts to measure with: invented, in the mix of names that a practice meets, and the same at every run.

Names come as often as in Faker's tables: seven of ten from the United States, the others from seven more countries.
Its tables are finite, so real practices have more distinct words, and fewer contacts of one name.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from faker import Faker

from carebook.contacts.model import Address, Contact, ContactDetails, Email, Phone
from carebook.folding import words
from carebook.ids import CONTACT, ulid_of

SEED: Final = 20261123
BLOCK: Final = 1_000
_START: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)
_LOCALES: Final = {
    "en_US": 70, "es_ES": 8, "en_IN": 6, "vi_VN": 4, "de_DE": 4, "it_IT": 3, "pl_PL": 3, "fr_FR": 2,
}  # fmt: skip
_TYPES: Final = {
    "physician": 40, "parent_guardian": 38, "community_care": 9, "aged_care_facility": 8, "other": 5,
}  # fmt: skip
_PLACES: Final = (
    *(
        "Lakeside",
        "Riverside",
        "Maple",
        "Oak",
        "Cedar",
        "Summit",
        "Harbor",
        "Bay",
        "Willow",
        "Stone",
        "Highland",
        "Elm",
    ),
    *("Fox", "Meadow", "Mill", "Sunny", "North", "South", "East", "West", "Valley", "Hill", "Park", "Garden", "Spring"),
    *("Coastal", "Central", "Metro", "Pacific", "Atlantic", "Liberty", "Union", "Pioneer", "Heritage", "Evergreen"),
    *("Bright", "Golden", "Silver", "Crystal", "Grand", "Royal", "Blue", "Green", "First", "Saint", "Mercy", "Trinity"),
)
_SECOND: Final = (
    "Ridge",
    "Creek",
    "View",
    "Point",
    "Shore",
    "Bridge",
    "Grove",
    "Crossing",
    "Woods",
    "Field",
    "Springs",
)
_KINDS: Final = {
    "physician": (
        *(
            "Family Medicine",
            "Family Practice",
            "Medical Group",
            "Pediatrics",
            "Medical Center",
            "Clinic",
            "Cardiology",
        ),
        *("Internal Medicine", "Health Center", "Neurology Associates", "Orthopedics", "Physicians", "Primary Care"),
    ),
    "community_care": ("Home Care", "Community Nursing", "Family Support Center", "Hospice Services", "Home Health"),
    "aged_care_facility": ("Senior Living", "Nursing Home", "Assisted Living", "Retirement Village", "Memory Care"),
    "other": ("Elementary School", "Pharmacy", "Health Plan", "Legal Aid", "Youth Sports League"),
}
_AREA_CODES: Final = tuple(
    """201 203 206 212 213 214 215 216 301 303 305 310 312 313 314 315 401 402 404 405 407 408 410 412 414 415 502 503
    504 505 508 510 512 513 515 516 602 603 605 609 610 612 614 617 619 630 650 702 703 704 707 713 714 716 718 732 734
    757 760 770 773 781 801 802 803 804 805 808 810 813 816 817 818 832 847 858 901 904 909 910 913 916 917 919 949 951
    954 970 972 978""".split()  # noqa: SIM905 - a list of numbers reads best as one
)
_MAIL: Final = ("mail.example", "post.example", "inbox.example", "webmail.example")


@dataclass(frozen=True, slots=True)
class _Names:
    first: tuple[str, ...]
    last: tuple[str, ...]


def contacts_of(account: str, count: int) -> Iterator[Contact]:
    """The first *count* contacts of an account."""
    for block in range(-(-count // BLOCK)):
        yield from block_of(account, block)[: count - block * BLOCK]


def block_of(account: str, block: int) -> list[Contact]:
    """A thousand contacts, which do not depend on other blocks."""
    chance = random.Random(f"{SEED} {block}")
    return [_contact(chance, account, block * BLOCK + number) for number in range(BLOCK)]


def _contact(chance: random.Random, account: str, number: int) -> Contact:
    now = _START + timedelta(seconds=number)
    details = _details(chance)
    return Contact(
        id=f"{CONTACT}_{ulid_of(now, chance.randbytes(10))}",
        account=account,
        version=1,
        details=details,
        created_at=now,
        updated_at=now,
    )


def _details(chance: random.Random) -> ContactDetails:
    (kind,) = chance.choices(list(_TYPES), list(_TYPES.values()))
    names = _names()[chance.choices(list(_LOCALES), list(_LOCALES.values()))[0]]
    first, last = chance.choice(names.first), chance.choice(names.last)
    organization = _organization(chance, kind, last) if kind in _KINDS else None
    is_person = kind in {"physician", "parent_guardian"} or chance.random() < 0.3
    middle = chance.choice(names.first) if is_person and chance.random() < 0.12 else None
    return ContactDetails(
        type=kind,
        first_name=first if is_person else None,
        middle_name=middle,
        last_name=last if is_person else None,
        qualifications="MD" if kind == "physician" else None,
        organization_name=organization,
        npi=_npi(chance) if kind == "physician" and chance.random() < 0.9 else None,
        messaging_methods=("email",),
        emails=_emails(chance, (first, last) if is_person else None, organization),
        phones=tuple(_phones(chance, chance.choices((0, 1, 2, 3), (5, 58, 32, 5))[0])),
        address=Address("1200 Lakeshore Drive", "", "Los Angeles", "CA", "90017", "US"),
        notes="Prefers referrals by fax. Closed on Friday afternoons." if chance.random() < 0.3 else "",
    )


def _organization(chance: random.Random, kind: str, last_name: str) -> str:
    place = last_name if chance.random() < 0.2 else chance.choice(_PLACES)
    second = f" {chance.choice(_SECOND)}" if chance.random() < 0.5 else ""
    return f"{place}{second} {chance.choice(_KINDS[kind])}"


def _emails(chance: random.Random, person: tuple[str, str] | None, organization: str | None) -> tuple[Email, ...]:
    owned = ["".join(words(organization)) + ".example"] if organization else []
    count = chance.choices((0, 1, 2), (18, 74, 8))[0]
    domains = chance.sample([*owned, *_MAIL], count) if chance.random() < 0.4 else [*owned, *_MAIL][:count]
    if person is None:
        return tuple(Email(f"{chance.choice(('info', 'office', 'intake'))}@{domain}", "work") for domain in domains)
    first, last = ("".join(words(part)) for part in person)
    local = chance.choice(
        (f"{first}.{last}", f"{first[:1]}{last}", f"{first}{chance.randrange(100)}", f"{last}.{first}")
    )
    return tuple(Email(f"{local}@{domain}", None) for domain in domains)


def _phones(chance: random.Random, count: int) -> Iterator[Phone]:
    for kind in ("cell", "work", "fax")[:count]:
        area, exchange, line = chance.choice(_AREA_CODES), chance.randrange(200, 1000), chance.randrange(10_000)
        yield Phone(f"+1{area}{exchange}{line:04}", kind, None, f"({area}) {exchange}-{line:04}")


def _npi(chance: random.Random) -> str:
    return f"1{chance.randrange(10**9):09}"  # the check digit makes no difference to a search


@lru_cache(maxsize=1)
def _names() -> dict[str, _Names]:
    """Each country's names, those that are common as many times as they are common."""
    found = {}
    for locale in _LOCALES:
        faker = Faker(locale)
        faker.seed_instance(SEED)
        many = 20_000 if locale == "en_US" else 6_000
        first = (faker.first_name_female() if number % 2 else faker.first_name_male() for number in range(many))
        found[locale] = _Names(tuple(first), tuple(faker.last_name() for _ in range(many)))
    return found
