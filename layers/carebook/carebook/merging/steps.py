"""The steps of a merge and of its undoing, each a transaction that also says in the ledger how far it has come.

Several requests and the sweep may do them together: who finds that another was faster goes on from there.
"""

from datetime import datetime

from carebook.contacts.history import Change, changes_between, made
from carebook.contacts.protocols import ContactStore
from carebook.contacts.service import TOO_BUSY
from carebook.errors import Conflict, Unavailable
from carebook.merging.model import Ledger, Stage, freed, merged_details, parted, released, reverted_details
from carebook.merging.protocols import MergeStore, Succession
from carebook.retrying import attempts


def go_on(contacts: ContactStore, merges: MergeStore, ledger: Ledger, now: datetime) -> None:
    """Do every step that is left, of a merge or of its undoing.

    Raises:
        Conflict: when a merge has been undone in the meantime.
    """
    current: Ledger | None = ledger
    while current is not None and current.is_under_way and current.is_undoing == ledger.is_undoing:
        current = _step(contacts, merges, current, now)
    if not ledger.is_undoing and (current is None or current.is_undoing):
        raise Conflict("The merge has been undone in the meantime.", code="not_merged")


def _step(contacts: ContactStore, merges: MergeStore, ledger: Ledger, now: datetime) -> Ledger | None:
    """Do the next step; the ledger as it is then, None when there is none any more."""
    try:
        match ledger.stage:
            case Stage.MERGING:
                return _rewrite(contacts, merges, ledger, Stage.MOVING, now)
            case Stage.MOVING:
                merges.move(ledger)
                return _set_free(contacts, merges, ledger, ledger.at_stage(Stage.MERGED), now)
            case Stage.MOVING_BACK:
                merges.move_back(ledger)
                return _rewrite(contacts, merges, ledger, Stage.REVERTING, now)
        return _set_free(contacts, merges, ledger, None, now)
    except _Overtaken as overtaken:
        return overtaken.ledger
    except Conflict:
        known = _known(merges, ledger)
        if known == ledger:
            raise
        return known


class _Overtaken(Exception):
    """Another has done this step."""

    def __init__(self, ledger: Ledger | None) -> None:
        super().__init__("overtaken")
        self.ledger = ledger


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
        if _written(merges, onward, ledger, Succession(survivor, rewritten, entry)):
            return onward
    raise Unavailable(TOO_BUSY)


def _set_free(
    contacts: ContactStore, merges: MergeStore, ledger: Ledger, onward: Ledger | None, now: datetime
) -> Ledger | None:
    """Let the survivor go; when nothing goes *onward*, the duplicate is a contact of its own again."""
    for _ in attempts():
        survivor, _settings = contacts.find_exactly(ledger.account, ledger.survivor_id)
        changes = [Succession(survivor, freed(survivor, now))]
        if onward is None:
            duplicate, _settings = contacts.find_exactly(ledger.account, ledger.duplicate_id)
            own = released(duplicate, now)
            change = Change("merged_into", ledger.survivor_id, None)
            entry = made("unmerged", own, by=ledger.by, changes=(change,))
            changes = [Succession(survivor, parted(survivor, duplicate, now)), Succession(duplicate, own, entry)]
        if _written(merges, onward, ledger, *changes):
            return onward
    raise Unavailable(TOO_BUSY)


def _written(merges: MergeStore, onward: Ledger | None, ledger: Ledger, *changes: Succession) -> bool:
    """Write a step; False when a contact was changed in the meantime, so that it is worth looking again.

    Raises:
        _Overtaken: when the ledger was changed.
    """
    try:
        merges.step(onward, was=ledger, changes=changes)
    except Conflict:
        known = _known(merges, ledger)
        if known != ledger:
            raise _Overtaken(known) from None
        return False
    return True


def _known(merges: MergeStore, ledger: Ledger) -> Ledger | None:
    return merges.ledger(ledger.account, ledger.survivor_id, ledger.duplicate_id)
