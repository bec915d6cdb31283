"""What a row of a search says of why it is there."""

import pytest

from carebook.contacts.search_views import search_row
from carebook.search.tokens import Searchable
from tests.fakes.search import indexed
from tests.unit.search.examples import all_hits

ANA = Searchable(
    id="con_1",
    type="p",
    last_name="O'Brien-Müller",
    first_name="Ana",
    middle_name="María",
    organization_name="Lake Practice",
    emails=("first@x.com", "O'Brien@Lake.example"),
    phones=("+13105550123", "+12125550188"),
    npi="1234567893",
)


@pytest.mark.parametrize(
    ("query", "field", "value"),
    [
        ("obrien", "last_name", "O'Brien-Müller"),
        ("muell", "last_name", "O'Brien-Müller"),
        ("maria", "first_name", "Ana María"),
        ("ana obrien", "first_name", "Ana María"),
        ("obrien ana", "last_name", "O'Brien-Müller"),
        ("obrien mu", "last_name", "O'Brien-Müller"),
        ("lake", "organization_name", "Lake Practice"),
        ("first", "email", "first@x.com"),
        ("o'brien@", "email", "O'Brien@Lake.example"),
        ("@lake.example", "email", "O'Brien@Lake.example"),
        ("(212) 555", "phone", "+12125550188"),
        ("0188", "phone", "+12125550188"),
        ("0123", "phone", "+13105550123"),
        ("1234567893", "npi", "1234567893"),
    ],
)
def test_a_row_says_by_which_field_it_was_found(query: str, field: str, value: str) -> None:
    (entry,) = all_hits(indexed([ANA]), query, 5)
    row = search_row(entry)
    assert row["matched"] == {"field": field, "value": value}
    assert (row["id"], row["name"], row["organization_name"], row["type"]) == (
        "con_1",
        "Ana María O'Brien-Müller",
        "Lake Practice",
        "physician",
    )


def test_an_organization_without_a_person_is_shown_by_its_name() -> None:
    (entry,) = all_hits(indexed([Searchable(id="con_2", type="a", organization_name="Lake House")]), "lake", 5)
    assert search_row(entry)["name"] == "Lake House"
