"""A practice's own words for what it sends: templates by kind and method, and what becomes of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Literal

from carebook import merge_fields
from carebook.errors import FieldError, Invalid
from carebook.identity import Person
from carebook.instants import instant, parse_instant
from carebook.message_templates.built_in import BUILT_IN, Words
from carebook.message_templates.merge_names import Kind, Method, fields_of, may_stand, needed_in, samples_of

LONGEST_SUBJECT: Final = 200
LONGEST: Final[Mapping[Method, int]] = {"email": 20_000, "fax": 20_000, "sms": 1_600, "voice": 3_000}
"""Characters of a body with its fields filled in. A text message has ten parts at most; a call takes four minutes."""
WITH_SUBJECT: Final = frozenset({"email", "fax"})
_WIDE_GAP: Final = re.compile(r"\n{3,}")
_NO_NAME: Final = "Your healthcare practice"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message ready to be sent. Subjects are one line; text messages and calls have none.

    Attributes:
        lacks: fields for which the built-in text is sent, because these words leave them out; told with a preview.
    """

    subject: str | None
    body: str
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """The template of one kind and method. ``words`` is what the practice wrote itself; None: the built-in text.

    Version 0: never changed. Going back to the built-in text is a version as well, so no ETag means two things.
    """

    kind: Kind
    method: Method
    version: int = 0
    words: Words | None = None
    changed_at: datetime | None = None
    changed_by: Person | None = None

    @property
    def built_in(self) -> bool:
        """Whether the built-in text is in use."""
        return self.words is None

    @property
    def current(self) -> Words:
        """The text in use."""
        return self.words or BUILT_IN[self.kind][self.method]

    def with_words(self, words: Words | None, *, by: Person, now: datetime) -> "MessageTemplate":
        """The next version: other words, or with None the built-in ones again."""
        return replace(self, version=self.version + 1, words=words, changed_at=now, changed_by=by)

    def to_document(self) -> dict[str, Any]:
        """The template as kept."""
        words = None if self.words is None else {"subject": self.words.subject, "body": self.words.body}
        by = self.changed_by
        return {
            "version": self.version,  # a Query reads documents alone
            "words": words,
            "changed_at": instant(self.changed_at) if self.changed_at else None,
            "changed_by": {"id": by.id, "name": by.name} if by else None,
        }

    @classmethod
    def stored(cls, kind: Kind, method: Method, document: Mapping[str, Any]) -> "MessageTemplate":
        """A template as it was kept."""
        words, by, at = document["words"], document["changed_by"], document["changed_at"]
        return cls(
            kind,
            method,
            document["version"],
            Words(words["subject"], words["body"]) if words else None,
            parse_instant(at) if at else None,
            Person(by["id"], by["name"]) if by else None,
        )


def checked_words(kind: Kind, method: Method, *, subject: str | None, body: str) -> Words:
    """What somebody wrote, as the words of a template. A subject that is left out is the built-in one.

    Raises:
        Invalid: naming each merge field that is not known, or may not stand there; a subject where there is none; a
            text that would be too long.
    """
    if method not in WITH_SUBJECT and subject is not None:
        raise Invalid([FieldError("subject", "no_subject", "Text messages and calls have no subject. Leave it out.")])
    words = Words(subject or BUILT_IN[kind][method].subject, body)
    errors = [error for part in _parts(words) for error in _part_errors(kind, method, *part)]
    if errors:
        raise Invalid(errors)
    # With its examples filled in it must fit; a condition's other branch is shorter or as long in what people write.
    _render(kind, method, words, samples_of(kind, method))
    return words


def previewed(kind: Kind, method: Method, words: Words) -> Rendered:
    """The message of these words with examples in its merge fields.

    Raises:
        Invalid: when the examples make it longer than the method allows.
    """
    lacks = needed_in(kind, method) - frozenset(_parsed(kind, words.body, "body").names)
    return replace(_render(kind, method, words, samples_of(kind, method)), lacks=tuple(sorted(lacks)))


def render(
    kind: Kind, method: Method, values: Mapping[str, str | None], *, template: MessageTemplate | None = None
) -> Rendered:
    """The message of that kind by that method.

    Args:
        kind: One of the six kinds.
        method: By which it goes.
        values: The text of each merge field (``merge_names``); absent, None and empty are the same. Dates, times and
            amounts come as they are to be read. A practice without a name is "Your healthcare practice".
        template: The practice's own; None is the built-in one.

    Raises:
        Invalid: when the values make it longer than the method allows.
    """
    words = template.current if template is not None else BUILT_IN[kind][method]
    return _render(kind, method, words, values)


def _render(kind: Kind, method: Method, words: Words, values: Mapping[str, str | None]) -> Rendered:
    filled = {**values, "practice.name": values.get("practice.name") or _NO_NAME}
    subject = None
    if words.subject is not None:
        one_line = {name: " ".join((value or "").split()) for name, value in filled.items()}
        parsed = _parsed(kind, words.subject, "subject")
        subject = " ".join(parsed.fill(one_line, limit=LONGEST_SUBJECT, field="subject").split())
    body = _parsed(kind, words.body, "body").fill(filled, limit=LONGEST[method])
    return Rendered(subject, _WIDE_GAP.sub("\n\n", body).strip() + ("\n" if method in WITH_SUBJECT else ""))


@lru_cache(maxsize=64)
def _parsed(kind: Kind, text: str, part: Literal["subject", "body"]) -> merge_fields.MergeText:
    return merge_fields.parse(text, [field.name for field in fields_of(kind)], field=part)


def _parts(words: Words) -> list[tuple[Literal["subject", "body"], str]]:
    body: list[tuple[Literal["subject", "body"], str]] = [("body", words.body)]
    return body if words.subject is None else [("subject", words.subject), *body]


def _part_errors(kind: Kind, method: Method, part: Literal["subject", "body"], text: str) -> list[FieldError]:
    try:
        names = _parsed(kind, text, part).names
    except Invalid as refused:
        return list(refused.errors)
    where = "a subject, which others read on the way" if part == "subject" else "a text message or call"
    return [
        FieldError(part, "merge_field_not_here", f'The field "{name}" may not stand in {where}.')
        for name in sorted(names)
        if not may_stand(name, method=method, part=part)
    ]
