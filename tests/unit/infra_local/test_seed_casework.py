"""The demo practices' work: written once, left alone afterwards, and finished when it was cut short."""

import json
from collections import Counter
from datetime import date
from typing import Any

import httpx
import pytest

from infra.local import calls, casework
from infra.local.calls import Practice
from infra.local.progress import LaptopStackError, Step
from infra.local.seed_casework import write_casework
from infra.local.users import HARBOR

TODAY = date(2026, 11, 25)
FORM = {"items": [{"upload": {"url": "http://bucket.example/quarantine", "fields": {"key": "k"}}}]}


class Api:
    """Lists in memory by their paths, with what was posted to them; one family, two physicians."""

    def __init__(self) -> None:
        self.lists: dict[str, list[dict[str, Any]]] = {
            "/v1/contacts": [
                {"id": "con_parent", "type": "parent_guardian", "last_name": "Diaz", "npi": None},
                {"id": "con_doctor", "type": "physician", "last_name": "Berg", "npi": "2345678906"},
                {"id": "con_nurse", "type": "physician", "last_name": "Cole", "npi": None},
            ]
        }
        self.changed: list[tuple[str, Any]] = []
        self.refused_at: str | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path, body = request.url.path, json.loads(request.content or b"null")
        if path == self.refused_at:
            return httpx.Response(422, text="refused")
        if request.method == "GET":
            return httpx.Response(200, json={"items": self.lists.get(path, []), "next_cursor": None})
        if request.method != "POST":
            self.changed.append((path, body))
            if request.method == "PUT":
                self.lists["/v1/contacts/con_parent/clients"] = [{"client": {"id": path.split("/")[3]}}]
            return httpx.Response(200, json={})
        if path.endswith("/uploads"):
            self.lists[path.replace("uploads", "files")] = body["files"]
            return httpx.Response(201, json=FORM)
        kept = self.lists.setdefault(path, [])
        kept.append({"id": f"{path.rpartition('/')[2]}_{len(kept)}", **body})
        return httpx.Response(201, json=kept[-1])

    def write(self) -> None:
        with Practice("http://api.example/v1", "token", httpx.MockTransport(self)) as practice:
            write_casework(practice, HARBOR, TODAY, Step("contacts"))

    @property
    def written(self) -> Counter[str]:
        return Counter({path: len(items) for path, items in self.lists.items()})


@pytest.fixture(autouse=True)
def posted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bytes]]:
    """What was posted straight to a bucket."""
    uploads: list[tuple[str, bytes]] = []

    def post(url: str, *, files: dict[str, bytes], **_: Any) -> httpx.Response:
        uploads.append((url, files["file"]))
        return httpx.Response(204)

    monkeypatch.setattr(httpx, "post", post)
    monkeypatch.setattr(calls, "FIRST_PAUSE", 0)
    return uploads


def test_a_parent_gets_a_child_and_a_referrer_work(posted: list[tuple[str, bytes]]) -> None:
    api = Api()
    api.write()
    (child,) = api.lists["/v1/clients"]
    assert child["last_name"] == "Diaz"
    (referral,) = api.lists[f"/v1/clients/{child['id']}/referrals"]
    assert referral["contact_id"] == "con_doctor"  # the other physician has no NPI
    assert api.lists["/v1/contacts/con_doctor/tasks"][0]["due_on"] == "2026-11-22"
    assert [one.get("title") for one in api.lists["/v1/contacts/con_doctor/documents"]] == [None, "Progress report"]
    ((url, content),) = posted
    assert (url, content[:5]) == ("http://bucket.example/quarantine", b"%PDF-")
    assert ("/v1/contacts/con_doctor/documents/documents_0", {"status": "final"}) in api.changed
    (link,) = [body for path, body in api.changed if path == f"/v1/clients/{child['id']}/contacts/con_parent"]
    assert link["cc_all_automated_messages"] is True


def test_what_is_there_is_left_alone(posted: list[tuple[str, bytes]]) -> None:
    api = Api()
    api.write()
    written, changed = api.written, list(api.changed)
    api.write()
    assert (api.written, api.changed, len(posted)) == (written, changed, 1)


def test_what_was_cut_short_is_finished(posted: list[tuple[str, bytes]]) -> None:
    whole, api = Api(), Api()
    whole.write()
    api.refused_at = "/v1/clients/clients_0/referrals"
    with pytest.raises(LaptopStackError, match="answered 422"):
        api.write()
    api.refused_at = None
    api.write()
    assert api.written == whole.written


def test_every_task_of_the_demo_is_of_a_day() -> None:
    days = [task["due_on"] for number in range(6) for task in casework.tasks(number, TODAY)]
    assert min(days) < TODAY.isoformat() < max(days)
