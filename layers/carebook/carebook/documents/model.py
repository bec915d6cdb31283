"""Documents and the templates that they come from. Rules and values, nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from carebook.documents.letter import Letter
from carebook.errors import Conflict, FieldError, Invalid
from carebook.identity import Person
from carebook.visible import is_blank

Status = Literal["draft", "final"]
LONGEST_TITLE: Final = 200
LONGEST_BODY: Final = 50_000  # some 25 pages; in any script it fits into one item with what else it has


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What documents are made from: a title and a body in Markdown, both with merge fields."""

    id: str
    account: str
    version: int
    title: str
    body: str
    created_at: datetime
    updated_at: datetime
    changed: Mapping[str, int] = field(default_factory=dict)

    def edited(self, *, title: str, body: str, now: datetime) -> "Template":
        """The next version."""
        version = self.version + 1
        names = [name for name, value in (("title", title), ("body", body)) if value != getattr(self, name)]
        return replace(
            self,
            version=version,
            title=title,
            body=body,
            updated_at=_later(now, self.updated_at),
            changed={**self.changed, **dict.fromkeys(names, version)},
        )

    def changed_since(self, version: int) -> dict[str, Any]:
        """The fields that have changed since a version, as they are now."""
        return {name: getattr(self, name) for name, when in self.changed.items() if when > version >= 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document of a contact. ``body`` is Markdown whose merge fields are filled in.

    ``letter`` is what a final one was issued with: date, sender and recipient as they were on that day. A draft has
    none. ``draft_key`` and ``final_key`` are the names of its PDFs in the bucket, whether they are there or not.
    ``came_from`` is what merges have noted on it, and goes with it.
    """

    id: str
    account: str
    contact_id: str
    version: int
    template_id: str | None
    title: str
    body: str
    status: Status = "draft"
    created_at: datetime
    created_by: Person
    updated_at: datetime
    updated_by: Person
    draft_key: str
    final_key: str | None = None
    finalized_at: datetime | None = None
    letter: Letter | None = None
    changed: Mapping[str, int] = field(default_factory=dict)
    came_from: str | None = None

    @property
    def keys(self) -> list[str]:
        """The names of all objects that may lie in the bucket for it."""
        return [self.draft_key] if self.final_key is None else [self.draft_key, self.final_key]

    def edited(self, *, title: str, body: str, by: Person, now: datetime) -> "Document":
        """The next version of a draft.

        Raises:
            Conflict: when the document is final.
        """
        self._refuse_final()
        return self._succeeded({"title": title, "body": body}, by, now)

    def finalized(self, letter: Letter, *, title: str, body: str, key: str, by: Person, now: datetime) -> "Document":
        """The next version, issued: what it says, and with what it was issued, stays.

        Raises:
            Conflict: when it is final already.
            Invalid: when there is nothing to issue.
        """
        self._refuse_final()
        if is_blank(body):
            raise Invalid([FieldError("body", "required", "Write something before you make the document final.")])
        after = self._succeeded({"title": title, "body": body, "status": "final"}, by, now)
        return replace(after, letter=letter, final_key=key, finalized_at=after.updated_at)

    def _refuse_final(self) -> None:
        if self.status == "final":
            raise Conflict(
                "The document is final and cannot be changed. Make a new one instead.", code="document_final"
            )

    def _succeeded(self, values: Mapping[str, Any], by: Person, now: datetime) -> "Document":
        version = self.version + 1
        names = [name for name, value in values.items() if value != getattr(self, name)]
        return replace(
            self,
            version=version,
            updated_at=_later(now, self.updated_at),
            updated_by=by,
            changed={**self.changed, **dict.fromkeys(names, version)},
            **values,
        )

    def changed_since(self, version: int) -> dict[str, Any]:
        """The fields that have changed since a version, as they are now."""
        return {name: getattr(self, name) for name, when in self.changed.items() if when > version >= 0}


def _later(now: datetime, before: datetime) -> datetime:
    """A record is younger than the one before, even when its request began before that one was written."""
    return max(now, before + timedelta(milliseconds=1))
