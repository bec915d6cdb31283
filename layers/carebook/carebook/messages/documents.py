"""Messages and consents as JSON documents, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from carebook.identity import Person
from carebook.instants import instant, parse_instant
from carebook.messages.consents import Agreement, Consent
from carebook.messages.model import About, Attachment, Kind, Message, Status, Step

_PLAIN = (
    "direction", "method", "to", "sender", "subject", "body", "reason", "client_id", "cc_of", "in_reply_to",
    "provider_id", "reply_token", "tried", "share_id",
)  # fmt: skip
_MOMENTS = ("occurred_at", "claimed_at", "due_at")


def message_document(message: Message) -> dict[str, Any]:
    """All of a message but its key and version; what is empty is left out."""
    document: dict[str, Any] = {name: value for name in _PLAIN if (value := getattr(message, name))}
    document |= {name: instant(value) for name in _MOMENTS if (value := getattr(message, name)) is not None}
    document |= {
        "kind": message.kind.value,
        "status": message.status.value,
        "history": [[step.status.value, instant(step.at), step.detail] for step in message.history],
        "created_at": instant(message.created_at),
        "created_by": [message.created_by.id, message.created_by.name],
    }
    if message.about is not None:
        document["about"] = [message.about.id, message.about.stood, instant(message.about.until)]
    if message.attachments:
        document["attachments"] = [asdict(attachment) for attachment in message.attachments]
    return document


def message_from(
    account: str,
    recipient_id: str,
    message_id: str,
    version: int,
    document: Mapping[str, Any],
    *,
    came_from: str | None = None,
) -> Message:
    """The message out of :func:`message_document`."""
    fields: dict[str, Any] = {name: document.get(name) for name in _PLAIN}
    fields |= {name: _moment(document.get(name)) for name in _MOMENTS}
    fields |= {name: document.get(name, "") for name in ("subject", "body")}
    return Message(
        **fields | {"tried": document.get("tried", 0)},
        id=message_id,
        account=account,
        recipient_id=recipient_id,
        version=version,
        came_from=came_from,
        kind=Kind(document["kind"]),
        status=Status(document["status"]),
        history=tuple(Step(Status(status), parse_instant(at), detail) for status, at, detail in document["history"]),
        created_at=parse_instant(document["created_at"]),
        created_by=Person(*document["created_by"]),
        attachments=tuple(Attachment(**attachment) for attachment in document.get("attachments", ())),
        about=_about(document.get("about")),
    )


def _about(written: Sequence[str] | None) -> About | None:
    if written is None:
        return None
    subject_id, stood, until = written
    return About(subject_id, stood, parse_instant(until))


def _moment(text: str | None) -> datetime | None:
    return None if text is None else parse_instant(text)


def consent_document(consent: Consent) -> dict[str, Any]:
    """All of a consent but its key and version."""
    return {
        "agreement": consent.agreement.value,
        "since": None if consent.since is None else instant(consent.since),
        "suppressed": consent.suppressed,
        "said": [list(saying) for saying in consent.said],
    }


def consent_from(account: str, channel: str, address: str, version: int, document: Mapping[str, Any]) -> Consent:
    """The consent out of :func:`consent_document`."""
    return Consent(
        account=account,
        channel=channel,
        address=address,
        version=version,
        agreement=Agreement(document["agreement"]),
        since=_moment(document["since"]),
        suppressed=document["suppressed"],
        said=tuple((at, why) for at, why in document["said"]),
    )
