"""Letters on the deployed stack: written, issued, fetched, looked at, deleted."""

import io
import re
from typing import Any

import boto3
import httpx
import pytest
from pypdf import PdfReader

from tests.e2e.conftest import ANOTHER, Stack

SCRIPTS = {
    "Latin": "Müller Łódź",
    "Greek": "Ευχαριστούμε",
    "Cyrillic": "Благодарим",
    "Arabic": "شكرا",
    "Hebrew": "תודה",
    "Devanagari": "नमस्ते",
    "Chinese": "謝謝您",
    "Korean": "감사합니다",
    "Thai": "ขอบคุณ",
}


@pytest.fixture(scope="module")
def letter(stack: Stack) -> str:
    """The path of a draft from a template, to a contact of its own."""
    settings = {"practice_name": "Lakeside Family Practice", "practice_address": "100 Main St\nSpringfield, IL 62701"}
    assert stack.call("PATCH", "/settings", body=settings).status_code == 200
    to = stack.call("POST", "/contacts", body={"type": "physician", "first_name": "Ana", "last_name": "Ōkubo"}).json()
    template = {"title": "For {{ contact.salutation }}", "body": "Dear {{ contact.salutation }},\n\n{{ sender.name }}"}
    made = stack.call("POST", "/document-templates", body=template).json()
    new = stack.call("POST", f"/contacts/{to['id']}/documents", body={"template_id": made["id"]}, as_="clinical")
    assert new.status_code == 201, new.text
    return str(new.headers["Location"])


def fetched(stack: Stack, path: str) -> httpx.Response:
    answer = stack.call("GET", f"{path}/pdf")
    assert answer.status_code == 200, answer.text
    return httpx.get(answer.json()["url"], timeout=30)


def text_of(pdf: httpx.Response) -> str:
    assert (pdf.status_code, pdf.headers["Content-Type"]) == (200, "application/pdf")
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf.content)).pages)


def bucket(stack: Stack) -> Any:
    session: Any = boto3.session.Session(
        aws_access_key_id="test", aws_secret_access_key="test", region_name=stack.description["region"]
    )
    s3 = session.resource("s3", endpoint_url=stack.description["aws_endpoint"])
    (found,) = [one for one in s3.buckets.all() if "carebook-documents" in one.name]
    return found


def test_a_letter_from_draft_to_final(stack: Stack, letter: str) -> None:
    draft = fetched(stack, letter)
    assert "DRAFT" in text_of(draft)
    assert stack.call("PATCH", letter, body={"status": "final"}).status_code == 200
    refused = stack.call("PATCH", letter, body={"title": "x"})
    assert (refused.status_code, refused.json()["code"]) == (409, "document_final")
    final = fetched(stack, letter)
    shown = text_of(final)
    for line in ("Lakeside Family Practice", "100 Main St", "Ana Ōkubo", "Dear Dr. Ōkubo,", "Demo clinical", "1 / 1"):
        assert line in shown
    assert "DRAFT" not in shown
    assert "filename*=UTF-8''For%20Dr.%20%C5%8Ckubo.pdf" in final.headers["Content-Disposition"]
    assert fetched(stack, letter).content == final.content


@pytest.mark.parametrize("script", SCRIPTS)
def test_any_script_is_printed(stack: Stack, contact: dict[str, Any], script: str) -> None:
    body = {"title": SCRIPTS[script], "body": f'{SCRIPTS[script]}\n\n#read("/etc/passwd")'}
    made = stack.call("POST", f"/contacts/{contact['id']}/documents", body=body)
    pdf = fetched(stack, made.headers["Location"])
    shown = text_of(pdf)
    assert '#read("/etc/passwd")' in shown
    assert "root:" not in shown
    own = {"Chinese": "CJK", "Korean": "CJK", "Latin": "", "Greek": "", "Cyrillic": ""}.get(script, script)
    assert f"NotoSans{own}".encode() in pdf.content


def test_nobody_else_reaches_a_pdf(stack: Stack, letter: str) -> None:
    assert stack.call("GET", f"{letter}/pdf", as_=ANOTHER).status_code == 404
    url = stack.call("GET", f"{letter}/pdf").json()["url"]
    assert httpx.get(url.partition("?")[0], timeout=30).status_code == 403
    forged = re.sub(r"X-Amz-Signature=\w{8}", "X-Amz-Signature=00000000", url)
    assert httpx.get(forged, timeout=30).status_code == 403


def test_a_deleted_letter_leaves_nothing(stack: Stack, contact: dict[str, Any]) -> None:
    made = stack.call("POST", f"/contacts/{contact['id']}/documents", body={"title": "A", "body": "B"})
    path = made.headers["Location"]
    fetched(stack, path)
    stack.call("PATCH", path, body={"status": "final"})
    url = stack.call("GET", f"{path}/pdf").json()["url"]
    versions = bucket(stack).object_versions
    assert len(list(versions.filter(Prefix=made.json()["id"]))) == 2
    assert stack.call("DELETE", path).status_code == 204
    assert list(versions.filter(Prefix=made.json()["id"])) == []
    assert httpx.get(url, timeout=30).status_code == 404
    assert stack.call("GET", f"{path}/pdf").status_code == 404


def test_an_unknown_field_is_named(stack: Stack) -> None:
    answer = stack.call("POST", "/document-templates", body={"title": "T", "body": "{{ contact.lastname }}"})
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["field"], error["code"]) == (422, "body", "unknown_merge_field")
    assert "contact.last_name" in error["message"]
