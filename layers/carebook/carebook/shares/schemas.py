"""Shares as callers send and see them: staff, and who has a link."""

from typing import Annotated, Literal, TypedDict

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from carebook.channels import Methods
from carebook.fields import MANY_LINES, Label
from carebook.shares.codes import DIGITS, digits_of
from carebook.shares.model import LONGEST_SHARE, MOST_ITEMS


class ItemInput(BaseModel):
    """A file or a document of the contact: one of the two ids."""

    model_config = ConfigDict(extra="forbid", strict=True)

    file_id: Label | None = None
    document_id: Label | None = None

    @model_validator(mode="after")
    def _is_one(self) -> "ItemInput":
        if (self.file_id is None) == (self.document_id is None):
            raise PydanticCustomError("one_of_two", "Give either file_id or document_id.")
        return self


class NewShare(BaseModel):
    """Files and documents for somebody who gets a link by one method and a code by another."""

    model_config = ConfigDict(extra="forbid", strict=True)

    items: Annotated[list[ItemInput], Field(min_length=1, max_length=MOST_ITEMS)]
    methods: Methods | None = Field(
        default=None,
        description="The link goes by the first, the code by the next that can be used; the contact's own when left "
        "out. With one alone the code is in the answer, for you to tell.",
    )
    message: Annotated[str, Field(max_length=2_000), MANY_LINES] = Field(
        default="", description="Stands in the e-mail or fax, and nowhere else."
    )
    expires_in_days: Annotated[int, Field(ge=1, le=LONGEST_SHARE)] = Field(
        default=14, description="Until the end of that day where the contact lives."
    )


def _code(text: str) -> str:
    digits = digits_of(text)
    if digits is None:
        raise PydanticCustomError("wrong_form", "Give the {count} digits of the code.", {"count": DIGITS})
    return digits


class Guess(BaseModel):
    """The code, with spaces or without."""

    model_config = ConfigDict(extra="forbid", strict=True)

    code: Annotated[str, Field(max_length=50, examples=["4829 1037"]), AfterValidator(_code)]


class PersonView(TypedDict):
    """A member of staff."""

    id: str
    name: str


class SharedItemView(TypedDict):
    """What is shared, with the name that it had then."""

    file_id: str | None
    document_id: str | None
    name: str


class WayView(TypedDict):
    """By which method link or code went, and in which message."""

    method: Literal["email", "sms", "fax", "voice"]
    message_id: str


class AccessView(TypedDict):
    """A try to open it. `locked`: the wrong code that locked it. `items`: ids of what was handed out."""

    at: str
    outcome: Literal["opened", "wrong_code", "locked"]
    items: list[str]


class ShareView(TypedDict):
    """A share. Link and code are in nobody's hands but the recipient's."""

    id: str
    contact_id: str
    version: int
    status: Literal["open", "locked", "expired", "revoked"]
    items: list[SharedItemView]
    message: str
    link_sent: WayView
    code_sent: WayView | None
    expires_at: str
    locked_until: str | None
    revoked_at: str | None
    revoked_by: PersonView | None
    opened: int
    accesses: list[AccessView]
    created_at: str
    created_by: PersonView


class NewShareView(ShareView):
    """A share just made. `code` is there when no message carries it: tell the recipient; it is not shown again."""

    code: str | None


class SharePage(TypedDict):
    """A page of shares, newest first."""

    items: list[ShareView]
    next_cursor: str | None


class ClosedView(TypedDict):
    """There is something behind the link; what, only the code tells."""

    status: Literal["code_required"]


class FetchView(TypedDict):
    """Something shared. Without `available` it has been taken away since."""

    name: str
    content_type: str | None
    size: int | None
    available: bool
    url: str | None


class OpenedView(TypedDict):
    """What is behind the link. The addresses work until `urls_expire_at`; the code opens it again."""

    practice_name: str
    message: str
    items: list[FetchView]
    urls_expire_at: str
    expires_at: str
