"""Files on moto, scanned by a real clamd."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest

from carebook.files import scanner as scanning
from carebook.files.definitions import DefinitionsBucket
from functions.files import scan_upload
from infra.local.progress import Step
from infra.local.scanner import install_clamav, publish_test_set
from tests.builders import Caller, Context, physician
from tests.integration.conftest import BUCKETS


@pytest.fixture(scope="session")
def clamd(aws: None) -> Iterator[None]:
    """ClamAV as the laptop stack has it, with definitions that know the EICAR test file; ended with the tests."""
    install_clamav(Step("clamav"))
    publish_test_set(DefinitionsBucket(boto3.client("s3"), BUCKETS["definitions"]))
    yield
    scan_upload.scanner().stop()
    scan_upload.scanner.cache_clear()
    scan_upload.run.cache_clear()


@pytest.fixture
def contact_id(director: Caller) -> str:
    made: str = director.post("/contacts?allow_duplicate=true", physician()).body["id"]
    return made


class Desk:
    """What somebody does with a contact's files, and what AWS does in between."""

    def __init__(self, caller: Caller, contact_id: str) -> None:
        self.caller = caller
        self.path = f"/contacts/{contact_id}"
        self.s3: Any = boto3.client("s3")

    def announce(self, content: bytes, *, name: str = "letter.txt", **fields: Any) -> dict[str, Any]:
        body = {"files": [{"name": name, "content_type": "text/plain", "size": max(len(content), 1)} | fields]}
        answer = self.caller.post(f"{self.path}/uploads", body)
        assert answer.status == 201, answer.text
        item: dict[str, Any] = answer.body["items"][0]
        return item

    def post(self, item: dict[str, Any], content: bytes) -> dict[str, Any]:
        """What the form does, and the event that S3 sends. moto looks at no policy."""
        key = item["upload"]["fields"]["key"]
        put = self.s3.put_object(Bucket=BUCKETS["quarantine"], Key=key, Body=content)
        return created_event(key, put["VersionId"], len(content))

    def upload(self, content: bytes, **fields: Any) -> str:
        """A file that is announced, posted and scanned; its id."""
        item = self.announce(content, **fields)
        assert deliver(self.post(item, content)) == []
        file_id: str = item["file"]["id"]
        return file_id

    def read(self, file_id: str) -> dict[str, Any]:
        answer = self.caller.get(f"{self.path}/files/{file_id}")
        assert answer.status == 200, answer.text
        file: dict[str, Any] = answer.body
        return file

    def objects(self, bucket: str = "") -> list[str]:
        """Every version and marker of this contact's account, in one bucket or all of people's."""
        found = []
        for name in [bucket] if bucket else ["files", "quarantine"]:
            listed = self.s3.list_object_versions(Bucket=BUCKETS[name], Prefix=f"{self.caller.account}/")
            found += [f"{name}:{one['Key']}" for kind in ("Versions", "DeleteMarkers") for one in listed.get(kind, ())]
        return found


@pytest.fixture
def desk(director: Caller, contact_id: str, clamd: None) -> Desk:
    return Desk(director, contact_id)


def created_event(key: str, version: str | None, size: int, *, bucket: str = BUCKETS["quarantine"]) -> dict[str, Any]:
    """An event "Object Created" as S3 sends it through EventBridge."""
    told = {"key": key, "size": size, "etag": "0" * 32, "version-id": version, "sequencer": "00617F08299329D189"}
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "111122223333",
        "time": "2026-11-23T22:47:51Z",
        "region": "us-east-1",
        "resources": [f"arn:aws:s3:::{bucket}"],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket},
            "object": {name: value for name, value in told.items() if value is not None},
            "request-id": "N4N7GDK58NMKJ12R",
            "requester": "111122223333",
            "source-ip-address": "1.2.3.4",
            "reason": "POST Object",
        },
    }


def deliver(*bodies: dict[str, Any], attempt: int = 1) -> list[str]:
    """Hand messages to the function, as the queue does; those that it wants again."""
    records = [
        {
            "messageId": str(number),
            "receiptHandle": f"handle-{number}",
            "body": json.dumps(body),
            "attributes": {"ApproximateReceiveCount": str(attempt)},
            "eventSource": "aws:sqs",
        }
        for number, body in enumerate(bodies)
    ]
    answer = scan_upload.handler({"Records": records}, Context(remaining_ms=300_000))
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def asked_again(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """After how many seconds failed messages are to come back."""
    pauses: list[int] = []
    monkeypatch.setattr(
        "carebook.files.queue.ScanRequests.again_in", lambda _self, _message, pause: pauses.append(pause)
    )
    return pauses


@pytest.fixture
def own_scanner(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[scanning.ClamAV]:
    """A scanner that a test may spoil."""
    scanner = scanning.ClamAV(DefinitionsBucket(desk.s3))
    monkeypatch.setattr(scan_upload.run(), "_scanner", scanner)
    yield scanner
    scanner.stop()


def sent_to_the_queue() -> dict[str, Any]:
    """The one message that the API has put into the queue of scans."""
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="carebook-test-scans")["QueueUrl"]
    (message,) = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    body: dict[str, Any] = json.loads(message["Body"])
    return body
