"""What each function of files asks of S3 and DynamoDB is what its role lets it do."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from carebook.files import freshclam
from carebook.files.bucket import FileBuckets
from carebook.files.definitions import DefinitionsBucket
from carebook.instants import utcnow
from carebook.items import NOT_THERE, make_item
from carebook.keys import Key, contact_pk
from carebook.table import open_table
from functions.contacts import purge_archived
from functions.files import expire_uploads, record_verdict, refresh_definitions, scan_upload
from tests.builders import Context
from tests.fakes.files import PlantedScanner
from tests.integration.calls.recording import recorded
from tests.integration.conftest import BUCKETS
from tests.integration.files.conftest import Desk, created_event, deliver, sent_to_the_queue
from tests.integration.files.test_record_verdict import said
from tests.template.test_roles import BUCKET_CALLS, CALLS

NAMES = {bucket: name for name, bucket in BUCKETS.items()}
VERSIONED = {"GetObject": "GetObjectVersion", "DeleteObject": "DeleteObjectVersion"}
PERMISSIONS = {"ListObjectVersions": "ListBucketVersions", "HeadObject": "GetObject"}


@contextmanager
def asked_of_buckets(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, set[str]]]:
    """The permissions that are used meanwhile, by bucket."""
    from botocore.client import BaseClient

    asked: dict[str, set[str]] = {}
    plain: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def note(bucket: str, permission: str) -> None:
        asked.setdefault(NAMES[bucket], set()).add(permission)

    def call(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
        if self.meta.service_model.service_name == "s3":
            permission = VERSIONED.get(operation, operation) if "VersionId" in parameters else operation
            if operation == "CopyObject":
                note(parameters["Bucket"], "PutObject")
                note(parameters["CopySource"]["Bucket"], "GetObjectVersion")
            else:
                note(parameters["Bucket"], PERMISSIONS.get(permission, permission))
        return plain(self, operation, parameters)

    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", call)
        yield asked


def allowed(function: str, *without: str) -> dict[str, set[str]]:
    """What the role allows, but for what is never called by that name: signed forms, what S3 looks at by itself."""
    return {
        bucket: left for bucket, permissions in BUCKET_CALLS[function].items() if (left := permissions - set(without))
    }


def test_the_files_function(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with recorded() as asked, asked_of_buckets(monkeypatch) as of_buckets:
        key = {"Idempotency-Key": "k"}
        upload = {"files": [{"name": "a.txt", "content_type": "text/plain", "size": 5}]}
        desk.caller.post(f"{desk.path}/uploads", upload, headers=key)
        refused: dict[str, Any] = {"files": []}
        desk.caller.post(f"{desk.path}/uploads", refused, headers={"Idempotency-Key": "refused"})
        (file,) = desk.caller.get(f"{desk.path}/files").body["items"]
        target = f"{desk.path}/files/{file['id']}"
        for path in (target, f"{target}/download", f"{desk.path}/files?group_by=category"):
            desk.caller.get(path)
        desk.caller.patch(target, {"name": "b.txt"})
        desk.caller.post(f"{target}/rescan", headers={"Idempotency-Key": "again"})
        desk.caller.delete(target)
        # A view of what is not there is taken back.
        assert replace(desk.caller, account="acc_other").get(f"{desk.path}/files").status == 404
    assert asked == CALLS["FilesApi"]
    for bucket in ("files", "quarantine"):
        assert of_buckets.get(bucket, set()) <= allowed("FilesApi")[bucket]


def test_the_files_function_gives_a_renamed_file_its_name(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    file_id = desk.upload(b"hello")
    target = f"{desk.path}/files/{file_id}"
    with asked_of_buckets(monkeypatch) as of_buckets:
        assert desk.caller.patch(target, {"name": "new.txt"}).status == 200
        assert desk.caller.get(f"{target}/download").status == 200
    assert of_buckets == {"files": {"GetObject", "GetObjectVersion", "PutObject"}}


def test_the_files_function_deletes_what_is_there(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    clean = desk.upload(b"hello")
    infected = desk.announce(b"x")
    desk.post(infected, b"x")
    with asked_of_buckets(monkeypatch) as of_buckets:
        for file_id in (clean, infected["file"]["id"]):
            desk.caller.delete(f"{desk.path}/files/{file_id}")
    assert of_buckets == allowed("FilesApi", "GetObject", "GetObjectVersion", "PutObject", "ListBucket")


def test_the_function_that_scans(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    scan_upload.scanner().stop()  # so that it fetches its definitions anew
    with recorded() as asked, asked_of_buckets(monkeypatch) as of_buckets:
        item = desk.announce(b"hello")
        asked.clear()
        key = item["upload"]["fields"]["key"]
        desk.s3.put_object(Bucket=BUCKETS["quarantine"], Key=key, Body=b"hello")
        of_buckets.clear()
        event = created_event(key, None, 5)
        deliver(event)
        desk.s3.put_object(Bucket=BUCKETS["quarantine"], Key=key, Body=b"hello")
        of_buckets["quarantine"].discard("PutObject")
        deliver(event)
        scanning = {place: set(calls) for place, calls in asked.items()}
        target = f"{desk.path}/files/{item['file']['id']}"
        desk.caller.post(f"{target}/rescan")
        again = sent_to_the_queue()
        asked.clear()
        deliver(again)  # reads it where it lies now
        desk.caller.post(f"{target}/rescan")
        again = sent_to_the_queue()
        asked.clear()
        with monkeypatch.context() as patch:
            patch.setattr(scan_upload.run(), "_scanner", PlantedScanner(b"hello"))
            deliver(again)  # puts it back
        put_back = "PutObject" in of_buckets["quarantine"]
        stray = desk.s3.put_object(Bucket=BUCKETS["quarantine"], Key="a/b/c/d", Body=b"hello")
        deliver(created_event("a/b/c/d", stray["VersionId"], 5))
        left = desk.s3.put_object(Bucket=BUCKETS["files"], Key="a/b/c/e", Body=b"left behind")
        stray = desk.s3.put_object(Bucket=BUCKETS["quarantine"], Key="a/b/c/e", Body=b"hello")
        deliver(created_event("a/b/c/e", stray["VersionId"], 5))
    assert left["VersionId"]
    assert put_back
    assert desk.read(item["file"]["id"])["status"] == "infected"
    assert scanning.keys() == {"table"}
    assert scanning["table"] | asked["table"] == CALLS["ScanUpload"]["table"]
    assert of_buckets == allowed("ScanUpload", "ListBucket")


def test_the_function_that_records_verdicts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (desk.announce(b"hello") for _ in range(2))
    events = [desk.post(item, b"hello")["detail"]["object"] for item in (first, second)]
    desk.caller.delete(f"{desk.path}/files/{second['file']['id']}")
    late = desk.post(second, b"hello")["detail"]["object"]
    desk.s3.put_object(Bucket=BUCKETS["files"], Key=late["key"], Body=b"left behind")
    with recorded() as asked, asked_of_buckets(monkeypatch) as of_buckets:
        for told in (events[0], late):
            record_verdict.handler(said(told["key"], told["version-id"], "NO_THREATS_FOUND"), Context())
    assert asked == CALLS["RecordVerdict"]
    assert of_buckets == allowed("RecordVerdict", "PutObjectTagging", "GetObjectVersionTagging")


def test_the_function_that_expires(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.announce(b"never")
    clean = desk.upload(b"hello")
    waiting = desk.announce(b"x")
    desk.post(waiting, b"x")
    with monkeypatch.context() as patch:
        patch.setattr("carebook.files.store.TableFiles.finish_deletion", lambda *_: 1 / 0)
        desk.caller.delete(f"{desk.path}/files/{clean}")
        desk.caller.delete(f"{desk.path}/files/{waiting['file']['id']}")
    later = utcnow() + timedelta(hours=2)
    monkeypatch.setattr(expire_uploads, "utcnow", lambda: later)
    with recorded() as asked, asked_of_buckets(monkeypatch) as of_buckets:
        assert expire_uploads.handler({}, Context(remaining_ms=300_000)) == {"settled": 3}
    assert asked == CALLS["ExpireUploads"]
    assert of_buckets == allowed("ExpireUploads")


def print_a_document(desk: Desk) -> None:
    """What a document that has been printed leaves: its item names an object of the documents bucket."""
    boto3.client("s3").put_object(Bucket=BUCKETS["documents"], Key="doc_printed", Body=b"%PDF-")
    contact_id = desk.path.removeprefix("/contacts/")
    printed = {"objects": {"documents": ["doc_printed"]}}
    item = make_item(Key(contact_pk(desk.caller.account, contact_id), "DOC#doc_printed"), "document", printed)
    assert open_table().put_if(item, NOT_THERE)


def test_a_purge(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for how in ("ContactsApi", "PurgeArchived"):
        desk.path = f"/contacts/{desk.caller.post('/contacts', {'type': 'other', 'last_name': how}).body['id']}"
        desk.upload(b"hello")
        desk.post(desk.announce(b"x"), b"x")
        print_a_document(desk)
        with asked_of_buckets(monkeypatch) as of_buckets:
            if how == "ContactsApi":
                desk.caller.delete(f"{desk.path}?purge=true")
            else:
                desk.caller.delete(desk.path)
                later = utcnow() + timedelta(days=31)
                monkeypatch.setattr(purge_archived, "utcnow", lambda at=later: at)
                purge_archived.handler({}, Context())
        assert of_buckets == allowed(how)


def test_the_function_that_refreshes_definitions(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With a freshclam that finds a new daily set, as there is no mirror here."""
    before = DefinitionsBucket(FileBuckets(open_table()).client).manifest()
    header = f"ClamAV-VDB:25 Nov 2026 08-00 +0000:27825:1:90:X:X:nobody:{int(utcnow().timestamp())}"

    def fetched(command: list[str], _seconds: int) -> None:
        configuration = Path(command[1].partition("=")[2])
        (configuration.parent / "sets" / "daily.cvd").write_bytes(header.encode().ljust(512) + b"signatures")

    monkeypatch.setattr(freshclam, "_run", fetched)
    try:
        with asked_of_buckets(monkeypatch) as of_buckets:
            assert refresh_definitions.handler({}, Context()) == {"version": "27825"}
        assert of_buckets == allowed("RefreshDefinitions", "ListBucket")
        manifest = DefinitionsBucket(desk.s3).manifest()
        assert manifest is not None
        assert [file.name for file in manifest.files] == ["daily.cvd"]
        assert utcnow() - manifest.built_at < timedelta(minutes=1)
    finally:
        from infra.local.scanner import publish_test_set

        with suppress(AttributeError):
            assert before is not None
        publish_test_set(DefinitionsBucket(boto3.client("s3"), BUCKETS["definitions"]))
        scan_upload.scanner().stop()
