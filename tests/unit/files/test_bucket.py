"""What callers are given: a form that takes one file only, and a download under any name."""

import base64
import json
from datetime import timedelta
from email.message import Message
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carebook.downloads import content_disposition
from carebook.files.bucket import FileBuckets
from carebook.files.model import Place, Status
from carebook.table import Table
from tests.fakes.examples import NOW, TABLE, contact
from tests.fakes.files import file_of


@pytest.fixture
def buckets(monkeypatch: pytest.MonkeyPatch) -> FileBuckets:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("CAREBOOK_QUARANTINE_BUCKET", "quarantine-bucket")
    monkeypatch.setenv("CAREBOOK_FILES_BUCKET", "files-bucket")
    return FileBuckets(Table(TABLE, region="us-east-1"))


def policy(fields: Any) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(base64.b64decode(fields["policy"]))
    return decoded


def test_a_form_takes_this_size_type_and_digest_under_this_name_and_nothing_else(buckets: FileBuckets) -> None:
    file = file_of(contact(), sha256="ab" * 32)
    form = buckets.upload_form(file, expires_at=NOW + timedelta(hours=1), now=NOW)
    conditions = policy(form.fields)["conditions"]
    assert ["content-length-range", file.size, file.size] in conditions
    assert {"Content-Type": "text/plain"} in conditions
    assert {"key": file.key} in conditions
    assert {"bucket": "quarantine-bucket"} in conditions
    assert {"x-amz-checksum-algorithm": "SHA256"} in conditions
    assert {"x-amz-checksum-sha256": base64.b64encode(b"\xab" * 32).decode()} in conditions
    assert set(form.fields) - {"policy", "x-amz-signature"} == {
        name for one in conditions if isinstance(one, dict) for name in one if name != "bucket"
    }


def test_without_a_digest_the_form_asks_for_none(buckets: FileBuckets) -> None:
    form = buckets.upload_form(file_of(contact()), expires_at=NOW + timedelta(hours=1), now=NOW)
    assert not [name for name in form.fields if "checksum" in name]


def test_only_a_clean_file_has_an_address(buckets: FileBuckets) -> None:
    awaited = file_of(contact())
    place = Place("files", awaited.key, "v1")
    for status in Status:
        file = file_of(contact(), status=status, place=place)
        if status is Status.CLEAN:
            assert "X-Amz-Expires=300" in buckets.download_url(file, seconds=300)
            assert "files-bucket" in buckets.download_url(file, seconds=300)
        else:
            with pytest.raises(ValueError, match="clean"):
                buckets.download_url(file, seconds=300)
    quarantined = file_of(contact(), status=Status.CLEAN, place=Place("quarantine", "k", "v"))
    with pytest.raises(ValueError, match="clean"):
        buckets.download_url(quarantined, seconds=300)


def saved_as(header: str) -> str:
    message = Message()
    message["Content-Disposition"] = header
    name = message.get_filename()
    assert name is not None
    return name


@pytest.mark.parametrize(
    "name",
    ["scan.pdf", 'a "quoted" name.pdf', "50% off; really.pdf", "Müller–Ångström.pdf", "診断書.pdf", "שלום.pdf",
     "🦷.png",
     "it's.txt", "a=b*c.txt", "(1).pdf"],
)  # fmt: skip
def test_a_download_is_saved_under_its_own_name(name: str) -> None:
    header = content_disposition(name)
    assert header.isascii()
    assert header.startswith("attachment; ")
    extended = header.partition("filename*=")[2]
    assert saved_as(f"attachment; filename*={extended}") == name


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=255))
def test_no_name_breaks_out_of_the_header(name: str) -> None:
    header = content_disposition(name)
    assert header.isascii()
    assert header.isprintable()
    plain = header.removeprefix('attachment; filename="').partition('"')[0]
    assert not set(plain) & set('"\\/;%')
    assert header.count('"') == 2
    assert ";" not in header.partition("filename*=")[2]
