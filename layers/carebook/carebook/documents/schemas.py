"""Documents and templates as callers send and see them."""

from typing import Annotated, Literal, TypedDict

from pydantic import BaseModel, ConfigDict, Field

from carebook.contacts.schemas import PersonView
from carebook.documents.model import LONGEST_BODY, LONGEST_TITLE
from carebook.fields import MANY_LINES, NOT_EMPTY, ONE_LINE

Title = Annotated[str, Field(min_length=1, max_length=LONGEST_TITLE), ONE_LINE, NOT_EMPTY]
Body = Annotated[str, Field(max_length=LONGEST_BODY), MANY_LINES]
Status = Literal["draft", "final"]


class NewTemplate(BaseModel):
    """A template to be made. Title and body may hold merge fields such as `{{ contact.last_name }}`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: Title = Field(examples=["Thank you for referring"])
    body: Body = Field(default="", description="Markdown.", examples=["Dear {{ contact.salutation }},"])


class NewDocument(BaseModel):
    """A document to be made: from a template, or with a title and a body."""

    model_config = ConfigDict(extra="forbid", strict=True)

    template_id: Annotated[str, Field(max_length=50), ONE_LINE] | None = None
    title: Title | None = Field(default=None, description="The template's when left out.")
    body: Body | None = Field(default=None, description="Markdown; only without a template.")


class DocumentContent(BaseModel):
    """What can be changed of a draft. `final` cannot be taken back."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: Title
    body: Body = ""
    status: Status = "draft"


class TemplateView(TypedDict):
    """A template."""

    id: str
    version: int
    title: str
    body: str
    created_at: str
    updated_at: str


class TemplatePage(TypedDict):
    """A page of templates, oldest first."""

    items: list[TemplateView]
    next_cursor: str | None


class DocumentRow(TypedDict):
    """A document in a list."""

    id: str
    contact_id: str
    version: int
    template_id: str | None
    title: str
    status: Status
    finalized_at: str | None
    created_at: str
    created_by: PersonView
    updated_at: str
    updated_by: PersonView


class DocumentView(DocumentRow):
    """A document. `body` is Markdown whose merge fields are filled in."""

    body: str


class DocumentPage(TypedDict):
    """A page of a contact's documents, newest first."""

    items: list[DocumentRow]
    next_cursor: str | None


class PdfView(TypedDict):
    """Where a PDF can be fetched, and until when. It is saved under the document's title."""

    url: str
    expires_at: str
