"""From what a caller sent to details: every broken rule is named, with the path of its field."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carebook.contacts.model import Address, ContactDetails, Email, Phone
from carebook.contacts.reading import details_of, read_details
from carebook.contacts.schemas import NewContact
from carebook.errors import Invalid
from carebook.settings.model import DEFAULTS, AccountSettings
from tests.fakes.examples import ANY_TEXT

DEFAULT = AccountSettings()


def account(**values: Any) -> AccountSettings:
    return AccountSettings(1, {**DEFAULTS, **values})


def document(**fields: Any) -> dict[str, Any]:
    return {"type": "physician", "last_name": "Müller"} | fields


def read(settings: AccountSettings = DEFAULT, /, **fields: Any) -> ContactDetails:
    return read_details(document(**fields), settings)


def broken(settings: AccountSettings = DEFAULT, /, **fields: Any) -> list[tuple[str, str]]:
    """Field and code of each broken rule."""
    with pytest.raises(Invalid) as refusal:
        read(settings, **fields)
    assert all(error.message for error in refusal.value.errors)
    return [(error.field, error.code) for error in refusal.value.errors]


def test_a_type_and_a_name_are_enough() -> None:
    assert read() == ContactDetails(
        type="physician", last_name="Müller", messaging_methods=("email",), address=Address(country="US")
    )


def test_all_broken_rules_are_told_at_once_with_their_fields() -> None:
    assert broken(
        last_name=None,
        npi="1234567890",
        other_id="A1234",
        other_id_qualifier="1G",
        phones=[
            {"number": "310 555 0123", "type": "cell"},
            {"number": "555-0123", "type": "home"},
            {"number": "31O 555 0123", "type": "fax"},
        ],
    ) == [
        ("last_name", "name_required"),
        ("npi", "npi_not_valid"),
        ("other_id", "upin_not_valid"),
        ("phones[1].number", "phone_not_valid"),
        ("phones[2].number", "phone_not_valid"),
    ]


@pytest.mark.parametrize(
    ("names", "enough"),
    [
        ({"last_name": "Müller", "organization_name": None}, True),
        ({"last_name": None, "organization_name": "Lakeside"}, True),
        ({"last_name": "", "organization_name": "  "}, False),
        ({"last_name": " \t ", "organization_name": ""}, False),
        ({"last_name": None, "first_name": "Ana"}, False),
        ({"last_name": "\u200b\u00ad", "organization_name": "\u2060"}, False),
        ({"last_name": "🎉"}, True),
    ],
)
def test_a_last_name_or_an_organization_is_required(names: dict[str, Any], enough: bool) -> None:
    if enough:
        read(**names)
    else:
        assert broken(**names) == [("last_name", "name_required")]


def test_white_space_around_a_line_goes_and_an_empty_one_is_none() -> None:
    details = read(first_name=" Ana ", middle_name="   ", name_suffix="", notes="  kept  \n")
    assert (details.first_name, details.middle_name, details.name_suffix) == ("Ana", None, None)
    assert details.notes == "  kept  \n"


@pytest.mark.parametrize(
    ("npi", "kept"),
    [("1234567893", "1234567893"), ("123-456 7893", "1234567893"), ("", None), (" - ", None), (None, None)],
)
def test_an_npi_is_kept_as_ten_digits(npi: str | None, kept: str | None) -> None:
    assert read(npi=npi).npi == kept


@pytest.mark.parametrize(
    "npi", ["1234567890", "123456789", "12345678930", "3234567893", "A234567893", "１２３４５６７８９３"]
)
def test_an_npi_that_cannot_be_one_is_refused(npi: str) -> None:
    assert broken(npi=npi) == [("npi", "npi_not_valid")]


def test_an_id_and_its_qualifier_come_together() -> None:
    assert broken(other_id="A12345") == [("other_id_qualifier", "qualifier_required")]
    assert broken(other_id_qualifier="G2") == [("other_id", "other_id_required")]
    assert broken(other_id=" ", other_id_qualifier="1G") == [("other_id", "other_id_required")]
    details = read(other_id="anything 7", other_id_qualifier="G2")
    assert (details.other_id, details.other_id_qualifier) == ("anything 7", "G2")
    assert read(other_id="").other_id is None


@pytest.mark.parametrize(("typed", "kept"), [("A12345", "A12345"), ("abc123", "ABC123")])
def test_a_upin_is_kept_in_capitals(typed: str, kept: str) -> None:
    assert read(other_id=typed, other_id_qualifier="1G").other_id == kept


@pytest.mark.parametrize("typed", ["A1234", "AB1234", "1234567", "ß12345", "ßa123"])
def test_a_upin_of_another_form_is_refused(typed: str) -> None:
    assert broken(other_id=typed, other_id_qualifier="1G") == [("other_id", "upin_not_valid")]


def test_methods_left_out_are_the_accounts_default_and_an_empty_list_is_none() -> None:
    settings = account(default_messaging_methods=["sms", "fax"])
    assert read(settings).messaging_methods == ("sms", "fax")
    assert read(settings, messaging_methods=None).messaging_methods == ("sms", "fax")
    assert read(settings, messaging_methods=[]).messaging_methods == ()
    assert read(settings, messaging_methods=["voice", "email"]).messaging_methods == ("voice", "email")


def test_a_country_left_out_is_the_accounts() -> None:
    assert read(account(country="CA")).address.country == "CA"
    assert read(account(country="CA"), address={"city": "Reno"}).address == Address(city="Reno", country="CA")
    assert read(account(country="CA"), address={"country": "DE"}).address.country == "DE"


def test_phones_are_read_with_the_accounts_country_and_keep_their_order() -> None:
    phones = [
        {"number": "020 7946 0958", "type": "work", "extension": "17"},
        {"number": "+1 310 555 0123", "type": "cell", "extension": ""},
        {"number": "020 7946 0958", "type": "fax"},
    ]
    assert read(account(country="GB"), phones=phones).phones == (
        Phone("+442079460958", "work", "17", "020 7946 0958 x17"),
        Phone("+13105550123", "cell", None, "+1 310-555-0123"),
        Phone("+442079460958", "fax", None, "020 7946 0958"),
    )


def test_how_a_phone_is_shown_is_ours_to_say() -> None:
    [phone] = read(phones=[{"number": "310 555 0123", "type": "cell", "display": ["anything"]}]).phones
    assert phone.display == "(310) 555-0123"


def test_phones_that_were_there_before_are_not_read_again() -> None:
    """A number that was taken once stays, even when the country has changed or the library has changed its mind."""
    odd = Phone("+10000000000", "work", "17", "as it was shown")
    before = ContactDetails(type="physician", last_name="Müller", phones=(odd,))
    sent = document(phones=before.to_document()["phones"])
    assert read_details(sent, account(country="DE"), before).phones == (odd,)
    for change in ({"number": "+10000000001"}, {"type": "fax"}, {"extension": None}):
        with pytest.raises(Invalid):
            read_details(document(phones=[sent["phones"][0] | change]), account(country="DE"), before)
    with pytest.raises(Invalid):
        read_details(sent, DEFAULT)


def test_what_was_kept_can_be_sent_back_as_it_is() -> None:
    details = read(
        npi="1234567893",
        other_id="A12345",
        other_id_qualifier="1G",
        messaging_methods=["fax"],
        emails=[{"address": "ana@EXAMPLE.org", "label": ""}],
        phones=[{"number": "310 555 0123 x17", "type": "cell"}],
        address={"line1": "1 Lake St"},
        time_zone="UTC",
        language="es-US",
    )
    assert details.emails == (Email("ana@example.org", None),)
    assert read_details(details.to_document(), DEFAULT, details) == details
    assert read_details(details.to_document(), DEFAULT) == details


@given(
    lines=st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("first_name", "middle_name", "organization_name"), ANY_TEXT)
    ),
    notes=ANY_TEXT,
)
def test_whatever_is_accepted_is_accepted_again_and_comes_out_the_same(lines: dict[str, str], notes: str) -> None:
    try:
        details = read(**lines, notes=notes)
    except Invalid:  # a separator of lines or paragraphs within a line
        return
    assert read_details(details.to_document(), DEFAULT, details) == details


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "friend"},
        {"type": None},
        {"last_nam": "x"},
        {"phones": [{"number": "310 555 0123"}]},
        {"phones": [{"number": "310 555 0123", "type": "pager"}]},
        {"phones": [{"number": 3105550123, "type": "cell"}]},
        {"phones": [{"number": "310 555 0123", "type": "cell", "extension": "17a"}]},
        {"phones": [{"number": "310 555 0123", "type": "cell", "extension": "12345678901"}]},
        {"phones": "310 555 0123"},
        {"emails": [{"address": "no address"}]},
        {"emails": [{"address": "a@b@example.org"}]},
        {"emails": ["ana@example.org"]},
        {"messaging_methods": ["email", "email"]},
        {"messaging_methods": ["pigeon"]},
        {"address": {"country": "USA"}},
        {"address": {"street": "1 Lake St"}},
        {"language": "english please"},
        {"time_zone": "Mars/Olympus"},
        {"other_id": "x", "other_id_qualifier": "XX"},
        {"notes": None},
        {"last_name": "a\u0000b"},
        {"notes": "a\u0000b"},
        {"last_name": ["Müller"]},
        {"last_name": "x" * 101},
        {"organization_name": "x" * 201},
        {"notes": "x" * 20_001},
        {"emails": [{"address": "ana@example.org"}] * 201},
        {"phones": [{"number": "310 555 0123", "type": "cell"}] * 5_000},
    ],
    ids=lambda fields: str(fields)[:60],
)
def test_a_field_of_the_wrong_shape_is_refused(fields: dict[str, Any]) -> None:
    [(path, code), *_] = broken(**fields)
    assert path.split(".")[0].split("[")[0] == next(reversed(fields))
    assert code


def test_what_is_no_object_is_refused() -> None:
    others: list[Any] = [None, [], "x", 1]
    for other in others:
        with pytest.raises(Invalid):
            read_details(other, DEFAULT)


def test_rules_hold_for_input_that_was_read_already() -> None:
    with pytest.raises(Invalid):
        details_of(NewContact(type="other"), DEFAULT)
