"""What a clamd that dies or hangs, and the last of all tries, make of an upload."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from carebook.files import scanner as scanning
from carebook.files.bucket import FileBuckets
from carebook.files.definitions import DefinitionsBucket
from functions.files import scan_upload
from tests.integration.conftest import BUCKETS
from tests.integration.files.conftest import Desk, deliver, sent_to_the_queue
from tests.template.reading import ROOT


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
