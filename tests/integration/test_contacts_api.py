"""The contact's life over HTTP, in process."""

from dataclasses import replace
from typing import Any

import pytest

from tests.builders import Caller, physician

HOSTILE_NAMES = [
    "محمد عبد الله",
    "שָׁלוֹם כהן",
    "李小龍",
    "नरेन्द्र",
    "Nguyễn Thị Ánh",
    "O’Brien-Ståhl",
    "👩‍⚕️ Dr. 🦷",
    "A#B A#acc_other#CON#x",
    "%' OR 1=1 --",
    "𠮷野家",
    "x" * 100,
]


@pytest.fixture
def contact(director: Caller) -> dict[str, Any]:
    added = director.post("/contacts?allow_duplicate=true", physician())
    assert added.status == 201, added.text
    body: dict[str, Any] = added.body
    return body


def test_a_contact_comes_back_as_it_was_added(director: Caller) -> None:
    added = director.post("/contacts?allow_duplicate=true", physician())
    assert added.status == 201, added.text
    assert added.headers["Location"] == f"/contacts/{added.body['id']}"
    assert added.etag == '"1"'
    read = director.get(f"/contacts/{added.body['id']}")
    assert (read.status, read.body, read.etag) == (200, added.body, '"1"')
    assert read.headers["Cache-Control"] == "no-store"
    assert read.body["phones"] == [
        {"number": "+13105550123", "type": "cell", "extension": None, "display": "(310) 555-0123"}
    ]
    assert read.body["reachable"] == {
        "email": {"ok": True},
        "sms": {"ok": True, "to": "+13105550123"},
        "fax": {"ok": False, "reason": "no_eligible_phone"},
        "voice": {"ok": True, "to": "+13105550123"},
    }


def test_what_is_left_out_has_its_default(director: Caller) -> None:
    director.patch("/settings", {"default_messaging_methods": ["fax", "email"], "country": "AU"})
    added = director.post("/contacts?allow_duplicate=true", {"type": "other", "organization_name": "Care & Co"}).body
    assert added["messaging_methods"] == ["fax", "email"]
    assert added["address"] == {
        "line1": "", "line2": "", "city": "", "region": "", "postal_code": "", "country": "AU"
    }  # fmt: skip
    assert (added["notes"], added["phones"], added["emails"], added["npi"]) == ("", [], [], None)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_names_and_notes_in_any_script_come_back_unchanged(director: Caller, name: str) -> None:
    sent = physician(last_name=name, organization_name=name, notes=f"{name}\n\t{name}\r\n")
    added = director.post("/contacts?allow_duplicate=true", sent)
    read = director.get(f"/contacts/{added.body['id']}").body
    assert (read["last_name"], read["organization_name"], read["notes"]) == (name, name, sent["notes"])
    assert [row["last_name"] for row in director.get("/contacts").body["items"]] == [name]


def test_numbers_are_read_with_the_accounts_country(director: Caller) -> None:
    assert director.patch("/settings", {"country": "AU"}).status == 200
    added = director.post(
        "/contacts?allow_duplicate=true", physician(phones=[{"number": "0412 345 678", "type": "cell"}])
    )
    assert added.body["phones"][0]["number"] == "+61412345678"


def test_a_patch_keeps_what_it_does_not_name(director: Caller, contact: dict[str, Any]) -> None:
    changed = director.patch(f"/contacts/{contact['id']}", {"notes": "Prefers fax", "address": {"city": "Reno"}})
    assert (changed.status, changed.etag) == (200, '"2"')
    expected = contact | {"notes": "Prefers fax", "version": 2, "updated_at": changed.body["updated_at"]}
    assert changed.body == expected | {"address": contact["address"] | {"city": "Reno"}}


def test_null_clears_and_arrays_are_replaced_whole(director: Caller, contact: dict[str, Any]) -> None:
    patch = {"npi": None, "messaging_methods": None, "phones": [{"number": "(212) 555-0188", "type": "fax"}]}
    changed = director.patch(f"/contacts/{contact['id']}", patch).body
    assert changed["npi"] is None
    assert changed["messaging_methods"] == ["email"]  # back to the account's default
    assert [phone["number"] for phone in changed["phones"]] == ["+12125550188"]


def test_a_patch_that_changes_nothing_is_not_a_new_version(director: Caller, contact: dict[str, Any]) -> None:
    same = director.patch(f"/contacts/{contact['id']}", {"notes": "", "phones": contact["phones"]})
    assert (same.status, same.etag, same.body) == (200, '"1"', contact)


def test_a_stale_copy_is_refused_with_what_has_changed_since(director: Caller, contact: dict[str, Any]) -> None:
    target = f"/contacts/{contact['id']}"
    director.patch(target, {"organization_name": "Lakeside East"})
    refused = director.patch(target, {"notes": "mine"}, headers={"If-Match": '"1"'})
    assert refused.status == 412
    assert (refused.body["code"], refused.body["version"]) == ("stale_version", 2)
    assert refused.body["current"] == {"organization_name": "Lakeside East"}
    assert director.get(target).body["notes"] == ""
    assert director.patch(target, {"notes": "mine"}, headers={"If-Match": '"2"'}).status == 200


@pytest.mark.parametrize("etag", ['"7"', "banana", '""', '"١"', '"-1"', '"1", "2"', '"' + "9" * 400 + '"'])
def test_an_etag_that_cannot_match_is_stale(director: Caller, contact: dict[str, Any], etag: str) -> None:
    target, headers = f"/contacts/{contact['id']}", {"If-Match": etag}
    assert director.patch(target, {"notes": "x"}, headers=headers).status == 412
    assert director.delete(target, headers=headers).status == 412


@pytest.mark.parametrize("etag", ['"1"', 'W/"1"', "1", "*"])
def test_the_current_etag_lets_a_write_through(director: Caller, contact: dict[str, Any], etag: str) -> None:
    assert director.patch(f"/contacts/{contact['id']}", {"notes": "x"}, headers={"If-Match": etag}).status == 200


def test_archiving_hides_and_restoring_brings_all_of_it_back(director: Caller, contact: dict[str, Any]) -> None:
    target = f"/contacts/{contact['id']}"
    assert director.delete(target).status == 204
    assert director.delete(target).status == 204  # again changes nothing
    assert director.get("/contacts").body["items"] == []
    assert director.get("/contacts?type=physician").body["items"] == []
    for query in ("archived=true", "archived=true&type=physician"):
        assert [row["id"] for row in director.get(f"/contacts?{query}").body["items"]] == [contact["id"]]
    read = director.get(target).body
    assert read["archived_at"] is not None
    assert read["version"] == 2
    assert read["reachable"]["email"] == {"ok": False, "reason": "archived"}
    refused = director.patch(target, {"notes": "x"})
    assert (refused.status, refused.body["code"]) == (409, "archived")
    restored = director.post(f"{target}/restore")
    assert restored.status == 200
    assert restored.body == contact | {"version": 3, "updated_at": restored.body["updated_at"]}
    assert [row["id"] for row in director.get("/contacts?type=physician").body["items"]] == [contact["id"]]


def test_a_purged_contact_is_gone(director: Caller, contact: dict[str, Any]) -> None:
    target = f"/contacts/{contact['id']}"
    assert director.delete(f"{target}?purge=true").status == 204
    for answer in (
        director.get(target),
        director.get(f"{target}/history"),
        director.patch(target, {"notes": "x"}),
        director.post(f"{target}/restore"),
        director.delete(f"{target}?purge=true"),
    ):
        assert (answer.status, answer.body["code"]) == (404, "not_found")
    assert director.get("/contacts").body["items"] == []


def test_only_a_director_purges(director: Caller, contact: dict[str, Any]) -> None:
    for groups in ("administrative", "supervisor", "clinical", "", "administrative,clinical"):
        refused = replace(director, groups=groups).delete(f"/contacts/{contact['id']}?purge=true")
        assert (refused.status, refused.body["code"]) == (403, "role_not_allowed")
    assert director.get(f"/contacts/{contact['id']}").status == 200


def test_the_list_is_in_order_of_name_and_pages_meet_without_gap(director: Caller) -> None:
    people = [("Zoe", "Álvarez"), ("Ann", "alvarez"), (None, "Zimmer"), ("Bo", "Øster"), ("Al", "Ostrow")]
    for first, last in people:
        assert (
            director.post(
                "/contacts?allow_duplicate=true", physician(first_name=first, last_name=last, npi=None)
            ).status
            == 201
        )
    director.post("/contacts?allow_duplicate=true", {"type": "aged_care_facility", "organization_name": "Meadow View"})
    names, cursor = [], ""
    while True:
        page = director.get(f"/contacts?limit=2{cursor}").body
        names += [row["name"] for row in page["items"]]
        if page["next_cursor"] is None:
            break
        assert len(page["items"]) == 2
        cursor = f"&cursor={page['next_cursor']}"
    assert names == ["Ann M alvarez", "Zoe M Álvarez", "Meadow View", "Bo M Øster", "Al M Ostrow", "M Zimmer"]
    facilities = director.get("/contacts?type=aged_care_facility").body["items"]
    assert [row["name"] for row in facilities] == ["Meadow View"]
    assert director.get("/contacts?limit=6").body["next_cursor"] is None


def test_a_change_of_name_and_type_moves_the_contact_in_the_lists(director: Caller, contact: dict[str, Any]) -> None:
    director.patch(f"/contacts/{contact['id']}", {"last_name": "Zander", "type": "community_care"})
    assert director.get("/contacts?type=physician").body["items"] == []
    rows = director.get("/contacts?type=community_care").body["items"]
    assert [(row["id"], row["name"]) for row in rows] == [(contact["id"], "Ana M Zander")]
    assert len(director.get("/contacts").body["items"]) == 1


def test_the_history_tells_who_did_what_and_when(director: Caller, contact: dict[str, Any]) -> None:
    target = f"/contacts/{contact['id']}"
    clerk = replace(director, user_id="usr_clerk", groups="administrative", claims={"name": "Kim Clerk"})
    clerk.get(target)
    clerk.get(target)
    clerk.patch(target, {"notes": "n", "phones": []})
    director.delete(target)
    director.post(f"{target}/restore")
    entries = director.get(f"{target}/history").body["items"]
    assert [(entry["action"], entry["by"]["id"], entry["version"]) for entry in entries] == [
        ("restored", "usr_director", 4),
        ("archived", "usr_director", 3),
        ("updated", "usr_clerk", 2),
        ("viewed", "usr_clerk", None),
        ("created", "usr_director", 1),
    ]
    assert entries[2]["by"]["name"] == "Kim Clerk"
    assert entries[2]["changes"] == [
        {"field": "phones", "before": contact["phones"], "after": []},
        {"field": "notes", "before": "", "after": "n"},
    ]


def test_pages_of_a_history_meet_without_gap(director: Caller, contact: dict[str, Any]) -> None:
    target = f"/contacts/{contact['id']}"
    for number in range(7):
        replace(director, user_id=f"usr_{number}").get(target)
        director.patch(target, {"notes": str(number)})
    director.get(f"{target}/history")  # a view itself, the first time in the hour
    whole = director.get(f"{target}/history").body["items"]
    assert len(whole) == 16
    paged, cursor = [], ""
    while True:
        page = director.get(f"{target}/history?limit=4{cursor}").body
        paged += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert paged == whole


def test_another_accounts_contact_is_as_good_as_none(director: Caller, contact: dict[str, Any]) -> None:
    stranger = replace(director, account="acc_other", user_id="usr_other")
    target = f"/contacts/{contact['id']}"
    none = "/contacts/con_01ARZ3NDEKTSV4RRFFQ69G5FAV"
    for method, suffix, body in [
        ("GET", "", None),
        ("GET", "/history", None),
        ("PATCH", "", {"notes": "x"}),
        ("DELETE", "", None),
        ("DELETE", "?purge=true", None),
        ("POST", "/restore", None),
    ]:
        theirs, missing = (stranger.call(method, path + suffix, body=body) for path in (target, none))
        assert (theirs.status, theirs.body) == (404, missing.body)
    assert stranger.get("/contacts").body["items"] == []
    assert [entry["action"] for entry in director.get(f"{target}/history").body["items"]] == ["created"]


@pytest.mark.parametrize(
    "contact_id",
    ["x", "con_", "con_01ARZ3NDEKTSV4RRFFQ69G5FAVX", "con_81ARZ3NDEKTSV4RRFFQ69G5FAV", "fil_01ARZ3NDEKTSV4RRFFQ69G5FAV",
     "con_01ARZ3NDEKTSV4RRFFQ69G5FAv", "A#acc_lakeside", "con_01ARZ3NDEKTSV4RRFFQ69G5FA\n", "x" * 3000],
)  # fmt: skip
def test_an_id_of_another_kind_or_form_is_not_found(director: Caller, contact_id: str) -> None:
    for answer in (director.get(f"/contacts/{contact_id}"), director.delete(f"/contacts/{contact_id}")):
        assert (answer.status, answer.body["code"]) == (404, "not_found")
