"""When two contacts look like one."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from carebook.contacts.model import ContactDetails
from carebook.folding import name_key
from carebook.search.tokens import fold_address


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


def who(details: ContactDetails) -> str:
    """The folded name by which two contacts are compared: last and first, else the organization."""
    return name_key((details.last_name, details.first_name)) or name_key((details.organization_name,))


def _addresses(details: ContactDetails) -> set[str]:
    return {fold_address(email.address) for email in details.emails}


def _numbers(details: ContactDetails) -> set[tuple[str, str | None]]:
    return {(phone.number, phone.extension) for phone in details.phones}
