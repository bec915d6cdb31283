"""What happens to files, as the history of their contact tells it: names and fields, never content."""

from datetime import datetime
from typing import Any

from carebook.contacts.history import Change, HistoryEntry
from carebook.files.model import File
from carebook.identity import Person
from carebook.ids import HISTORY, new_id


def entry_of(action: str, before: File | None, after: File | None, *, by: Person, now: datetime) -> HistoryEntry:
    """What happened to a file, for the history of its contact: its id and name, and what of it has changed."""
    file = after or before
    if file is None:
        raise ValueError(action)
    told = {"id": file.id, "name": file.details.name}
    old, new = (None if one is None else told | _differing(one, before, after) for one in (before, after))
    return HistoryEntry(id=new_id(HISTORY, now), at=now, by=by, action=action, changes=(Change("file", old, new),))


def _differing(one: File, before: File | None, after: File | None) -> dict[str, Any]:
    if before is None or after is None:
        return {}
    shown = {
        name: {**file.details.to_document(), "status": file.status.value}
        for name, file in (("old", before), ("new", after))
    }
    mine = shown["old"] if one is before else shown["new"]
    return {name: _abridged(mine[name]) for name in mine if shown["old"][name] != shown["new"][name]}


def _abridged(value: Any) -> Any:
    return value[:200] + "…" if isinstance(value, str) and len(value) > 200 else value
