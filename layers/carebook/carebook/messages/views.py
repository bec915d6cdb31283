"""Messages in the shape that callers see."""

from datetime import datetime
from typing import cast

from carebook.ids import CONTACT, is_id
from carebook.instants import instant
from carebook.messages.model import Attachment, Message
from carebook.messages.schemas import AttachmentView, MessageView, SayingView, StandingView
from carebook.messages.standing import Standing


def message_view(message: Message) -> MessageView:
    """The whole record."""
    of_contact = is_id(message.recipient_id, CONTACT)
    view = {
        "id": message.id,
        "version": message.version,
        "contact_id": message.recipient_id if of_contact else None,
        "client_id": message.client_id if of_contact else message.recipient_id,
        "kind": message.kind.value,
        "direction": message.direction,
        "method": message.method,
        "to": message.to,
        "sender": message.sender,
        "subject": message.subject,
        "body": message.body,
        "attachments": [_attachment(one) for one in message.attachments],
        "status": message.status.value,
        "reason": message.reason,
        "history": [
            {"status": step.status.value, "at": instant(step.at), "detail": step.detail} for step in message.history
        ],
        "cc_of": message.cc_of,
        "in_reply_to": message.in_reply_to,
        "occurred_at": None if message.occurred_at is None else instant(message.occurred_at),
        "created_at": instant(message.created_at),
        "created_by": {"id": message.created_by.id, "name": message.created_by.name},
    }
    return cast("MessageView", view)  # the resolver checks every answer against the schema


def _attachment(attachment: Attachment) -> AttachmentView:
    return {
        "file_id": attachment.id if attachment.kind == "file" else None,
        "document_id": attachment.id if attachment.kind == "document" else None,
        "name": attachment.name,
        "content_type": attachment.content_type,
        "size": attachment.size,
        "reason": attachment.reason,
    }


def standing_view(standing: Standing) -> StandingView:
    """One method: whether it can be used, and what was said. A saying's moment comes as it was kept."""
    consent = standing.consent
    view = {
        "method": standing.method,
        "ok": standing.reason is None,
        "reason": standing.reason,
        "to": standing.to,
        "agreement": None if consent is None else consent.agreement.value,
        "since": None if consent is None or consent.since is None else instant(consent.since),
        "suppressed": None if consent is None else consent.suppressed,
        "said": [] if consent is None else [_saying(*saying) for saying in consent.said],
    }
    return cast("StandingView", view)


def _saying(at: str, what: str) -> SayingView:
    return {"at": instant(datetime.fromisoformat(at)), "what": what}
