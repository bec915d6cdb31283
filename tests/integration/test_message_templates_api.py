"""Message templates over HTTP, in process."""

from dataclasses import replace
from typing import Any

import pytest

from tests.builders import Caller

ALL = "/settings/message-templates"
SMS = f"{ALL}/appointment_reminder/sms"
EMAIL = f"{ALL}/appointment_reminder/email"
BODY = "{{ practice.name }}: see you on {{ appointment.day }}! Reply STOP to opt out."


def put(caller: Caller, target: str, body: Any, **headers: str) -> Any:
    return caller.call(
        "PUT", target, body=body, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def test_an_account_begins_with_the_built_in_texts(director: Caller) -> None:
    page = director.get(ALL).body
    assert page["next_cursor"] is None
    assert len({(one["kind"], one["method"]) for one in page["items"]}) == len(page["items"]) == 24
    assert all(one["built_in"] and one["version"] == 0 and one["updated_by"] is None for one in page["items"])
    one = director.get(SMS)
    assert (one.status, one.etag) == (200, '"0"')
    assert one.body in page["items"]
    assert one.body["subject"] is None
    assert {
        "name": "appointment.day",
        "description": "The day in short.",
        "sample": "Fri, Dec 4",
        "in_subject": False,
    } in one.body["fields"]


def test_a_practice_writes_its_own_text_and_goes_back(director: Caller) -> None:
    written = put(director, SMS, {"body": BODY})
    assert (written.status, written.etag) == (200, '"1"')
    assert (written.body["body"], written.body["built_in"]) == (BODY, False)
    assert written.body["updated_by"] == {"id": "usr_director", "name": "usr_director@example.org"}
    assert director.get(SMS).body == written.body
    assert written.body in director.get(ALL).body["items"]
    gone = director.delete(SMS, headers={"If-Match": '"1"'})
    assert (gone.status, gone.text) == (204, "")
    back = director.get(SMS).body
    assert (back["built_in"], back["version"]) == (True, 2)
    assert "Reply STOP" in back["body"]


def test_a_stale_copy_is_refused(director: Caller) -> None:
    put(director, EMAIL, {"subject": "Soon", "body": "one"})
    refused = put(director, EMAIL, {"subject": "Soon", "body": "two"}, If_Match='"0"')
    assert (refused.status, refused.body["version"], refused.body["current"]) == (412, 1, {"body": "one"})
    assert director.delete(EMAIL, headers={"If-Match": '"0"'}).status == 412
    assert director.get(EMAIL).body["body"] == "one"
    assert put(director, EMAIL, {"subject": "Soon", "body": "two"}, If_Match='"1"').etag == '"2"'


def test_directors_and_administrative_staff_write_and_all_read(director: Caller) -> None:
    for groups, status in [("administrative", 200), ("director,clinical", 200), ("supervisor", 403), ("clinical", 403)]:
        caller = replace(director, groups=groups)
        assert caller.get(ALL).status == caller.get(SMS).status == 200
        assert caller.post(f"{SMS}/preview").status == 200
        assert put(caller, SMS, {"body": groups}).status == status
        assert caller.delete(EMAIL).status == (204 if status == 200 else 403)
    assert director.get(SMS).body["body"] == "director,clinical"


def test_another_account_has_templates_of_its_own(director: Caller) -> None:
    put(director, SMS, {"body": BODY})
    other = replace(director, account=f"{director.account}_other")
    assert other.get(SMS).body["built_in"] is True
    assert other.post(f"{SMS}/preview").body["body"] != director.post(f"{SMS}/preview").body["body"]


def test_a_preview_shows_the_text_in_use_with_examples(director: Caller) -> None:
    seen = director.post(f"{SMS}/preview")
    assert seen.status == 200
    assert seen.body["body"].startswith("Lakeside Family Practice: reminder of Ben's appointment on Fri, Dec 4")
    assert seen.body["segments"] == {"count": 1, "encoding": "GSM", "units": len(seen.body["body"])}
    assert seen.body["hints"] == []
    letter = director.post(f"{EMAIL}/preview").body
    assert (letter["subject"], letter["segments"]) == ("Appointment reminder - Lakeside Family Practice", None)


def test_the_preview_of_a_call_shows_the_call_that_is_made(director: Caller) -> None:
    """A call says a code, and never a link."""
    seen = director.post("/settings/message-templates/share/voice/preview").body
    assert "Your code for the documents from us is 4, 8, 2" in seen["body"]
    assert seen["hints"] == []


@pytest.mark.parametrize(
    ("method", "body", "hints"),
    [
        ("email", "Look here: {{ share.link }}", ["no_code"]),
        ("email", "{% if share.link %}{{ share.link }}{% else %}{{ share.code }}{% endif %}", []),
        ("fax", "Dear Ana", ["no_code", "no_link"]),
        ("voice", "Call us", ["no_code"]),
    ],
)
def test_the_preview_says_which_words_would_not_be_used(
    director: Caller, method: str, body: str, hints: list[str]
) -> None:
    path = f"/settings/message-templates/share/{method}"
    drafted = director.post(f"{path}/preview", {"body": body}).body
    assert [hint["code"] for hint in drafted["hints"]] == hints
    assert director.put(path, {"body": body}).status == 200
    assert director.post(f"{path}/preview").body["hints"] == drafted["hints"]


def test_a_preview_shows_a_draft_and_what_could_be_better(director: Caller) -> None:
    seen = director.post(f"{SMS}/preview", {"body": "“See you”, {{ recipient.first_name }} " + "x" * 200}).body
    assert seen["body"].startswith("“See you”, Maria ")
    assert seen["segments"]["encoding"] == "UCS-2"
    assert [hint["code"] for hint in seen["hints"]] == ["no_way_out", "many_parts", "costly_characters"]
    assert director.get(SMS).body["version"] == 0


def test_a_preview_with_a_key_happens_once(director: Caller) -> None:
    key = {"Idempotency-Key": "k"}
    first = director.post(f"{SMS}/preview", {"body": "x"}, headers=key)
    assert director.post(f"{SMS}/preview", {"body": "x"}, headers=key).text == first.text
    assert director.post(f"{SMS}/preview", {"body": "y"}, headers=key).body["code"] == "idempotency_mismatch"


@pytest.mark.parametrize(
    ("method", "body", "field", "code"),
    [
        ("sms", {}, "body", "required"),
        ("sms", {"body": ""}, "body", "required"),
        ("email", {"body": " \u200b\n\u2060"}, "body", "required"),
        ("sms", {"body": 1}, "body", "wrong_type"),
        ("sms", {"body": "x", "text": "x"}, "text", "unknown_field"),
        ("sms", {"body": "x", "version": 1}, "version", "read_only"),
        ("sms", {"body": "x\u0007"}, "body", "control_character"),
        ("sms", {"subject": "x", "body": "x"}, "subject", "no_subject"),
        ("sms", {"body": "x" * 1601}, "body", "too_long"),
        ("voice", {"body": "x" * 3001}, "body", "too_long"),
        ("email", {"body": "x" * 20001}, "body", "too_long"),
        ("email", {"subject": "a\r\nBcc: x@y.z", "body": "x"}, "subject", "control_character"),
        ("email", {"subject": "x" * 201, "body": "x"}, "subject", "too_long"),
        ("email", {"body": "{{ appointment.dat }}"}, "body", "unknown_merge_field"),
        ("email", {"body": "{{ bill.amount }}"}, "body", "unknown_merge_field"),
        ("email", {"body": "{% for x in y %}{% endfor %}"}, "body", "merge_tag_not_known"),
        ("email", {"body": "{{ practice.name.__class__ }}"}, "body", "unknown_merge_field"),
        ("email", {"subject": "{{ client.name }}", "body": "x"}, "subject", "merge_field_not_here"),
        ("sms", {"body": "{{ appointment.kind }}"}, "body", "merge_field_not_here"),
    ],
)
def test_a_text_that_cannot_be_is_refused_when_it_is_written_and_when_it_is_looked_at(
    director: Caller, method: str, body: dict[str, Any], field: str, code: str
) -> None:
    target = f"{ALL}/appointment_reminder/{method}"
    refused = put(director, target, body)
    assert refused.status == 422
    assert (field, code) in [(error["field"], error["code"]) for error in refused.body["errors"]]
    assert director.get(target).body["version"] == 0
    if body.get("body"):
        assert director.post(f"{target}/preview", body).status == 422


def test_a_misspelt_field_is_named_with_the_nearest_known_one(director: Caller) -> None:
    (error,) = put(director, EMAIL, {"body": "On\n{{ appointment.dat }}"}).body["errors"]
    assert error["message"].startswith('Line 2, column 1: There is no field "appointment.dat".')
    assert "appointment.date" in error["message"]


@pytest.mark.parametrize("path", ["ad_hoc/sms", "share/pigeon", "share/SMS", "%7B/sms"])
def test_there_are_no_other_templates(director: Caller, path: str) -> None:
    for method, body in (("GET", None), ("PUT", {"body": "x"}), ("DELETE", None)):
        answer = director.call(method, f"{ALL}/{path}", body=body)
        assert (answer.status, answer.body["code"]) == (404, "not_found")
    assert director.post(f"{ALL}/{path}/preview").status == 404
