"""The demo practices: the same at every run, plausible, and nobody's real data."""

from collections import Counter

import phonenumbers
import pytest

from infra.local.practice import (
    SIZES,
    DemoContact,
    demo_contacts,
    digest,
    domain_of,
    latin,
    name_of,
    npi_check_digit,
)
from infra.local.users import HARBOR, LAKESIDE


@pytest.fixture(scope="module")
def contacts() -> list[DemoContact]:
    return demo_contacts()


def test_two_runs_write_the_same_contacts(contacts: list[DemoContact]) -> None:
    assert demo_contacts() == contacts
    assert digest(demo_contacts()) == digest(contacts)


def test_one_practice_has_two_hundred_contacts_and_the_other_twenty(contacts: list[DemoContact]) -> None:
    assert Counter(contact.account for contact in contacts) == {LAKESIDE: 200, HARBOR: 20}
    assert Counter((contact.account, contact.body["type"]) for contact in contacts) == {
        (account, kind): size for account, sizes in SIZES.items() for kind, size in sizes.items()
    }


def test_no_two_contacts_of_a_practice_could_be_taken_for_duplicates(contacts: list[DemoContact]) -> None:
    assert len({contact.key for contact in contacts}) == len(contacts)
    assert len({(contact.account, contact.name) for contact in contacts}) == len(contacts)
    for account in SIZES:
        npis = [contact.body["npi"] for contact in contacts if contact.account == account and "npi" in contact.body]
        assert len(set(npis)) == len(npis)


def test_a_few_contacts_are_archived(contacts: list[DemoContact]) -> None:
    assert 3 <= sum(contact.archived for contact in contacts if contact.account == LAKESIDE) <= 10


@pytest.mark.parametrize("npi", ["1234567893", "1245319599", "1679576722"])
def test_the_check_digit_is_that_of_known_numbers(npi: str) -> None:
    assert npi_check_digit(npi[:9]) == npi[9]


def test_every_npi_is_valid_and_of_the_range_not_given_out(contacts: list[DemoContact]) -> None:
    npis = [contact.body["npi"] for contact in contacts if "npi" in contact.body]
    assert len(npis) > 50
    for npi in npis:
        assert npi.startswith("2")
        assert npi == npi[:9] + npi_check_digit(npi[:9])


def test_every_telephone_number_is_valid_and_set_aside_for_fiction(contacts: list[DemoContact]) -> None:
    for phone in (phone for contact in contacts for phone in contact.body["phones"]):
        parsed = phonenumbers.parse(phone["number"], "US")
        assert phonenumbers.is_valid_number(parsed), phone
        assert "555-01" in phone["number"]


def test_every_mail_address_lies_under_the_example_domain(contacts: list[DemoContact]) -> None:
    addresses = [email["address"] for contact in contacts for email in contact.body["emails"]]
    assert len(addresses) > 150
    assert all(address.endswith(".example.org") and address.isascii() for address in addresses)


def test_names_come_in_many_scripts(contacts: list[DemoContact]) -> None:
    names = "".join("".join(name_of(contact.body)) for contact in contacts)
    for first, last in (("α", "ω"), ("א", "ת"), ("ا", "ي"), ("अ", "ह"), ("一", "鿿"), ("가", "힣"), ("ก", "ฮ")):
        assert any(first <= letter <= last for letter in names), (first, last)


def test_care_facilities_are_organizations_only(contacts: list[DemoContact]) -> None:
    facilities = [contact.body for contact in contacts if contact.body["type"] == "aged_care_facility"]
    assert facilities
    assert all("last_name" not in body and body["organization_name"] for body in facilities)


def test_other_ids_come_with_their_qualifier(contacts: list[DemoContact]) -> None:
    found = {contact.body["other_id_qualifier"] for contact in contacts if "other_id" in contact.body}
    assert found == {"0B", "1G", "G2", "LU"}


@pytest.mark.parametrize(
    ("name", "plain"), [("Müller", "muller"), ("Đặng", "dang"), ("佐藤", ""), ("O'Brien", "obrien")]
)
def test_mail_addresses_are_written_in_plain_letters(name: str, plain: str) -> None:
    assert latin(name) == plain


def test_a_domain_is_made_of_the_organization() -> None:
    assert domain_of("Elm Park Pediatrics & Co") == "elm-park-pediatrics-co.example.org"
