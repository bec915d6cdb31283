"""What staff do with document templates, as functions. Collaborators come first, facts by name."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from carebook.documents.fields import KNOWN_FIELDS
from carebook.documents.model import Template
from carebook.errors import Conflict, FieldError, Invalid, NotFound, StaleVersion, Unavailable
from carebook.ids import TEMPLATE, is_id, new_id
from carebook.merge_fields import parse
from carebook.merge_patch import merge_patch
from carebook.retrying import attempts

Texts = tuple[str, str]  # title and body
_TOO_BUSY: Final = "The template is being changed by others. Try again in a moment."
_NO_SUCH_TEMPLATE: Final = "There is no such template."


class TemplateStore(Protocol):
    """Where templates are kept."""

    def find(self, account: str, template_id: str) -> Template:
        """The template as last written.

        Raises:
            NotFound: when the account has no such template.
        """
        ...

    def add(self, template: Template, *, request: str | None = None) -> Template:
        """Keep a new template; when this *request* has added one before, that one is returned."""
        ...

    def replace(self, before: Template, after: Template) -> None:
        """Keep *after* in place of *before*.

        Raises:
            Conflict: when *before* is not what is kept any more.
        """
        ...

    def remove(self, template: Template) -> None:
        """Remove it.

        Raises:
            Conflict: when *template* is not what is kept any more.
        """
        ...

    def page(self, account: str, *, after: str | None, limit: int) -> list[Template]:
        """Up to *limit* templates, oldest first, behind the one with the id *after*."""
        ...


def create_template(
    templates: TemplateStore, *, account: str, title: str, body: str, now: datetime, request: str | None = None
) -> Template:
    """A new template. The same *request* again gives the template that it made the first time.

    Raises:
        Invalid: naming each merge field that is not known, and each tag that cannot stand there.
    """
    check_texts(title, body)
    template = Template(
        id=new_id(TEMPLATE, now),
        account=account,
        version=1,
        title=title,
        body=body,
        created_at=now,
        updated_at=now,
        changed={"title": 1, "body": 1},
    )
    return templates.add(template, request=request)


def read_template(templates: TemplateStore, *, account: str, template_id: str) -> Template:
    """The template.

    Raises:
        NotFound: when the account has no such template.
    """
    return templates.find(account, _checked_id(template_id))


def change_template(
    templates: TemplateStore,
    *,
    account: str,
    template_id: str,
    patch: Mapping[str, Any],
    read_texts: Callable[[Any], Texts],
    now: datetime,
    expected_version: int | None = None,
) -> Template:
    """The template with a merge patch applied. Documents that were made from it stay as they are.

    Raises:
        NotFound: when the account has no such template.
        StaleVersion: when *expected_version* is given and not the current one.
        Invalid: from *read_texts*, or naming each merge field that is not known.
    """
    for _ in attempts():
        before = templates.find(account, _checked_id(template_id))
        _refuse_stale(before, expected_version)
        title, body = read_texts(merge_patch({"title": before.title, "body": before.body}, patch))
        if (title, body) == (before.title, before.body):
            return before
        check_texts(title, body)
        after = before.edited(title=title, body=body, now=now)
        try:
            templates.replace(before, after)
        except Conflict:
            continue
        return after
    raise Unavailable(_TOO_BUSY)


def remove_template(
    templates: TemplateStore, *, account: str, template_id: str, expected_version: int | None = None
) -> None:
    """Delete the template. Documents that were made from it stay as they are.

    Raises:
        NotFound: when the account has no such template.
        StaleVersion: when *expected_version* is given and not the current one.
    """
    for _ in attempts():
        template = templates.find(account, _checked_id(template_id))
        _refuse_stale(template, expected_version)
        try:
            templates.remove(template)
        except Conflict:
            continue
        return
    raise Unavailable(_TOO_BUSY)


def list_templates(
    templates: TemplateStore, *, account: str, after: str | None, limit: int
) -> tuple[Sequence[Template], str | None]:
    """A page of templates, oldest first, and the id behind which the next one begins (None: this was the last)."""
    found = templates.page(account, after=after, limit=limit + 1)
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def check_texts(title: str, body: str) -> None:
    """Refuse merge fields that are not known.

    Raises:
        Invalid: naming each, in the title and in the body.
    """
    errors: list[FieldError] = []
    for field, text in (("title", title), ("body", body)):
        try:
            parse(text, KNOWN_FIELDS, field=field)
        except Invalid as refused:
            errors += refused.errors
    if errors:
        raise Invalid(errors)


def _refuse_stale(template: Template, expected: int | None) -> None:
    if expected is not None and expected != template.version:
        current = template.changed_since(expected)
        raise StaleVersion(version=template.version, expected=expected, current=current)


def _checked_id(template_id: str) -> str:
    if not is_id(template_id, TEMPLATE):
        raise NotFound(_NO_SUCH_TEMPLATE)
    return template_id
