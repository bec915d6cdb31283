"""What providers report of messages: Amazon SES of e-mails and faxes, End User Messaging of texts and calls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from carebook.messages.model import Status


class Unreadable(ValueError):
    """A report that does not have its provider's form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One report.

    Attributes:
        ids: account, recipient, message and attempt as they were sent along; empty where a report does not carry them.
        status: what the message came to; None when that does not change.
        suppress: why nothing more should be sent to the address.
    """

    provider_id: str
    ids: Mapping[str, str] = field(default_factory=dict)
    status: Status | None
    at: datetime
    detail: str
    reason: str | None = None
    suppress: str | None = None
    opted_out: bool = False


def receipt_in(content: Mapping[str, Any]) -> Receipt | None:
    """The report in what a provider has published; None when it is about something else.

    Raises:
        Unreadable: when it is damaged.
    """
    try:
        if "mail" in content:
            return _of_email(content)
        kind = content.get("eventType", "")
        return _of_text(content) if kind.startswith(("TEXT_", "VOICE_")) else None
    except (KeyError, TypeError, IndexError, AttributeError, ValueError) as error:
        raise Unreadable(type(error).__name__) from error


# SES ----------------------------------------------------------------------------------------------------------------


def _of_email(content: Mapping[str, Any]) -> Receipt | None:
    kind = content.get("eventType") or content.get("notificationType")
    read = _EMAIL.get(str(kind))
    if read is None:
        return None
    mail = content["mail"]
    tags = mail.get("tags") or {}
    ids = {name: str(tags[name][0]) for name in ("account", "recipient", "message", "attempt") if tags.get(name)}
    return read(content, str(mail["messageId"]), ids)


def _sent(content: Mapping[str, Any], provider_id: str, ids: Mapping[str, str]) -> Receipt:
    at = _moment(content["mail"]["timestamp"])
    return Receipt(provider_id=provider_id, ids=ids, status=Status.SENT, at=at, detail="accepted by SES")


def _delivered(content: Mapping[str, Any], provider_id: str, ids: Mapping[str, str]) -> Receipt:
    at = _moment(content["delivery"]["timestamp"])
    return Receipt(provider_id=provider_id, ids=ids, status=Status.DELIVERED, at=at, detail="taken in by the mailbox")


def _bounced(content: Mapping[str, Any], provider_id: str, ids: Mapping[str, str]) -> Receipt:
    bounce = content["bounce"]
    kind, subtype = str(bounce["bounceType"]), str(bounce.get("bounceSubType", ""))
    return Receipt(
        provider_id=provider_id,
        ids=ids,
        status=Status.BOUNCED,
        at=_moment(bounce["timestamp"]),
        detail=f"{kind} bounce: {subtype}",
        reason="hard_bounce" if kind == "Permanent" else "soft_bounce",
        suppress="bounce" if kind == "Permanent" else None,
    )


def _complained(content: Mapping[str, Any], provider_id: str, ids: Mapping[str, str]) -> Receipt:
    complaint = content["complaint"]
    kind = complaint.get("complaintFeedbackType") or complaint.get("complaintSubType") or "complaint"
    return Receipt(
        provider_id=provider_id,
        ids=ids,
        status=None,
        at=_moment(complaint["timestamp"]),
        detail=f"complaint: {kind}",
        suppress=None if kind == "not-spam" else "complaint",  # somebody took it out of the spam
    )


def _rejected(content: Mapping[str, Any], provider_id: str, ids: Mapping[str, str]) -> Receipt:
    why = str((content.get("reject") or {}).get("reason", ""))
    at = _moment(content["mail"]["timestamp"])
    return Receipt(
        provider_id=provider_id, ids=ids, status=Status.FAILED, at=at, detail=f"rejected: {why}", reason="rejected"
    )


def _delayed(content: Mapping[str, Any], provider_id: str, ids: Mapping[str, str]) -> Receipt:
    delay = content["deliveryDelay"]
    at = _moment(delay["timestamp"])
    return Receipt(provider_id=provider_id, ids=ids, status=None, at=at, detail=f"delayed: {delay.get('delayType')}")


_EMAIL: Final[Mapping[str, Callable[[Mapping[str, Any], str, Mapping[str, str]], Receipt]]] = {
    "Send": _sent,
    "Delivery": _delivered,
    "Bounce": _bounced,
    "Complaint": _complained,
    "Reject": _rejected,
    "Rendering Failure": _rejected,
    "DeliveryDelay": _delayed,
}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


# End User Messaging -------------------------------------------------------------------------------------------------

_UNDERWAY: Final = frozenset({"PENDING", "QUEUED", "INITIATED", "RINGING", "ANSWERED"})
_THERE: Final = frozenset({"SUCCESSFUL", "DELIVERED", "COMPLETED"})


def _of_text(content: Mapping[str, Any]) -> Receipt:
    _, _, state = str(content["eventType"]).partition("_")
    context = content.get("context") or {}
    ids = {name: str(context[name]) for name in ("account", "recipient", "message", "attempt") if context.get(name)}
    said = str(content.get("messageStatusDescription") or content.get("messageStatus") or state)
    opted_out = "opted out" in said.casefold() or "opt-out" in said.casefold()
    status, reason = _fate(state, opted_out=opted_out)
    return Receipt(
        provider_id=str(content["messageId"]),
        ids=ids,
        status=status,
        at=datetime.fromtimestamp(int(content["eventTimestamp"]) / 1000, UTC),
        detail=said,
        reason=reason,
        opted_out=opted_out,
    )


def _fate(state: str, *, opted_out: bool) -> tuple[Status | None, str | None]:
    if state in _THERE:
        return Status.DELIVERED, None
    if state in _UNDERWAY:
        return Status.SENT, None
    if state == "UNKNOWN":  # after 72 hours without a word from the carrier
        return None, None
    return (Status.OPTED_OUT, "opted_out") if opted_out else (Status.FAILED, state.lower())
