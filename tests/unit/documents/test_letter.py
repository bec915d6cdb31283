"""The frame of a letter, and what stands for merge fields."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from carebook.contacts.model import Address, Email, Phone
from carebook.documents.fields import KNOWN_FIELDS, values_for
from carebook.documents.letter import Letter, letter_to, spoken_date, today_of
from carebook.settings.model import DEFAULTS, AccountSettings
from tests.fakes.examples import CELL, NOW, contact


def settings(**values: str) -> AccountSettings:
    return AccountSettings(values={**DEFAULTS, **values})


@pytest.mark.parametrize(
    ("country", "spoken", "paper"),
    [
        ("US", "November 5, 2026", "us-letter"),
        ("CA", "5 November 2026", "us-letter"),
        ("AU", "5 November 2026", "a4"),
        ("DE", "5 November 2026", "a4"),
    ],
)
def test_dates_and_paper_are_those_of_the_practices_country(country: str, spoken: str, paper: str) -> None:
    assert spoken_date(date(2026, 11, 5), country) == spoken
    assert letter_to(contact(), settings(country=country), NOW).paper == paper


@pytest.mark.parametrize(("zone", "day"), [("America/New_York", 23), ("UTC", 24), ("Pacific/Auckland", 24)])
def test_the_day_is_that_of_the_account(zone: str, day: int) -> None:
    assert today_of(settings(time_zone=zone), datetime(2026, 11, 24, 3, tzinfo=UTC)).day == day


def test_a_letter_goes_to_the_person_at_their_organization() -> None:
    to = contact(qualifications="MD, FACP", organization_name="Lakeside", name_suffix="Jr.", language="es-US")
    letter = letter_to(to, settings(practice_name="We", practice_fax="1"), NOW)
    assert letter.recipient == ("Ana Müller Jr., MD, FACP", "Lakeside")
    assert letter.practice == {"name": "We", "address": "", "phone": "", "fax": "1", "email": "", "website": ""}
    assert (letter.date, letter.language, letter.home) == ("November 23, 2026", "es-US", "US")


def test_a_letter_to_an_organization_names_it_once() -> None:
    to = contact(first_name=None, last_name=None, organization_name="Lakeside")
    assert letter_to(to, settings(), NOW).recipient == ("Lakeside",)


def test_a_letter_comes_back_from_its_document() -> None:
    letter = letter_to(contact(organization_name="Lakeside"), settings(), NOW)
    assert Letter.from_document(letter.to_document()) == letter


def test_every_field_has_a_value() -> None:
    rich = contact(
        emails=(Email("a@example.org", None),),
        phones=(replace(CELL, type="fax", display="1"), Phone("+13105550124", "home", None, "2")),
        address=Address("12 Oak St", "Suite 4", "Springfield", "IL", "62701", "US"),
    )
    values = values_for(rich, settings(practice_address="1 A St\n B "), sender="Ben", now=NOW)
    assert set(values) == KNOWN_FIELDS
    expected = {
        "contact.name": "Ana Müller",
        "contact.salutation": "Dr. Müller",
        "contact.middle_name": "",
        "contact.email": "a@example.org",
        "contact.phone": "2",
        "contact.fax": "1",
        "contact.address": "12 Oak St, Suite 4, Springfield, IL 62701",
        "contact.address.region": "IL",
        "practice.address": "1 A St, B",
        "sender.name": "Ben",
        "today": "November 23, 2026",
    }
    assert {name: values[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("fields", "salutation"),
    [
        ({"type": "parent_guardian"}, "Ana Müller"),
        ({"type": "physician"}, "Dr. Müller"),
        ({"type": "physician", "last_name": None, "first_name": None, "organization_name": "Lab"}, "Lab"),
    ],
)
def test_only_a_physician_is_called_doctor(fields: dict[str, Any], salutation: str) -> None:
    assert values_for(contact(**fields), settings(), sender="", now=NOW)["contact.salutation"] == salutation
