"""Demo contacts: plausible, invented, and the same at every run.

Nobody real is in here. Telephone numbers end in 555-01xx, which is set aside for fiction; e-mail
addresses lie under example.org; NPIs are valid by their check digit but begin with 2, and numbers
given out so far begin with 1.
"""

import hashlib
import json
import random
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from faker import Faker

from infra.local import demo_tables as tables
from infra.local.users import HARBOR, LAKESIDE

Contact = dict[str, Any]
SEED = 20261123
SIZES = {
    LAKESIDE: {"physician": 88, "parent_guardian": 64, "aged_care_facility": 20, "community_care": 18, "other": 10},
    HARBOR: {"physician": 9, "parent_guardian": 6, "aged_care_facility": 2, "community_care": 2, "other": 1},
}
SETTINGS: dict[str, Contact] = {
    LAKESIDE: {"practice_name": "Lakeside Speech & Occupational Therapy", "time_zone": "America/New_York"},
    HARBOR: {"practice_name": "Harbor Physical Therapy", "time_zone": "America/Los_Angeles"},
}
ARCHIVED_EVERY = 33
WITHOUT_ACCENT = str.maketrans({"đ": "d", "ł": "l", "ı": "i", "ø": "o", "ß": "ss"})
"""Letters that Unicode does not take apart into a plain one and a mark."""


@dataclass(frozen=True)
class DemoContact:
    """One contact to create, and whether it is then archived."""

    account: str
    body: Contact
    archived: bool

    @property
    def key(self) -> str:
        """The Idempotency-Key of its creation: the same contact, the same key."""
        return hashlib.sha256(f"{self.account}\0{self.name}".encode()).hexdigest()[:32]

    @property
    def name(self) -> tuple[str, str, str]:
        return name_of(self.body)


def name_of(contact: Contact) -> tuple[str, str, str]:
    """By which a contact is recognised: last name, first name, organization; empty where it has none."""
    return tuple(contact.get(part) or "" for part in ("last_name", "first_name", "organization_name"))  # type: ignore[return-value]


def demo_contacts() -> list[DemoContact]:
    """Every demo contact of both practices, in a fixed order, no two of an account with one name."""
    contacts: list[DemoContact] = []
    for account, sizes in SIZES.items():
        writer = ContactWriter(random.Random(f"{SEED} {account}"))  # noqa: S311  - repeatable, not secret
        seen: set[tuple[str, str, str]] = set()
        for kind, size in sizes.items():
            made = 0
            while made < size:
                body = writer.contact(kind)
                if name_of(body) in seen:
                    continue
                seen.add(name_of(body))
                made += 1
                contacts.append(DemoContact(account, body, archived=len(seen) % ARCHIVED_EVERY == ARCHIVED_EVERY - 1))
    return contacts


def digest(contacts: list[DemoContact]) -> str:
    """One word for all of it, which changes when any of it does."""
    told = [(contact.account, contact.body, contact.archived) for contact in contacts]
    return hashlib.sha256(json.dumps([told, SETTINGS], sort_keys=True).encode()).hexdigest()


def npi_check_digit(first_nine: str) -> str:
    """The tenth digit of an NPI: Luhn over the prefix 80840 and the nine digits (45 CFR 162.406)."""
    total = 0
    for position, digit in enumerate(reversed("80840" + first_nine)):
        doubled = int(digit) * (2 if position % 2 == 0 else 1)
        total += doubled // 10 + doubled % 10
    return str(-total % 10)


@dataclass
class ContactWriter:
    """Writes contacts one after another from one source of chance."""

    chance: random.Random
    _names: dict[str, Faker] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)

    def contact(self, kind: str) -> Contact:
        """A contact of type *kind* as the API takes it."""
        writers = {
            "physician": self._physician,
            "parent_guardian": self._family,
            "aged_care_facility": self._facility,
            "community_care": self._community,
            "other": self._other,
        }
        return {"type": kind, **writers[kind]()}

    def _physician(self) -> Contact:
        place, pick = self._place(), self.chance.choice
        organization = f"{pick(tables.LANDMARKS)} {pick(tables.SPECIALTIES)}"
        person = self._person(pick(tables.PHYSICIAN_LOCALES))
        phones = [self._phone(place, "work"), self._phone(place, "fax")]
        if self._happens(0.4):
            phones.append(self._phone(place, pick(("cell", "after_hours"))))
        if self._happens(0.2):
            phones[0]["extension"] = str(self.chance.randint(10, 899))
        return {
            **person,
            "qualifications": pick(tables.QUALIFICATIONS),
            "organization_name": organization,
            **({"npi": self._npi()} if self._happens(0.9) else {}),
            **self._other_id(),
            "messaging_methods": pick((["fax"], ["email", "fax"], ["email"])),
            "emails": [self._email(person, domain_of(organization), "work")],
            "phones": phones,
            "address": self._address(place),
            **self._notes(tables.PHYSICIAN_NOTES),
        }

    def _family(self) -> Contact:
        place, pick = self._place(), self.chance.choice
        locale = pick(tables.FAMILY_LOCALES)
        person = self._person(locale)
        phones = [self._phone(place, "cell")]
        phones += [self._phone(place, kind) for kind in ("home", "work") if self._happens(0.35)]
        emails = [self._email(person, "mail.example.org", "home")] if self._happens(0.85) else []
        language = tables.NAME_LOCALES[locale]
        return {
            **person,
            "messaging_methods": pick((["sms"], ["email", "sms"], ["voice"])) if emails else ["sms"],
            "emails": emails,
            "phones": phones,
            **({"address": self._address(place)} if self._happens(0.7) else {}),
            **({"time_zone": place.time_zone} if self._happens(0.2) else {}),
            **({"language": language} if language and self._happens(0.6) else {}),
            **self._notes(tables.FAMILY_NOTES),
        }

    def _facility(self) -> Contact:
        return self._organization(f"{self.chance.choice(tables.LANDMARKS)} {self.chance.choice(tables.AGED_CARE)}")

    def _community(self) -> Contact:
        organization = self._organization(
            f"{self.chance.choice(tables.LANDMARKS)} {self.chance.choice(tables.COMMUNITY_CARE)}"
        )
        return organization | (self._person("en_US") if self._happens(0.5) else {})

    def _other(self) -> Contact:
        person = self._person(self.chance.choice(tables.FAMILY_LOCALES))
        kind = self.chance.choice(tables.OTHER_ORGANIZATIONS)
        return self._organization(f"{self.chance.choice(tables.LANDMARKS)} {kind}") | person

    def _organization(self, name: str) -> Contact:
        place = self._place()
        return {
            "organization_name": f"{name} of {place.city}",
            "messaging_methods": self.chance.choice((["email"], ["email", "fax"])),
            "emails": [{"address": f"office@{domain_of(name)}", "label": "office"}],
            "phones": [self._phone(place, kind) for kind in ("work", "after_hours", "fax")],
            "address": self._address(place),
            **self._notes(tables.SERVICE_NOTES),
        }

    def _person(self, locale: str) -> Contact:
        if locale not in self._names:
            self._names[locale] = Faker(locale)
            self._names[locale].seed_instance(f"{SEED} {locale} {self.chance.random()}")
        names = self._names[locale]
        middle = {"middle_name": names.random_uppercase_letter()} if locale == "en_US" and self._happens(0.3) else {}
        suffix = (
            {"name_suffix": self.chance.choice(("Jr.", "III"))} if locale == "en_US" and self._happens(0.04) else {}
        )
        return {"first_name": names.first_name(), **middle, "last_name": names.last_name(), **suffix}

    def _phone(self, place: tables.Place, kind: str) -> Contact:
        while True:
            line = f"01{self.chance.randrange(100):02}"
            number = f"({place.area_code}) 555-{line}"
            if number not in self._used:
                self._used.add(number)
                return {"number": number, "type": kind}
            place = self._place()

    def _npi(self) -> str:
        while True:
            first_nine = f"2{self.chance.randrange(10**8):08}"
            if first_nine not in self._used:
                self._used.add(first_nine)
                return first_nine + npi_check_digit(first_nine)

    def _other_id(self) -> Contact:
        if not self._happens(0.3):
            return {}
        letter, number = self.chance.choice("ABCDEFGH"), f"{self.chance.randrange(10**5):05}"
        qualifier = self.chance.choice(("0B", "1G", "G2", "LU"))
        return {"other_id": letter + number, "other_id_qualifier": qualifier}

    def _email(self, person: Contact, domain: str, label: str) -> Contact:
        local = ".".join(filter(None, (latin(person["first_name"]), latin(person["last_name"])))) or "contact"
        address = f"{local}@{domain}"
        while address in self._used:
            address = f"{local}{self.chance.randint(2, 9999)}@{domain}"
        self._used.add(address)
        return {"address": address, "label": label}

    def _address(self, place: tables.Place) -> Contact:
        return {
            "line1": f"{self.chance.randint(1, 9800)} {self.chance.choice(tables.STREETS)}",
            **({"line2": f"Suite {self.chance.randint(100, 960)}"} if self._happens(0.3) else {}),
            "city": place.city,
            "region": place.region,
            "postal_code": f"{place.zip_prefix}{self.chance.randint(1, 30):02}",
            "country": "US",
        }

    def _notes(self, sentences: tuple[str, ...]) -> Contact:
        return {"notes": self.chance.choice(sentences)} if self._happens(0.4) else {}

    def _place(self) -> tables.Place:
        return self.chance.choice(tables.PLACES)

    def _happens(self, likelihood: float) -> bool:
        return self.chance.random() < likelihood


def latin(name: str) -> str:
    """*name* as the local part of an e-mail address: plain small letters, nothing of another script."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(WITHOUT_ACCENT))
    return "".join(letter for letter in plain if letter.isascii() and letter.isalnum())


def domain_of(organization: str) -> str:
    """An e-mail domain for *organization*, under the one reserved for examples."""
    return "-".join(filter(None, map(latin, organization.split()))) + ".example.org"
