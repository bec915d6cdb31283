"""The queue of scans: events of the bucket arrive there, and what is to be scanned once more. boto3 stops here."""

import json
from collections.abc import Mapping
from typing import Any

from carebook import environment
from carebook.files.documents import added_to
from carebook.files.model import File
from carebook.table import Table


class ScanRequests:
    """The queue, on SQS."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._made: Any = None

    def ask_for_scan(self, file: File) -> None:
        """Send the file's id; its record knows which object is meant."""
        body = {"scan": [file.account, added_to(file), file.id]}
        self._client.send_message(QueueUrl=environment.scan_queue_url(), MessageBody=json.dumps(body))

    def again_in(self, message: Mapping[str, Any], seconds: int) -> None:
        """Have a message back sooner than the queue would send it by itself."""
        self._client.change_message_visibility(
            QueueUrl=environment.scan_queue_url(), ReceiptHandle=message["receiptHandle"], VisibilityTimeout=seconds
        )

    @property
    def _client(self) -> Any:
        if self._made is None:
            self._made = self._table.connection.session.create_client("sqs", region_name=environment.region())
        return self._made


def announced(body: Mapping[str, Any]) -> tuple[str, str | None] | None:
    """Name and version of the object that an event "Object Created" of S3 tells of; None when it is no such event.

    S3 names the version; an emulator may not.
    """
    detail = body.get("detail") or {}
    told = detail.get("object") or {}
    bucket = (detail.get("bucket") or {}).get("name")
    if body.get("detail-type") != "Object Created" or bucket != environment.bucket_name("quarantine"):
        return None
    return told["key"], told.get("version-id")


def asked_for(body: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Account, contact and file of a message of :class:`ScanRequests`."""
    wanted = body.get("scan")
    return None if wanted is None else (wanted[0], wanted[1], wanted[2])
