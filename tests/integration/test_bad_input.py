"""Bad input gets a clear answer: which field, what is wrong; and nothing is written."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from carebook.contacts.store import TableContacts
from tests.builders import Answer, Caller, physician


def problems(answer: Answer) -> list[tuple[str, str]]:
    """The fields and codes of a 422, after a look at the form of the document."""
    assert answer.status == 422, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.body
    assert body["type"] == f"/problems/{body['code']}"
    assert body["status"] == 422
    assert body["request_id"] == "req-1"
    assert all(error["message"] for error in body["errors"])
    return [(error["field"], error["code"]) for error in body["errors"]]


def nothing_written(caller: Caller) -> bool:
    items: list[Any] = caller.get("/contacts").body["items"]
    return items == []


@pytest.mark.parametrize(
    ("raw", "hint"),
    [
        ("{", "line 1"),
        ('{"type": "other",}', "line 1"),
        ("[]", "object"),
        ('"text"', "object"),
        ("null", "object"),
        ("7", "object"),
        ('{"notes": NaN}', "number"),
        ('{"notes": ' + "9" * 5000 + "}", "number"),
        ('{"notes": ' + "[" * 100_000 + "}", "nested"),
        ('{"notes": ' + "[" * 30 + "]" * 30 + "}", "nested"),
        ("", "object"),
        ('{"last_name": "\\ud800"}', "surrogate"),
        ('{"\\udc00": 1}', "surrogate"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_body_that_is_no_json_object_is_malformed(director: Caller, method: str, raw: str, hint: str) -> None:
    target = "/contacts" if method == "POST" else "/settings"
    answer = director.call(method, target, raw=raw)
    assert (answer.status, answer.body["code"]) == (400, "malformed_json")
    assert hint in answer.body["detail"]
    assert nothing_written(director)


def test_bytes_that_are_no_text_are_malformed(director: Caller) -> None:
    answer = director.call("POST", "/contacts", raw=base64.b64encode(b"\xff\xfe{").decode(), base64=True)
    assert (answer.status, answer.body["code"]) == (400, "malformed_json")
    good = base64.b64encode(json.dumps(physician()).encode()).decode()
    assert director.call("POST", "/contacts?allow_duplicate=true", raw=good, base64=True).status == 201


@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml"],
)
def test_a_body_that_is_not_json_is_refused_by_its_type(director: Caller, media_type: str) -> None:
    answer = director.call("POST", "/contacts", body=physician(), headers={"Content-Type": media_type})
    assert (answer.status, answer.body["code"]) == (415, "unsupported_media_type")
    assert nothing_written(director)


@pytest.mark.parametrize(
    "media_type", ["application/json; charset=utf-8", "application/merge-patch+json", "APPLICATION/JSON"]
)
def test_json_by_any_of_its_names_is_taken(director: Caller, media_type: str) -> None:
    answer = director.call("PATCH", "/settings", body={"country": "CA"}, headers={"Content-Type": media_type})
    assert answer.status == 200


def test_a_body_over_five_megabytes_is_too_large(director: Caller) -> None:
    answer = director.post("/contacts?allow_duplicate=true", physician(notes="x" * 5_300_000))
    assert (answer.status, answer.body["code"]) == (413, "payload_too_large")


CASES: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"last_nmae": "x"}, [("last_nmae", "unknown_field")]),
    ({"phones": [{"number": "(310) 555-0123", "type": "cell", "exit": 1}]}, [("phones[0].exit", "unknown_field")]),
    ({"type": "doctor"}, [("type", "not_one_of")]),
    ({"type": None}, [("type", "not_one_of")]),
    ({"first_name": 7}, [("first_name", "wrong_type")]),
    ({"first_name": ["x"]}, [("first_name", "wrong_type")]),
    ({"emails": {}}, [("emails", "wrong_type")]),
    ({"emails": ["ana@example.org"]}, [("emails[0]", "wrong_type")]),
    ({"address": "Main St"}, [("address", "wrong_type")]),
    ({"last_name": "a\u0000b"}, [("last_name", "control_character")]),
    ({"last_name": "a\nb"}, [("last_name", "control_character")]),
    ({"notes": "a\u001bb"}, [("notes", "control_character")]),
    ({"last_name": "x" * 101}, [("last_name", "too_long")]),
    ({"notes": "x" * 1_000_000}, [("notes", "too_long")]),
    ({"npi": "1234567890"}, [("npi", "npi_not_valid")]),
    ({"npi": "3234567893"}, [("npi", "npi_not_valid")]),
    ({"npi": "123456789"}, [("npi", "npi_not_valid")]),
    ({"npi": "١٢٣٤٥٦٧٨٩٣"}, [("npi", "npi_not_valid")]),
    ({"other_id_qualifier": None}, [("other_id_qualifier", "qualifier_required")]),
    ({"other_id": None}, [("other_id", "other_id_required")]),
    ({"other_id_qualifier": "XX"}, [("other_id_qualifier", "not_one_of")]),
    ({"other_id_qualifier": "1G", "other_id": "AB1234"}, [("other_id", "upin_not_valid")]),
    ({"last_name": " ", "organization_name": ""}, [("last_name", "name_required")]),
    ({"emails": [{"address": "ana@"}]}, [("emails[0].address", "email_not_valid")]),
    ({"messaging_methods": ["pigeon"]}, [("messaging_methods[0]", "not_one_of")]),
    ({"messaging_methods": ["sms", "sms"]}, [("messaging_methods", "listed_twice")]),
    ({"time_zone": "Mars/Olympus"}, [("time_zone", "time_zone_not_valid")]),
    ({"time_zone": "../etc/passwd"}, [("time_zone", "time_zone_not_valid")]),
    ({"language": "english please"}, [("language", "wrong_form")]),
    ({"address": {"country": "USA"}}, [("address.country", "country_not_valid")]),
    ({"phones": [{"number": "+13105550123", "type": "pager"}]}, [("phones[0].type", "not_one_of")]),
    ({"phones": [{"number": "+13105550123"}]}, [("phones[0].type", "required")]),
    ({"phones": [{"number": "555-0123", "type": "cell"}]}, [("phones[0].number", "phone_not_valid")]),
    ({"phones": [{"number": "1-800-FLOWERS", "type": "work"}]}, [("phones[0].number", "phone_not_valid")]),
    ({"phones": [{"number": "310 555 O123", "type": "work"}]}, [("phones[0].number", "phone_not_valid")]),
    ({"phones": [{"number": "(000) 555-0123", "type": "work"}]}, [("phones[0].number", "phone_not_valid")]),
    ({"phones": [{"number": "", "type": "work"}]}, [("phones[0].number", "phone_not_valid")]),
    (
        {"phones": [{"number": "+13105550123 x5", "type": "work", "extension": "6"}]},
        [("phones[0].number", "phone_not_valid")],
    ),
    (
        {"phones": [{"number": "+13105550123", "type": "work", "extension": "12a"}]},
        [("phones[0].extension", "wrong_form")],
    ),
    (
        {"phones": [{"number": "12", "type": "cell"}] * 3, "npi": "1", "other_id": ""},
        [("npi", "npi_not_valid"), ("other_id", "other_id_required")]
        + [(f"phones[{index}].number", "phone_not_valid") for index in range(3)],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), CASES)
def test_a_broken_rule_names_its_field(
    director: Caller, change: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert problems(director.post("/contacts?allow_duplicate=true", physician(**change))) == expected
    assert nothing_written(director)


@pytest.mark.parametrize(("change", "expected"), CASES)
def test_the_same_rules_hold_for_a_patch(
    director: Caller, change: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    contact = director.post("/contacts?allow_duplicate=true", physician()).body
    answer = director.patch(f"/contacts/{contact['id']}", change)
    if change == {"type": None}:
        expected = [("type", "required")]
    assert problems(answer) == expected
    assert director.get(f"/contacts/{contact['id']}").body == contact


def test_a_limit_is_said(director: Caller) -> None:
    message = director.post("/contacts?allow_duplicate=true", physician(notes="x" * 20_001)).body["errors"][0][
        "message"
    ]
    assert "20000" in message


def test_many_phones_are_taken_up_to_the_stated_limit(director: Caller) -> None:
    phones = [{"number": f"+1310555{index:04}", "type": "work"} for index in range(2_000)]
    taken = director.post("/contacts?allow_duplicate=true", physician(phones=phones))
    assert taken.status == 201
    assert len(director.get(f"/contacts/{taken.body['id']}").body["phones"]) == 2_000
    refused = director.post("/contacts?allow_duplicate=true", physician(phones=phones * 2 + phones[:1_000]))
    assert problems(refused) == [("phones", "too_many")]
    assert "2000" in refused.body["errors"][0]["message"]


def test_an_extension_may_stand_in_the_number_or_beside_it(director: Caller) -> None:
    phones = [
        {"number": "(310) 555-0123 ext. 45", "type": "work"},
        {"number": "(310) 555-0123", "type": "work", "extension": "45"},
        {"number": "310.555.0123x45", "type": "work", "extension": "45"},
    ]
    added = director.post("/contacts?allow_duplicate=true", physician(phones=phones)).body["phones"]
    assert [(phone["number"], phone["extension"]) for phone in added] == [("+13105550123", "45")] * 3


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("limit=0", ("limit", "out_of_range")),
        ("limit=101", ("limit", "out_of_range")),
        ("limit=many", ("limit", "wrong_type")),
        ("type=doctor", ("type", "not_one_of")),
        ("sort=age", ("sort", "not_one_of")),
        ("archived=perhaps", ("archived", "wrong_type")),
        ("tpye=physician", ("tpye", "unknown_parameter")),
    ],
)
def test_a_query_that_cannot_be_meant_is_refused(director: Caller, query: str, expected: tuple[str, str]) -> None:
    assert problems(director.get(f"/contacts?{query}")) == [expected]


def test_a_cursor_belongs_to_its_account_and_query(director: Caller) -> None:
    for _ in range(3):
        director.post("/contacts?allow_duplicate=true", physician())
    cursor = director.get("/contacts?limit=1").body["next_cursor"]
    contact = director.get("/contacts").body["items"][0]
    history = f"/contacts/{contact['id']}/history"
    assert director.get(f"/contacts?limit=2&cursor={cursor}").status == 200
    foreign = replace(director, account="acc_other")
    for answer in (
        foreign.get(f"/contacts?cursor={cursor}"),
        director.get(f"/contacts?type=physician&cursor={cursor}"),
        director.get(f"/contacts?archived=true&cursor={cursor}"),
        director.get(f"{history}?cursor={cursor}"),
        director.get(f"/contacts?cursor={cursor[:-2]}"),
        director.get(f"/contacts?cursor=A{cursor}"),
        director.get("/contacts?cursor=x"),
        director.get("/contacts?cursor="),
        director.get("/contacts?cursor=%F0%9F%92%A5"),
    ):
        assert (answer.status, answer.body["code"]) == (400, "bad_cursor"), answer.text


def test_an_unknown_route_is_not_found(director: Caller) -> None:
    for answer in (director.get("/contacts/x/y/z"), director.call("PUT", "/contacts", body={})):
        assert (answer.status, answer.body["code"]) == (404, "not_found")


def test_a_surprise_tells_nothing_but_its_request(director: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TableContacts, "page", lambda *_a, **_k: 1 / 0)
    answer = director.get("/contacts")
    assert (answer.status, answer.body["code"], answer.body["request_id"]) == (500, "internal_error", "req-1")
    assert "division" not in answer.text
