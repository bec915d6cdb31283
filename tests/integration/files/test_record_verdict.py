"""What GuardDuty says, all five of its results: one of them is clean."""

from typing import Any

import pytest

from functions.files import record_verdict
from tests.builders import Context
from tests.integration.conftest import BUCKETS
from tests.integration.files.conftest import Desk, deliver

RESULTS = {
    "NO_THREATS_FOUND": ("COMPLETED", None, None),
    "THREATS_FOUND": ("COMPLETED", [{"name": "EICAR-Test-File (not a virus)"}], None),
    "UNSUPPORTED": ("SKIPPED", None, ["PASSWORD_PROTECTED"]),
    "ACCESS_DENIED": ("SKIPPED", None, ["UNAUTHORIZED_TO_GET_OBJECT"]),
    "FAILED": ("FAILED", None, None),
}


@pytest.fixture(autouse=True)
def guardduty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAREBOOK_SCAN_ENGINE", "guardduty")


def said(key: str, version: str, result: str, **changes: Any) -> dict[str, Any]:
    """The event of the GuardDuty user guide."""
    status, threats, reasons = RESULTS.get(result, ("COMPLETED", None, None))
    return {
        "version": "0",
        "id": "72c7d362-737a-6dce-fc78-9e27a0171419",
        "detail-type": "GuardDuty Malware Protection Object Scan Result",
        "source": "aws.guardduty",
        "account": "111122223333",
        "time": "2026-11-28T01:01:01Z",
        "region": "us-east-1",
        "resources": ["arn:aws:guardduty:us-east-1:111122223333:malware-protection-plan/b4c7f464abEXAMPLE"],
        "detail": {
            "schemaVersion": "1.0",
            "scanStatus": status,
            "resourceType": "S3_OBJECT",
            "s3ObjectDetails": {
                "bucketName": BUCKETS["quarantine"], "objectKey": key, "eTag": "e", "versionId": version,
                "s3Throttled": False,
            },
            "scanResultDetails": {"scanResultStatus": result, "threats": threats, "statusReasons": reasons},
        } | changes,
    }  # fmt: skip


def uploaded(desk: Desk, content: bytes = b"hello", **fields: Any) -> tuple[str, str, str]:
    item = desk.announce(content, **fields)
    event = desk.post(item, content)
    assert deliver(event) == []  # only marks it: GuardDuty scans
    assert desk.read(item["file"]["id"])["status"] == "scanning"
    told = event["detail"]["object"]
    return item["file"]["id"], told["key"], told["version-id"]


@pytest.mark.parametrize(
    ("result", "status", "reason"),
    [
        ("NO_THREATS_FOUND", "clean", None),
        ("THREATS_FOUND", "infected", "malware"),
        ("UNSUPPORTED", "scan_failed", "encrypted"),
        ("ACCESS_DENIED", "scan_failed", "scan_error"),
        ("FAILED", "scan_failed", "scan_error"),
        ("SOMETHING_NEW", "scan_failed", "scan_error"),
    ],
)
def test_each_result_has_its_status(desk: Desk, result: str, status: str, reason: str | None) -> None:
    file_id, key, version = uploaded(desk)
    record_verdict.handler(said(key, version, result), Context())
    file = desk.read(file_id)
    assert (file["status"], file["reason"], file["scan"]["engine"]) == (status, reason, "GuardDuty")
    assert (desk.objects("files") != []) == (status == "clean")
    if status == "infected":
        assert file["scan"]["signature"] == "EICAR-Test-File (not a virus)"
    record_verdict.handler(said(key, version, result), Context())  # at least once, so also twice
    assert desk.read(file_id) == file


def test_a_clean_result_that_is_contradictory_is_none(desk: Desk) -> None:
    file_id, key, version = uploaded(desk)
    record_verdict.handler(said(key, version, "NO_THREATS_FOUND", scanStatus="SKIPPED"), Context())
    assert desk.read(file_id)["status"] == "scan_failed"


def test_a_program_named_pdf_is_refused_also_when_guardduty_finds_nothing(desk: Desk) -> None:
    file_id, key, version = uploaded(desk, b"MZ program", name="a.pdf", content_type="application/pdf")
    record_verdict.handler(said(key, version, "NO_THREATS_FOUND"), Context())
    file = desk.read(file_id)
    assert (file["status"], file["reason"]) == ("refused", "type_mismatch")
    assert desk.objects() == []


def test_a_result_may_come_before_the_event_of_the_upload(desk: Desk) -> None:
    item = desk.announce(b"hello")
    event = desk.post(item, b"hello")
    told = event["detail"]["object"]
    record_verdict.handler(said(told["key"], told["version-id"], "NO_THREATS_FOUND"), Context())
    assert desk.read(item["file"]["id"])["status"] == "clean"
    assert deliver(event) == []
    assert desk.read(item["file"]["id"])["status"] == "clean"


@pytest.mark.parametrize(
    ("key", "bucket"),
    [("malware-protection-resource-validation-object", BUCKETS["quarantine"]), ("a/b/c/d", BUCKETS["files"])],
)
def test_what_is_none_of_our_uploads_is_left_alone(desk: Desk, key: str, bucket: str) -> None:
    put = desk.s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    event = said(key, put["VersionId"], "THREATS_FOUND")
    event["detail"]["s3ObjectDetails"]["bucketName"] = bucket
    record_verdict.handler(event, Context())
    assert desk.s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"x"
    desk.s3.delete_object(Bucket=bucket, Key=key, VersionId=put["VersionId"])


def test_with_guardduty_a_file_is_scanned_once(desk: Desk) -> None:
    file_id, key, version = uploaded(desk)
    record_verdict.handler(said(key, version, "FAILED"), Context())
    answer = desk.caller.post(f"{desk.path}/files/{file_id}/rescan")
    assert (answer.status, answer.body["code"]) == (409, "file_not_scannable")
