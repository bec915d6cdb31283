"""Items 17, 17a and 17b, rule by rule."""

from typing import Any

import pytest

from carebook.claims.model import LONGEST_NAME, Items, Payer, Provider, Role, claim_items
from carebook.claims.service import claim_for

NPI = "1234567893"


def provider(**fields: Any) -> Provider:
    usual: dict[str, Any] = {
        "first_name": "Ana", "middle_name": "M", "last_name": "Muller", "qualifications": "MD, FACP", "npi": NPI,
    }  # fmt: skip
    return Provider(**(usual | fields))


def items(role: Role = Role.REFERRING, payer: Payer = Payer.NUCC, **fields: Any) -> Items:
    return claim_items(provider(**fields), role, payer)


def found(made: Items) -> list[tuple[str, str]]:
    return [(finding.severity, finding.code) for finding in made.findings]


@pytest.mark.parametrize(("role", "qualifier"), list(zip(Role, ("DN", "DK", "DQ"), strict=True)))
def test_the_qualifier_says_the_role(role: Role, qualifier: str) -> None:
    assert items(role).qualifier == qualifier


def test_a_name_in_order_has_nothing_to_find() -> None:
    made = items(other_id="A12345", other_id_qualifier="0B")
    assert (made.name, made.npi, found(made)) == ("Ana M Muller MD FACP", NPI, [])
    assert made.other_id is not None
    assert (made.other_id.qualifier, made.other_id.id) == ("0B", "A12345")


def test_letters_that_printers_have_are_printed_and_a_word_is_said_about_the_electronic_claim() -> None:
    made = items(last_name="Müller")
    assert made.name == "Ana M Müller MD FACP"
    assert found(made) == [("warning", "name_transliterated")]
    assert "ANA M MULLER" in made.findings[0].message


@pytest.mark.parametrize(
    ("first", "last", "printed"),
    [
        ("李", "小龙", "Li XiaoLong"),
        ("Ольга", "Петрова", "Olga Petrova"),
        ("Łukasz", "Żak", "Lukasz Zak"),
        ("محمد", "علي", None),
    ],
)
def test_letters_that_printers_lack_are_transliterated(first: str, last: str, printed: str | None) -> None:
    made = items(first_name=first, middle_name=None, last_name=last, qualifications=None)
    assert made.name is not None
    assert made.name.isascii()
    assert printed is None or made.name == printed
    assert ("warning", "name_transliterated") in found(made)


@pytest.mark.parametrize(
    ("fields", "printed", "code"),
    [
        ({"last_name": "St. John"}, "Ana M St John MD FACP", "punctuation_removed"),
        ({"last_name": "Muller, Jr"}, "Ana M Muller Jr MD FACP", "last_name_divided"),
        ({"last_name": "Muller,"}, "Ana M Muller MD FACP", "punctuation_removed"),
        ({"last_name": "Muller - Lee"}, "Ana M Muller Lee MD FACP", "punctuation_removed"),
        ({"middle_name": "-x"}, "Ana x Muller MD FACP", "punctuation_removed"),
        ({"first_name": "'t", "last_name": "Hooft"}, "'t M Hooft MD FACP", None),
        ({"last_name": "Muller*~:^"}, "Ana M Muller MD FACP", "punctuation_removed"),
        ({"last_name": "Muller 🦷"}, "Ana M Muller MD FACP", "punctuation_removed"),
        ({"last_name": "Muller-Lee"}, "Ana M Muller-Lee MD FACP", None),
        ({"last_name": "Muller‐Lee"}, "Ana M Muller-Lee MD FACP", None),
        ({"last_name": "O’Brien"}, "Ana M O'Brien MD FACP", None),
        ({"qualifications": "M.D., F.A.C.P."}, "Ana M Muller MD FACP", None),
        ({"name_suffix": "Jr"}, "Ana M Muller Jr MD FACP", None),
        ({"middle_name": "Maria"}, "Ana M Muller MD FACP", None),
        ({"first_name": "Dr. Ana"}, "Ana M Muller MD FACP", "title_removed"),
        ({"first_name": "Dr.Ana"}, "Ana M Muller MD FACP", "title_removed"),
        ({"first_name": "Prof. Dr. Ana"}, "Ana M Muller MD FACP", "title_removed"),
        ({"last_name": "Dr. Muller"}, "Ana M Muller MD FACP", "title_removed"),
        ({"first_name": "Drew"}, "Drew M Muller MD FACP", None),
        ({"last_name": "Doctor"}, "Ana M Doctor MD FACP", None),
        ({"first_name": "Msgr"}, "Msgr M Muller MD FACP", None),
    ],
)
def test_signs_are_left_out_of_names_but_hyphens_and_apostrophes_stay(
    fields: dict[str, Any], printed: str, code: str | None
) -> None:
    made = items(**fields)
    assert (made.name, found(made)) == (printed, [("warning", code)] if code else [])


@pytest.mark.parametrize(
    ("fields", "printed", "code"),
    [
        ({"last_name": "Mullermannstein"}, "Ana M Mullermannstein MD", "name_shortened"),  # 24
        ({"last_name": "Mullermannsteiner"}, "Ana M Mullermannsteiner", "name_shortened"),
        ({"last_name": "Mullermannsteinerin"}, "Ana Mullermannsteinerin", "name_shortened"),
        ({"last_name": "Mullermannsteiner", "name_suffix": "III"}, "Ana Mullermannsteiner", "name_shortened"),
        ({"last_name": "Mullermannsteinerinnen"}, "Ana Mullermannsteinerinn", "name_cut"),
    ],
)
def test_what_does_not_fit_goes_the_least_telling_first(fields: dict[str, Any], printed: str, code: str) -> None:
    made = items(**fields)
    assert (made.name, found(made)) == (printed, [("warning", code)])
    assert len(printed) <= LONGEST_NAME


def test_an_organization_cannot_be_named() -> None:
    made = items(first_name=None, last_name=None, organization_name="Lakeside Family Practice")
    assert (made.name, made.npi, made.other_id) == (None, None, None)
    assert found(made) == [("error", "organization_only")]


@pytest.mark.parametrize("last_name", ["🦷", "-", "'", "- ' -", "34", "½"])
def test_a_name_without_letters_cannot_be_written(last_name: str) -> None:
    made = items(last_name=last_name)
    assert (made.name, found(made)) == (None, [("error", "name_unusable")])


@pytest.mark.parametrize("first", ["Dr.", "dr", "Mrs"])
def test_a_title_alone_is_no_first_name(first: str) -> None:
    made = items(payer=Payer.MEDICARE, first_name=first)
    assert (made.name, found(made)) == ("Muller", [("warning", "title_removed"), ("error", "first_name_missing")])


@pytest.mark.parametrize(
    ("fields", "printed", "codes"),
    [
        (
            {"last_name": "Muller, MD", "qualifications": None},
            "Ana M Muller MD",
            ["last_name_divided", "suffix_not_sent"],
        ),
        ({"last_name": "Muller, MD"}, "Ana M Muller MD FACP", ["last_name_divided", "suffix_not_sent"]),
        ({"name_suffix": "MD", "qualifications": None}, "Ana M Muller MD", ["suffix_not_sent"]),
        ({"name_suffix": "III"}, "Ana M Muller III MD FACP", []),
        ({"name_suffix": "Sr."}, "Ana M Muller Sr MD FACP", ["punctuation_removed"]),
    ],
)
def test_credentials_are_no_suffix_of_a_name(fields: dict[str, Any], printed: str, codes: list[str]) -> None:
    made = items(**fields)
    assert (made.name, found(made)) == (printed, [("warning", code) for code in codes])
    assert "suffix_not_sent" not in {code for _, code in found(items(payer=Payer.MEDICARE, **fields))}


def test_a_missing_first_name_is_an_error_where_the_payer_compares_it() -> None:
    assert found(items(first_name=None)) == [("warning", "first_name_missing")]
    assert ("error", "first_name_missing") in found(items(payer=Payer.MEDICARE, first_name=None))


@pytest.mark.parametrize("payer", Payer)
def test_without_an_npi_the_claim_fails(payer: Payer) -> None:
    made = items(payer=payer, npi=None)
    assert (made.npi, found(made)) == (None, [("error", "npi_missing")])
    assert found(items(payer=payer, npi="1234567890")) == [("error", "npi_not_valid")]
    assert claim_for(provider(npi=None), Role.REFERRING, payer).would_fail
    assert not claim_for(provider(), Role.REFERRING, payer).would_fail


@pytest.mark.parametrize("qualifier", ["0B", "1G", "G2", "LU"])
@pytest.mark.parametrize("role", Role)
def test_item_17a_takes_a_location_number_of_a_supervising_provider_alone(role: Role, qualifier: str) -> None:
    made = items(role, other_id="A12345", other_id_qualifier=qualifier)
    if qualifier == "LU" and role is not Role.SUPERVISING:
        assert (made.other_id, found(made)) == (None, [("warning", "location_number_left_out")])
    else:
        assert (made.other_id is not None, found(made)) == (True, [])


@pytest.mark.parametrize(
    ("number", "written", "code"),
    [
        ("MD-12.345/6", "MD-123456", "other_id_changed"),
        (" 12  34", "12 34", "other_id_changed"),
        ("\u041012345", None, "other_id_unusable"),
        ("李", None, "other_id_unusable"),
        ("---", None, "other_id_unusable"),
        ("A12345", "A12345", None),
        ("MD-12 345", "MD-12 345", None),
    ],
)
def test_no_number_is_changed_without_a_word(number: str, written: str | None, code: str | None) -> None:
    """The first letter of the third looks like an A, and is Cyrillic."""
    made = items(other_id=number, other_id_qualifier="0B")
    assert (made.other_id and made.other_id.id, found(made)) == (written, [("warning", code)] if code else [])


def test_a_number_that_does_not_fit_is_left_out_rather_than_cut() -> None:
    assert items(other_id="1" * 17, other_id_qualifier="G2").other_id is not None
    made = items(other_id="1" * 18, other_id_qualifier="G2")
    assert (made.other_id, found(made)) == (None, [("warning", "other_id_too_long")])


@pytest.mark.parametrize(
    ("fields", "printed", "codes"),
    [
        ({}, "Ana Muller", []),
        ({"name_suffix": "Jr", "first_name": "Dr Ana"}, "Ana Muller", ["title_removed"]),
        ({"last_name": "Muller-Lee"}, "Ana Muller-Lee", ["hyphen"]),
        ({"last_name": "Müller"}, "Ana Muller", ["name_transliterated"]),
        ({"middle_name": "Ängie"}, "Ana Muller", []),
        ({"last_name": "Mullermannsteinerinnen"}, "Ana Mullermannsteinerinn", ["name_cut"]),
        ({"other_id": "A12345", "other_id_qualifier": "0B"}, "Ana Muller", ["other_id_left_out"]),
    ],
)
def test_medicare_wants_first_and_last_name_and_nothing_in_17a(
    fields: dict[str, Any], printed: str, codes: list[str]
) -> None:
    made = items(payer=Payer.MEDICARE, **fields)
    assert (made.name, made.other_id) == (printed, None)
    assert found(made) == [("warning", code) for code in codes]
