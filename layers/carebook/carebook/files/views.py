"""Files in the shape that callers see."""

from collections.abc import Sequence
from typing import cast

from carebook.files.model import File
from carebook.files.ports import Form
from carebook.files.schemas import FileGroup, FileView, UploadView
from carebook.files.uploading import expires_at
from carebook.instants import instant


def file_view(file: File) -> FileView:
    """The whole record but where its bytes are."""
    scan = file.scan
    view = {
        "id": file.id,
        "contact_id": file.contact_id,
        "version": file.version,
        **file.details.to_document(),
        "content_type": file.content_type,
        "size": file.size,
        "sha256": file.sha256,
        "status": file.status.value,
        "reason": file.reason and file.reason.value,
        "scan": scan
        and {
            "engine": scan.engine,
            "definitions": scan.definitions,
            "verdict": scan.verdict,
            "signature": scan.signature,
            "finished_at": instant(scan.finished_at),
        },
        "created_at": instant(file.created_at),
        "updated_at": instant(file.updated_at),
        "created_by": {"id": file.created_by.id, "name": file.created_by.name},
        "message_id": file.message_id,
    }
    return cast("FileView", view)  # the resolver checks every answer against the schema


def upload_view(file: File, form: Form) -> UploadView:
    """A file and the form that uploads it."""
    return {
        "file": file_view(file),
        "upload": {"url": form.url, "fields": dict(form.fields)},
        "expires_at": instant(expires_at(file)),
    }


def group_view(category: str | None, files: Sequence[File]) -> FileGroup:
    """The files of one category."""
    return {"category": category, "files": [file_view(file) for file in files]}
