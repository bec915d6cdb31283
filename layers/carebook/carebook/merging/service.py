"""Merging two contacts into one, and undoing it.

A merge goes in steps, each a transaction that also says in the ledger how far it has come. Whatever stops it, it can go
on: by the same request again, or by the sweep. At every point both contacts' data are there.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, Protocol

from carebook.contacts.history import Change, HistoryEntry, changes_between, made
from carebook.contacts.model import Contact
from carebook.contacts.service import TOO_BUSY, ContactStore, Found, Merged, checked_id
from carebook.errors import Conflict, FieldError, Invalid, NotFound, Unavailable
from carebook.identity import Person
from carebook.merging.model import (
    Ledger,
    Stage,
    absorbed,
    changed_fields,
    merged_details,
    released,
    reverted_details,
)
from carebook.retrying import attempts

_LEFT_ALONE: Final = timedelta(minutes=2)
_SYSTEM: Final = Person("carebook", "Carebook")


class MergeStore(Protocol):
    """Where ledgers are kept, and the transactions that write contacts and ledger together."""

    def ledger(self, account: str, survivor_id: str, duplicate_id: str) -> Ledger | None:
        """The ledger of a merge, if there was one that is not undone."""
        ...

    def step(self, ledger: Ledger, *, was: Stage | None, before: Contact, after: Contact, entry: HistoryEntry) -> None:
        """Write a contact's next version and the ledger in its stage; *was* is the stage until now, None for none.

        Raises:
            Conflict: when contact or ledger are not what is kept any more.
        """
        ...

    def close(self, ledger: Ledger, *, before: Contact, after: Contact, entry: HistoryEntry) -> None:
        """Write a contact's next version and remove the ledger.

        Raises:
            Conflict: when contact or ledger are not what is kept any more.
        """
        ...

    def advance(self, ledger: Ledger, *, was: Stage) -> None:
        """Write the ledger's next stage.

        Raises:
            Conflict: when its stage is another by now.
        """
        ...

    def move(self, ledger: Ledger) -> None:
        """Give the survivor what hangs on the duplicate; what was moved before stays moved."""
        ...

    def move_back(self, ledger: Ledger) -> None:
        """Give the duplicate back what came from it."""
        ...

    def left_alone(self, *, since: datetime, limit: int) -> Iterator[tuple[str, str, str]]:
        """Account, survivor and duplicate of merges that have been under way since before a moment."""
        ...


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

    A merge of the same two that was cut short is finished.

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
    ledger = merges.ledger(account, survivor_id, duplicate_id)
    if ledger is None:
        ledger = _begin(contacts, merges, account, survivor_id, duplicate_id, chosen, by, now)
    elif ledger.stage is Stage.MERGED:
        raise Merged(survivor_id)
    _go_on(contacts, merges, ledger, now)
    return contacts.find_exactly(account, survivor_id)


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
    survivor, _settings = contacts.find_exactly(account, checked_id(survivor_id))
    ledger = merges.ledger(account, survivor_id, duplicate_id)
    if ledger is None:
        raise Conflict("These two are not merged.", code="not_merged")
    _refuse_unusable(survivor)
    if ledger.stage in {Stage.MERGING, Stage.MOVING}:
        _go_on(contacts, merges, ledger, now)
        ledger = _known(merges, ledger)
    if ledger.stage is Stage.MERGED:
        undoing = ledger.at_stage(Stage.MOVING_BACK)
        merges.advance(undoing, was=Stage.MERGED)
        ledger = undoing
    _go_on(contacts, merges, ledger, now, by=by)
    return contacts.find_exactly(account, survivor_id)


def merges_left_alone(merges: MergeStore, *, now: datetime, limit: int) -> list[tuple[str, str, str]]:
    """Merges that somebody began and nobody has finished for two minutes: account, survivor, duplicate."""
    return list(merges.left_alone(since=now - _LEFT_ALONE, limit=limit))


def finish_merge(
    contacts: ContactStore, merges: MergeStore, *, account: str, survivor_id: str, duplicate_id: str, now: datetime
) -> bool:
    """Go on with a merge, or its undoing, that was cut short; whether there was one."""
    ledger = merges.ledger(account, survivor_id, duplicate_id)
    if ledger is None or ledger.stage is Stage.MERGED:
        return False
    _go_on(contacts, merges, ledger, now)
    return True


def _begin(
    contacts: ContactStore,
    merges: MergeStore,
    account: str,
    survivor_id: str,
    duplicate_id: str,
    chosen: frozenset[str],
    by: Person,
    now: datetime,
) -> Ledger:
    """Take the duplicate out of sight and note what will be done."""
    for _ in attempts():
        survivor, _settings = contacts.find_exactly(account, survivor_id)
        try:
            duplicate, _settings = contacts.find_exactly(account, duplicate_id)
        except NotFound:
            raise _no_duplicate() from None
        _refuse_unusable(survivor)
        _refuse_unusable(duplicate)
        before, after = changed_fields(survivor.details, merged_details(survivor.details, duplicate.details, chosen))
        ledger = Ledger(
            account=account,
            survivor_id=survivor_id,
            duplicate_id=duplicate_id,
            stage=Stage.MERGING,
            chosen=chosen,
            before=before,
            after=after,
            by=by,
            at=now,
        )
        gone = absorbed(duplicate, survivor_id, now)
        change = Change("merged_into", None, survivor_id)
        entry = made("merged", gone, by=by, changes=(change,))
        try:
            merges.step(ledger, was=None, before=duplicate, after=gone, entry=entry)
        except Conflict:
            continue
        return ledger
    raise Unavailable(TOO_BUSY)


def _go_on(
    contacts: ContactStore, merges: MergeStore, ledger: Ledger, now: datetime, *, by: Person | None = None
) -> None:
    """Do every step that is left, of a merge or of its undoing."""
    while True:
        match ledger.stage:
            case Stage.MERGING:
                ledger = _adopt(contacts, merges, ledger, now)
            case Stage.MOVING:
                merges.move(ledger)
                merges.advance(ledger.at_stage(Stage.MERGED), was=Stage.MOVING)
                return
            case Stage.MOVING_BACK:
                merges.move_back(ledger)
                ledger = _revert(contacts, merges, ledger, now, by or _SYSTEM)
            case Stage.REVERTING:
                _release(contacts, merges, ledger, now, by or _SYSTEM)
                return
            case Stage.MERGED:
                return


def _adopt(contacts: ContactStore, merges: MergeStore, ledger: Ledger, now: datetime) -> Ledger:
    """Give the survivor the duplicate's fields."""
    duplicate, _settings = contacts.find_exactly(ledger.account, ledger.duplicate_id)
    for _ in attempts():
        survivor, _settings = contacts.find_exactly(ledger.account, ledger.survivor_id)
        details = merged_details(survivor.details, duplicate.details, ledger.chosen)
        before, after = changed_fields(survivor.details, details)
        adopted = survivor.rewritten(details, now)
        merged_from = Change("merged_from", None, ledger.duplicate_id)
        changes = (merged_from, *changes_between(survivor.details, details))
        entry = made("merged", adopted, by=ledger.by, changes=changes)
        moving = ledger.with_fields(before, after).at_stage(Stage.MOVING)
        try:
            merges.step(moving, was=Stage.MERGING, before=survivor, after=adopted, entry=entry)
        except Conflict:
            if _known(merges, ledger).stage is not Stage.MERGING:
                raise
            continue
        return moving
    raise Unavailable(TOO_BUSY)


def _revert(contacts: ContactStore, merges: MergeStore, ledger: Ledger, now: datetime, by: Person) -> Ledger:
    """Take from the survivor what it had from the duplicate."""
    reverting = ledger.at_stage(Stage.REVERTING)
    for _ in attempts():
        survivor, _settings = contacts.find_exactly(ledger.account, ledger.survivor_id)
        details = reverted_details(survivor.details, ledger)
        reverted = survivor.rewritten(details, now)
        changes = (Change("merged_from", ledger.duplicate_id, None), *changes_between(survivor.details, details))
        entry = made("unmerged", reverted, by=by, changes=changes)
        try:
            merges.step(reverting, was=Stage.MOVING_BACK, before=survivor, after=reverted, entry=entry)
        except Conflict:
            if _known(merges, ledger).stage is not Stage.MOVING_BACK:
                raise
            continue
        return reverting
    raise Unavailable(TOO_BUSY)


def _release(contacts: ContactStore, merges: MergeStore, ledger: Ledger, now: datetime, by: Person) -> None:
    """Make the duplicate a contact of its own again."""
    duplicate, _settings = contacts.find_exactly(ledger.account, ledger.duplicate_id)
    own = released(duplicate, now)
    change = Change("merged_into", ledger.survivor_id, None)
    merges.close(ledger, before=duplicate, after=own, entry=made("unmerged", own, by=by, changes=(change,)))


def _known(merges: MergeStore, ledger: Ledger) -> Ledger:
    known = merges.ledger(ledger.account, ledger.survivor_id, ledger.duplicate_id)
    if known is None:
        raise Conflict("The merge has been undone in the meantime.", code="not_merged")
    return known


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
