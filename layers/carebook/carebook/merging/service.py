"""Merging two contacts into one, and undoing it.

A merge goes in steps, each a transaction that also says in the ledger how far it has come. Whatever stops it, it can go
on: by the same request again, or by the sweep. At every point both contacts' data are there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from carebook.contacts.history import Change, HistoryEntry, changes_between, made
from carebook.contacts.model import Contact
from carebook.contacts.protocols import ContactStore, Found
from carebook.contacts.service import TOO_BUSY, Merged, checked_id
from carebook.errors import Conflict, FieldError, Invalid, NotFound, Unavailable
from carebook.identity import Person
from carebook.merging.model import (
    Ledger,
    Stage,
    absorbed,
    engaged,
    merged_details,
    released,
    reverted_details,
)
from carebook.retrying import attempts

_LEFT_ALONE: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Succession:
    """A contact's version and the next one, with the history entry that tells of it, if it is worth telling."""

    before: Contact
    after: Contact
    entry: HistoryEntry | None = None


class MergeStore(Protocol):
    """Where ledgers are kept, and the transactions that write contacts and ledger together."""

    def ledger(self, account: str, survivor_id: str, duplicate_id: str) -> Ledger | None:
        """The ledger of a merge, if there was one that is not undone."""
        ...

    def step(self, ledger: Ledger | None, *, was: Ledger | None, changes: Sequence[Succession]) -> None:
        """Write contacts' next versions, and the ledger in its next stage; None stands for no ledger.

        Raises:
            Conflict: when a contact or the ledger is not what is kept any more.
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
    if ledger is not None and ledger.stage in {Stage.MOVING_BACK, Stage.REVERTING}:
        _go_on(contacts, merges, ledger, now)  # an undoing that was cut short comes first
        ledger = None
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
    contacts.find_exactly(account, checked_id(survivor_id))
    ledger = merges.ledger(account, survivor_id, duplicate_id)
    if ledger is None:
        raise Conflict("These two are not merged.", code="not_merged")
    if ledger.stage is Stage.MOVING:
        _go_on(contacts, merges, ledger, now)
        ledger = _known(merges, ledger)
    if ledger.stage is Stage.MERGING:  # the survivor has nothing of the duplicate yet
        undoing = ledger.undone_by(by, now).at_stage(Stage.REVERTING)
        merges.step(undoing, was=ledger, changes=())
        ledger = undoing
    if ledger.stage is Stage.MERGED:
        ledger = _begin_undoing(contacts, merges, ledger, by, now)
    _go_on(contacts, merges, ledger, now)
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
    """Take the duplicate out of sight, hold the survivor, and note what will be done."""
    for _ in attempts():
        survivor, _settings = contacts.find_exactly(account, survivor_id)
        try:
            duplicate, _settings = contacts.find_exactly(account, duplicate_id)
        except NotFound:
            raise _no_duplicate() from None
        for contact in (survivor, duplicate):
            _refuse_unusable(contact)
        if any(_finish_pending(contacts, merges, contact, now) for contact in (survivor, duplicate)):
            continue
        merged_details(survivor.details, duplicate.details, chosen)  # refuses what does not fit together
        ledger = Ledger(
            account=account,
            survivor_id=survivor_id,
            duplicate_id=duplicate_id,
            stage=Stage.MERGING,
            chosen=chosen,
            before={},
            after={},
            added={},
            by=by,
            at=now,
        )
        gone = absorbed(duplicate, survivor_id, now)
        entry = made("merged", gone, by=by, changes=(Change("merged_into", None, survivor_id),))
        changes = (Succession(duplicate, gone, entry), Succession(survivor, engaged(survivor, duplicate_id, now)))
        try:
            merges.step(ledger, was=None, changes=changes)
        except Conflict:
            continue
        return ledger
    raise Unavailable(TOO_BUSY)


def _begin_undoing(contacts: ContactStore, merges: MergeStore, ledger: Ledger, by: Person, now: datetime) -> Ledger:
    """Hold the survivor for the undoing."""
    undoing = ledger.undone_by(by, now)
    for _ in attempts():
        survivor, _settings = contacts.find_exactly(ledger.account, ledger.survivor_id)
        _refuse_unusable(survivor)
        if _finish_pending(contacts, merges, survivor, now):
            continue
        held = Succession(survivor, engaged(survivor, ledger.duplicate_id, now))
        try:
            merges.step(undoing, was=ledger, changes=(held,))
        except Conflict:
            if _known(merges, ledger).stage is not Stage.MERGED:
                raise
            continue
        return undoing
    raise Unavailable(TOO_BUSY)


def _finish_pending(contacts: ContactStore, merges: MergeStore, contact: Contact, now: datetime) -> bool:
    """Finish another merge that holds *contact*, if one does."""
    if contact.merging is None:
        return False
    return finish_merge(
        contacts, merges, account=contact.account, survivor_id=contact.id, duplicate_id=contact.merging, now=now
    )


def _go_on(contacts: ContactStore, merges: MergeStore, ledger: Ledger, now: datetime) -> None:
    """Do every step that is left, of a merge or of its undoing."""
    if ledger.stage is Stage.MERGING:
        ledger = _rewrite(contacts, merges, ledger, Stage.MOVING, now)
    if ledger.stage is Stage.MOVING:
        merges.move(ledger)
        _set_free(contacts, merges, ledger, ledger.at_stage(Stage.MERGED), now)
    if ledger.stage is Stage.MOVING_BACK:
        merges.move_back(ledger)
        ledger = _rewrite(contacts, merges, ledger, Stage.REVERTING, now)
    if ledger.stage is Stage.REVERTING:
        _set_free(contacts, merges, ledger, None, now)


def _rewrite(contacts: ContactStore, merges: MergeStore, ledger: Ledger, stage: Stage, now: datetime) -> Ledger:
    """Give the survivor the duplicate's fields, or take them from it again."""
    is_merge = stage is Stage.MOVING
    duplicate, _settings = contacts.find_exactly(ledger.account, ledger.duplicate_id)
    for _ in attempts():
        survivor, _settings = contacts.find_exactly(ledger.account, ledger.survivor_id)
        if is_merge:
            details = merged_details(survivor.details, duplicate.details, ledger.chosen)
            onward = ledger.adopting(survivor.details, details).at_stage(stage)
            source = Change("merged_from", None, ledger.duplicate_id)
        else:
            details, onward = reverted_details(survivor.details, ledger), ledger.at_stage(stage)
            source = Change("merged_from", ledger.duplicate_id, None)
        rewritten = survivor.rewritten(details, now)
        changes = (source, *changes_between(survivor.details, details))
        entry = made("merged" if is_merge else "unmerged", rewritten, by=ledger.by, changes=changes)
        try:
            merges.step(onward, was=ledger, changes=(Succession(survivor, rewritten, entry),))
        except Conflict:
            if _known(merges, ledger).stage is not ledger.stage:
                raise
            continue
        return onward
    raise Unavailable(TOO_BUSY)


def _set_free(contacts: ContactStore, merges: MergeStore, ledger: Ledger, onward: Ledger | None, now: datetime) -> None:
    """Let the survivor go; when nothing goes *onward*, the duplicate is a contact of its own again."""
    for _ in attempts():
        survivor, _settings = contacts.find_exactly(ledger.account, ledger.survivor_id)
        changes = [Succession(survivor, engaged(survivor, None, now))]
        if onward is None:
            duplicate, _settings = contacts.find_exactly(ledger.account, ledger.duplicate_id)
            own = released(duplicate, now)
            change = Change("merged_into", ledger.survivor_id, None)
            entry = made("unmerged", own, by=ledger.by, changes=(change,))
            changes.append(Succession(duplicate, own, entry))
        try:
            merges.step(onward, was=ledger, changes=changes)
        except Conflict:
            if _known(merges, ledger).stage is not ledger.stage:
                raise
            continue
        return
    raise Unavailable(TOO_BUSY)


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
