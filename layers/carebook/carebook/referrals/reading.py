"""From what a caller sent to a referral's details: the rules that need more than the shape of the input."""

from datetime import date
from typing import Any, Final

from carebook.errors import FieldError, Invalid
from carebook.referrals.model import ReferralDetails, tidy_diagnosis
from carebook.referrals.schemas import NewReferral
from carebook.validation import validated

_OLDEST: Final = 150  # years


def read_details(document: Any, *, today: date) -> ReferralDetails:
    """Details out of a whole JSON document.

    Raises:
        Invalid: when a field has the wrong shape or breaks a rule; all of them are named.
    """
    return details_of(validated(NewReferral, document), today=today)


def details_of(new: NewReferral, *, today: date) -> ReferralDetails:
    """Details out of input of the right shape. *today* is the account's.

    Raises:
        Invalid: when fields break rules; all of them are named.
    """
    errors: list[FieldError] = []
    received_on = new.received_on or today.isoformat()
    _check_days(received_on, new, today, errors)
    codes = _diagnosis_codes(new.diagnosis_codes, errors)
    if errors:
        raise Invalid(errors)
    return ReferralDetails(
        contact_id=new.contact_id or None,
        role=new.role,
        status=new.status,
        received_on=received_on,
        dated_on=new.dated_on,
        expires_on=new.expires_on,
        appointment_limit=new.appointment_limit,
        minutes_limit=new.minutes_limit,
        diagnosis_codes=codes,
        notes=new.notes,
    )


def _check_days(received_on: str, new: NewReferral, today: date, errors: list[FieldError]) -> None:
    """Days as text compare as days do: year, month, day, each with its zeros."""
    for name, day in (("received_on", received_on), ("dated_on", new.dated_on)):
        if day and today.year - date.fromisoformat(day).year > _OLDEST:
            errors.append(FieldError(name, "too_long_ago", "That is longer ago than anybody lives. Check the year."))
    if received_on > today.isoformat():
        errors.append(FieldError("received_on", "in_the_future", "This day is yet to come."))
    if new.dated_on and new.dated_on > received_on:
        message = "A referral is not written after it was received. Check both days."
        errors.append(FieldError("dated_on", "dated_after_received", message))
    if new.expires_on and new.expires_on < (new.dated_on or received_on):
        errors.append(FieldError("expires_on", "expires_before_it_begins", "It would expire before it begins."))


def _diagnosis_codes(codes: list[str], errors: list[FieldError]) -> tuple[str, ...]:
    tidy: list[str] = []
    for index, text in enumerate(codes):
        code, field = tidy_diagnosis(text), f"diagnosis_codes[{index}]"
        if code is None:
            message = "An ICD-10-CM code is a letter, a digit, and one to five letters or digits, such as E11.9."
            errors.append(FieldError(field, "diagnosis_code_not_valid", message))
        elif code in tidy:
            errors.append(FieldError(field, "listed_twice", f"{code} is listed twice."))
        else:
            tidy.append(code)
    return tuple(tidy)
