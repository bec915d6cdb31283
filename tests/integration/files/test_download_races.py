"""A copy that gives a renamed file its new name, while the file goes from where it is read."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from carebook.contacts.store import TableContacts
from carebook.errors import Unavailable
from carebook.files.bucket import FileBuckets
from carebook.files.checking import conclude
from carebook.files.history import entry_of
from carebook.files.model import File, Finding, Reason, Scan, Status
from carebook.files.store import TableFiles
from carebook.instants import utcnow
from carebook.table import open_table
from tests.integration.conftest import BUCKETS
from tests.integration.files.conftest import Desk


def delete(desk: Desk, file: File) -> None:
    """What ``DELETE`` does; through the handler it would wait for the download that waits for it."""
    table = open_table()
    files, now = TableFiles(table), utcnow()
    contact, _ = TableContacts(table).find(file.account, file.contact_id)
    files.hide(file, entry_of("file_deleted", file, None, by=file.created_by, now=now), contact=contact, now=now)
    assert files.finish_deletion(file.account, file.contact_id, file.id)


def purge(desk: Desk, file: File) -> None:
    assert desk.caller.delete(f"{desk.path}?purge=true").status == 204


def find_infected(desk: Desk, file: File) -> None:
    table, now = open_table(), utcnow()
    files, scan = TableFiles(table), Scan("ClamAV", "newer", "infected", "Newer", now)
    again = file.rescanned(now)
    files.replace(file, again, None)
    found = Finding(Status.INFECTED, scan, Reason.MALWARE)
    assert conclude(files, FileBuckets(table), again, found, now=now + timedelta(seconds=1)) is not None


def rename_record(desk: Desk, file_id: str) -> None:
    """A rename that was cut short behind its record, or of before renames named the bytes too."""
    file = current(desk, file_id)
    named = replace(file.details, name="new.txt")
    TableFiles(open_table()).replace(file, file.edited(named, utcnow()), None)


def current(desk: Desk, file_id: str) -> File:
    found = TableFiles(open_table()).find(desk.caller.account, desk.path.removeprefix("/contacts/"), file_id)
    assert found is not None
    return found


def copying_once_the_versions_are_listed(
    monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], None]
) -> Callable[[], bool]:
    """The next copy within S3 begins before *meanwhile*, and ends when that has listed the versions that it deletes."""
    from botocore.client import BaseClient

    plain: Any = BaseClient._make_api_call  # type: ignore[attr-defined]
    waiting: list[Callable[[], Any]] = []
    landed: list[Any] = []

    def call(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
        if operation == "CopyObject" and not waiting:
            body = plain(self, "GetObject", parameters["CopySource"])["Body"].read()
            target = {name: parameters[name] for name in ("Bucket", "Key", "ContentDisposition", "ContentType")}
            waiting.append(lambda: plain(self, "PutObject", target | {"Body": body}))
            meanwhile()
            return landed[0]
        answer = plain(self, operation, parameters)
        of_files = operation == "ListObjectVersions" and parameters["Bucket"] == BUCKETS["files"]
        if of_files and waiting and not landed:
            landed.append(waiting[0]())
        return answer

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    return lambda: bool(landed)


@pytest.mark.parametrize(
    ("meanwhile", "status", "code"),
    [(delete, 404, "not_found"), (purge, 404, "not_found"), (find_infected, 409, "file_not_clean")],
)
def test_a_copy_that_lands_while_the_others_are_deleted_is_removed(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    meanwhile: Callable[[Desk, File], None],
    status: int,
    code: str,
) -> None:
    file_id = desk.upload(b"hello")
    target = f"{desk.path}/files/{file_id}"
    rename_record(desk, file_id)
    file = current(desk, file_id)
    with monkeypatch.context() as patch:
        landed = copying_once_the_versions_are_listed(patch, lambda: meanwhile(desk, file))
        answer = desk.caller.get(f"{target}/download")
        assert landed()
    assert (answer.status, answer.body["code"]) == (status, code)
    assert desk.objects("files") == []


def test_a_copy_of_which_nobody_can_say_whether_it_may_stay_is_removed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = desk.upload(b"hello")
    before = desk.objects()
    rename_record(desk, file_id)
    plain, copied = FileBuckets._copy, []

    def copy(self: FileBuckets, *given: Any) -> Any:
        copied.append(plain(self, *given))
        monkeypatch.setattr(TableContacts, "find", unavailable)
        return copied[0]

    def unavailable(*_: object) -> None:
        raise Unavailable("The table does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(FileBuckets, "_copy", copy)
        assert desk.caller.get(f"{desk.path}/files/{file_id}/download").status == 503
    assert len(copied) == 1
    assert desk.objects() == before


def saved_as(desk: Desk, file_id: str) -> str:
    """The name under which what lies there is saved."""
    found = desk.s3.get_object(Bucket=BUCKETS["files"], Key=current(desk, file_id).key)
    assert found["Body"].read() == b"hello"
    name: str = found["ContentDisposition"].partition("''")[2]
    return name


def test_a_renamed_file_is_saved_under_its_new_name_by_whoever_has_an_address(desk: Desk) -> None:
    file_id = desk.upload(b"hello", name="other patient.txt")
    assert desk.caller.patch(f"{desk.path}/files/{file_id}", {"name": "new.txt"}).status == 200
    assert saved_as(desk, file_id) == "new.txt"
    before = desk.objects()
    for patch in ({"name": "new.txt"}, {"description": "Looked at"}):
        assert desk.caller.patch(f"{desk.path}/files/{file_id}", patch).status == 200
    assert desk.objects() == before


def test_a_file_is_renamed_also_while_it_is_scanned_once_more(desk: Desk) -> None:
    file_id = desk.upload(b"hello")
    target = f"{desk.path}/files/{file_id}"
    assert desk.caller.post(f"{target}/rescan").status in {200, 202}
    assert desk.caller.patch(target, {"name": "new.txt"}).status == 200
    assert current(desk, file_id).status is Status.SCANNING
    assert saved_as(desk, file_id) == "new.txt"


def test_a_rename_whose_copy_fails_changes_nothing_and_can_be_repeated(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = desk.upload(b"hello")
    target, before = f"{desk.path}/files/{file_id}", desk.objects()
    with monkeypatch.context() as patch:
        patch.setattr(FileBuckets, "_copy", lambda *_, **__: 1 / 0)
        assert desk.caller.patch(target, {"name": "new.txt"}).status == 500
    assert (desk.read(file_id)["name"], desk.objects()) == ("letter.txt", before)
    assert desk.caller.patch(target, {"name": "new.txt"}).status == 200
    assert saved_as(desk, file_id) == "new.txt"


@pytest.mark.parametrize(("meanwhile", "status"), [(delete, 404), (find_infected, 200)])
def test_a_rename_leaves_no_copy_of_what_went_at_that_moment(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[Desk, File], None], status: int
) -> None:
    file_id = desk.upload(b"hello")
    file = current(desk, file_id)
    with monkeypatch.context() as patch:
        landed = copying_once_the_versions_are_listed(patch, lambda: meanwhile(desk, file))
        assert desk.caller.patch(f"{desk.path}/files/{file_id}", {"name": "new.txt"}).status == status
        assert landed()
    assert desk.objects("files") == []


def test_of_two_renames_at_the_same_moment_the_one_that_is_told_is_the_one_saved(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = desk.upload(b"hello")
    file, plain, copied = current(desk, file_id), FileBuckets._copy, []

    def copy(self: FileBuckets, *given: Any) -> Any:
        copied.append(plain(self, *given))
        if len(copied) == 1:  # somebody else is faster from here on
            named = file.edited(replace(file.details, name="theirs.txt"), utcnow())
            self.put_new_name(named)
            TableFiles(open_table()).replace(file, named, None)
        return copied[-1] if len(copied) > 2 else copied[0]

    monkeypatch.setattr(FileBuckets, "_copy", copy)
    target = f"{desk.path}/files/{file_id}"
    stale = desk.caller.patch(target, {"name": "mine.txt"}, headers={"If-Match": f'"{file.version}"'})
    assert stale.status == 412
    assert (desk.read(file_id)["name"], saved_as(desk, file_id)) == ("theirs.txt", "theirs.txt")
