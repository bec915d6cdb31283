"""When two contacts look like one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from carebook.contacts.model import Contact, ContactDetails, ContactSummary
from carebook.contacts.searchable import searchable
from carebook.folding import name_key, words
from carebook.search.tokens import Kind, Searchable, domain_token, fold_address, tokens_of

# From so many on, an address or number is a switchboard: only those of one name are compared.
SWITCHBOARD: Final = 6


class Reason(StrEnum):
    """What two contacts have in common, the most telling first."""

    NPI = "npi"
    EMAIL = "email"
    PHONE = "phone"
    NAME = "name"
    ORGANIZATION = "organization"


# How much each reason alone says that two are one. Parents share numbers, colleagues a switchboard.
_WEIGHTS: Final = {Reason.NPI: 0.9, Reason.EMAIL: 0.5, Reason.PHONE: 0.4, Reason.NAME: 0.6, Reason.ORGANIZATION: 0.1}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What two contacts have in common."""

    reasons: tuple[Reason, ...]

    @property
    def score(self) -> float:
        """From 0, nothing in common, to nearly 1; each reason takes away from the doubt that is left."""
        doubt = 1.0
        for reason in self.reasons:
            doubt *= 1 - _WEIGHTS[reason]
        return round(1 - doubt, 2)

    @property
    def is_strong(self) -> bool:
        """Whether adding the second should be asked about: one NPI, or one name with one address or number."""
        found = set(self.reasons)
        return Reason.NPI in found or (Reason.NAME in found and bool(found & {Reason.EMAIL, Reason.PHONE}))


def evidence(one: ContactDetails, other: ContactDetails) -> Evidence:
    """What *one* and *other* have in common."""
    found = []
    if one.npi and one.npi == other.npi:
        found.append(Reason.NPI)
    if _addresses(one) & _addresses(other):
        found.append(Reason.EMAIL)
    if _numbers(one) & _numbers(other):
        found.append(Reason.PHONE)
    if who(one) and who(one) == who(other):
        found.append(Reason.NAME)
    organization = name_key((one.organization_name,))
    if organization and organization == name_key((other.organization_name,)):
        found.append(Reason.ORGANIZATION)
    return Evidence(tuple(found))


def who(named: ContactDetails | ContactSummary | Searchable) -> str:
    """The folded name by which two contacts are compared: last and first, else the organization."""
    return name_key((named.last_name, named.first_name)) or name_key((named.organization_name,))


@dataclass(frozen=True, slots=True)
class Thing:
    """What contacts can share, as the index has it: an NPI, an address, a number. Of a name the index has no text."""

    reason: Reason
    text: str = ""


def told_by(one: Contact, other: Contact, is_switchboard: Callable[[Thing], bool]) -> Thing | None:
    """The thing under which a list of duplicates shows two contacts: the first that they share and that tells enough.

    Things stand in the order in which such a list goes through the index. None: the two are no duplicates.

    Args:
        is_switchboard: whether many share a thing, so that it tells nothing of contacts with different names.
    """
    mine, theirs = one.details, other.details
    same_name = bool(who(mine)) and who(mine) == who(theirs)
    for thing in _shared(one, other):
        if thing.reason is Reason.NPI or same_name or not is_switchboard(thing):
            return thing
    if same_name and words(mine.organization_name or "") == words(theirs.organization_name or ""):
        return Thing(Reason.NAME)
    return None


def _shared(one: Contact, other: Contact) -> Iterator[Thing]:
    """What both are found by in the index, in its order; of very many addresses and numbers it has the first ones."""
    found = [searchable(contact) for contact in (one, other)]
    mine, theirs = ({(token.kind, token.text) for token in tokens_of(record)} if record else set() for record in found)
    indexed = mine & theirs
    if one.details.npi and (Kind.NPI, f"n{one.details.npi}") in indexed:
        yield Thing(Reason.NPI, f"n{one.details.npi}")
    for text in sorted(map(domain_token, _addresses(one.details) & _addresses(other.details))):
        if (Kind.DOMAIN, text) in indexed:
            yield Thing(Reason.EMAIL, text)
    for text in sorted({number for number, _ in _numbers(one.details) & _numbers(other.details)}):
        if (Kind.PHONE, text) in indexed:
            yield Thing(Reason.PHONE, text)


def _addresses(details: ContactDetails) -> set[str]:
    return {fold_address(email.address) for email in details.emails}


def _numbers(details: ContactDetails) -> set[tuple[str, str | None]]:
    return {(phone.number, phone.extension) for phone in details.phones}
