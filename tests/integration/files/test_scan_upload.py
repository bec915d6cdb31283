"""Uploads through the real function and a real clamd."""

import io
import zipfile

import pytest

from infra.local.scanner import eicar
from tests.integration.conftest import BUCKETS
from tests.integration.files.conftest import Desk, created_event, deliver, sha256

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
