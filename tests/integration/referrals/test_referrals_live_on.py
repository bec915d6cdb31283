"""What becomes of a referral when its contact or its client is merged, archived or purged."""

from tests.builders import Caller
from tests.integration.referrals.conftest import add_client, add_physician, day, ids, path, refer


def test_a_merge_brings_the_referrals_and_an_unmerge_takes_them_back(director: Caller) -> None:
    client, survivor, duplicate = add_client(director), add_physician(director), add_physician(director, npi=None)
    one = refer(director, client, survivor, received_on=day(-2))
    two = refer(director, client, duplicate, received_on=day(-1))
    director.post(f"/contacts/{survivor}/merge", {"duplicate_id": duplicate})
    assert ids(director.get(f"/contacts/{survivor}/referrals")) == [two["id"], one["id"]]
    assert ids(director.get(f"/contacts/{duplicate}/referrals")) == [two["id"], one["id"]]
    moved = director.get(path(two)).body
    assert (moved["contact_id"], moved["referrer_snapshot"]) == (survivor, two["referrer_snapshot"])
    assert moved["referrer_changed_fields"] == ["npi"]
    summary = director.get("/referrals/summary").body["items"]
    assert [(row["referrer"]["id"], row["count"]) for row in summary] == [(survivor, 2)]
    assert director.patch(path(two), {"contact_id": survivor}).body["version"] == 1  # it is them already
    director.post(f"/contacts/{survivor}/unmerge", {"duplicate_id": duplicate})
    assert ids(director.get(f"/contacts/{survivor}/referrals")) == [one["id"]]
    assert ids(director.get(f"/contacts/{duplicate}/referrals")) == [two["id"]]
    assert director.get(path(two)).body == two


def test_what_was_read_can_be_sent_back_though_the_referrer_was_merged_and_put_away(director: Caller) -> None:
    client, survivor, duplicate = add_client(director), add_physician(director), add_physician(director, last_name="B")
    referral = refer(director, client, duplicate)
    director.post(f"/contacts/{survivor}/merge", {"duplicate_id": duplicate})
    director.delete(f"/contacts/{survivor}")
    now = director.get(path(referral)).body
    assert now["contact_id"] == survivor
    sent = director.patch(path(referral), {"contact_id": survivor, "notes": "x"})
    assert (sent.status, sent.body["contact_id"], sent.body["version"]) == (200, survivor, 2)
    assert sent.body["referrer_snapshot"] == referral["referrer_snapshot"]
    other = add_physician(director, last_name="C")
    director.delete(f"/contacts/{other}")
    assert director.patch(path(referral), {"contact_id": other}).body["code"] == "archived"


def test_who_is_archived_or_purged_stays_on_the_referral(director: Caller) -> None:
    client, contact = add_client(director), add_physician(director)
    referral = refer(director, client, contact)
    director.delete(f"/contacts/{contact}")
    assert director.get(path(referral)).body["referrer_state"] == "archived"
    assert director.post(f"/clients/{client}/referrals", {"contact_id": contact}).body["code"] == "archived"
    assert director.patch(path(referral), {"status": "closed"}).status == 200
    director.delete(f"/contacts/{contact}?purge=true")
    now = director.get(path(referral)).body
    assert (now["referrer_state"], now["referrer_changed"]) == ("deleted", False)
    assert now["referrer_snapshot"] == referral["referrer_snapshot"]
    assert director.get("/referrals").body["items"][0]["referrer"]["name"] == "Ana M Müller"
    assert director.get("/referrals/summary").body["items"][0]["referrer"]["name"] == "Ana M Müller"
    assert director.get(f"{path(referral)}/claim").body["item_17b"] == "1234567893"
    assert director.post(f"{path(referral)}/refresh").body["code"] == "no_referrer"
    assert director.delete(path(referral)).status == 204


def test_an_archived_client_keeps_its_referrals_and_takes_no_new_ones(director: Caller) -> None:
    client = add_client(director)
    referral = refer(director, client)
    director.delete(f"/clients/{client}")
    assert ids(director.get(f"/clients/{client}/referrals")) == [referral["id"]]
    assert director.get("/referrals").body["items"][0]["client"]["archived_at"]
    for answer in (
        director.post(f"/clients/{client}/referrals", {}),
        director.patch(path(referral), {"notes": "x"}),
        director.delete(path(referral)),
        director.post(f"{path(referral)}/refresh"),
    ):
        assert answer.body["code"] == "archived"
