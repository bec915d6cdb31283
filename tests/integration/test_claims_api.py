"""What a claim says of who referred, over HTTP."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from tests.builders import Caller, physician
from tests.integration.conftest import handler_for
from tests.integration.referrals.conftest import add_client, add_physician, day, path, refer

NUCC = {
    "item_17": {"qualifier": "DN", "name": "Ana M Müller MD FACP"},
    "item_17a": {"qualifier": "0B", "id": "A12345"},
    "item_17b": "1234567893",
    "x12": ["NM1*DN*1*MULLER*ANA*M***XX*1234567893~", "REF*0B*A12345~"],
    "x12_loops": [
        {"loop": "2310A", "segments": ["NM1*DN*1*MULLER*ANA*M***XX*1234567893~", "REF*0B*A12345~"]},
    ],
}


def codes(body: dict[str, list[dict[str, str]]]) -> list[str]:
    return [finding["code"] for finding in body["findings"]]


def test_a_contact_as_it_would_stand_on_a_claim(director: Caller) -> None:
    contact = add_physician(director)
    claim = director.get(f"/contacts/{contact}/claim")
    assert claim.status == 200, claim.text
    assert {name: claim.body[name] for name in NUCC} == NUCC
    assert codes(claim.body) == ["name_transliterated"]
    medicare = director.get(f"/contacts/{contact}/claim?role=ordering&payer=medicare").body
    assert medicare["item_17"] == {"qualifier": "DK", "name": "Ana Muller"}
    assert (medicare["item_17a"], medicare["x12_loops"][0]["loop"]) == (None, "2420E")


def test_a_referrals_claim_is_made_of_the_copy_it_keeps(director: Caller) -> None:
    contact = add_physician(director)
    referral = refer(director, add_client(director), contact, received_on=day(-2), expires_on=day(-1))
    director.patch(f"/contacts/{contact}", {"last_name": "Schmidt", "notes": "x"})
    claim = director.get(f"{path(referral)}/claim").body
    assert {name: claim[name] for name in NUCC} == NUCC
    assert codes(claim) == ["name_transliterated", "referrer_changed", "referral_expired"]
    director.post(f"{path(referral)}/refresh")
    assert director.get(f"{path(referral)}/claim?payer=medicare").body["item_17"]["name"] == "Ana Schmidt"
    director.patch(path(referral), {"role": "supervising", "expires_on": None})
    supervised = director.get(f"{path(referral)}/claim").body
    assert (supervised["item_17"]["qualifier"], supervised["x12_loops"][0]["loop"]) == ("DQ", "2310D")
    assert codes(supervised) == []


def test_a_change_that_no_claim_shows_is_not_mentioned(director: Caller) -> None:
    contact = add_physician(director, last_name="Schmidt")
    referral = refer(director, add_client(director), contact)
    director.patch(f"/contacts/{contact}", {"emails": []})
    assert director.get(path(referral)).body["referrer_changed"] is True
    assert codes(director.get(f"{path(referral)}/claim").body) == []


def test_without_a_referrer_nobody_is_named(director: Caller) -> None:
    referral = refer(director, add_client(director))
    claim = director.get(f"{path(referral)}/claim").body
    assert (claim["item_17"]["name"], claim["item_17b"], claim["x12"]) == (None, None, [])
    assert codes(claim) == ["referrer_missing"]


def test_a_primary_care_provider_can_be_named_besides(director: Caller) -> None:
    contact, other = (
        add_physician(director),
        add_physician(director, first_name="Ben", last_name="Okoro", npi="1003000126"),
    )
    referral = refer(director, add_client(director), contact)
    for target in (f"{path(referral)}/claim", f"/contacts/{contact}/claim"):
        claim = director.get(f"{target}?primary_care={other}").body
        assert [loop["loop"] for loop in claim["x12_loops"]] == ["2310A", "2310A"]
        assert claim["x12"][-1].startswith("NM1*P3*1*OKORO*BEN*M*")
        assert director.get(f"{target}?primary_care=con_none").status == 404


@pytest.mark.parametrize("query", ["", "?payer=medicare"])
def test_the_items_can_be_had_for_print(director: Caller, query: str) -> None:
    contact = add_physician(director)
    referral = refer(director, add_client(director), contact)
    for target in (f"{path(referral)}/claim", f"/contacts/{contact}/claim"):
        answer = director.get(f"{target}{query}{'&' if query else '?'}format=pdf")
        assert answer.status == 200, answer.text
        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.headers["Content-Disposition"] == 'inline; filename="cms-1500-item-17.pdf"'
        assert answer.headers["Cache-Control"] == "no-store"
        (page,) = PdfReader(BytesIO(answer.text.encode("ascii"))).pages
        text = page.extract_text().split()
        assert ("A12345" in text, "MD" in text, "1234567893" in text) == (not query, not query, True)


@pytest.mark.parametrize(
    ("changes", "found", "name", "other_id"),
    [
        ({"first_name": None, "middle_name": None, "last_name": None}, ["organization_only"], None, None),
        ({"npi": None}, ["npi_missing"], "Ana M Berg MD FACP", "0B"),
        ({"other_id_qualifier": "LU"}, ["location_number_left_out"], "Ana M Berg MD FACP", None),
        ({"last_name": "Bergmannsteiner-Lee"}, ["name_shortened"], "Ana Bergmannsteiner-Lee", "0B"),
        ({"last_name": "Berg, Jr."}, ["last_name_divided", "punctuation_removed"], "Ana M Berg Jr MD FACP", "0B"),
        ({"last_name": "St. Berg-Lee"}, ["punctuation_removed"], "Ana M St Berg-Lee MD", "0B"),
        ({"last_name": "Петрова"}, ["name_transliterated"], "Ana M Petrova MD FACP", "0B"),
    ],
)
def test_what_is_wrong_with_the_referrer_is_said_on_the_claim_of_the_referral(
    director: Caller, changes: dict[str, str | None], found: list[str], name: str | None, other_id: str | None
) -> None:
    contact = add_physician(director, **({"last_name": "Berg"} | changes))
    referral = refer(director, add_client(director), contact)
    claim = director.get(f"{path(referral)}/claim").body
    assert set(found) <= set(codes(claim)), claim
    printed = claim["item_17"]["name"]
    assert printed is None if name is None else name in printed
    assert len(printed or "") <= 24
    assert (claim["item_17a"] and claim["item_17a"]["qualifier"]) == other_id
    assert bool(claim["x12"]) is (name is not None)


def test_where_nobody_can_be_named_nothing_is_printed(director: Caller) -> None:
    contact = add_physician(director, first_name=None, middle_name=None, last_name=None)
    refused = director.get(f"/contacts/{contact}/claim?format=pdf")
    assert (refused.status, refused.body["code"]) == (409, "nothing_to_print")
    assert codes(refused.body) == ["organization_only"]


@pytest.mark.parametrize(
    ("query", "field"),
    [("payer=aetna", "payer"), ("role=DN", "role"), ("format=xml", "format"), ("paier=nucc", "paier")],
)
def test_a_parameter_that_cannot_be_accepted_is_named(director: Caller, query: str, field: str) -> None:
    refused = director.get(f"/contacts/{add_physician(director)}/claim?{query}")
    assert refused.status == 422
    assert refused.body["errors"][0]["field"] == field


def test_another_account_finds_nothing(director: Caller) -> None:
    stranger = Caller(handler_for, account=f"{director.account}_other")
    contact, theirs = add_physician(director), add_physician(stranger)
    assert stranger.get(f"/contacts/{contact}/claim").status == 404
    assert stranger.get(f"/contacts/{contact}/claim?format=pdf").status == 404
    assert stranger.get(f"/contacts/{theirs}/claim?primary_care={contact}").status == 404


def test_a_look_at_a_claim_is_a_look_at_the_contact(director: Caller) -> None:
    contact = add_physician(director)
    Caller(handler_for, account=director.account, user_id="usr_biller").get(f"/contacts/{contact}/claim")
    viewers = [entry["by"]["id"] for entry in director.get(f"/contacts/{contact}/history").body["items"]]
    assert "usr_biller" in viewers


def test_referrers_in_use_whose_claim_would_fail_are_listed_with_what_is_wrong(director: Caller) -> None:
    client, other = add_client(director), add_client(director, first_name="Leo")
    fine, no_npi = add_physician(director), add_physician(director, npi=None, last_name="Okoro")
    clinic = add_physician(director, first_name=None, middle_name=None, last_name=None)
    idle = add_physician(director, npi=None, last_name="Idle")
    refer(director, client, fine)
    one, two = refer(director, client, no_npi), refer(director, other, no_npi, status="on_hold")
    three = refer(director, client, clinic, status="waiting_list", role="ordering")
    refer(director, client, idle, status="closed")
    refer(director, client)
    page = director.get("/referrals/claim-problems").body
    assert page["next_cursor"] is None
    found = {row["referrer"]["id"]: row for row in page["items"]}
    assert found.keys() == {no_npi, clinic}
    assert (codes(found[no_npi]), found[no_npi]["count"]) == (["npi_missing"], 2)
    assert {item["id"] for item in found[no_npi]["referrals"]} == {one["id"], two["id"]}
    assert (codes(found[clinic]), found[clinic]["role"]) == (["organization_only"], "ordering")
    assert found[clinic]["referrals"] == [{"id": three["id"], "client_id": client}]
    first = director.get("/referrals/claim-problems?limit=1").body
    rest = director.get(f"/referrals/claim-problems?limit=1&cursor={first['next_cursor']}").body
    assert first["items"] + rest["items"] == page["items"]
    assert director.get(f"/referrals/claim-problems?payer=medicare&cursor={first['next_cursor']}").status == 400


def test_a_problem_that_was_put_right_on_the_contact_is_gone_when_the_copy_is_taken_anew(director: Caller) -> None:
    contact = add_physician(director, npi=None)
    referral = refer(director, add_client(director), contact)
    assert director.get("/referrals/claim-problems").body["items"][0]["contact_is_in_order"] is False
    director.patch(f"/contacts/{contact}", {"npi": physician()["npi"]})
    assert director.get("/referrals/claim-problems").body["items"][0]["contact_is_in_order"] is True
    director.post(f"{path(referral)}/refresh")
    assert director.get("/referrals/claim-problems").body["items"] == []


def test_medicare_finds_more(director: Caller) -> None:
    refer(director, add_client(director), add_physician(director, first_name=None, middle_name=None))
    assert director.get("/referrals/claim-problems").body["items"] == []
    (row,) = director.get("/referrals/claim-problems?payer=medicare").body["items"]
    assert codes(row) == ["first_name_missing"]
