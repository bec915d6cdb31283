"""What a search for contacts answers."""

from typing import Final, Literal, TypedDict, cast

from carebook.contacts.schemas import ContactType
from carebook.contacts.searchable import TYPES
from carebook.search.entries import Entry
from carebook.search.tokens import Kind, fold_address

MatchedField = Literal["last_name", "first_name", "organization_name", "email", "phone", "npi"]


class Matched(TypedDict):
    """Why a row is there: the field, and what of it was found."""

    field: MatchedField
    value: str


class SearchRow(TypedDict):
    """A contact that was found."""

    id: str
    name: str
    organization_name: str | None
    type: ContactType
    matched: Matched


class SearchPage(TypedDict):
    """A page of what was found. `partial`: the search stopped at its budget; `next_cursor` goes on from there."""

    items: list[SearchRow]
    next_cursor: str | None
    partial: bool
    did_you_mean: str | None


_FIELDS: Final[dict[Kind, MatchedField]] = {
    Kind.LAST_NAME: "last_name",
    Kind.FIRST_NAME: "first_name",
    Kind.ORGANIZATION: "organization_name",
    Kind.EMAIL: "email",
    Kind.DOMAIN: "email",
    Kind.PHONE: "phone",
    Kind.PHONE_REVERSED: "phone",
    Kind.NPI: "npi",
}


def search_row(entry: Entry) -> SearchRow:
    """The row of a contact, out of the index entry by which it was found."""
    record = entry.record
    person = " ".join(part for part in (record.first_name, record.middle_name, record.last_name) if part)
    return {
        "id": record.id,
        "name": person or record.organization_name,
        "organization_name": record.organization_name or None,
        "type": cast("ContactType", TYPES[record.type]),
        "matched": matched(entry),
    }


def matched(entry: Entry) -> Matched:
    """By which field a record was found, and what of it."""
    return {"field": _FIELDS[entry.token.kind], "value": _value(entry)}


def _value(entry: Entry) -> str:
    text, record = entry.token.text, entry.record
    match entry.token.kind:
        case Kind.EMAIL:
            return next((email for email in record.emails if fold_address(email) == text), text)
        case Kind.DOMAIN:
            domain, _, local = text.partition(" ")
            return next((email for email in record.emails if fold_address(email) == local + domain), local + domain)
        case Kind.PHONE_REVERSED:
            return "+" + text[:0:-1]
        case Kind.NPI:
            return text[1:]
        case Kind.FIRST_NAME:
            return " ".join(part for part in (record.first_name, record.middle_name) if part)
        case Kind.LAST_NAME:
            return record.last_name
        case Kind.ORGANIZATION:
            return record.organization_name
    return text
