"""What files and documents send to AWS: part (a), continued."""

from typing import Any, Final

import boto3

from benchmarks.observing import Target, Watch
from benchmarks.practice import BUCKETS, call, request

_FILES_API: Final = "files.api"
_DOCUMENTS_API: Final = "documents.api"
_VERDICTS: Final = "files.record_verdict"
_FILES: Final = 20  # on a contact
_CONTENT: Final = b"hello"


def watch_files(watch: Watch, contact_id: str) -> None:
    """Uploads, the verdict on one, and what is done with a clean file. Bytes go from and to the bucket alone."""
    path = f"/contacts/{contact_id}"
    for number in range(_FILES):
        _clean_file(path, number)
    described = [_described(number) for number in range(_FILES)]
    one_transaction = Target(sequential=2, transactions=1)
    for count in (1, _FILES):
        name = "files, announce an upload" if count == 1 else f"files, announce {count} uploads"
        body = {"category": "Lab", "files": described[:count]}
        watch(name, _FILES_API, request("POST", f"{path}/uploads", body), one_transaction)
    file_id, verdict = _announced(path, 0)
    watch("files, record a clean verdict", _VERDICTS, verdict, Target(transactions=2))
    call(_FILES_API, request("GET", f"{path}/files?limit=1"))  # the view of this hour, the secret that signs cursors
    watch("files, page of 20", _FILES_API, request("GET", f"{path}/files?limit=20"), Target(sequential=1))
    watch("files, by category", _FILES_API, request("GET", f"{path}/files?group_by=category"), Target(sequential=1))
    target = f"{path}/files/{file_id}"
    watch("file, get", _FILES_API, request("GET", target), Target(sequential=1))
    download = request("GET", f"{target}/download")
    watch("file, download", _FILES_API, download, Target(sequential=2))
    # Between reading and writing a copy within S3, so that nobody saves the file under its old name.
    rename = request("PATCH", target, {"name": "audiogram, final.pdf"})
    watch("file, rename", _FILES_API, rename, Target(sequential=3, transactions=1))
    watch("file, download after it was renamed", _FILES_API, download, Target(sequential=2))
    watch("file, delete", _FILES_API, request("DELETE", target))


def watch_documents(watch: Watch, contact_id: str) -> None:
    """A letter from its template to the final version. Its PDF is measured on its own."""
    path = f"/contacts/{contact_id}/documents"
    body = "Dear {{ contact.salutation }},\n\nthank you for your referral.\n"
    template = call(_DOCUMENTS_API, request("POST", "/document-templates", {"title": "Thanks", "body": body}))
    new = {"template_id": template["id"]}
    for _ in range(_FILES):
        call(_DOCUMENTS_API, request("POST", path, new))
    created = request("POST", path, new)
    watch("document from a template", _DOCUMENTS_API, created, Target(sequential=3, transactions=1))
    made = call(_DOCUMENTS_API, request("POST", path, new))
    call(_DOCUMENTS_API, request("GET", f"{path}?limit=1"))
    watch("documents, page of 20", _DOCUMENTS_API, request("GET", f"{path}?limit=20"), Target(sequential=1))
    target = f"{path}/{made['id']}"
    watch("document, get", _DOCUMENTS_API, request("GET", target), Target(sequential=1))
    edit = request("PATCH", target, {"body": "Dear all"})
    watch("document, patch", _DOCUMENTS_API, edit, Target(sequential=2, transactions=1))


def _described(number: int) -> dict[str, Any]:
    name = f"audiogram {number}.txt"
    return {"name": name, "content_type": "text/plain", "size": len(_CONTENT), "description": "Both ears"}


def _clean_file(path: str, number: int) -> None:
    _, verdict = _announced(path, number)
    call(_VERDICTS, verdict)


def _announced(path: str, number: int) -> tuple[str, dict[str, Any]]:
    """The id of a file that was announced and uploaded, and GuardDuty's event, which says that it is clean."""
    body = {"category": ("Lab", "Letters")[number % 2], "files": [_described(number)]}
    (item,) = call(_FILES_API, request("POST", f"{path}/uploads", body))["items"]
    key = item["upload"]["fields"]["key"]
    version = boto3.client("s3").put_object(Bucket=BUCKETS["quarantine"], Key=key, Body=_CONTENT)["VersionId"]
    told = {"bucketName": BUCKETS["quarantine"], "objectKey": key, "versionId": version}
    result = {"scanResultStatus": "NO_THREATS_FOUND", "threats": None, "statusReasons": None}
    detail = {"scanStatus": "COMPLETED", "s3ObjectDetails": told, "scanResultDetails": result}
    return item["file"]["id"], {"detail": detail}
