"""Reading phone numbers as people type them."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber as PhoneNumberObject

# Letters would be read as keypad letters: an O typed for a zero must not become a 6 and reach a stranger.
_EXTENSION: Final = re.compile(r"(?:ext(?:ension|n)?\.?|x|#|;ext=)\s*:?\s*[0-9]{1,10}\s*$", re.IGNORECASE)
_SCHEME: Final = re.compile(r"^\s*tel:", re.IGNORECASE)
# The library cuts off what follows and says nothing.
_SECOND_NUMBER: Final = re.compile(r"[\\/]\s*x", re.IGNORECASE)
_LETTER: Final = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number in E.164 with its extension, and as it is shown in the practice's country."""

    e164: str
    extension: str | None
    display: str


class PhoneNotValid(ValueError):
    """The text is no number that can be called; the message says what would be right."""


def read_phone_number(text: str, country: str, extension: str | None = None) -> PhoneNumber:
    """The number that *text* means in a practice in *country* (ISO 3166 alpha-2), with its extension.

    A number is taken when its length is possible with area code and it fits the shape of its country's numbering
    plan; whether the range is in use today is not asked, because the library's list of ranges lags behind.

    Raises:
        PhoneNotValid: for anything else.
    """
    import phonenumbers  # 50 ms of import that only writes need

    dialed = _SCHEME.sub("", text)
    if _LETTER.search(_EXTENSION.sub("", dialed)):
        raise PhoneNotValid('Write the number in digits, without letters. An extension goes behind "ext.".')
    if _SECOND_NUMBER.search(dialed):
        raise PhoneNotValid('Write one number. An extension goes behind "ext.".')
    try:
        number = phonenumbers.parse(dialed, country)
    except phonenumbers.NumberParseException as error:
        raise PhoneNotValid(
            "This is not a phone number. Write it with area code, or with + and country code."
        ) from error
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason == phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
        raise PhoneNotValid("The area code is missing.")
    if reason == phonenumbers.ValidationResult.TOO_SHORT:
        raise PhoneNotValid("The number is too short. Write it with area code, or with + and country code.")
    if reason == phonenumbers.ValidationResult.TOO_LONG:
        raise PhoneNotValid("The number is too long. Write it with area code, or with + and country code.")
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE or not _fits_numbering_plan(number):
        raise PhoneNotValid("No number in that country looks like this. Check the area code and the country code.")
    if extension and number.extension and extension != number.extension:
        raise PhoneNotValid("The number carries another extension than the field beside it. Give one of them.")
    number.extension = extension or number.extension
    at_home = country in phonenumbers.region_codes_for_country_code(number.country_code or 0)
    style = phonenumbers.PhoneNumberFormat.NATIONAL if at_home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return PhoneNumber(e164, number.extension, phonenumbers.format_number(number, style))


def _fits_numbering_plan(number: "PhoneNumberObject") -> bool:
    import phonenumbers
    from phonenumbers.phonemetadata import PhoneMetadata

    if phonenumbers.is_valid_number(number):
        return True
    national = phonenumbers.national_significant_number(number)
    for region in phonenumbers.region_codes_for_country_code(number.country_code or 0):
        metadata = PhoneMetadata.metadata_for_region(region)
        pattern = metadata.general_desc.national_number_pattern if metadata and metadata.general_desc else None
        if pattern and re.fullmatch(pattern, national):
            return True
    return False
