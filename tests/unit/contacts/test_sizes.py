"""DynamoDB takes items of 400 KB at most: the largest contact that callers may send must fit, with its history."""

from dataclasses import replace
from typing import Any, Final

import pytest

from carebook.contacts.history import changes_between, made
from carebook.contacts.model import Contact, ContactDetails
from carebook.contacts.reading import read_details
from carebook.contacts.schemas import MAX_EMAILS, MAX_PHONES
from carebook.contacts.store import TableContacts
from carebook.items import Item, Writes
from carebook.keys import Key
from carebook.settings.model import DEFAULTS, AccountSettings
from carebook.table import Row, Table
from tests.fakes.examples import BEN, NOW, TABLE, contact

LARGEST_ITEM: Final = 400 * 1024
# Four bytes in UTF-8; no character takes more, escaped or not.
WIDE: Final = "𠮷"
ADDRESS: Final = f"{'l' * 64}@{'d' * 63}.{'e' * 63}.{'f' * 57}.com"
# The longest that phonenumbers knows to show, with the longest extension: 125 bytes of JSON.
PHONE: Final = {"number": "+782153371250999", "type": "after_hours", "extension": "9876543210"}
SETTINGS: Final = AccountSettings(1, {**DEFAULTS, "country": "RU"})


class Recording(Table):
    """A table that keeps what would be written."""

    def __init__(self) -> None:
        super().__init__(TABLE, region="us-east-1")
        self.items: list[Item] = []

    def get_together(self, *wanted: Key, latest: bool = True) -> list[Row | None]:
        return [None] * len(wanted)

    def write(self, writes: Writes) -> None:
        self.items += [item for item, _ in writes.puts]


def size(item: Item) -> int:
    """Bytes of an item by DynamoDB's documented rules: names and text in UTF-8, a number half a byte a digit and 1."""
    total = 0
    for name, value in item.serialize().items():
        [(kind, content)] = value.items()
        total += len(name.encode()) + (len(content.encode()) if kind == "S" else (len(content) + 1) // 2 + 1)
    return total


def largest_details(wide: str = WIDE) -> ContactDetails:
    document: dict[str, Any] = {
        **dict.fromkeys(("first_name", "middle_name", "last_name", "qualifications"), wide * 100),
        "name_suffix": wide * 20,
        "organization_name": wide * 200,
        "type": "aged_care_facility",
        "npi": "1234567893",
        "other_id": wide * 50,
        "other_id_qualifier": "0B",
        "messaging_methods": ["email", "sms", "fax", "voice"],
        "emails": [{"address": ADDRESS, "label": wide * 50}] * MAX_EMAILS,
        "phones": [PHONE] * MAX_PHONES,
        "address": {
            **dict.fromkeys(("line1", "line2"), wide * 200),
            **dict.fromkeys(("city", "region"), wide * 100),
            "postal_code": wide * 20,
            "country": "US",
        },
        "time_zone": "America/Argentina/ComodRivadavia",
        "language": "en-" + "-".join(["abcdefgh"] * 3),
        "notes": wide * 20_000,
    }
    return read_details(document, SETTINGS)


@pytest.fixture(scope="module")
def largest() -> Contact:
    return replace(contact(account="a" * 64), details=largest_details())


@pytest.fixture
def table() -> Recording:
    return Recording()


def sizes(table: Recording) -> dict[str, int]:
    return {item.kind: size(item) for item in table.items}


def test_the_size_of_an_item_is_counted_by_the_documented_rules() -> None:
    assert size(Item("ab", "c", kind="é", version=12345)) == (2 + 2) + (2 + 1) + (4 + 2) + (7 + 4)


def test_the_limits_are_what_they_are_thought_to_be(largest: Contact) -> None:
    details = largest.details
    assert len(details.notes.encode()) == 80_000
    assert {len(email.address) for email in details.emails} == {254}
    assert details.phones[0].display == "8 (8215) 3371 250 999 ext. 9876543210"
    assert (len(details.phones), len(details.emails)) == (MAX_PHONES, MAX_EMAILS)


def test_the_largest_contact_fits_into_an_item(largest: Contact, table: Recording) -> None:
    TableContacts(table).add(largest, made("created", largest, by=BEN), request="f" * 64)
    assert sizes(table)["contact"] < LARGEST_ITEM


def test_the_largest_contact_fits_when_it_is_archived_too(largest: Contact, table: Recording) -> None:
    archived = largest.archived(NOW)
    TableContacts(table).replace(largest, archived, made("archived", archived, by=BEN))
    assert sizes(table)["contact"] < LARGEST_ITEM


def test_the_rows_of_the_largest_contact_are_small(largest: Contact, table: Recording) -> None:
    TableContacts(table).add(largest, made("created", largest, by=BEN))
    assert sizes(table)["contact in a list"] < 4 * 1024


def test_the_history_of_a_change_of_everything_is_small(largest: Contact, table: Recording) -> None:
    after = largest.edited(largest_details("𠮶"), NOW)
    changes = changes_between(largest.details, after.details)
    assert {change.field for change in changes if change.abridged} == {"emails", "notes"}
    TableContacts(table).replace(largest, after, made("updated", after, by=BEN, changes=changes))
    assert sizes(table)["history"] < 32 * 1024


def test_the_longest_fields_that_a_history_repeats_make_no_large_entry(table: Recording) -> None:
    before = contact(notes="a" * 990)
    everything = largest_details()
    shortened = replace(everything, notes=WIDE * 990, emails=everything.emails[:2], phones=everything.phones[:7])
    after = before.edited(shortened, NOW)
    changes = changes_between(before.details, after.details)
    assert not [change.field for change in changes if change.abridged]
    TableContacts(table).replace(before, after, made("updated", after, by=BEN, changes=changes))
    assert sizes(table)["history"] < 32 * 1024
