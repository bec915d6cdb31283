"""From what a caller sent to a client's details: the rules that need more than the shape of the input."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any, Final

from carebook.clients.model import ClientDetails, LinkTerms
from carebook.clients.schemas import LinkInput, NewClient
from carebook.contacts.model import Email
from carebook.contacts.reading import is_seen, read_phones
from carebook.errors import FieldError, Invalid
from carebook.instants import day_in
from carebook.settings.model import AccountSettings
from carebook.validation import validated

_OLDEST: Final = 150  # years; nobody has grown so old


def details_at(now: datetime) -> Callable[[Any, AccountSettings, ClientDetails], ClientDetails]:
    """Reads details out of a whole JSON document that came at *now*; see :func:`details_of`."""
    return partial(_read_details, now)


def _read_details(
    now: datetime, document: Any, settings: AccountSettings, before: ClientDetails | None = None
) -> ClientDetails:
    return details_of(validated(NewClient, document), settings, now=now, before=before)


def details_of(
    new: NewClient, settings: AccountSettings, *, now: datetime, before: ClientDetails | None = None
) -> ClientDetails:
    """Details out of input of the right shape.

    Args:
        before: what the client had; phones found in it are taken as they are.

    Raises:
        Invalid: when fields break rules; all of them are named.
    """
    errors: list[FieldError] = []
    if not is_seen(new.last_name):
        errors.append(FieldError("last_name", "name_required", "Give a last name; a single name goes here."))
    methods = settings.default_messaging_methods if new.messaging_methods is None else new.messaging_methods
    details = ClientDetails(
        first_name=new.first_name or None,
        middle_name=new.middle_name or None,
        last_name=new.last_name or "",
        name_suffix=new.name_suffix or None,
        date_of_birth=_date_of_birth(new.date_of_birth, day_in(settings.time_zone, now), errors),
        messaging_methods=tuple(methods),
        emails=tuple(Email(email.address, email.label or None) for email in new.emails),
        phones=read_phones(new.phones, settings.country, () if before is None else before.phones, errors),
        time_zone=new.time_zone,
        language=new.language or None,
    )
    if errors:
        raise Invalid(errors)
    return details


def _date_of_birth(text: str | None, today: date, errors: list[FieldError]) -> str | None:
    if text is None:
        return None
    born = date.fromisoformat(text)
    if born > today:
        errors.append(FieldError("date_of_birth", "in_the_future", "This day is yet to come. Check the year."))
    elif today.year - born.year > _OLDEST:
        errors.append(FieldError("date_of_birth", "too_long_ago", "Nobody is that old. Check the year."))
    return text


def terms_of(link: LinkInput, before: LinkTerms) -> LinkTerms:
    """The terms of a link: what was not given stays as it was *before*; of the kinds only those that were named."""
    said = {kind: copied for kind, copied in link.cc.model_dump().items() if copied is not None}
    given: dict[str, Any] = {
        "relationship": link.relationship or None,
        "cc_all_automated_messages": link.cc_all_automated_messages,
        "cc": said,
    }
    return replace(before, **{name: value for name, value in given.items() if name in link.model_fields_set})
