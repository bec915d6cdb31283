"""Files as callers send and see them."""

from datetime import date
from typing import Annotated, Literal, NotRequired, TypedDict

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from carebook.fields import NOT_EMPTY, ONE_LINE, OfForm
from carebook.files.model import LARGEST_FILE
from carebook.files.naming import LONGEST_NAME, LONGEST_NAME_BYTES, OVERRIDES, names_nothing

FileStatus = Literal["awaiting_upload", "scanning", "clean", "infected", "refused", "scan_failed", "expired"]
FileReason = Literal[
    "malware", "encrypted", "limits_exceeded", "type_mismatch", "checksum_mismatch", "not_scannable",
    "scan_error", "timed_out",
]  # fmt: skip
MAX_FILES_AT_ONCE = 20


def _file_name(text: str) -> str:
    if "/" in text or "\\" in text:
        raise PydanticCustomError("file_name_not_valid", "Give the name alone, without folders: neither / nor \\.")
    if OVERRIDES.search(text):
        raise PydanticCustomError("file_name_not_valid", "Take out the marks that change the direction of writing.")
    if names_nothing(text):
        raise PydanticCustomError("file_name_not_valid", "Give a name with at least one letter or digit.")
    if len(text.encode()) > LONGEST_NAME_BYTES:
        raise PydanticCustomError("file_name_not_valid", "Use a shorter name: at most 600 bytes in UTF-8.")
    return text


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise PydanticCustomError("date_not_valid", "Give a day that exists, such as 2026-11-20.") from None


FileName = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME), ONE_LINE, AfterValidator(_file_name)]
Day = Annotated[
    str, OfForm("[0-9]{4}-[0-9]{2}-[0-9]{2}", "Give a day such as 2026-11-20.", "2026-11-20"), AfterValidator(_day)
]
Description = Annotated[str, Field(max_length=2000), ONE_LINE]
FileCategory = Annotated[str, Field(min_length=1, max_length=100), ONE_LINE, NOT_EMPTY]
_WORD = r"[A-Za-z0-9!#$&^_.+-]{1,80}"
ContentType = Annotated[
    str,
    OfForm(rf"{_WORD}/{_WORD}(; ?{_WORD}=[A-Za-z0-9_.:+-]{{1,40}}){{0,2}}", "Give a media type.", "application/pdf"),
]
Sha256 = Annotated[str, OfForm("[0-9a-f]{64}", "Give the SHA-256 as 64 digits of 0-9 and a-f.", "e3b0c442…")]


class FileFields(BaseModel):
    """What staff may change about a file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: FileName = Field(examples=["scan.pdf"])
    category: FileCategory | None = None
    date: Day | None = None
    description: Description = ""


class UploadFile(BaseModel):
    """A file about to be uploaded. `size` in bytes."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: FileName = Field(examples=["scan.pdf"])
    content_type: ContentType = Field(examples=["application/pdf"])
    size: Annotated[int, Field(ge=1, le=LARGEST_FILE)] = Field(examples=[48213])
    date: Day | None = Field(default=None, examples=["2026-11-20"])
    description: Description = ""
    sha256: Sha256 | None = Field(default=None, description="When given, no other content is taken.")


class NewUploads(BaseModel):
    """Files about to be uploaded, all of one category."""

    model_config = ConfigDict(extra="forbid", strict=True)

    category: FileCategory | None = Field(
        default=None, description="One of the settings' `file_categories`, if any are set."
    )
    files: Annotated[list[UploadFile], Field(min_length=1, max_length=MAX_FILES_AT_ONCE)]


class ScanView(TypedDict):
    """What the scan found. `definitions` is their version."""

    engine: str
    definitions: str | None
    verdict: Literal["clean", "infected", "error"]
    signature: str | None
    finished_at: str


class StaffView(TypedDict):
    """A member of staff."""

    id: str
    name: str


class FileView(TypedDict):
    """A file. Only a `clean` one can be downloaded; `reason` says why another one cannot.

    `message_id` is the reply that it came with, if it came with one.
    """

    id: str
    contact_id: str
    version: int
    name: str
    content_type: str
    size: int
    sha256: str | None
    category: str | None
    date: str | None
    description: str
    status: FileStatus
    reason: FileReason | None
    scan: ScanView | None
    created_at: str
    updated_at: str
    created_by: StaffView
    message_id: str | None


class FormView(TypedDict):
    """A form: post the fields and, last, the `file` itself to the address, as multipart/form-data."""

    url: str
    fields: dict[str, str]


class UploadView(TypedDict):
    """A file and the form that uploads it."""

    file: FileView
    upload: FormView
    expires_at: str


class UploadsView(TypedDict):
    """Each file and its form, in the order asked for."""

    items: list[UploadView]


class FileGroup(TypedDict):
    """The files of one category."""

    category: str | None
    files: list[FileView]


class FilePage(TypedDict):
    """A page of files, newest first; with `group_by` in `groups` instead of `items`."""

    items: NotRequired[list[FileView]]
    groups: NotRequired[list[FileGroup]]
    next_cursor: str | None


class DownloadView(TypedDict):
    """Where the file can be fetched, and until when."""

    url: str
    expires_at: str
