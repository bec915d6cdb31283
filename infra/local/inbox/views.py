"""Messages as programs see them, and answers as programs send them."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from infra.local.inbox.carrier import Answer
from infra.local.inbox.events import ORIGIN, bare_address, event_types, instant
from infra.local.inbox.store import Attachment, Event, Message

CHANNELS: Final = ("email", "sms", "fax")
"""By what somebody can write to a practice."""


def message_view(message: Message, events: Sequence[Event]) -> dict[str, Any]:
    """A message with what became of it."""
    return {
        "id": message.id,
        "provider": message.provider,
        "provider_id": message.provider_id,
        "channel": message.channel,
        "direction": message.direction,
        "from": message.sender,
        "to": message.recipient,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "at": instant(message.at),
        "request": message.request,
        "attachments": [
            {
                "name": one.name,
                "content_type": one.content_type,
                "size": one.size,
                "url": f"/messages/{message.id}/attachments/{position}",
            }
            for position, one in enumerate(message.attachments)
        ],
        "events": [
            {
                "type": one.type,
                "due_at": instant(one.due_at),
                "published_at": instant(one.published_at) if one.published_at else None,
                "problem": one.problem,
            }
            for one in events
        ],
        "event_types": event_types(message),
    }


def answer_in(body: Mapping[str, Any], *, to_message: Message | None = None) -> Answer | str:
    """The answer in *body*, or the sentence that says what is wrong with it."""
    text, subject, forged = body.get("text", ""), body.get("subject", ""), body.get("forged", False)
    attachments = _attachments(body.get("attachments", []))
    if not (isinstance(text, str) and isinstance(subject, str) and isinstance(forged, bool)):
        return "text and subject are strings, forged is true or false."
    if isinstance(attachments, str):
        return attachments
    if to_message is not None:
        answer = answer_to(to_message, text, subject, attachments)
        return answer if isinstance(answer, str) else replace(answer, forged=forged)
    channel, sender, to = body.get("channel"), body.get("from"), body.get("to") or ORIGIN
    if channel not in CHANNELS or not isinstance(sender, str) or not isinstance(to, str) or not sender:
        return f"channel is one of {', '.join(CHANNELS)}, from and to are addresses or numbers."
    if channel != "sms" and "@" not in f"{to}":
        return "to is the address that the mail goes to."
    return Answer(channel, sender, to, text, subject, attachments, forged=forged)


def answer_to(message: Message, text: str, subject: str, attachments: Sequence[Attachment]) -> Answer | str:
    """The reply to *message*, or why there can be none."""
    if message.direction == "in" or message.provider == "sns" or message.channel == "voice":
        return "Nobody can reply to this message."
    to = message.sender
    if message.channel != "sms":
        to = next(iter(message.request.get("reply_to") or ()), message.sender)
    return Answer(message.channel, message.recipient, bare_address(to), text, subject, attachments, message)


def _attachments(sent: Any) -> list[Attachment] | str:
    made = []
    try:
        for one in sent:
            content = base64.b64decode(one["content"], validate=True)
            made.append(Attachment(str(one["name"]), str(one["content_type"]), len(content), content))
    except (KeyError, TypeError, binascii.Error, ValueError):
        return "attachments is a list of name, content_type and content in base64."
    return made
