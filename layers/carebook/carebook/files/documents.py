"""A file's record as a JSON document, and back."""

from dataclasses import asdict
from typing import Any, Final

from carebook.files.model import File, FileDetails, Place, Reason, Scan, Status, TrueType
from carebook.identity import Person
from carebook.instants import instant, parse_instant
from carebook.items import Item
from carebook.keys import id_of_file, parse_object_key
from carebook.table import Row

FILE_KIND: Final = "file"
IN_SIGHT: Final = Item.kind == FILE_KIND  # and not a file being deleted, of which there are few


def file_document(file: File) -> dict[str, Any]:
    """All of a file but its key and version. ``objects`` is for whoever deletes the item: what to delete with it."""
    return {
        **file.details.to_document(),
        "content_type": file.content_type,
        "size": file.size,
        "sha256": file.sha256,
        "key": file.key,
        "status": file.status.value,
        "reason": file.reason and file.reason.value,
        "scan": None if file.scan is None else asdict(file.scan) | {"finished_at": instant(file.scan.finished_at)},
        "true_type": None if file.true_type is None else asdict(file.true_type),
        "place": None if file.place is None else asdict(file.place),
        "created_at": instant(file.created_at),
        "created_by": asdict(file.created_by),
        "updated_at": instant(file.updated_at),
        "due_at": None if file.due_at is None else instant(file.due_at),
        "changed": dict(file.changed),
        **({} if file.message_id is None else {"message_id": file.message_id}),
        "objects": {"quarantine": [file.key], "files": [file.key]},
    }


def file_from(account: str, contact_id: str, row: Row) -> File:
    """The file out of :func:`file_document`."""
    document = row.doc
    scan, place, due_at, reason = (document[name] for name in ("scan", "place", "due_at", "reason"))
    return File(
        id=id_of_file(row.key.sk),
        account=account,
        contact_id=contact_id,
        version=row.version,
        details=FileDetails(*(document[name] for name in FileDetails.__slots__)),
        content_type=document["content_type"],
        size=document["size"],
        sha256=document["sha256"],
        key=document["key"],
        status=Status(document["status"]),
        reason=reason and Reason(reason),
        scan=scan and Scan(**scan | {"finished_at": parse_instant(scan["finished_at"])}),
        true_type=TrueType(**document["true_type"]) if document.get("true_type") else None,
        place=place and Place(**place),
        created_at=parse_instant(document["created_at"]),
        created_by=Person(**document["created_by"]),
        updated_at=parse_instant(document["updated_at"]),
        due_at=due_at and parse_instant(due_at),
        changed=document["changed"],
        message_id=document.get("message_id"),
        came_from=row.came_from,
    )


def added_to(file: File) -> str:
    """The contact to which a file was added: the way to it wherever merges take it, and when they are undone."""
    owner = parse_object_key(file.key)
    return file.contact_id if owner is None else owner[1]
