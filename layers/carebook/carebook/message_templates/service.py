"""Reading, changing and looking at message templates."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from carebook.errors import Conflict, NotFound, StaleVersion, Unavailable
from carebook.identity import Person
from carebook.message_templates.built_in import Words
from carebook.message_templates.merge_names import KINDS, METHODS, Kind, Method
from carebook.message_templates.model import MessageTemplate, Rendered, checked_words, previewed
from carebook.retrying import attempts


class MessageTemplateStore(Protocol):
    """Where a practice's own templates are kept."""

    def find(self, account: str, kind: Kind, method: Method) -> MessageTemplate:
        """One template; version 0 with the built-in text when it was never changed."""
        ...

    def changed(self, account: str) -> list[MessageTemplate]:
        """The templates that were ever changed."""
        ...

    def replace(self, account: str, template: MessageTemplate) -> None:
        """Save *template* as the successor of the version before.

        Raises:
            Conflict: when somebody else saved in the meantime.
        """
        ...


def which(kind: str, method: str) -> tuple[Kind, Method]:
    """The kind and method that callers name.

    Raises:
        NotFound: when there is no such template.
    """
    kinds: Mapping[str, Kind] = {known: known for known in KINDS}
    methods: Mapping[str, Method] = {known: known for known in METHODS}
    if kind not in kinds or method not in methods:
        raise NotFound(f"There is no such template. Kinds are {', '.join(KINDS)}; methods are {', '.join(METHODS)}.")
    return kinds[kind], methods[method]


def all_templates(store: MessageTemplateStore, *, account: str) -> list[MessageTemplate]:
    """Every template of the account, own and built-in, by kind and method."""
    own = {(template.kind, template.method): template for template in store.changed(account)}
    return [own.get((kind, method)) or MessageTemplate(kind, method) for kind in KINDS for method in METHODS]


def change_template(
    store: MessageTemplateStore,
    *,
    account: str,
    kind: Kind,
    method: Method,
    words: Words | None,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> MessageTemplate:
    """The template with other words, or with None the built-in ones again; an unchanged one is not saved again.

    Raises:
        StaleVersion: when *expected_version* is not the current one.
    """
    for _ in attempts():
        before = store.find(account, kind, method)
        if expected_version is not None and before.version != expected_version:
            raise StaleVersion(version=before.version, expected=expected_version, current=_differing(before, words))
        if before.words == words:
            return before
        after = before.with_words(words, by=by, now=now)
        try:
            store.replace(account, after)
        except Conflict:
            continue
        return after
    raise Unavailable("The template is being changed by others. Try again in a moment.")


def _differing(now: MessageTemplate, wanted: Words | None) -> dict[str, Any]:
    current = now.current
    parts = {"subject": current.subject, "body": current.body}
    return parts if wanted is None else {name: text for name, text in parts.items() if text != getattr(wanted, name)}


def preview(
    store: MessageTemplateStore, *, account: str, kind: Kind, method: Method, subject: str | None, body: str | None
) -> Rendered:
    """A message with examples in its merge fields: of a draft, or without a body of the template in use.

    Raises:
        Invalid: when the draft could not be saved.
    """
    if body is None and subject is None:
        return previewed(kind, method, store.find(account, kind, method).current)
    current = store.find(account, kind, method).current if body is None or subject is None else None
    if current is not None:
        body = current.body if body is None else body
        subject = current.subject if subject is None else subject
    assert body is not None  # noqa: S101 - for mypy
    words = checked_words(kind, method, subject=subject, body=body)
    return previewed(kind, method, words)
