"""Messages as callers send and see them."""

from typing import Annotated, Literal, TypedDict

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from carebook.channels import Methods
from carebook.fields import ONE_LINE, Label, Moment, Said

MessageKind = Literal[
    "ad_hoc",
    "note",
    "share",
    "appointment_notice",
    "appointment_reminder",
    "bill_reminder",
    "late_payment_notice",
    "opt_in_request",
    "reply",
]
MessageStatus = Literal[
    "held",
    "queued",
    "sending",
    "sent",
    "delivered",
    "failed",
    "bounced",
    "opted_out",
    "skipped",
    "received",
    "recorded",
]
MessageMethod = Literal["email", "sms", "fax", "voice", "phone", "in_person", "other"]
NoteChannel = Literal["phone", "email", "sms", "in_person", "other"]
Direction = Literal["out", "in"]
MAX_ATTACHMENTS = 20


class AttachmentInput(BaseModel):
    """A file or a document of the contact: one of the two ids."""

    model_config = ConfigDict(extra="forbid", strict=True)

    file_id: Label | None = None
    document_id: Label | None = None

    @model_validator(mode="after")
    def _is_one(self) -> "AttachmentInput":
        if (self.file_id is None) == (self.document_id is None):
            raise PydanticCustomError("one_of_two", "Give either file_id or document_id.")
        return self


class NewMessage(BaseModel):
    """A message to a contact."""

    model_config = ConfigDict(extra="forbid", strict=True)

    subject: Annotated[str, Field(max_length=200), ONE_LINE] = Field(
        default="", description="Of an e-mail or a fax. Everybody on the way can read it: no personal data."
    )
    body: Said
    methods: Methods | None = Field(default=None, description="The contact's own when left out.")
    attachments: Annotated[list[AttachmentInput], Field(max_length=MAX_ATTACHMENTS)] = Field(default_factory=list)


class NewNote(BaseModel):
    """What was said by other ways."""

    model_config = ConfigDict(extra="forbid", strict=True)

    body: Said
    channel: NoteChannel
    direction: Direction
    occurred_at: Moment | None = Field(default=None, description="When it was said; now when left out.")


class AttachmentView(TypedDict):
    """What went along with a message.

    What came with a reply and was not kept has no id, and the reason: `too_many`, `too_large`,
    `infected`, or `no_files` where a client has written: files belong to contacts. Of more than a
    hundred the last one says how many more there were.
    """

    file_id: str | None
    document_id: str | None
    name: str
    content_type: str
    size: int
    reason: str | None


class StepView(TypedDict):
    """A status that a message reached."""

    status: MessageStatus
    at: str
    detail: str | None


class AuthorView(TypedDict):
    """Who made it."""

    id: str
    name: str


class MessageView(TypedDict):
    """A message."""

    id: str
    version: int
    contact_id: str | None
    client_id: str | None
    kind: MessageKind
    direction: Direction
    method: MessageMethod
    to: str | None
    sender: str | None
    subject: str
    body: str
    attachments: list[AttachmentView]
    status: MessageStatus
    reason: str | None
    history: list[StepView]
    cc_of: str | None
    in_reply_to: str | None
    occurred_at: str | None
    created_at: str
    created_by: AuthorView


class SayingView(TypedDict):
    """What decided about an address: the words of a reply with the provider's id of it, a request, a bounce."""

    at: str
    what: str


class StandingView(TypedDict):
    """Whether a message by this method would go now, and what is known of the number or address that it would use.

    `agreement`, `since` and `said` are those of that number or address in this account: of one number for texts and
    calls alike, of faxes none.
    """

    method: Literal["email", "sms", "fax", "voice"]
    ok: bool
    reason: str | None
    to: str | None
    agreement: Literal["unknown", "requested", "opted_in", "opted_out"] | None
    since: str | None
    suppressed: str | None
    said: list[SayingView]


class StandingsView(TypedDict):
    """How it stands with each method."""

    items: list[StandingView]


class MessagesView(TypedDict):
    """Messages that a request has made, one for each method."""

    items: list[MessageView]


class MessagePage(TypedDict):
    """A page of messages, newest first."""

    items: list[MessageView]
    next_cursor: str | None
