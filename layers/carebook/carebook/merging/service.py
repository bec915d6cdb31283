"""Merging two contacts into one, and undoing it.

A merge goes in steps, each a transaction that also says in the ledger how far it has come. Whatever stops it, it can go
on: by the same request again, or by the sweep. At every point both contacts' data are there.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from carebook.contacts.history import Change, made
from carebook.contacts.model import Contact
from carebook.contacts.protocols import ContactStore, Found
from carebook.contacts.service import TOO_BUSY, Merged, checked_id
from carebook.errors import Conflict, FieldError, Invalid, NotFound, Unavailable
from carebook.identity import Person
from carebook.merging.model import Ledger, Stage, absorbed, engaged, joined, merged_details
from carebook.merging.protocols import LeftAlone, MergeStore, Succession
from carebook.merging.steps import go_on
from carebook.retrying import attempts

_LEFT_ALONE: Final = timedelta(minutes=2)


def merge_contacts(
    contacts: ContactStore,
    merges: MergeStore,
    *,
    account: str,
    survivor_id: str,
    duplicate_id: str,
    chosen: frozenset[str],
    by: Person,
    now: datetime,
) -> Found:
    """The survivor with what the duplicate had; the duplicate's id leads to it from now on.

    A merge of the same two that is under way, or was cut short, is finished.

    Raises:
        Invalid: when both are one.
        NotFound: when one of them does not exist.
        Conflict: when one is archived or merged already.
    """
    if survivor_id == duplicate_id:
        raise Invalid([FieldError("duplicate_id", "same_contact", "Name another contact than the one in the path.")])
    checked_id(survivor_id)
    if _is_missing(duplicate_id):
        raise _no_duplicate()
    wanted = Ledger.of_new(account, survivor_id, duplicate_id, chosen, by, now)
    for _ in attempts():
        ledger = merges.ledger(account, survivor_id, duplicate_id)
        if ledger is not None and ledger.is_undoing:
            go_on(contacts, merges, ledger, now)  # an undoing that was cut short comes first
            continue
        if ledger is not None and ledger.stage is Stage.MERGED:
            raise Merged(survivor_id)
        if ledger is None and not _begun(contacts, merges, wanted, now):
            continue
        go_on(contacts, merges, ledger or wanted, now)
        return contacts.find_exactly(account, survivor_id)
    raise Unavailable(TOO_BUSY)


def unmerge_contacts(
    contacts: ContactStore,
    merges: MergeStore,
    *,
    account: str,
    survivor_id: str,
    duplicate_id: str,
    by: Person,
    now: datetime,
) -> Found:
    """Two contacts again, each with what it had. What was edited on the survivor since the merge stays as edited.

    Raises:
        NotFound: when one of them does not exist.
        Conflict: when they are not merged, or the survivor was itself archived or merged.
    """
    contacts.find_exactly(account, checked_id(survivor_id))
    for _ in attempts():
        ledger = merges.ledger(account, survivor_id, duplicate_id)
        if ledger is None:
            raise Conflict("These two are not merged.", code="not_merged")
        if ledger.stage is Stage.MOVING:
            go_on(contacts, merges, ledger, now)
            continue
        undoing: Ledger | None = ledger
        if not ledger.is_undoing:
            undoing = _undoing_begun(contacts, merges, ledger, by, now)
        if undoing is not None:
            go_on(contacts, merges, undoing, now)
            return contacts.find_exactly(account, survivor_id)
    raise Unavailable(TOO_BUSY)


def merges_left_alone(merges: MergeStore, *, now: datetime, limit: int) -> Iterator[LeftAlone]:
    """Merges that somebody began and nobody has tried to finish for two minutes, read *limit* at a time."""
    seen: set[LeftAlone] = set()
    while True:
        found = merges.left_alone(since=now - _LEFT_ALONE, limit=len(seen) + limit)
        fresh = [left for left in found if left not in seen]
        if not fresh:
            return
        seen.update(fresh)
        yield from fresh


def finish_left_alone(contacts: ContactStore, merges: MergeStore, left: LeftAlone, *, now: datetime) -> bool:
    """Go on with a merge that was left alone; whether there was one.

    It is first put behind the others: one that fails each time must not keep them waiting.
    """
    if not merges.take_on(left, now=now):
        return False
    account, survivor_id, duplicate_id, _ = left
    return finish_merge(contacts, merges, account=account, survivor_id=survivor_id, duplicate_id=duplicate_id, now=now)


def finish_merge(
    contacts: ContactStore, merges: MergeStore, *, account: str, survivor_id: str, duplicate_id: str, now: datetime
) -> bool:
    """Go on with a merge, or its undoing, that was cut short; whether there was one."""
    ledger = merges.ledger(account, survivor_id, duplicate_id)
    if ledger is None or not ledger.is_under_way:
        return False
    go_on(contacts, merges, ledger, now)
    return True


def _begun(contacts: ContactStore, merges: MergeStore, ledger: Ledger, now: datetime) -> bool:
    """Take the duplicate out of sight, hold the survivor, and note what will be done; False: look again."""
    survivor, _settings = contacts.find_exactly(ledger.account, ledger.survivor_id)
    try:
        duplicate, _settings = contacts.find_exactly(ledger.account, ledger.duplicate_id)
    except NotFound:
        raise _no_duplicate() from None
    if duplicate.merged_into == survivor.id:
        return False  # the same merge, begun at this moment
    for contact in (survivor, duplicate):
        _refuse_unusable(contact)
    if any(_finish_pending(contacts, merges, contact, now) for contact in (survivor, duplicate)):
        return False
    merged_details(survivor.details, duplicate.details, ledger.chosen)  # refuses what does not fit together
    gone = absorbed(duplicate, survivor.id, now)
    entry = made("merged", gone, by=ledger.by, changes=(Change("merged_into", None, survivor.id),))
    changes = (Succession(duplicate, gone, entry), Succession(survivor, joined(survivor, duplicate, now)))
    try:
        merges.step(ledger, was=None, changes=changes)
    except Conflict:
        return False
    return True


def _undoing_begun(
    contacts: ContactStore, merges: MergeStore, ledger: Ledger, by: Person, now: datetime
) -> Ledger | None:
    """Hold the survivor for the undoing; None: look again."""
    undoing = ledger.undone_by(by, now)
    changes: tuple[Succession, ...] = ()
    if ledger.stage is Stage.MERGING:  # the survivor has nothing of the duplicate yet, and is held already
        undoing = undoing.at_stage(Stage.REVERTING)
    else:
        survivor, _settings = contacts.find_exactly(ledger.account, ledger.survivor_id)
        _refuse_unusable(survivor)
        if _finish_pending(contacts, merges, survivor, now):
            return None
        changes = (Succession(survivor, engaged(survivor, ledger.duplicate_id, now)),)
    try:
        merges.step(undoing, was=ledger, changes=changes)
    except Conflict:
        return None
    return undoing


def _finish_pending(contacts: ContactStore, merges: MergeStore, contact: Contact, now: datetime) -> bool:
    """Finish another merge that holds *contact*, if one does."""
    if contact.merging is None:
        return False
    return finish_merge(
        contacts, merges, account=contact.account, survivor_id=contact.id, duplicate_id=contact.merging, now=now
    )


def _refuse_unusable(contact: Contact) -> None:
    if contact.merged_into is not None:
        raise Merged(contact.merged_into)
    if contact.archived_at is not None:
        raise Conflict("An archived contact cannot be merged. Restore it first.", code="archived")


def _is_missing(contact_id: str) -> bool:
    try:
        checked_id(contact_id)
    except NotFound:
        return True
    return False


def _no_duplicate() -> NotFound:
    return NotFound("There is no such contact to merge.")
