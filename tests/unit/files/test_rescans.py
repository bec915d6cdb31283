"""Files that are scanned once more, and false alarms."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from carebook.errors import Conflict, Unavailable
from carebook.files.checking import conclude, failed, scan_file
from carebook.files.model import File, FileDetails, Place, Reason, Status
from tests.fakes.examples import NOW, contact
from tests.fakes.files import PlantedScanner, file_of
from tests.unit.files.desk import LATER, Desk


def rescan(desk: Desk, now: datetime = LATER) -> File:
    again = desk.current.rescanned(now)
    desk.files.replace(desk.current, again, None)
    return again


def scan_again(desk: Desk, looks_for: bytes, **changes: Any) -> File | None:
    """Another scan of the file as it is now, carried through."""
    again = rescan(desk)
    if changes:
        changed = replace(again, version=again.version + 1, **changes)
        desk.files.replace(again, changed, None)
        again = changed
    finding = scan_file(again, desk.buckets, PlantedScanner(looks_for), now=lambda: LATER)
    return conclude(desk.files, desk.buckets, again, finding, now=LATER)


def test_a_clean_file_is_unreadable_while_it_is_scanned_once_more_and_goes_back_to_quarantine_when_infected() -> None:
    desk = Desk(b"hello new threat")
    desk.event(desk.upload())
    desk.buckets.put(desk.file.key, b"hello new threat", bucket="files")  # as a renamed file has several
    rescan(desk)
    assert not desk.current.readable
    again = desk.current
    finding = scan_file(again, desk.buckets, PlantedScanner(b"new threat"), now=lambda: LATER)
    conclude(desk.files, desk.buckets, again, finding, now=LATER)
    assert (desk.current.status, desk.current.readable) == (Status.INFECTED, False)
    assert (desk.buckets.readable, desk.buckets.quarantined) == ([], [b"hello new threat"])
    assert list(desk.buckets.objects) == [desk.current.place]


def test_a_false_alarm_about_a_clean_file_is_put_right_by_another_scan() -> None:
    desk = Desk(b"hello new threat")
    desk.event(desk.upload())
    scan_again(desk, b"new threat")
    scan_again(desk, b"another")
    assert (desk.current.status, desk.current.readable) == (Status.CLEAN, True)
    assert list(desk.buckets.objects.items()) == [(desk.current.place, b"hello new threat")]


def test_a_false_alarm_costs_nobody_a_file_that_got_a_name_when_types_were_not_kept() -> None:
    desk = Desk(b"hello new threat")
    desk.event(desk.upload())
    name = replace(desk.current.details, name="letter.pdf")
    scan_again(desk, b"new threat", true_type=None, details=name, content_type="application/octet-stream")
    assert desk.current.status is Status.INFECTED
    scan_again(desk, b"another")
    assert (desk.current.status, desk.buckets.readable) == (Status.CLEAN, [b"hello new threat"])


def test_what_was_never_accepted_is_held_to_its_name_also_after_a_false_alarm() -> None:
    desk = Desk(b"MZ virus", details=FileDetails("tool.exe"), content_type="application/octet-stream")
    desk.event(desk.upload())
    scan_again(desk, b"another", details=FileDetails("lab.pdf"))
    assert (desk.current.status, desk.current.reason) == (Status.REFUSED, Reason.TYPE_MISMATCH)


def test_the_event_of_what_is_put_back_comes_again_when_the_record_does_not_tell_of_it_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk(b"hello new threat")
    desk.event(desk.upload())
    put_back = desk.buckets.put_back
    announced: list[Place] = []

    def and_announce(place: Place) -> Place:
        announced.append(put_back(place))
        with pytest.raises(Unavailable):
            desk.event(announced[0])
        return announced[0]

    monkeypatch.setattr(desk.buckets, "put_back", and_announce)
    scan_again(desk, b"new threat")
    assert desk.event(announced[0]) is None
    assert desk.current.status is Status.INFECTED
    assert list(desk.buckets.objects) == [desk.current.place] == announced


def test_of_two_runs_that_put_back_one_counts() -> None:
    desk = Desk(b"hello new threat")
    desk.event(desk.upload())
    again = rescan(desk)
    finding = scan_file(again, desk.buckets, PlantedScanner(b"new threat"), now=lambda: LATER)
    put_back = desk.buckets.put_back

    def other_run_first(place: Place) -> Place:
        desk.buckets.put_back = put_back  # type: ignore[method-assign]
        late = put_back(place)
        assert conclude(desk.files, desk.buckets, again, finding, now=LATER) is not None
        return late

    desk.buckets.put_back = other_run_first  # type: ignore[method-assign]
    assert conclude(desk.files, desk.buckets, again, finding, now=LATER) is None
    assert list(desk.buckets.objects) == [desk.current.place]


def test_a_file_that_is_deleted_while_it_is_put_back_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(b"hello new threat")
    desk.event(desk.upload())
    put_back = desk.buckets.put_back

    def and_delete(place: Place) -> Place:
        desk.delete()
        return put_back(place)

    monkeypatch.setattr(desk.buckets, "put_back", and_delete)
    assert scan_again(desk, b"new threat") is None
    assert desk.buckets.objects == {}


@pytest.mark.parametrize("reason", [Reason.SCAN_ERROR, Reason.TIMED_OUT])
def test_another_scan_that_comes_to_no_verdict_costs_nobody_the_file(reason: Reason) -> None:
    desk = Desk()
    desk.event(desk.upload())
    conclude(desk.files, desk.buckets, rescan(desk), failed("ClamAV", reason, now=LATER), now=LATER)
    assert (desk.current.status, desk.current.readable) == (Status.SCAN_FAILED, False)
    again = rescan(desk)
    finding = scan_file(again, desk.buckets, desk.scanner, now=lambda: LATER)
    conclude(desk.files, desk.buckets, again, finding, now=LATER)
    assert desk.current.status is Status.CLEAN
    assert (desk.buckets.readable, desk.buckets.quarantined) == ([b"hello"], [])


def test_a_name_that_a_clean_file_got_later_costs_nobody_the_file() -> None:
    desk = Desk()
    desk.event(desk.upload())
    renamed = desk.current.edited(replace(desk.current.details, name="letter.pdf"), LATER)
    desk.files.replace(desk.current, replace(renamed, content_type="application/octet-stream"), None)
    again = rescan(desk)
    finding = scan_file(again, desk.buckets, desk.scanner, now=lambda: LATER)
    conclude(desk.files, desk.buckets, again, finding, now=LATER)
    assert (desk.current.status, desk.buckets.readable) == (Status.CLEAN, [b"hello"])


def test_a_false_alarm_is_put_right_by_another_scan() -> None:
    desk = Desk(b"virus they said")
    desk.event(desk.upload())
    again = rescan(desk)
    finding = scan_file(again, desk.buckets, PlantedScanner(b"another"), now=lambda: LATER)
    conclude(desk.files, desk.buckets, again, finding, now=LATER)
    assert desk.current.status is Status.CLEAN
    assert (desk.buckets.readable, desk.buckets.quarantined) == ([b"virus they said"], [])


@pytest.mark.parametrize("status", [Status.AWAITING_UPLOAD, Status.SCANNING, Status.EXPIRED, Status.REFUSED])
def test_there_is_not_always_something_to_scan(status: Status) -> None:
    with pytest.raises(Conflict) as refused:
        file_of(contact(), status=status).rescanned(NOW)
    assert refused.value.code == "file_not_scannable"
