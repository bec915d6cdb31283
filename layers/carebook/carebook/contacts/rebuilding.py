"""Building an account's search index anew beside the one in use, while people go on working.

Every step can be repeated. The state says which version is searched and written; while it says *rebuilding*, each write
also leaves a note of what it has changed. First every contact is indexed in the new version, then the notes are worked
off, then the new version is searched and written. Environments remember the state for half a minute, so each change of
it is followed by a wait; what they write meanwhile has left notes, which are worked off once more.
"""

from collections.abc import Callable
from typing import Any, Final

from carebook import keys
from carebook.contacts.protocols import ContactStore
from carebook.contacts.searchable import BOOK, searchable
from carebook.errors import NotFound, Unavailable
from carebook.items import NOT_THERE, ConditionFailed, Writes, at_version, make_item
from carebook.retrying import attempts
from carebook.search.entries import entries_of
from carebook.search.state import IndexState, TableIndexStates
from carebook.search.store import items_of
from carebook.search.tokens import Searchable
from carebook.table import Table

_PAGE: Final = 100


def rebuild_index(
    table: Table, contacts: ContactStore, account: str, *, wait: Callable[[], None], tell: Callable[[str], None]
) -> int:
    """Build the next version of the index and put it in use; its number. A rebuild that was cut short goes on.

    Args:
        wait: returns when no environment and no request can remember an earlier state any more.
        tell: is told how far it has come.
    """
    states = TableIndexStates(table)
    state, after = states.now(account), _progress(table, account)
    target = state.version + 1
    if after is None:  # also when it was stopped before anything was indexed: the wait may not have been over
        _set(table, account, state.version, rebuilding=True)
        tell("writes leave notes from now on")
        wait()
    count = 0
    while rows := contacts.page(account, archived=False, contact_type=None, after=after, limit=_PAGE):
        for _, row in rows:
            _index(table, contacts, account, row.id, target, before=None)
        count, after = count + len(rows), rows[-1][0]
        _set(table, account, state.version, rebuilding=True, after=after)
        tell(f"{count} contacts indexed")
    _work_off(table, contacts, account, target)
    _set(table, account, target, rebuilding=True)
    tell(f"version {target} is in use")
    wait()
    _work_off(table, contacts, account, target)
    _set(table, account, target, rebuilding=False)
    wait()
    _work_off(table, contacts, account, target)
    return target


def _progress(table: Table, account: str) -> str | None:
    row = table.get(keys.index_state_key(account))
    after: str | None = row.doc.get("after") if row else None
    return after


def _set(table: Table, account: str, version: int, *, rebuilding: bool, after: str | None = None) -> None:
    document = {"version": version, "rebuilding": rebuilding} | ({"after": after} if after else {})
    writes = Writes()
    writes.put(make_item(keys.index_state_key(account), "index state", document))
    table.write(writes)


def _work_off(table: Table, contacts: ContactStore, account: str, version: int) -> None:
    while notes := table.query(keys.reindex_pk(account), limit=_PAGE):
        for note in notes:
            record_id = keys.record_of_reindex(note.key.sk)
            _index(table, contacts, account, record_id, version, before=_record(note.doc["before"]), note=note.key)


def _index(
    table: Table,
    contacts: ContactStore,
    account: str,
    contact_id: str,
    version: int,
    *,
    before: Searchable | None,
    note: keys.Key | None = None,
) -> None:
    """Make a contact's entries in a version what its record says now; those of an earlier record go."""
    place = keys.contact_key(account, contact_id)
    for _ in attempts():
        writes = Writes()
        try:
            contact = contacts.find_exactly(account, contact_id)[0]
        except NotFound:
            record, row = None, table.get(place)
            writes.check(place, at_version(row.version) if row else NOT_THERE)
        else:
            record = searchable(contact)
            writes.check(place, at_version(contact.version))
        now = items_of(entries_of(record), account, BOOK, version=version) if record else {}
        was = items_of(entries_of(before), account, BOOK, version=version) if before else {}
        for item in now.values():
            writes.put(item)
        for key in was.keys() - now.keys():
            writes.delete(key)
        if note is not None:
            writes.delete(note)
        try:
            table.write(writes)
        except ConditionFailed:
            continue  # changed at this moment: look again
        return
    raise Unavailable(f"Contact {contact_id} is being changed all the time. Start the rebuild again.")


def _record(kept: Any) -> Searchable | None:
    if kept is None:
        return None
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()}
    return Searchable(**fields)


def remove_version(table: Table, account: str, version: int, *, state: IndexState) -> int:
    """Delete the entries of a version that is not in use; how many there were. Reads the whole table: for operators.

    Raises:
        ValueError: when the version is in use or being built.
    """
    if version >= state.version:
        raise ValueError(f"Version {version} is in use.")
    client: Any = table.connection.client
    pages = client.get_paginator("scan").paginate(
        TableName=table.name,
        FilterExpression="begins_with(PK, :old)",
        ExpressionAttributeValues={":old": {"S": keys.search_pk(account, BOOK, version, "")}},
        ProjectionExpression="PK, SK",
    )
    count = 0
    for page in pages:
        found = [keys.Key(item["PK"]["S"], item["SK"]["S"]) for item in page["Items"]]
        table.delete_all(found)
        count += len(found)
    return count
