"""Contacts, rows and history entries in the shape that callers see."""

from typing import Any, cast

from carebook.contacts.history import Change, HistoryEntry
from carebook.contacts.model import Contact, ContactSummary, Reach, reachable
from carebook.contacts.schemas import ChangeView, ContactRow, ContactView, HistoryEntryView, ReachView
from carebook.instants import instant
from carebook.settings.model import AccountSettings


def contact_view(contact: Contact, settings: AccountSettings) -> ContactView:
    """The whole record, with the ways in which the contact can be reached now."""
    view = {
        "id": contact.id,
        "version": contact.version,
        "archived_at": None if contact.archived_at is None else instant(contact.archived_at),
        "created_at": instant(contact.created_at),
        "updated_at": instant(contact.updated_at),
        **contact.details.to_document(),
        "reachable": {channel: _reach(reach) for channel, reach in reachable(contact, settings).items()},
    }
    return cast("ContactView", view)  # the resolver checks every answer against the schema


def contact_row(summary: ContactSummary) -> ContactRow:
    """A row of a list."""
    fields: dict[str, Any] = {name: getattr(summary, name) for name in ContactSummary.__slots__}
    return cast("ContactRow", {"name": summary.display_name} | fields)


def history_entry_view(entry: HistoryEntry, *, merged_from: str | None = None) -> HistoryEntryView:
    """An entry of a history, perhaps that of a contact which was merged into the one that is asked for."""
    view = {
        "id": entry.id,
        "at": instant(entry.at),
        "by": {"id": entry.by.id, "name": entry.by.name},
        "action": entry.action,
        "version": entry.version or None,
        "merged_from": merged_from,
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
