"""By which methods link and code go, and in which words."""

from collections.abc import Mapping, Sequence
from typing import Final, cast

from carebook.contacts.model import Contact
from carebook.errors import FieldError, Invalid
from carebook.message_templates.merge_names import Method
from carebook.message_templates.model import MessageTemplate, render
from carebook.messages.model import Kind, Message, Status
from carebook.messages.planning import Text
from carebook.messages.service import NotReachable
from carebook.settings.model import AccountSettings
from carebook.shares.codes import spoken, written
from carebook.shares.collaborators import Secrets

LINK: Final = "link"
CODE: Final = "code"
# Stand in the kept body where link and code stand in what is sent.
MARKS: Final[Mapping[str, str]] = {LINK: "[link]", CODE: "[code]"}
_CARRY_LINKS: Final = frozenset({"email", "sms", "fax"})  # nobody writes an address down from a voice


def ways_of(planned: Sequence[Message]) -> dict[str, str]:
    """Methods with what goes by each: the link by the first that can carry one, the code by the first other one.

    One that leads to another address or number goes before one that leads to the same.

    Args:
        planned: a message for each method that may be used, in order, as it would fare.

    Raises:
        NotReachable: when none of them reaches the contact with a link.
    """
    ours = [message for message in planned if message.kind is Kind.SHARE]
    usable = [message for message in ours if message.status is not Status.SKIPPED]
    link = next((one for one in usable if one.method in _CARRY_LINKS), None)
    if link is None and usable:
        message = "A link cannot be read out. Use e-mail, a text message or a fax for it."
        raise Invalid(
            [FieldError("methods", "link_not_sayable", message)],
            detail="The contact cannot be reached by any method that carries a link.",
            code=NotReachable.code,
        )
    if link is None:
        raise NotReachable(ours)
    others = [one for one in usable if one.method != link.method]
    # A text and a call to one number reach the same stranger when it was mistyped.
    apart = [one for one in others if one.to != link.to]
    return {link.method: LINK} | {one.method: CODE for one in (apart or others)[:1]}


def values_for(contact: Contact, settings: AccountSettings, *, message: str, expires_on: str) -> dict[str, str]:
    """The merge fields that link and code have in common."""
    name = contact.details.display_name
    return {
        "practice.name": settings.values["practice_name"],
        "recipient.name": name,
        "recipient.first_name": contact.details.first_name or name,
        "share.expires_on": expires_on,
        "share.message": message,
    }


def text_of(
    method: str, what: str, secrets: Secrets, values: Mapping[str, str], templates: Sequence[MessageTemplate]
) -> Text:
    """What a message says, with a mark in the place of link or code.

    The practice's own words, unless they leave out what the message is for. How long it gets counts what is sent.

    Raises:
        Invalid: when it is longer than the method carries.
    """
    way = cast("Method", method)
    template = next((one for one in templates if (one.kind, one.method) == ("share", method)), None)
    field, secret = f"share.{what}", said(what, secrets, method)
    if secret not in render("share", way, {**values, field: secret}, template=template).body:
        template = None
        render("share", way, {**values, field: secret})
    kept = render("share", way, {**values, field: MARKS[what]}, template=template)
    return Text(kept.subject or "", kept.body)


def said(what: str, secrets: Secrets, method: str) -> str:
    """Link or code as it stands in a message by *method*."""
    if what == LINK:
        return secrets.link
    return spoken(secrets.code) if method == "voice" else written(secrets.code)
