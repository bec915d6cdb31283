"""An upload from its event to its verdict, with everything that can come twice, late, out of order or not at all."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from carebook.files.checking import conclude, scan_file, take_in
from carebook.files.model import File, FileDetails, Place, Reason, Status
from carebook.files.ports import Gone
from carebook.files.scanner import ScannerFailed
from tests.fakes.examples import ACCOUNT
from tests.unit.files.desk import LATER, Desk


def test_what_is_clean_moves_to_where_it_can_be_read() -> None:
    desk = Desk()
    desk.event(desk.upload())
    assert (desk.current.status, desk.current.reason) == (Status.CLEAN, None)
    assert desk.current.readable
    assert desk.current.sha256 == hashlib.sha256(b"hello").hexdigest()
    assert (desk.buckets.readable, desk.buckets.quarantined) == ([b"hello"], [])
    scan = desk.current.scan
    assert scan is not None
    assert (scan.engine, scan.definitions, scan.verdict, scan.signature) == ("Planted 1", "7", "clean", None)
    assert [entry.action for entry in desk.files.entries] == ["file_scanned"]


def test_what_is_renamed_while_it_is_scanned_is_saved_under_its_new_name() -> None:
    desk = Desk()
    file = take_in(desk.files, desk.buckets, desk.upload(), desk.owner, now=LATER)
    assert file is not None
    finding = scan_file(file, desk.buckets, desk.scanner, now=lambda: LATER)
    renamed = file.edited(replace(file.details, name="new.txt"), LATER)
    desk.files.replace(file, renamed, None)
    assert conclude(desk.files, desk.buckets, file, finding, now=LATER) is not None
    assert desk.current.readable
    assert desk.current.place in desk.buckets.objects
    assert desk.buckets.names[file.key] == "new.txt"
    assert (desk.buckets.readable, desk.buckets.quarantined) == ([b"hello"], [])


def test_what_is_infected_stays_in_quarantine() -> None:
    desk = Desk(b"a virus in it")
    desk.event(desk.upload())
    assert (desk.current.status, desk.current.reason) == (Status.INFECTED, Reason.MALWARE)
    assert not desk.current.readable
    assert (desk.buckets.readable, desk.buckets.quarantined) == ([], [b"a virus in it"])


@pytest.mark.parametrize(
    ("changes", "content", "reason"),
    [
        ({"content_type": "application/pdf", "details": FileDetails("a.pdf")}, b"MZ program", Reason.TYPE_MISMATCH),
        ({"sha256": "0" * 64}, b"hello", Reason.CHECKSUM_MISMATCH),
        ({"size": 4}, b"hello", Reason.CHECKSUM_MISMATCH),
        ({"size": 6}, b"hello", Reason.CHECKSUM_MISMATCH),
    ],
)
def test_what_is_not_what_was_announced_is_refused_and_removed(
    changes: dict[str, Any], content: bytes, reason: Reason
) -> None:
    desk = Desk(content, **changes)
    desk.event(desk.upload())
    assert (desk.current.status, desk.current.reason) == (Status.REFUSED, reason)
    assert (desk.buckets.readable, desk.buckets.quarantined) == ([], [])


def test_malware_is_called_malware_whatever_it_says_it_is() -> None:
    desk = Desk(b"MZ virus", content_type="application/pdf")
    desk.event(desk.upload())
    assert desk.current.reason is Reason.MALWARE


def test_an_event_that_comes_twice_changes_nothing() -> None:
    desk = Desk()
    place = desk.upload()
    desk.event(place)
    once = desk.current
    assert desk.event(place) is None
    assert desk.current == once
    assert desk.buckets.readable == [b"hello"]
    assert desk.scanner.scans == 1
    infected = Desk(b"virus")
    place = infected.upload()
    infected.event(place)
    assert infected.event(place) is None
    assert infected.buckets.quarantined == [b"virus"]


def test_two_runs_at_the_same_moment_give_one_verdict_and_leave_one_copy() -> None:
    desk = Desk()
    place = desk.upload()
    runs = [take_in(desk.files, desk.buckets, place, desk.owner, now=LATER) for _ in range(2)]
    files = [file for file in runs if file is not None]
    assert len(files) == 2
    findings = [scan_file(file, desk.buckets, desk.scanner, now=lambda: LATER) for file in files]
    concluded = [
        conclude(desk.files, desk.buckets, file, finding, now=LATER)
        for file, finding in zip(files, findings, strict=True)
    ]
    assert concluded[1] is None  # it came too late to copy
    assert desk.current == concluded[0]
    assert desk.buckets.readable == [b"hello"]


def test_of_two_copies_the_one_that_does_not_count_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    place = desk.upload()
    file = take_in(desk.files, desk.buckets, place, desk.owner, now=LATER)
    assert file is not None
    finding = scan_file(file, desk.buckets, desk.scanner, now=lambda: LATER)
    copy = desk.buckets.take_over

    def other_run_first(scanned: Place, _: File) -> Place:
        monkeypatch.setattr(desk.buckets, "take_over", copy)
        conclude(desk.files, desk.buckets, file, finding, now=LATER)
        return desk.buckets.put(scanned.key, b"hello", bucket="files")

    monkeypatch.setattr(desk.buckets, "take_over", other_run_first)
    assert conclude(desk.files, desk.buckets, file, finding, now=LATER) is None
    assert desk.current.readable
    assert list(desk.buckets.objects) == [desk.current.place]


def test_only_the_version_that_was_announced_first_is_ever_scanned() -> None:
    desk = Desk()
    first, second = desk.upload(), desk.upload(b"virus")
    desk.event(second)  # out of order: this one's event comes first, so this one counts
    desk.event(first)
    assert desk.current.status is not Status.CLEAN
    assert desk.buckets.readable == []
    clean = Desk()
    first, second = clean.upload(), clean.upload(b"virus")
    clean.event(first)
    clean.event(second)
    assert clean.current.status is Status.CLEAN
    assert (clean.buckets.readable, clean.buckets.quarantined) == ([b"hello"], [])


def test_an_upload_of_a_file_that_was_deleted_is_removed() -> None:
    desk = Desk()
    place = desk.upload()
    desk.delete()
    assert desk.event(place) is None
    assert desk.buckets.objects == {}
    assert desk.scanner.scans == 0


def test_a_file_that_is_deleted_during_its_scan_leaves_nothing() -> None:
    desk = Desk()
    place = desk.upload()
    file = take_in(desk.files, desk.buckets, place, desk.owner, now=LATER)
    assert file is not None
    finding = scan_file(file, desk.buckets, desk.scanner, now=lambda: LATER)
    desk.delete()
    assert conclude(desk.files, desk.buckets, file, finding, now=LATER) is None
    assert desk.buckets.objects == {}


@pytest.mark.parametrize("owner", [None, (ACCOUNT, "con_none", "fil_none")])
def test_an_object_that_nobody_announced_is_removed_unread(owner: tuple[str, str, str] | None) -> None:
    desk = Desk()
    place = desk.buckets.put("somebody/put/this/here", b"virus")
    assert take_in(desk.files, desk.buckets, place, owner, now=LATER) is None
    assert desk.buckets.objects == {}


def test_an_object_with_another_secret_than_the_files_is_nobodys() -> None:
    desk = Desk()
    place = desk.buckets.put(desk.file.key.replace("secret", "guessed"), b"hello")
    assert desk.event(place) is None
    assert desk.buckets.objects == {}
    assert desk.current.status is Status.AWAITING_UPLOAD


def test_bytes_that_vanish_before_they_are_copied_leave_the_verdict_open() -> None:
    """It is tried again, and then there is nothing to scan: that must not count as done."""
    desk = Desk()
    file = take_in(desk.files, desk.buckets, desk.upload(), desk.owner, now=LATER)
    assert file is not None
    finding = scan_file(file, desk.buckets, desk.scanner, now=lambda: LATER)
    desk.buckets.objects.clear()
    with pytest.raises(Gone):
        conclude(desk.files, desk.buckets, file, finding, now=LATER)
    assert desk.current == file


def test_without_a_verdict_nothing_moves() -> None:
    desk = Desk()
    place = desk.upload()
    desk.scanner.failure = ScannerFailed("no definitions")
    with pytest.raises(ScannerFailed):
        desk.event(place)
    assert desk.current.status == "scanning"
    assert (desk.buckets.readable, desk.buckets.quarantined) == ([], [b"hello"])
    desk.scanner.failure = None
    desk.event(place)  # it is tried again
    assert desk.current.status == "clean"


def test_an_edit_during_the_scan_is_kept_and_the_verdict_counts() -> None:
    desk = Desk()
    file = take_in(desk.files, desk.buckets, desk.upload(), desk.owner, now=LATER)
    assert file is not None
    finding = scan_file(file, desk.buckets, desk.scanner, now=lambda: LATER)
    edited = file.edited(replace(file.details, name="renamed.txt"), LATER)
    desk.files.replace(file, edited, None)
    conclude(desk.files, desk.buckets, file, finding, now=LATER)
    assert (desk.current.details.name, desk.current.status) == ("renamed.txt", Status.CLEAN)
    assert desk.buckets.readable == [b"hello"]


def test_a_name_that_it_gets_during_its_scan_is_no_way_around_the_check_of_types() -> None:
    desk = Desk(b"MZ program", details=FileDetails("tool.exe"), content_type="application/octet-stream")
    file = take_in(desk.files, desk.buckets, desk.upload(), desk.owner, now=LATER)
    assert file is not None
    finding = scan_file(file, desk.buckets, desk.scanner, now=lambda: LATER)
    assert finding.status is Status.CLEAN
    edited = file.edited(replace(file.details, name="lab.pdf"), LATER)
    desk.files.replace(file, edited, None)
    conclude(desk.files, desk.buckets, file, finding, now=LATER)
    assert (desk.current.status, desk.current.reason) == (Status.REFUSED, Reason.TYPE_MISMATCH)
    assert desk.buckets.objects == {}


def test_a_late_upload_of_an_expired_file_counts() -> None:
    desk = Desk()
    place = desk.upload()
    desk.files.replace(desk.file, desk.file.expired(LATER), None)
    desk.event(place)
    assert desk.current.status is Status.CLEAN
