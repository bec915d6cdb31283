"""Uploads through the real function and a real clamd."""

import io
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from carebook.files import scanner as scanning
from carebook.files.bucket import FileBuckets
from carebook.files.definitions import DefinitionsBucket
from carebook.instants import utcnow
from functions.files import scan_upload
from infra.local.scanner import eicar, publish_test_set
from tests.integration.conftest import BUCKETS
from tests.integration.files.conftest import Desk, created_event, deliver, sha256
from tests.template.reading import ROOT

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
SIGNATURE = "Carebook.Test.EICAR.UNOFFICIAL"


def zipped(content: bytes, name: str = "inside") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return made.getvalue()


def encrypted_zip(content: bytes) -> bytes:
    """A zip whose one member is marked as encrypted; its content is noise, as nobody has the password."""
    plain = zipped(content)
    marked = bytearray(plain)
    for start, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        marked[plain.index(start) + flags] |= 1
    return bytes(marked)


def behind(megabytes: int, content: bytes) -> bytes:
    """A zip of some kilobytes that unpacks to so much of nothing, and *content* at its end."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("nothing", "w") as member:
        for _ in range(megabytes):
            member.write(bytes(1024 * 1024))
        member.write(content)
    return made.getvalue()


def test_a_clean_file_can_be_downloaded_and_is_what_was_sent(desk: Desk) -> None:
    file_id = desk.upload(PDF, name="scan.pdf", content_type="application/pdf", sha256=sha256(PDF))
    file = desk.read(file_id)
    assert (file["status"], file["reason"], file["sha256"]) == ("clean", None, sha256(PDF))
    assert file["scan"]["engine"].startswith("ClamAV ")
    assert (file["scan"]["verdict"], file["scan"]["signature"]) == ("clean", None)
    assert file["scan"]["definitions"]
    answer = desk.caller.get(f"{desk.path}/files/{file_id}/download")
    assert answer.status == 200
    (place,) = desk.objects()
    assert place.startswith("files:")
    stored = desk.s3.get_object(Bucket=BUCKETS["files"], Key=place.removeprefix("files:"))["Body"].read()
    assert stored == PDF
    assert place.removeprefix("files:") in answer.body["url"]


@pytest.mark.parametrize(
    ("content", "content_type", "reason"),
    [
        (eicar(), "text/plain", "malware"),
        (zipped(zipped(eicar())), "application/zip", "malware"),
        (encrypted_zip(b"hello"), "application/zip", "encrypted"),
        (behind(512, b""), "application/zip", "limits_exceeded"),
        (behind(512, eicar()), "application/zip", "limits_exceeded"),
        (behind(150, eicar()), "application/zip", "malware"),
    ],
    ids=["EICAR", "EICAR in a zip in a zip", "encrypted zip", "zip bomb", "EICAR in a bomb", "EICAR behind nothing"],
)
def test_what_clamav_alerts_to_can_be_read_by_nobody(
    desk: Desk, content: bytes, content_type: str, reason: str
) -> None:
    file_id = desk.upload(content, name="file", content_type=content_type)
    file = desk.read(file_id)
    assert (file["status"], file["reason"]) == ("infected", reason)
    if reason == "malware":
        assert file["scan"]["signature"] == SIGNATURE
    else:
        assert file["scan"]["signature"].startswith("Heuristics.")
    answer = desk.caller.get(f"{desk.path}/files/{file_id}/download")
    assert (answer.status, answer.body["code"]) == (409, "file_not_clean")
    assert desk.objects("files") == []


def test_a_pdf_that_was_cut_short_is_clean_and_comes_back_as_it_came(desk: Desk) -> None:
    assert desk.read(desk.upload(PDF[:20], name="a.pdf", content_type="application/pdf"))["status"] == "clean"


def test_a_program_named_pdf_is_refused_for_its_own_reason(desk: Desk) -> None:
    file = desk.read(desk.upload(b"MZ" + bytes(200), name="a.pdf", content_type="application/pdf"))
    assert (file["status"], file["reason"], file["scan"]["verdict"]) == ("refused", "type_mismatch", "clean")
    assert desk.objects() == []


def test_a_program_does_not_get_the_name_of_a_pdf_later(desk: Desk) -> None:
    file_id = desk.upload(b"MZ" + bytes(200), name="tool.exe", content_type="application/octet-stream")
    target = f"{desk.path}/files/{file_id}"
    assert desk.read(file_id)["status"] == "clean"
    refused = desk.caller.patch(target, {"name": "lab.pdf"})
    assert refused.status == 422
    assert [(error["field"], error["code"]) for error in refused.body["errors"]] == [("name", "ending_not_its_type")]
    assert (desk.read(file_id)["name"], desk.read(file_id)["version"]) == ("tool.exe", 3)
    assert desk.caller.patch(target, {"name": "setup.exe"}).status == 200


def test_another_content_than_announced_is_refused(desk: Desk) -> None:
    item = desk.announce(b"hello", sha256=sha256(b"hello"))
    deliver(desk.post(item, b"jello"))
    file = desk.read(item["file"]["id"])
    assert (file["status"], file["reason"]) == ("refused", "checksum_mismatch")
    assert desk.objects() == []


def test_an_event_that_comes_again_and_again_changes_nothing(desk: Desk) -> None:
    item = desk.announce(b"hello")
    event = desk.post(item, b"hello")
    assert deliver(event, event) == []
    once = desk.read(item["file"]["id"])
    assert deliver(event) == []
    assert desk.read(item["file"]["id"]) == once
    assert len(desk.objects("files")) == 1
    assert desk.objects("quarantine") == []


def test_what_can_be_read_is_the_very_version_that_was_scanned(desk: Desk) -> None:
    """The form can be posted again at any moment; what comes then must not pass as what was found clean."""
    item = desk.announce(b"hello")
    event = desk.post(item, b"hello")
    later = desk.post(item, b"virus")
    assert deliver(event) == []
    key = item["upload"]["fields"]["key"]
    assert desk.s3.get_object(Bucket=BUCKETS["files"], Key=key)["Body"].read() == b"hello"
    assert deliver(later) == []
    assert desk.objects() == [f"files:{key}"]


def test_an_event_without_a_version_means_what_lies_there(desk: Desk) -> None:
    item = desk.announce(b"hello")
    desk.post(item, b"hello")
    key = item["upload"]["fields"]["key"]
    deliver(created_event(key, None, 5))
    assert desk.read(item["file"]["id"])["status"] == "clean"
    assert deliver(created_event(key, None, 5)) == []


def test_what_nobody_announced_is_removed_and_counted(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    for key in (f"{desk.caller.account}/somebody's name.pdf", f"{desk.caller.account}/a/b/c"):
        put = desk.s3.put_object(Bucket=BUCKETS["quarantine"], Key=key, Body=b"hello")
        assert deliver(created_event(key, put["VersionId"], 5)) == []
    assert desk.objects() == []
    told = capsys.readouterr()
    assert "UnexpectedUploads" in told.out
    assert "somebody" not in told.out + told.err


def test_an_upload_of_a_deleted_file_is_removed(desk: Desk) -> None:
    item = desk.announce(b"hello")
    event = desk.post(item, b"hello")
    assert desk.caller.delete(f"{desk.path}/files/{item['file']['id']}").status == 204
    assert deliver(event) == []
    assert desk.objects() == []


def test_an_event_of_another_bucket_or_kind_is_left_alone(desk: Desk) -> None:
    assert deliver(created_event("a/b/c/d", "v", 1, bucket=BUCKETS["files"]), {"detail-type": "Object Deleted"}) == []


@pytest.fixture
def own_scanner(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[scanning.ClamAV]:
    """A scanner that a test may spoil."""
    scanner = scanning.ClamAV(DefinitionsBucket(desk.s3))
    monkeypatch.setattr(scan_upload.run(), "_scanner", scanner)
    yield scanner
    scanner.stop()


def pid_of_clamd(scanner: scanning.ClamAV) -> int:
    keeper = scanner._keeper
    assert keeper is not None
    found = subprocess.run(["pgrep", "-P", str(keeper.pid), "clamd"], capture_output=True, text=True, check=True)
    return int(found.stdout.split()[0])


def test_a_clamd_that_died_is_started_anew(desk: Desk, own_scanner: scanning.ClamAV) -> None:
    desk.upload(b"hello")
    first = pid_of_clamd(own_scanner)
    os.kill(first, signal.SIGKILL)
    assert desk.read(desk.upload(b"hello again"))["status"] == "clean"
    assert pid_of_clamd(own_scanner) != first


def test_neither_clamd_nor_its_folder_outlives_who_started_it(desk: Desk) -> None:
    """As when Lambda, or whoever runs the laptop stack, kills an environment."""
    script = (
        "import os, signal, sys\n"
        "from carebook.files.definitions import Manifest\n"
        "from carebook.files.scanner import ClamAV\n"
        "from carebook.instants import utcnow\n"
        "class Made:\n"
        "    def manifest(self): return Manifest('x', utcnow(), ())\n"
        "    def fetch(self, _, folder): (folder / 'x.hdb').write_text('0' * 32 + ':9:X\\n')\n"
        "scanner = ClamAV(Made())\n"
        "scanner.scan([b'hello'], now=utcnow())\n"
        "print(scanner._folder, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "layers/carebook")}
    run = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == -signal.SIGKILL, run.stderr
    folder = Path(run.stdout.strip())
    until = time.monotonic() + 10
    while folder.exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not folder.exists()
    assert not subprocess.run(["pgrep", "-f", str(folder)], capture_output=True, check=False).stdout


def test_a_clamd_that_dies_in_the_middle_gives_no_verdict_and_the_next_try_does(
    desk: Desk, own_scanner: scanning.ClamAV, asked_again: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.upload(b"warm")
    item = desk.announce(bytes(3_000_000), content_type="application/octet-stream", name="data")
    event = desk.post(item, bytes(3_000_000))
    buckets = scan_upload.run()._buckets
    whole = type(buckets).read

    def deadly(self: Any, place: Any) -> Iterator[bytes]:
        for number, chunk in enumerate(whole(self, place)):
            if number == 3:
                os.kill(pid_of_clamd(own_scanner), signal.SIGKILL)
            yield chunk

    with monkeypatch.context() as patch:
        patch.setattr(type(buckets), "read", deadly)
        assert deliver(event) == ["0"]
    assert desk.read(item["file"]["id"])["status"] == "scanning"
    assert not [place for place in desk.objects("files") if item["file"]["id"] in place]
    assert asked_again == [15]
    assert deliver(event, attempt=2) == []
    assert desk.read(item["file"]["id"])["status"] == "clean"


def test_a_clamd_that_hangs_in_the_middle_is_ended_at_the_deadline_and_the_next_try_gives_the_verdict(
    desk: Desk, own_scanner: scanning.ClamAV, asked_again: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.upload(b"warm")
    hanging = pid_of_clamd(own_scanner)
    item = desk.announce(b"hello")
    event = desk.post(item, b"hello")
    whole = FileBuckets.read

    def stopping(self: FileBuckets, place: Any) -> Iterator[bytes]:
        os.kill(hanging, signal.SIGSTOP)
        yield from whole(self, place)

    with monkeypatch.context() as patch:
        patch.setattr(FileBuckets, "read", stopping)
        patch.setattr(scanning, "_SCAN_WITHIN_SECONDS", 0.5)
        assert deliver(event) == ["0"]
    assert not Path(f"/proc/{hanging}").exists()
    assert desk.read(item["file"]["id"])["status"] == "scanning"
    assert deliver(event, attempt=2) == []
    assert desk.read(item["file"]["id"])["status"] == "clean"


def test_a_clamd_that_hangs_between_scans_is_started_anew(
    desk: Desk, own_scanner: scanning.ClamAV, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.upload(b"warm")
    hanging = pid_of_clamd(own_scanner)
    os.kill(hanging, signal.SIGSTOP)
    monkeypatch.setattr(scanning, "_ANSWER_WITHIN_SECONDS", 1.0)
    assert desk.read(desk.upload(b"hello"))["status"] == "clean"
    assert pid_of_clamd(own_scanner) != hanging
    assert not Path(f"/proc/{hanging}").exists()


def test_after_the_last_try_the_file_counts_as_not_scanned_and_a_rescan_helps(
    desk: Desk, own_scanner: scanning.ClamAV, asked_again: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    item = desk.announce(b"hello")
    event = desk.post(item, b"hello")
    file_id = item["file"]["id"]
    with monkeypatch.context() as patch:
        patch.setattr(own_scanner, "_definitions", DefinitionsBucket(desk.s3, BUCKETS["documents"]))  # none there
        for attempt in (1, 2, 3):
            assert deliver(event, attempt=attempt) == ["0"]
            assert desk.read(file_id)["status"] == "scanning"
        assert deliver(event, attempt=4) == ["0"]  # and so it goes to the dead-letter queue
    file = desk.read(file_id)
    assert (file["status"], file["reason"], file["scan"]["verdict"]) == ("scan_failed", "scan_error", "error")
    assert asked_again == [15, 30, 45]
    assert desk.caller.get(f"{desk.path}/files/{file_id}/download").status == 409
    assert desk.objects("files") == []
    again = desk.caller.post(f"{desk.path}/files/{file_id}/rescan")
    assert (again.status, again.body["status"]) == (200, "scanning")
    assert deliver(sent_to_the_queue()) == []
    assert desk.read(file_id)["status"] == "clean"


def test_a_clean_file_whose_other_scan_fails_is_kept_and_comes_back(
    desk: Desk, own_scanner: scanning.ClamAV, asked_again: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = desk.upload(b"hello")
    desk.caller.post(f"{desk.path}/files/{file_id}/rescan")
    with monkeypatch.context() as patch:
        patch.setattr(own_scanner, "_definitions", DefinitionsBucket(desk.s3, BUCKETS["documents"]))  # none there
        patch.setattr(own_scanner, "_manifest", None)
        assert deliver(sent_to_the_queue(), attempt=4) == ["0"]
    assert desk.read(file_id)["status"] == "scan_failed"
    assert desk.caller.get(f"{desk.path}/files/{file_id}/download").status == 409
    desk.caller.post(f"{desk.path}/files/{file_id}/rescan")
    assert deliver(sent_to_the_queue()) == []
    assert desk.read(file_id)["status"] == "clean"
    assert len(desk.objects("files")) == 1


def sent_to_the_queue() -> dict[str, Any]:
    import json

    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="carebook-test-scans")["QueueUrl"]
    (message,) = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    body: dict[str, Any] = json.loads(message["Body"])
    return body


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
