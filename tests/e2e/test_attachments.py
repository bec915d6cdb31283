"""Attachments on the deployed stack: a file and a letter on their way to the carrier, byte for byte."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

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


def arrived(stack: Stack, to: str) -> list[tuple[str, str, bytes]]:
    """Name, type and content of what came with the only message to somebody."""
    with httpx.Client(base_url=stack.description["inbox_url"], timeout=30, trust_env=False) as inbox:
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
