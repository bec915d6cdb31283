"""A contact, its history and its rows in lists as JSON documents, and back."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from carebook.contacts.history import Change, HistoryEntry
from carebook.contacts.model import Contact, ContactDetails, ContactSummary
from carebook.identity import Person
from carebook.ids import HISTORY
from carebook.instants import instant, parse_instant
from carebook.record import Record

_MERGE_FIELDS: Final = ("merged_into", "merging")  # left out when empty: nearly always


def contact_document(contact: Contact) -> dict[str, Any]:
    """All of a contact but its key and version."""
    return record_document(contact) | {name: value for name in _MERGE_FIELDS if (value := getattr(contact, name))}


def contact_from(account: str, contact_id: str, version: int, document: Mapping[str, Any]) -> Contact:
    """The contact out of :func:`contact_document`."""
    return Contact(
        id=contact_id,
        account=account,
        version=version,
        details=ContactDetails.from_document(document["details"]),
        **moments_from(document) | {name: document.get(name) for name in _MERGE_FIELDS},
    )


def record_document(record: Record[Any]) -> dict[str, Any]:
    """All that every record has but its key and version."""
    return {
        "created_at": instant(record.created_at),
        "updated_at": instant(record.updated_at),
        "archived_at": None if record.archived_at is None else instant(record.archived_at),
        "details": record.details.to_document(),
    }


def moments_from(document: Mapping[str, Any]) -> dict[str, Any]:
    """When a record was made, changed and put away, out of :func:`record_document`."""
    archived_at = document["archived_at"]
    return {
        "created_at": parse_instant(document["created_at"]),
        "updated_at": parse_instant(document["updated_at"]),
        "archived_at": None if archived_at is None else parse_instant(archived_at),
    }


def summary_document(summary: Any) -> dict[str, Any]:
    """A row of a list, whatever it shows; what is empty is left out, since every started kilobyte costs."""
    fields = {name: getattr(summary, name) for name in summary.__slots__}
    return {name: value for name, value in fields.items() if value is not None}


def summary_from(document: Mapping[str, Any]) -> ContactSummary:
    """The row out of :func:`summary_document`."""
    fields: dict[str, Any] = {name: document.get(name) for name in ContactSummary.__slots__}
    return ContactSummary(**fields)


def history_document(entry: HistoryEntry) -> dict[str, Any]:
    """A history entry without its id."""
    return {
        "at": instant(entry.at),
        "by": asdict(entry.by),
        "action": entry.action,
        "version": entry.version,
        "changes": [asdict(change) for change in entry.changes],
    }


def history_from(ulid: str, document: Mapping[str, Any]) -> HistoryEntry:
    """The entry out of :func:`history_document`."""
    return HistoryEntry(
        id=f"{HISTORY}_{ulid}",
        at=parse_instant(document["at"]),
        by=Person(**document["by"]),
        action=document["action"],
        version=document["version"],
        changes=tuple(Change(**change) for change in document["changes"]),
    )
