"""Lists of referrals and the summary by referrer."""

import pytest

from tests.builders import Caller
from tests.integration.referrals.conftest import add_client, add_physician, day, ids, path, refer


def test_the_lists_are_by_day_of_receipt_and_select_what_is_asked_for(director: Caller) -> None:
    client, contact = add_client(director), add_physician(director)
    old, late, new = (refer(director, client, contact, received_on=day(offset)) for offset in (-30, -5, -10))
    director.patch(path(old), {"status": "closed"})
    assert ids(director.get("/referrals")) == [late["id"], new["id"], old["id"]]
    assert ids(director.get("/referrals?status=closed")) == [old["id"]]
    assert ids(director.get("/referrals?status=active")) == [late["id"], new["id"]]
    assert ids(director.get(f"/referrals?received_from={day(-10)}")) == [late["id"], new["id"]]
    assert ids(director.get(f"/referrals?received_to={day(-10)}")) == [new["id"], old["id"]]
    assert ids(director.get(f"/referrals?received_from={day(-10)}&received_to={day(-10)}")) == [new["id"]]
    assert ids(director.get(f"/contacts/{contact}/referrals")) == [late["id"], new["id"], old["id"]]
    for target in ("/referrals?", f"/contacts/{contact}/referrals?", f"/clients/{client}/referrals?"):
        found, cursor = [], ""
        while True:
            page = director.get(f"{target}limit=1{cursor}").body
            found += [item["id"] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            assert len(page["items"]) == 1
            cursor = f"&cursor={page['next_cursor']}"
        assert sorted(found) == sorted([old["id"], late["id"], new["id"]])
        assert director.get(f"/referrals?status=active{cursor}").body["code"] == "bad_cursor"
    row = director.get("/referrals").body["items"][0]
    assert (row["client"]["name"], row["referrer"]) == ("Mia Müller", {"id": contact, "name": "Ana M Müller"})
    assert not {"diagnosis_codes", "notes"} & row.keys()
    refused = director.get(f"/referrals?received_from={day(0)}&received_to={day(-1)}")
    assert refused.body["errors"][0]["code"] == "ends_before_it_begins"


def test_a_moved_day_of_receipt_moves_the_rows(director: Caller) -> None:
    client, contact = add_client(director), add_physician(director)
    one, two = (refer(director, client, contact, received_on=day(offset)) for offset in (-1, -2))
    director.patch(path(one), {"received_on": day(-3)})
    for target in ("/referrals", "/referrals?status=active", f"/contacts/{contact}/referrals"):
        assert ids(director.get(target)) == [two["id"], one["id"]]


@pytest.mark.parametrize("last", ["0001-01-01", "0001-06-01"])
def test_a_summary_up_to_the_first_year_is_empty(director: Caller, last: str) -> None:
    """There is no year before it to begin in."""
    summary = director.get(f"/referrals/summary?to={last}")
    assert (summary.status, summary.body["total"]) == (200, 0)
    assert summary.body["period"] == {"from": "0001-01-01", "to": last}


def test_the_summary_counts_by_referrer(director: Caller) -> None:
    clients = [add_client(director, first_name=name) for name in ("A", "B", "C")]
    ana, ben = add_physician(director), add_physician(director, first_name="Ben", middle_name=None)
    for client in clients:
        refer(director, client, ana, received_on=day(-3))
    refer(director, clients[0], ben, received_on=day(-3))
    refer(director, clients[0], None)
    refer(director, clients[0], ben, received_on=day(-365))  # a year ago
    summary = director.get("/referrals/summary").body
    assert summary["total"] == 5
    assert summary["period"] == {"from": day(-364), "to": day(0)}
    assert [(row["referrer"] and row["referrer"]["id"], row["count"]) for row in summary["items"]] == [
        (ana, 3), (None, 1), (ben, 1),
    ]  # fmt: skip
    assert director.get(f"/referrals/summary?from={day(-365)}").body["total"] == 6
    assert director.get(f"/referrals/summary?from={day(0)}&to={day(0)}").body["total"] == 1
    first = director.get("/referrals/summary?limit=2").body
    rest = director.get(f"/referrals/summary?limit=2&cursor={first['next_cursor']}").body
    assert first["items"] + rest["items"] == summary["items"]
    assert rest["next_cursor"] is None
    for query in (f"from={day(0)}&to={day(-1)}", f"from={day(-400)}", "from=yesterday"):
        assert director.get(f"/referrals/summary?{query}").status == 422


def test_a_period_with_too_many_referrals_is_refused_and_not_miscounted(
    director: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = add_client(director)
    for _ in range(3):
        refer(director, client)
    monkeypatch.setattr("carebook.referrals.listing.MOST_COUNTED", 2)
    assert director.get("/referrals/summary").body["errors"][0]["code"] == "period_too_long"
    assert director.get("/referrals/claim-problems").body["errors"][0]["code"] == "too_many"
