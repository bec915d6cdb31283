"""Definitions that are old, new, wrong or cut short, and what each makes of an upload."""

from datetime import timedelta
from pathlib import Path

import pytest

from carebook.files import scanner as scanning
from carebook.files.definitions import DefinitionsBucket
from carebook.instants import utcnow
from functions.files import scan_upload
from infra.local.scanner import publish_test_set
from tests.integration.conftest import BUCKETS
from tests.integration.files.conftest import Desk, created_event, deliver, sent_to_the_queue


def test_definitions_that_are_too_old_are_none(
    desk: Desk, own_scanner: scanning.ClamAV, asked_again: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.upload(b"warm")
    later = utcnow() + scanning.OLDEST_DEFINITIONS + timedelta(hours=1)
    monkeypatch.setattr(scan_upload.run(), "_now", lambda: later)
    item = desk.announce(b"hello")
    event = desk.post(item, b"hello")
    assert deliver(event) == ["0"]
    assert desk.read(item["file"]["id"])["status"] == "scanning"
    assert not [place for place in desk.objects("files") if item["file"]["id"] in place]


def test_newer_definitions_are_taken_up_by_a_warm_environment(
    desk: Desk, own_scanner: scanning.ClamAV, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"something that nobody knew yesterday"
    assert desk.read(desk.upload(content))["status"] == "clean"
    newer = DefinitionsBucket(desk.s3)
    (tmp_path / "newer.ndb").write_text(f"Carebook.Newer:0:*:{content.hex()}\n")
    newer.publish(tmp_path, version="newer", built_at=utcnow())
    try:
        soon = utcnow() + timedelta(minutes=16)
        monkeypatch.setattr(scan_upload.run(), "_now", lambda: soon)
        file = desk.read(desk.upload(content))
        assert (file["status"], file["scan"]["definitions"]) == ("infected", "newer")
    finally:
        publish_test_set(newer)


def test_a_clean_file_that_newer_definitions_alert_to_lies_in_quarantine_until_they_are_put_right(
    desk: Desk, own_scanner: scanning.ClamAV, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"something that is taken for a threat"
    file_id = desk.upload(content)
    (clean,) = desk.objects()
    newer = DefinitionsBucket(desk.s3)
    (tmp_path / "false.ndb").write_text(f"Carebook.False:0:*:{content.hex()}\n")
    newer.publish(tmp_path, version="false", built_at=utcnow())
    moment = utcnow()
    try:
        monkeypatch.setattr(scan_upload.run(), "_now", lambda: moment + timedelta(minutes=16))
        desk.caller.post(f"{desk.path}/files/{file_id}/rescan")
        assert deliver(sent_to_the_queue()) == []
    finally:
        publish_test_set(newer)
    file = desk.read(file_id)
    assert (file["status"], file["reason"], file["scan"]["definitions"]) == ("infected", "malware", "false")
    assert desk.caller.get(f"{desk.path}/files/{file_id}/download").body["code"] == "file_not_clean"
    assert desk.objects() == [clean.replace("files:", "quarantine:")]
    key = clean.removeprefix("files:")
    back = desk.s3.list_object_versions(Bucket=BUCKETS["quarantine"], Prefix=key)["Versions"][0]["VersionId"]
    assert deliver(created_event(key, back, len(content))) == []  # S3 announces the copy as it does an upload
    assert desk.objects() == [clean.replace("files:", "quarantine:")]
    monkeypatch.setattr(scan_upload.run(), "_now", lambda: moment + timedelta(minutes=32))
    desk.caller.post(f"{desk.path}/files/{file_id}/rescan")
    assert deliver(sent_to_the_queue()) == []
    assert desk.read(file_id)["status"] == "clean"
    assert desk.objects() == [clean]
    assert desk.s3.get_object(Bucket=BUCKETS["files"], Key=key)["Body"].read() == content
    assert desk.caller.get(f"{desk.path}/files/{file_id}/download").status == 200


def test_definitions_that_are_not_what_the_manifest_says_are_none(
    desk: Desk, own_scanner: scanning.ClamAV, asked_again: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carebook.files.definitions.hashlib.sha256", lambda *_: __import__("hashlib").sha512())
    item = desk.announce(b"hello")
    assert deliver(desk.post(item, b"hello")) == ["0"]
    assert desk.read(item["file"]["id"])["status"] == "scanning"


def test_definitions_that_come_only_in_part_leave_nothing_on_the_disk(
    desk: Desk, own_scanner: scanning.ClamAV, asked_again: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []

    def cut(_self: DefinitionsBucket, _manifest: object, folder: Path) -> None:
        made.append(folder)
        (folder / "half.cvd").write_bytes(b"half")
        raise ConnectionError

    monkeypatch.setattr(DefinitionsBucket, "fetch", cut)
    item = desk.announce(b"hello")
    assert deliver(desk.post(item, b"hello")) == ["0"]
    assert len(made) == 1
    assert not made[0].parent.exists()
