"""Message templates as callers send and see them."""

from typing import Annotated, Literal, TypedDict

from pydantic import BaseModel, ConfigDict, Field

from carebook.fields import ONE_LINE, Said
from carebook.message_templates.merge_names import Kind, Method

Subject = Annotated[str, Field(max_length=1_000), ONE_LINE]


class TemplateWords(BaseModel):
    """A template's text. Merge fields are written ``{{ client.first_name }}``, conditions ``{% if … %} … {% endif %}``.

    Without a subject an e-mail or fax has the built-in one; text messages and calls have none.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    subject: Subject | None = None
    body: Annotated[Said, Field(examples=["{{ practice.name }}: see you on {{ appointment.day }}."])]


class Draft(BaseModel):
    """What to look at: a text that is not saved yet, or with no body the one in use."""

    model_config = ConfigDict(extra="forbid", strict=True)

    subject: Subject | None = None
    body: Said | None = None


class MergeFieldView(TypedDict):
    """A merge field that may stand in the body."""

    name: str
    description: str
    sample: str
    in_subject: bool


class Editor(TypedDict):
    """Who changed it last."""

    id: str
    name: str


class TemplateView(TypedDict):
    """A template; version 0 until it is first changed."""

    kind: Kind
    method: Method
    subject: str | None
    body: str
    built_in: bool
    version: int
    updated_at: str | None
    updated_by: Editor | None
    fields: list[MergeFieldView]


class TemplatePage(TypedDict):
    """Every template of the account, by kind and method."""

    items: list[TemplateView]
    next_cursor: None


class Segments(TypedDict):
    """How a text message is sent: its parts, the encoding, and its length in units of that encoding."""

    count: int
    encoding: Literal["GSM", "UCS-2"]
    units: int


class Hint(TypedDict):
    """Something that may be sent, and could be better."""

    code: str
    message: str


class PreviewView(TypedDict):
    """A message with examples in its merge fields."""

    kind: Kind
    method: Method
    subject: str | None
    body: str
    segments: Segments | None
    hints: list[Hint]
