"""Attachments on the deployed stack: to the carrier, byte for byte; and with an answer, through the scan."""

import base64
from typing import Any
from uuid import uuid4

import httpx
import pytest

from infra.local.scanner import eicar
from tests.e2e.conftest import Stack
from tests.e2e.test_files import PDF, announce, described, post, settled
from tests.e2e.test_messages import until


@pytest.fixture
def address() -> str:
    return f"{uuid4().hex}@example.org"


@pytest.fixture
def contact_id(stack: Stack, address: str) -> str:
    new = {
        "type": "physician",
        "last_name": uuid4().hex,
        "emails": [{"address": address}],
        "phones": [{"number": f"(310) 555-{uuid4().int % 10_000:04}", "type": "fax"}],
    }
    added = stack.call("POST", "/contacts?allow_duplicate=true", body=new)
    assert added.status_code == 201, added.text
    made: str = added.json()["id"]
    return made


def clean_file(stack: Stack, contact_id: str, content: bytes = PDF, name: str = "report.pdf") -> str:
    (item,) = announce(stack, {"id": contact_id}, described(content, name, "application/pdf"))
    assert post(item, content).status_code == 204
    file = settled(stack, item)
    assert file["status"] == "clean", file
    found: str = file["id"]
    return found


def final_letter(stack: Stack, contact_id: str) -> tuple[str, bytes]:
    """A final document's id and its PDF."""
    new = {"title": "Thank you", "body": "Dear colleague"}
    path = stack.call("POST", f"/contacts/{contact_id}/documents", body=new).headers["Location"]
    assert stack.call("PATCH", path, body={"status": "final"}).status_code == 200
    url = stack.call("GET", f"{path}/pdf").json()["url"]
    return path.rpartition("/")[2], httpx.get(url, timeout=30).content


def inbox_of(stack: Stack) -> httpx.Client:
    return httpx.Client(base_url=stack.description["inbox_url"], timeout=60, trust_env=False)


def arrived(stack: Stack, to: str) -> list[tuple[str, str, bytes]]:
    """Name, type and content of what came with the only message to somebody."""
    with inbox_of(stack) as inbox:
        (message,) = inbox.get("/messages", params={"to": to}).raise_for_status().json()["items"]
        return [
            (one["name"], one["content_type"], inbox.get(one["url"]).raise_for_status().content)
            for one in message["attachments"]
        ]


def test_a_file_and_a_letter_arrive_by_email_and_fax_byte_for_byte(stack: Stack, contact_id: str, address: str) -> None:
    file_id, (document_id, letter) = clean_file(stack, contact_id), final_letter(stack, contact_id)
    body: dict[str, Any] = {
        "body": "See attached.",
        "methods": ["email", "fax"],
        "attachments": [{"file_id": file_id}, {"document_id": document_id}],
    }
    made = stack.call("POST", f"/contacts/{contact_id}/messages", body=body)
    assert made.status_code == 202, made.text
    found = until(stack, contact_id, lambda found: [one["status"] for one in found] == ["delivered"] * 2)
    fax = next(one["to"] for one in found if one["method"] == "fax").removeprefix("+")
    expected = [("report.pdf", "application/pdf", PDF), ("Thank you.pdf", "application/pdf", letter)]
    assert arrived(stack, address) == expected
    assert arrived(stack, f"{fax}@fax.example") == expected


def test_what_comes_with_an_answer_becomes_a_file_and_can_be_had_when_it_is_clean(
    stack: Stack, contact_id: str, address: str
) -> None:
    body = {"body": "Please send us the result.", "methods": ["email"]}
    assert stack.call("POST", f"/contacts/{contact_id}/messages", body=body).status_code == 202
    until(stack, contact_id, lambda found: found[0]["status"] == "delivered")
    files = [("result.pdf", "application/pdf", PDF), ("bad.txt", "text/plain", eicar())]
    attachments = [
        {"name": name, "content_type": content_type, "content": base64.b64encode(content).decode()}
        for name, content_type, content in files
    ]
    with inbox_of(stack) as inbox:
        (message,) = inbox.get("/messages", params={"to": address}).json()["items"]
        answer = {"text": "Here it is.", "attachments": attachments}
        inbox.post(f"/messages/{message['id']}/replies", json=answer).raise_for_status()
    found = until(stack, contact_id, lambda found: any(one["kind"] == "reply" for one in found))
    reply = next(one for one in found if one["kind"] == "reply")
    ids = [one["file_id"] for one in reply["attachments"]]
    kept = [settled(stack, {"file": {"id": file_id, "contact_id": contact_id}}) for file_id in ids]
    assert [(one["name"], one["status"], one["message_id"]) for one in kept] == [
        ("result.pdf", "clean", reply["id"]),
        ("bad.txt", "infected", reply["id"]),
    ]
    answers = [stack.call("GET", f"/contacts/{contact_id}/files/{file_id}/download") for file_id in ids]
    assert [one.status_code for one in answers] == [200, 409]
    assert httpx.get(answers[0].json()["url"], timeout=30).content == PDF
