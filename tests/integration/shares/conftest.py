"""Shares on moto: somebody who shares, somebody who got a link, and what was sent to them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from carebook.files.documents import file_from
from carebook.files.model import Finding, Place, Scan, Status
from carebook.files.store import TableFiles
from carebook.keys import file_key
from carebook.table import open_table
from functions.messages import deliver
from functions.shares import api, public
from tests.builders import Answer, Caller, Context, physician
from tests.integration.conftest import BUCKETS, handler_for
from tests.integration.press import call_in_process
from tests.messaging import NOON, FakeChannels, FakeProvider, queued_records

LINK = re.compile(r"https://share\.example/shares/([A-Za-z0-9_-]+)")
CODE = re.compile(r"\b\d{4} \d{4}\b|\b(?:\d, ){7}\d\b")


@dataclass
class Post:
    """What recipients got."""

    provider: FakeProvider = field(default_factory=FakeProvider)

    def deliver(self) -> None:
        while batch := queued_records():
            assert deliver.handler({"Records": batch}, Context(remaining_ms=60_000)) == {"batchItemFailures": []}

    @property
    def texts(self) -> list[str]:
        return [one.body for one in self.provider.sent]

    @property
    def token(self) -> str:
        """Out of the last link that arrived."""
        found: list[str] = [token for text in self.texts for token in LINK.findall(text)]
        return found[-1]

    @property
    def code(self) -> str:
        """The last code that arrived, as digits."""
        return re.sub(r"\D", "", [found for text in self.texts for found in CODE.findall(LINK.sub("", text))][-1])


@dataclass
class Sharer:
    """A member of staff with a contact, its files and documents."""

    caller: Caller
    contact_id: str
    post: Post

    @property
    def path(self) -> str:
        return f"/contacts/{self.contact_id}"

    def file(self, content: bytes = b"Hello", *, name: str = "report.txt", clean: bool = True) -> str:
        """A file that was uploaded and found clean, without a scanner."""
        new = {"name": name, "content_type": "text/plain", "size": len(content)}
        added = self.caller.post(f"{self.path}/uploads", {"files": [new]})
        file_id: str = added.body["items"][0]["file"]["id"]
        if clean:
            self.judge(file_id, Status.CLEAN, content)
        return file_id

    def judge(self, file_id: str, status: Status, content: bytes = b"Hello") -> None:
        row = open_table().get(file_key(self.caller.account, self.contact_id, file_id))
        assert row is not None
        file = file_from(self.caller.account, self.contact_id, row)
        put = boto3.client("s3").put_object(Bucket=BUCKETS["files"], Key=file.key, Body=content)
        place = Place("files", file.key, put["VersionId"])
        scan = Scan("ClamAV", "1", "clean" if status is Status.CLEAN else "infected", None, NOON)
        TableFiles(open_table()).replace(file, file.judged(Finding(status, scan), place, NOON), None)

    def document(self, *, final: bool = True) -> str:
        made = self.caller.post(f"{self.path}/documents", {"title": "Plan", "body": "Rest."}).body["id"]
        if final:
            finished = self.caller.patch(f"{self.path}/documents/{made}", {"status": "final"})
            assert finished.status == 200, finished.text
        return str(made)

    def share(self, *items: dict[str, str], headers: dict[str, str] | None = None, **fields: Any) -> Answer:
        chosen = list(items) or [{"file_id": self.file()}]
        return self.caller.post(f"{self.path}/shares", {"items": chosen} | fields, headers=headers)

    def shared(self, *items: dict[str, str], **fields: Any) -> str:
        """A share whose link and code have arrived; its path."""
        made = self.share(*items, **fields)
        assert made.status == 201, made.text
        self.post.deliver()
        return f"{self.path}/shares/{made.body['id']}"


@dataclass
class Recipient:
    """Somebody without a login."""

    caller: Caller

    def look(self, token: str, **headers: str) -> Answer:
        return self.caller.get(f"/shares/{token}", **headers)

    def open(self, token: str, code: str, **headers: str) -> Answer:
        return self.caller.post(f"/shares/{token}/open", {"code": code}, headers=headers)


class Clock:
    """The clock of everybody."""

    def __init__(self) -> None:
        self.now: datetime = NOON

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in (api, public, deliver):
        monkeypatch.setattr(module, "utcnow", lambda: clock.now)
    return clock


@pytest.fixture
def post(aws: None, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    post = Post()
    monkeypatch.setattr(deliver, "Providers", lambda: FakeChannels(post.provider))
    deliver.delivery.cache_clear()
    yield post
    deliver.delivery.cache_clear()


@pytest.fixture
def sharer(director: Caller, post: Post, monkeypatch: pytest.MonkeyPatch) -> Sharer:
    call_in_process(monkeypatch)
    director.patch("/settings", {"practice_name": "Lakeside"})
    return Sharer(director, director.post("/contacts", physician()).body["id"], post)


@pytest.fixture
def recipient(aws: None, clock: Clock) -> Recipient:
    return Recipient(Caller(handler_for, claims={"token_use": "none"}))


WRONG = "00000000"


def wrong_for(code: str) -> str:
    """A code that has the form of one and is not this."""
    return WRONG if code != WRONG else "11111111"
