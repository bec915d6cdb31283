"""The 837P in place of the items: the right segments in the right loops."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carebook.claims.model import Payer, Provider, Role
from carebook.claims.service import Claim, claim_for

ANA = Provider(
    first_name="Ana", middle_name="Maria", last_name="Müller", name_suffix="Jr.", qualifications="MD", npi="1234567893",
    other_id="a12345", other_id_qualifier="0B",
)  # fmt: skip
BEN = Provider(first_name="Ben", last_name="Okoro", npi="1003000126")


def segments(claim: Claim) -> dict[str, tuple[str, ...]]:
    return {loop.name: loop.segments for loop in claim.loops}


@pytest.mark.parametrize(
    ("role", "loop", "qualifier"),
    [(Role.REFERRING, "2310A", "DN"), (Role.ORDERING, "2420E", "DK"), (Role.SUPERVISING, "2310D", "DQ")],
)
def test_each_role_has_its_loop(role: Role, loop: str, qualifier: str) -> None:
    assert segments(claim_for(ANA, role, Payer.NUCC)) == {
        loop: (f"NM1*{qualifier}*1*MULLER*ANA*MARIA**JR*XX*1234567893~", "REF*0B*A12345~")
    }


def test_medicare_gets_neither_middle_name_nor_suffix_nor_reference() -> None:
    assert segments(claim_for(ANA, Role.REFERRING, Payer.MEDICARE)) == {
        "2310A": ("NM1*DN*1*MULLER*ANA****XX*1234567893~",)
    }


@pytest.mark.parametrize("role", Role)
def test_a_location_number_goes_with_a_supervising_provider_alone(role: Role) -> None:
    lu = Provider(last_name="Okoro", first_name="Ben", npi="1003000126", other_id="L1", other_id_qualifier="LU")
    ((_, found),) = segments(claim_for(lu, role, Payer.NUCC)).items()
    assert ("REF*LU*L1~" in found) == (role is Role.SUPERVISING)


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({"last_name": "Okoro, MD"}, "OKORO*BEN****XX"),
        ({"last_name": "Okoro, Jr."}, "OKORO*BEN***JR*XX"),
        ({"name_suffix": "MD"}, "OKORO*BEN****XX"),
        ({"first_name": "Dr. Ben"}, "OKORO*BEN****XX"),
        ({"first_name": "Dr."}, "OKORO*****XX"),
        ({"last_name": "Dr. Okoro"}, "OKORO*BEN****XX"),
    ],
)
def test_the_name_is_sent_without_titles_and_credentials(fields: dict[str, str], sent: str) -> None:
    provider = replace(BEN, **fields)
    assert claim_for(provider, Role.REFERRING, Payer.NUCC).loops[0].segments[0] == f"NM1*DN*1*{sent}*1003000126~"


@pytest.mark.parametrize(("number", "sent"), [("12.345", ("REF*0B*12345~",)), ("李", ()), ("--", ())])
def test_a_number_is_sent_as_it_is_printed(number: str, sent: tuple[str, ...]) -> None:
    claim = claim_for(replace(BEN, other_id=number, other_id_qualifier="0B"), Role.REFERRING, Payer.NUCC)
    assert claim.loops[0].segments[1:] == sent


def test_what_is_missing_at_the_end_is_left_away() -> None:
    nobody = Provider(last_name="Okoro")
    assert segments(claim_for(nobody, Role.REFERRING, Payer.NUCC)) == {"2310A": ("NM1*DN*1*OKORO~",)}


def test_an_organization_has_no_loop() -> None:
    claim = claim_for(Provider(organization_name="Lakeside", npi="1234567893"), Role.REFERRING, Payer.NUCC)
    assert claim.loops == ()
    assert claim.would_fail


def test_a_number_too_long_for_the_form_still_goes_electronically() -> None:
    long = Provider(last_name="Okoro", first_name="Ben", npi="1003000126", other_id="1" * 30, other_id_qualifier="G2")
    claim = claim_for(long, Role.REFERRING, Payer.NUCC)
    assert claim.items.other_id is None
    assert claim.loops[0].segments[1] == f"REF*G2*{'1' * 30}~"


def test_a_primary_care_provider_is_named_second() -> None:
    claim = claim_for(ANA, Role.REFERRING, Payer.NUCC, primary_care=BEN)
    assert [(loop.name, loop.segments[0]) for loop in claim.loops] == [
        ("2310A", "NM1*DN*1*MULLER*ANA*MARIA**JR*XX*1234567893~"),
        ("2310A", "NM1*P3*1*OKORO*BEN****XX*1003000126~"),
    ]


@pytest.mark.parametrize("role", [Role.ORDERING, Role.SUPERVISING])
def test_a_primary_care_provider_is_named_only_after_a_referring_one(role: Role) -> None:
    claim = claim_for(ANA, role, Payer.NUCC, primary_care=BEN)
    assert len(claim.loops) == 1
    assert claim.findings[-1].code == "primary_care_without_referring"
    assert claim.would_fail


@pytest.mark.parametrize("other", [ANA, replace(ANA, first_name="Anna")])
def test_the_referrer_is_not_named_again_as_primary_care_provider(other: Provider) -> None:
    claim = claim_for(ANA, Role.REFERRING, Payer.NUCC, primary_care=other)
    assert len(claim.loops) == 1
    assert (claim.findings[-1].code, claim.would_fail) == ("primary_care_is_referrer", False)


def test_what_is_wrong_with_the_primary_care_provider_is_said() -> None:
    claim = claim_for(ANA, Role.REFERRING, Payer.NUCC, primary_care=Provider(organization_name="Clinic"))
    assert claim.findings[-1].code == "primary_care_organization_only"
    assert len(claim.loops) == 1


ANY = st.none() | st.text(max_size=100)


@settings(max_examples=400)
@given(ANY, ANY, ANY, ANY, ANY, st.sampled_from(Role), st.sampled_from(Payer))
def test_whatever_a_contact_is_called_a_segment_is_well_formed(
    first: str | None,
    middle: str | None,
    last: str | None,
    suffix: str | None,
    other: str | None,
    role: Role,
    payer: Payer,
) -> None:
    fields: dict[str, Any] = {"first_name": first, "middle_name": middle, "last_name": last, "name_suffix": suffix}
    claim = claim_for(Provider(**fields, npi="1234567893", other_id=other, other_id_qualifier="0B"), role, payer)
    for loop in claim.loops:
        for segment in loop.segments:
            assert segment.isascii()
            assert segment == segment.upper()
            assert segment.endswith("~")
            assert not set(segment[:-1]) & set("~:^")
            assert segment.count("*") <= 9
        elements = loop.segments[0].removesuffix("~").split("*")
        assert elements[3]
        assert elements[8:] == ["XX", "1234567893"]
        assert [len(one) for one in elements[3:6]] <= [60, 35, 25]
        assert all(len(one) <= most for one, most in zip(elements[3:8], (60, 35, 25, 0, 10), strict=True))
    assert claim.items.name is None or 0 < len(claim.items.name) <= 24
