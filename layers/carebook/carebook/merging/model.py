"""What becomes of two contacts that are one."""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from carebook.contacts.model import Address, Contact, ContactDetails
from carebook.errors import Conflict
from carebook.identity import Person

_LONGEST_NOTES: Final = 20_000
_MOST_PHONES: Final = 2_000
_MOST_EMAILS: Final = 100
_MOST_MERGED: Final = 500  # a history reads each of them, and a contact keeps their ids
# Two halves of one thing go together.
_LISTS: Final = ("emails", "phones")
_TOGETHER: Final = {"other_id": "other_id_qualifier", "other_id_qualifier": "other_id"}


class Stage(StrEnum):
    """How far a merge, or its undoing, has come. Each stage is done when the next is written."""

    MERGING = "merging"
    MOVING = "moving"
    MERGED = "merged"
    MOVING_BACK = "moving_back"
    REVERTING = "reverting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What a merge did, so that it can be finished and undone.

    Attributes:
        chosen: fields that were taken from the duplicate although the survivor had its own.
        before: the survivor's fields that the merge changed, as they were.
        after: a digest of what each of them became.
        added: what lists and notes got from the duplicate, piece by piece.
    """

    account: str
    survivor_id: str
    duplicate_id: str
    stage: Stage
    chosen: frozenset[str]
    before: dict[str, Any]
    after: dict[str, str]
    added: dict[str, Any]
    by: Person
    at: datetime

    @classmethod
    def of_new(
        cls, account: str, survivor_id: str, duplicate_id: str, chosen: frozenset[str], by: Person, at: datetime
    ) -> "Ledger":
        """The ledger of a merge that begins."""
        return cls(
            account=account,
            survivor_id=survivor_id,
            duplicate_id=duplicate_id,
            stage=Stage.MERGING,
            chosen=chosen,
            before={},
            after={},
            added={},
            by=by,
            at=at,
        )

    @property
    def is_under_way(self) -> bool:
        """Whether something is still to be done."""
        return self.stage is not Stage.MERGED

    @property
    def is_undoing(self) -> bool:
        """Whether the merge is being undone."""
        return self.stage in {Stage.MOVING_BACK, Stage.REVERTING}

    def at_stage(self, stage: Stage) -> "Ledger":
        """The ledger, further on."""
        return replace(self, stage=stage)

    def undone_by(self, by: Person, at: datetime) -> "Ledger":
        """The ledger of an undoing that begins."""
        return replace(self, stage=Stage.MOVING_BACK, by=by, at=at)

    def adopting(self, before: ContactDetails, after: ContactDetails) -> "Ledger":
        """The ledger with what the survivor's details were and become."""
        old, new = before.to_document(), after.to_document()
        changed = [name for name in old if old[name] != new[name]]
        added: dict[str, Any] = {name: [each for each in new[name] if each not in old[name]] for name in _LISTS}
        added["notes"] = new["notes"].removeprefix(old["notes"]) if old["notes"] else ""
        return replace(
            self,
            before={name: old[name] for name in changed},
            after={name: _digest(new[name]) for name in changed},
            added=added,
        )


def merged_details(survivor: ContactDetails, duplicate: ContactDetails, chosen: frozenset[str]) -> ContactDetails:
    """The survivor's details with what it lacks, and with the *chosen* fields, from the duplicate.

    Addresses and numbers of both are kept, the survivor's first unless chosen otherwise. Notes of both are kept, as far
    as they fit.

    Raises:
        Conflict: when both together have more numbers or addresses than a contact can have.
    """
    mine, theirs = survivor.to_document(), duplicate.to_document()
    chosen = chosen | {_TOGETHER[name] for name in chosen if name in _TOGETHER}
    merged = {name: _one_of(name, mine, theirs, chosen) for name in mine}
    for name, most in (("phones", _MOST_PHONES), ("emails", _MOST_EMAILS)):
        first, second = (theirs[name], mine[name]) if name in chosen else (mine[name], theirs[name])
        merged[name] = first + [value for value in second if not _is_among(value, first)]
        if len(merged[name]) > most:
            raise Conflict(f"Together the contacts have more than {most} {name}.", code="too_many")
    if "notes" not in chosen and mine["notes"] and theirs["notes"] and theirs["notes"] not in mine["notes"]:
        both = f"{mine['notes']}\n\n{theirs['notes']}"
        merged["notes"] = both if len(both) <= _LONGEST_NOTES else mine["notes"]
    return ContactDetails.from_document(merged)


def _one_of(name: str, mine: dict[str, Any], theirs: dict[str, Any], chosen: frozenset[str]) -> Any:
    if name in chosen and theirs[name] and not (name == "address" and _is_blank(theirs[name])):
        return theirs[name]
    lacking = not mine[name] or (name == "address" and _is_blank(mine[name]))
    if name in _TOGETHER:
        lacking = not mine["other_id"]
    return theirs[name] if lacking and theirs[name] else mine[name]


def _is_blank(address: dict[str, str]) -> bool:
    return not any(address[name] for name in Address.__slots__ if name != "country")


def _is_among(value: dict[str, Any], others: list[dict[str, Any]]) -> bool:
    same = ("address",) if "address" in value else ("number", "extension", "type")
    return any(all(value[name] == other[name] for name in same) for other in others)


def reverted_details(survivor: ContactDetails, ledger: Ledger) -> ContactDetails:
    """The survivor's details without the merge.

    A field that was edited since keeps the edit, but numbers, addresses and notes that came from the duplicate go from
    it all the same: they are somebody else's. What belongs together goes together, and a name always remains.
    """
    now = survivor.to_document()
    reverted = dict(now)
    for name, value in ledger.before.items():
        pair = _TOGETHER.get(name, name)
        if all(_digest(now[each]) == ledger.after.get(each, _digest(now[each])) for each in (name, pair)):
            reverted[name] = value
        elif name in _LISTS:
            reverted[name] = [each for each in now[name] if each not in ledger.added[name]]
        elif name == "notes" and ledger.added["notes"]:
            reverted[name] = now[name].replace(ledger.added["notes"], "", 1)
    if not reverted["last_name"] and not reverted["organization_name"]:
        reverted |= {name: now[name] for name in ("last_name", "organization_name")}
    return ContactDetails.from_document(reverted)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def joined(survivor: Contact, duplicate: Contact, now: datetime) -> Contact:
    """The survivor's next version, held by a merge, with the duplicate and whoever was merged into that among its own.

    Raises:
        Conflict: when more than 500 would be in one.
    """
    merged = (*survivor.merged_from, duplicate.id, *duplicate.merged_from)
    if len(merged) > _MOST_MERGED:
        raise Conflict(f"More than {_MOST_MERGED} contacts would be merged into one.", code="too_many")
    return replace(survivor.succeeded(now), merging=duplicate.id, merged_from=merged)


def engaged(survivor: Contact, duplicate_id: str, now: datetime) -> Contact:
    """The survivor's next version, held by the undoing of a merge."""
    return replace(survivor.succeeded(now), merging=duplicate_id)


def freed(survivor: Contact, now: datetime) -> Contact:
    """The survivor's next version, held by nothing."""
    return replace(survivor.succeeded(now), merging=None)


def parted(survivor: Contact, duplicate: Contact, now: datetime) -> Contact:
    """The survivor's next version, free and without the duplicate and whoever was merged into that."""
    gone = {duplicate.id, *duplicate.merged_from}
    return replace(freed(survivor, now), merged_from=tuple(each for each in survivor.merged_from if each not in gone))


def absorbed(duplicate: Contact, survivor_id: str, now: datetime) -> Contact:
    """The duplicate's next version: out of sight, its id leading to the survivor."""
    return replace(duplicate.succeeded(now), merged_into=survivor_id)


def released(duplicate: Contact, now: datetime) -> Contact:
    """The duplicate's next version: a contact of its own again."""
    return replace(duplicate.succeeded(now), merged_into=None)
