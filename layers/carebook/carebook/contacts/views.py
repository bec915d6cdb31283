"""Contacts, rows and history entries in the shape that callers see."""

from typing import Any, cast

from carebook.contacts.history import Change, HistoryEntry
from carebook.contacts.model import CanBeReached, Contact, ContactSummary, Reach, reachable
from carebook.contacts.schemas import ChangeView, ContactRow, ContactView, HistoryEntryView, ReachView
from carebook.instants import instant
from carebook.record import Record
from carebook.settings.model import AccountSettings


def contact_view(contact: Contact, settings: AccountSettings) -> ContactView:
    """The whole record, with the ways in which the contact can be reached now."""
    return cast("ContactView", record_view(contact) | {"reachable": reach_view(contact, settings)})


def record_view(record: Record[Any]) -> dict[str, Any]:
    """What every record shows; the resolver checks each answer against its schema."""
    return {
        "id": record.id,
        "version": record.version,
        "archived_at": None if record.archived_at is None else instant(record.archived_at),
        "created_at": instant(record.created_at),
        "updated_at": instant(record.updated_at),
        **record.details.to_document(),
    }


def reach_view(person: CanBeReached, settings: AccountSettings) -> dict[str, ReachView]:
    """Whether each channel could reach somebody now."""
    return {channel: _reach(reach) for channel, reach in reachable(person, settings).items()}


def contact_row(summary: ContactSummary) -> ContactRow:
    """A row of a list."""
    return cast("ContactRow", row_fields(summary))


def row_fields(summary: Any) -> dict[str, Any]:
    """What a row shows of a summary, and the name in one piece."""
    return {"name": summary.display_name} | {name: getattr(summary, name) for name in summary.__slots__}


def history_entry_view(entry: HistoryEntry) -> HistoryEntryView:
    """An entry of a history."""
    view = {
        "id": entry.id,
        "at": instant(entry.at),
        "by": {"id": entry.by.id, "name": entry.by.name},
        "action": entry.action,
        "version": entry.version or None,
        "changes": [_change(change) for change in entry.changes],
    }
    return cast("HistoryEntryView", view)


def _change(change: Change) -> ChangeView:
    if change.abridged:
        return {"field": change.field, "abridged": True}
    return {"field": change.field, "before": change.before, "after": change.after}


def _reach(reach: Reach) -> ReachView:
    if reach.reason is not None:
        return {"ok": reach.ok, "reason": reach.reason}
    return {"ok": reach.ok} if reach.to is None else {"ok": reach.ok, "to": reach.to}
