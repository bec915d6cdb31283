"""Files go where their contact goes: merged, unmerged, purged; and nothing of them stays behind."""

from datetime import timedelta
from typing import Any

import pytest

from carebook.instants import utcnow
from carebook.table import open_table
from functions.contacts import purge_archived
from tests.builders import Context, physician
from tests.integration.files.conftest import Desk, deliver, sent_to_the_queue
from tests.integration.files.test_expire_uploads import sweep


def another_contact(desk: Desk) -> str:
    made: str = desk.caller.post("/contacts?allow_duplicate=true", physician(first_name="Eva")).body["id"]
    return made


def merge(desk: Desk, survivor: str, how: str = "merge") -> None:
    answer = desk.caller.post(f"/contacts/{survivor}/{how}", {"duplicate_id": desk.path.removeprefix("/contacts/")})
    assert answer.status == 200, answer.text


def test_a_merge_takes_the_files_along_and_an_unmerge_brings_them_back_also_edited_ones(desk: Desk) -> None:
    file_id = desk.upload(b"hello")
    own = desk.path.removeprefix("/contacts/")
    survivor = another_contact(desk)
    merge(desk, survivor)
    moved = desk.caller.get(f"/contacts/{survivor}/files/{file_id}")
    assert (moved.status, moved.body["contact_id"]) == (200, survivor)
    assert desk.read(file_id)["contact_id"] == survivor  # by the old id
    assert desk.caller.patch(f"/contacts/{survivor}/files/{file_id}", {"name": "edited.txt"}).status == 200
    assert desk.caller.get(f"/contacts/{survivor}/files/{file_id}/download").status == 200
    merge(desk, survivor, "unmerge")
    back = desk.read(file_id)
    assert (back["contact_id"], back["name"], back["status"]) == (own, "edited.txt", "clean")
    assert desk.caller.get(f"/contacts/{survivor}/files").body["items"] == []


def test_an_upload_that_arrives_after_a_merge_is_found_where_its_file_is_now(desk: Desk) -> None:
    item = desk.announce(b"hello")
    event = desk.post(item, b"hello")
    survivor = another_contact(desk)
    merge(desk, survivor)
    assert deliver(event) == []
    file_id = item["file"]["id"]
    assert desk.caller.get(f"/contacts/{survivor}/files/{file_id}").body["status"] == "clean"
    merge(desk, survivor, "unmerge")
    assert desk.read(file_id)["status"] == "clean"
    assert deliver(event) == []
    assert len(desk.objects()) == 1


def test_a_scan_that_was_asked_for_while_merged_finds_the_file_after_the_unmerge(desk: Desk) -> None:
    file_id = desk.upload(b"hello")
    survivor = another_contact(desk)
    merge(desk, survivor)
    assert desk.caller.post(f"/contacts/{survivor}/files/{file_id}/rescan").status == 200
    asked = sent_to_the_queue()
    merge(desk, survivor, "unmerge")
    assert deliver(asked) == []
    assert desk.read(file_id)["status"] == "clean"


def test_what_waits_too_long_is_found_after_a_merge_that_was_undone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    awaited = desk.announce(b"hello")["file"]["id"]
    stuck = desk.upload(b"hello")
    survivor = another_contact(desk)
    merge(desk, survivor)
    assert desk.caller.patch(f"/contacts/{survivor}/files/{awaited}", {"description": "edited"}).status == 200
    assert desk.caller.post(f"/contacts/{survivor}/files/{stuck}/rescan").status == 200
    sent_to_the_queue()  # and lost
    merge(desk, survivor, "unmerge")
    assert sweep(monkeypatch, timedelta(minutes=76)) == 2
    assert (desk.read(awaited)["status"], desk.read(stuck)["status"]) == ("expired", "scan_failed")


def test_purging_a_contact_leaves_no_object_in_any_version(desk: Desk) -> None:
    desk.upload(b"hello")
    desk.post(desk.announce(b"never scanned"), b"never scanned")
    infected = desk.upload(b"MZ program", name="a.pdf", content_type="application/pdf")
    assert desk.read(infected)["status"] == "refused"
    assert len(desk.objects()) == 2
    assert desk.caller.delete(f"{desk.path}?purge=true").status == 204
    assert desk.objects() == []
    assert_nothing_left(desk)


def test_a_purge_that_stops_half_way_goes_on_at_its_next_run(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        desk.upload(b"hello %d" % number)
    calls: list[Any] = []
    from carebook.objects import StoredObjects

    delete = StoredObjects.delete

    def cut_short(self: StoredObjects, bucket: str, key: str) -> None:
        calls.append(key)
        if len(calls) == 3:
            raise ConnectionError
        delete(self, bucket, key)

    with monkeypatch.context() as patch:
        patch.setattr(StoredObjects, "delete", cut_short)
        assert desk.caller.delete(f"{desk.path}?purge=true").status == 500
    assert desk.caller.get(desk.path).status == 404
    assert len(desk.objects()) == 2
    assert purge_archived.handler({}, Context())["purged"] >= 1
    assert desk.objects() == []
    assert_nothing_left(desk)


def test_the_sweep_of_archived_contacts_deletes_their_objects(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.upload(b"hello")
    desk.caller.delete(desk.path)
    later = utcnow() + timedelta(days=31)
    monkeypatch.setattr(purge_archived, "utcnow", lambda: later)
    assert purge_archived.handler({}, Context())["purged"] >= 1
    assert desk.objects() == []
    assert_nothing_left(desk)


def test_an_upload_that_arrives_after_the_purge_is_removed(desk: Desk) -> None:
    item = desk.announce(b"hello")
    desk.caller.delete(f"{desk.path}?purge=true")
    assert deliver(desk.post(item, b"hello")) == []
    assert desk.objects() == []


def test_a_purge_takes_the_kept_answers_that_name_files(desk: Desk) -> None:
    body = {"files": [{"name": "Jane Doe HIV.txt", "content_type": "text/plain", "size": 5}]}
    desk.caller.post(f"{desk.path}/uploads", body, headers={"Idempotency-Key": "k"})
    desk.caller.delete(f"{desk.path}?purge=true")
    pk = f"A#{desk.caller.account}#IDEM"
    assert open_table().query(pk, limit=10) == []


def assert_nothing_left(desk: Desk) -> None:
    contact_id = desk.path.removeprefix("/contacts/")
    assert open_table().query(f"A#{desk.caller.account}#CON#{contact_id}", limit=10) == []
