"""HTTP: /contacts/{contact_id}/uploads and /files."""

import secrets
from functools import lru_cache, partial
from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook import keys
from carebook.contacts.store import TableContacts
from carebook.environment import scan_engine
from carebook.errors import Conflict
from carebook.files import service
from carebook.files.bucket import FileBuckets
from carebook.files.model import grouped
from carebook.files.queue import ScanRequests
from carebook.files.reading import new_files, read_details
from carebook.files.schemas import DownloadView, FileFields, FilePage, FileView, NewUploads, UploadsView
from carebook.files.store import TableFiles
from carebook.files.uploading import add_uploads
from carebook.files.views import file_view, group_view, upload_view
from carebook.http.api import Api, answer, no_content
from carebook.http.patches import MergePatch
from carebook.identity import Permission
from carebook.instants import instant, utcnow
from carebook.table import open_table

api = Api()
Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query()]


@lru_cache(maxsize=1)
def contacts() -> TableContacts:
    return TableContacts(open_table())


@lru_cache(maxsize=1)
def files() -> TableFiles:
    table = open_table()
    table.connect()  # threads that read side by side share its client
    return TableFiles(table)


@lru_cache(maxsize=1)
def buckets() -> FileBuckets:
    return FileBuckets(open_table())


@lru_cache(maxsize=1)
def queue() -> ScanRequests:
    return ScanRequests(open_table())


def act(contact_id: str, file_id: str) -> service.Act:
    principal = api.principal
    principal.require(Permission.USE_CONTACTS)
    version = api.expected_version
    return service.Act(principal.account, contact_id, file_id, principal.person, utcnow(), version)


@api.post(
    "/contacts/<contact_id>/uploads",
    tags=["files"],
    summary="Announce files and get forms to upload them",
    status_code=201,
)
def announce(contact_id: str, new: Annotated[NewUploads, Body()]) -> Response[UploadsView]:
    principal = api.principal
    principal.require(Permission.USE_CONTACTS)
    made = add_uploads(
        contacts(),
        files(),
        buckets(),
        account=principal.account,
        contact_id=contact_id,
        read=partial(new_files, new),
        new_secret=partial(secrets.token_urlsafe, 24),
        object_key=keys.object_key,
        by=principal.person,
        now=utcnow(),
        request=api.once,
    )
    location = {"Location": f"/contacts/{contact_id}/files"}
    return answer({"items": [upload_view(file, form) for file, form in made]}, status=201, headers=location)


@api.get("/contacts/<contact_id>/files", tags=["files"], summary="List a contact's files, newest first or by category")
def list_all(
    contact_id: str,
    category: Annotated[str | None, Query()] = None,
    group_by: Annotated[Literal["category"] | None, Query()] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[FilePage]:
    principal = api.principal
    principal.require(Permission.USE_CONTACTS)
    query = (category or "", group_by or "")
    position = api.unseal_cursor(cursor, *query)
    after, after_category = [*(position or ()), None, None][:2]
    reading = service.Reading(
        principal.account, contact_id, principal.person, utcnow(), category, after, limit, after_category
    )
    page: FilePage
    if group_by is None:
        found, next_id = service.list_files(contacts(), files(), reading)
        going_on = [next_id] if next_id else None
        page = {"items": [file_view(file) for file in found], "next_cursor": None}
    else:
        found, last = service.list_by_category(contacts(), files(), reading)
        going_on = [part for part in (last.id, last.details.category) if part is not None] if last else None
        page = {"groups": [group_view(category, group) for category, group in grouped(found)], "next_cursor": None}
    page["next_cursor"] = api.seal_cursor(going_on, *query)
    return answer(page)


@api.get("/contacts/<contact_id>/files/<file_id>", tags=["files"], summary="Read what is known of a file")
def read(contact_id: str, file_id: str) -> Response[FileView]:
    file = service.view_file(contacts(), files(), act(contact_id, file_id))
    return answer(file_view(file), version=file.version)


@api.patch(
    "/contacts/<contact_id>/files/<file_id>",
    tags=["files"],
    summary="Change a file's name, category, day or description",
)
def change(contact_id: str, file_id: str, patch: Annotated[MergePatch[FileFields], Body()]) -> Response[FileView]:
    doing = act(contact_id, file_id)
    file = service.change_file(contacts(), files(), buckets(), doing, patch=patch.root, read_details=read_details)
    return answer(file_view(file), version=file.version)


@api.delete("/contacts/<contact_id>/files/<file_id>", tags=["files"], summary="Delete a file for good", status_code=204)
def remove(contact_id: str, file_id: str) -> Response[Any]:
    service.delete_file(contacts(), files(), act(contact_id, file_id))
    return no_content()


@api.get(
    "/contacts/<contact_id>/files/<file_id>/download", tags=["files"], summary="Get an address to download a file from"
)
def download(contact_id: str, file_id: str) -> Response[DownloadView]:
    url, until = service.download_file(contacts(), files(), buckets(), act(contact_id, file_id))
    return answer({"url": url, "expires_at": instant(until)})


@api.post("/contacts/<contact_id>/files/<file_id>/rescan", tags=["files"], summary="Scan a file once more")
def rescan(contact_id: str, file_id: str) -> Response[FileView]:
    if scan_engine() != "clamav":
        raise Conflict("GuardDuty scans a file once. Upload it again.", code="file_not_scannable")
    file = service.rescan_file(contacts(), files(), queue(), act(contact_id, file_id))
    return answer(file_view(file), version=file.version)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda entry point."""
    return api.resolve(event, context)
