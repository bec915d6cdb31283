"""From what a caller sent to a contact's details: the rules that need more than the shape of the input."""

import unicodedata
from collections.abc import Iterable
from typing import Any

from carebook.contacts.identifiers import is_valid_npi, is_valid_upin, tidy_npi
from carebook.contacts.model import Address, ContactDetails, Email, Phone
from carebook.contacts.phones import PhoneNotValid, read_phone_number
from carebook.contacts.schemas import NewContact, PhoneInput
from carebook.errors import FieldError, Invalid
from carebook.settings.model import AccountSettings
from carebook.validation import validated


def read_details(document: Any, settings: AccountSettings, before: ContactDetails | None = None) -> ContactDetails:
    """Details out of a whole JSON document.

    Args:
        before: what the contact had; phones found in it are taken as they are.

    Raises:
        Invalid: when a field has the wrong shape or breaks a rule; all of them are named.
    """
    return details_of(validated(NewContact, document), settings, before=before)


def details_of(new: NewContact, settings: AccountSettings, *, before: ContactDetails | None = None) -> ContactDetails:
    """Details out of input of the right shape.

    Raises:
        Invalid: when fields break rules; all of them are named.
    """
    errors: list[FieldError] = []
    methods = settings.default_messaging_methods if new.messaging_methods is None else new.messaging_methods
    details = ContactDetails(
        type=new.type,
        first_name=new.first_name or None,
        middle_name=new.middle_name or None,
        last_name=new.last_name or None,
        name_suffix=new.name_suffix or None,
        qualifications=new.qualifications or None,
        organization_name=new.organization_name or None,
        npi=_npi(new.npi, errors),
        other_id=_other_id(new, errors),
        other_id_qualifier=new.other_id_qualifier,
        messaging_methods=tuple(methods),
        emails=tuple(Email(email.address, email.label or None) for email in new.emails),
        phones=read_phones(new.phones, settings.country, () if before is None else before.phones, errors),
        address=Address(**(new.address.model_dump() | {"country": new.address.country or settings.country})),
        time_zone=new.time_zone,
        language=new.language or None,
        notes=new.notes,
    )
    if not is_seen(details.last_name) and not is_seen(details.organization_name):
        errors.insert(0, FieldError("last_name", "name_required", "Give a last name or an organization."))
    if errors:
        raise Invalid(errors)
    return details


def is_seen(name: str | None) -> bool:
    """Whether anything of a name can be seen: a letter, a digit, a sign."""
    return any(unicodedata.category(character)[0] not in "CZ" for character in name or "")


def _npi(text: str | None, errors: list[FieldError]) -> str | None:
    npi = tidy_npi(text or "")
    if npi and not is_valid_npi(npi):
        errors.append(
            FieldError(
                "npi",
                "npi_not_valid",
                "An NPI has ten digits, begins with 1 or 2 and ends in a check digit; one of them is wrong.",
            )
        )
    return npi or None


def _other_id(new: NewContact, errors: list[FieldError]) -> str | None:
    other_id = new.other_id or None
    if other_id and new.other_id_qualifier is None:
        errors.append(
            FieldError("other_id_qualifier", "qualifier_required", "Say what kind of number it is: 0B, 1G, G2 or LU.")
        )
    if new.other_id_qualifier and not other_id:
        errors.append(FieldError("other_id", "other_id_required", "Give the number that the qualifier speaks of."))
    if other_id and new.other_id_qualifier == "1G":
        other_id = other_id.upper() if other_id.isascii() else other_id
        if not is_valid_upin(other_id):
            errors.append(
                FieldError(
                    "other_id",
                    "upin_not_valid",
                    "A UPIN is a letter and five digits, or three letters and three digits.",
                )
            )
    return other_id


def read_phones(
    phones: list[PhoneInput], country: str, before: Iterable[Phone], errors: list[FieldError]
) -> tuple[Phone, ...]:
    """Numbers as they are kept, in order. Those found in *before* are taken as they are; what is wrong is noted."""
    known = {(phone.number, phone.type, phone.extension): phone for phone in before}
    read: list[Phone] = []
    for index, phone in enumerate(phones):
        extension = phone.extension or None
        kept = known.get((phone.number, phone.type, extension))
        if kept is not None:
            read.append(kept)
            continue
        try:
            number = read_phone_number(phone.number, country, extension)
        except PhoneNotValid as error:
            errors.append(FieldError(f"phones[{index}].number", "phone_not_valid", str(error)))
        else:
            read.append(Phone(number.e164, phone.type, number.extension, number.display))
    return tuple(read)
