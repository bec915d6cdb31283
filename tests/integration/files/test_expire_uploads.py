"""What waits for too long is settled: uploads that never came, events that were lost, scans that got stuck."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from carebook.instants import utcnow
from functions.files import expire_uploads
from tests.builders import Context
from tests.integration.files.conftest import Desk, deliver, sent_to_the_queue


def sweep(monkeypatch: pytest.MonkeyPatch, after: timedelta) -> int:
    at: datetime = utcnow() + after
    monkeypatch.setattr(expire_uploads, "utcnow", lambda: at)
    return expire_uploads.handler({}, Context(remaining_ms=300_000))["settled"]


def test_an_upload_that_does_not_come_within_an_hour_expires(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    file_id = desk.announce(b"hello")["file"]["id"]
    assert sweep(monkeypatch, timedelta(minutes=59)) == 0
    assert desk.read(file_id)["status"] == "awaiting_upload"
    assert sweep(monkeypatch, timedelta(minutes=76)) == 1
    assert desk.read(file_id)["status"] == "expired"
    assert desk.caller.get(f"{desk.path}/files/{file_id}/download").body["code"] == "file_not_clean"
    assert sweep(monkeypatch, timedelta(days=1)) == 0
    history = desk.caller.get(f"{desk.path}/history").body["items"]
    assert "file_expired" in [entry["action"] for entry in history]


def test_an_upload_whose_event_was_lost_is_scanned(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    item = desk.announce(b"hello")
    lost = desk.post(item, b"hello")
    assert sweep(monkeypatch, timedelta(minutes=76)) == 1
    assert desk.read(item["file"]["id"])["status"] == "scanning"
    assert deliver(sent_to_the_queue()) == []
    assert desk.read(item["file"]["id"])["status"] == "clean"
    assert deliver(lost) == []  # it comes after all
    assert len(desk.objects()) == 1


def test_a_scan_that_got_stuck_has_failed_and_can_be_asked_for_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    item = desk.announce(b"hello")
    event = desk.post(item, b"hello")
    file_id = item["file"]["id"]

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("carebook.files.scanning.scan_file", killed)
        with pytest.raises(KeyboardInterrupt):
            deliver(event)
    assert desk.read(file_id)["status"] == "scanning"
    assert sweep(monkeypatch, timedelta(minutes=29)) == 0
    assert sweep(monkeypatch, timedelta(minutes=31)) == 1
    file = desk.read(file_id)
    assert (file["status"], file["reason"]) == ("scan_failed", "timed_out")
    assert "StuckScans" in capsys.readouterr().out
    assert desk.objects("files") == []
    assert desk.caller.post(f"{desk.path}/files/{file_id}/rescan").body["status"] == "scanning"
    assert deliver(sent_to_the_queue()) == []
    assert desk.read(file_id)["status"] == "clean"
