"""What people type to find a contact they have in mind, by kinds."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.people import SEED
from carebook.contacts.model import Contact
from carebook.contacts.searchable import TYPE_CODES
from carebook.folding import words
from carebook.search.plan import STOP_WORDS

EACH: Final = 200
Typed = Callable[[random.Random, Contact], str | None]


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What a search may take; None where there is no limit."""

    median: float | None = None
    p95: float | None = None
    most: float | None = None
    rounds: int | None = None


ONE_ROUND: Final = Ceiling(median=2, p95=8, rounds=1)
BUDGET: Final = Ceiling(most=50)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of query: an example, what it may take, and how it is typed for a contact (None: it cannot be).

    Attributes:
        record_type: the only type that is asked for.
    """

    name: str
    example: str
    ceiling: Ceiling
    typed: Typed
    record_type: str | None = None

    def queries(self, contacts: Sequence[Contact]) -> list[tuple[str, str]]:
        """Queries with the ids of the contacts that were meant."""
        chance = random.Random(f"{SEED} {self.name}")
        found: list[tuple[str, str]] = []
        while len(found) < EACH:
            contact = chance.choice(contacts)
            if self.record_type not in {None, TYPE_CODES[contact.details.type]}:
                continue
            query = self.typed(chance, contact)
            if query:
                found.append((query, contact.id))
        return found


def _person(form: Callable[[str, str], str]) -> Typed:
    """Typed from the first word of the first and the last name, if both have three letters."""

    def typed(_: random.Random, contact: Contact) -> str | None:
        first, last = words(contact.details.first_name or ""), words(contact.details.last_name or "")
        if not first or not last or min(len(first[0]), len(last[0])) < 3:
            return None
        return form(first[0], last[0])

    return typed


def _organization(form: Callable[[list[str]], str | None]) -> Typed:
    def typed(_: random.Random, contact: Contact) -> str | None:
        name = words(contact.details.organization_name or "")
        return form(name) if name else None

    return typed


def _generic(name: list[str]) -> str | None:
    generic = [word for word in name if word in STOP_WORDS]
    return " ".join(generic[:2]) if len(generic) >= 2 else None


def _with_organization(form: Callable[[str, str, list[str]], str]) -> Typed:
    def typed(_: random.Random, contact: Contact) -> str | None:
        first, last = words(contact.details.first_name or ""), words(contact.details.last_name or "")
        name = words(contact.details.organization_name or "")
        return form(first[0], last[0], name) if first and last and name else None

    return typed


def _email(form: Callable[[str], str | None]) -> Typed:
    def typed(chance: random.Random, contact: Contact) -> str | None:
        emails = contact.details.emails
        return form(chance.choice(emails).address) if emails else None

    return typed


def _phone(form: Callable[[str], str]) -> Typed:
    """Typed from the ten digits of a number."""

    def typed(chance: random.Random, contact: Contact) -> str | None:
        phones = contact.details.phones
        return form(chance.choice(phones).number.removeprefix("+1")) if phones else None

    return typed


def _misspelt(chance: random.Random, contact: Contact) -> str | None:
    first, last = words(contact.details.first_name or ""), words(contact.details.last_name or "")
    if not first or not last or len(last[0]) < 5:
        return None
    at = chance.randrange(1, len(last[0]) - 1)
    return f"{first[0]} {last[0][:at]}{last[0][at + 1 :]}"


KINDS: Final = (
    Kind("one word, three letters", "smi", ONE_ROUND, _person(lambda _, last: last[:3])),
    Kind("one word, last name", "smith", ONE_ROUND, _person(lambda _, last: last)),
    Kind("one word, first name", "jane", ONE_ROUND, _person(lambda first, _: first)),
    Kind("one word, organization", "lakeside", ONE_ROUND, _organization(lambda name: name[0])),
    Kind("two words, first and last name", "jane smith", ONE_ROUND, _person(lambda first, last: f"{first} {last}")),
    Kind("two words, last name begun", "jane smi", ONE_ROUND, _person(lambda first, last: f"{first} {last[:3]}")),
    Kind("two words, first name begun", "smith ja", ONE_ROUND, _person(lambda first, last: f"{last} {first[:2]}")),
    Kind("two words, initial", "j smith", ONE_ROUND, _person(lambda first, last: f"{first[0]} {last}")),
    Kind("two words, organization", "lakeside fam", ONE_ROUND, _organization(
        lambda name: f"{name[0]} {name[1][:3]}" if len(name) > 1 else None
    )),
    Kind("e-mail", "jane.smith@mail.example", ONE_ROUND, _email(lambda address: address)),
    Kind("e-mail, before the @", "jane.smith@", ONE_ROUND, _email(lambda address: address.partition("@")[0] + "@")),
    Kind("e-mail, domain", "@mail.example", ONE_ROUND, _email(lambda address: "@" + address.partition("@")[2])),
    Kind("phone", "(310) 555-0123", ONE_ROUND, _phone(lambda n: f"({n[:3]}) {n[3:6]}-{n[6:]}")),
    Kind("phone, beginning", "(310) 555", ONE_ROUND, _phone(lambda n: f"({n[:3]}) {n[3:6]}")),
    Kind("phone, area code", "310", ONE_ROUND, _phone(lambda n: n[:3])),
    Kind("phone, last four digits", "0123", ONE_ROUND, _phone(lambda n: n[-4:])),
    Kind("NPI", "1234567893", ONE_ROUND, lambda _, contact: contact.details.npi),
    Kind("one word, of the rarest type", "smi, other", BUDGET, _person(lambda _, last: last[:3]), TYPE_CODES["other"]),
    Kind("last name and generic word", "smith clinic", BUDGET, _with_organization(
        lambda _, last, name: f"{last} {name[-1]}"
    )),
    Kind("two generic words", "family medical", BUDGET, _organization(_generic)),
    Kind("two short beginnings", "j sm", BUDGET, _person(lambda first, last: f"{first[0]} {last[:2]}")),
    Kind("three words", "jane smith lakeside", BUDGET, _with_organization(
        lambda first, last, name: f"{first} {last} {name[0]}"
    )),
    Kind("three words, begun", "ja smi lak", BUDGET, _with_organization(
        lambda first, last, name: f"{first[:2]} {last[:3]} {name[0][:3]}"
    )),
    Kind("first and misspelt last name", "jane smth", BUDGET, _misspelt),
)  # fmt: skip
