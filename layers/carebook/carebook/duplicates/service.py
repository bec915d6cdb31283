"""Finding contacts that look like one: before another is added, and among those that are there."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any, Final, Protocol

from carebook.contacts.model import Contact, ContactDetails
from carebook.contacts.protocols import ContactStore
from carebook.contacts.service import create_contact
from carebook.duplicates.model import Evidence, Reason, evidence
from carebook.errors import Conflict
from carebook.folding import words
from carebook.identity import Person
from carebook.search.plan import KeyRange
from carebook.search.service import SearchIndex
from carebook.search.tokens import Kind, fold_address

_LOOKED_UP: Final = 5  # addresses and numbers of a new contact
_SHARING: Final = 100
# From so many on, an address or number is a switchboard: only those of one name are compared.
_SWITCHBOARD: Final = 6


class PossibleDuplicate(Conflict):
    """A contact that is there already looks like the one to be added."""

    code = "possible_duplicate"

    def __init__(self, candidates: Sequence[tuple[Contact, Evidence]]) -> None:
        super().__init__("A contact like this is there already. Send allow_duplicate=true to add another.")
        self._candidates = [
            {"id": contact.id, "name": contact.details.display_name, "reasons": [str(r) for r in found.reasons]}
            for contact, found in candidates
        ]

    @property
    def extra(self) -> Mapping[str, Any]:
        """The candidates."""
        return {"candidates": self._candidates}


def create_unless_duplicate(
    contacts: ContactStore,
    entries: SearchIndex,
    *,
    account: str,
    details: ContactDetails,
    by: Person,
    now: datetime,
    request: str | None,
    allow_duplicate: bool,
) -> Contact:
    """A new contact, unless one like it is there. The same *request* again gives the contact that it made before.

    Raises:
        PossibleDuplicate: with the candidates, the likeliest first.
    """
    try:
        if not allow_duplicate:
            refuse_duplicate(contacts, entries, account=account, details=details)
    except PossibleDuplicate:
        made = contacts.made_by(account, request, now=now) if request else None
        if made is None:
            raise
        return made  # what looks alike is what this very request has added
    return create_contact(contacts, account=account, details=details, by=by, now=now, request=request)


def refuse_duplicate(contacts: ContactStore, entries: SearchIndex, *, account: str, details: ContactDetails) -> None:
    """Look for contacts that are strongly like *details*: a round in the index, and one for those that share something.

    Raises:
        PossibleDuplicate: with the candidates, the likeliest first.
    """
    ranges = list(_ranges(details))
    if not ranges:
        return
    slices = entries.read_together(ranges, record_type=None, limit=_SHARING)
    ids = sorted({entry.record.id for piece in slices for entry in piece.entries})
    candidates = [(contact, evidence(details, contact.details)) for contact in contacts.find_many(account, ids)]
    strong = [(contact, found) for contact, found in candidates if found.is_strong]
    if strong:
        raise PossibleDuplicate(sorted(strong, key=lambda pair: (-pair[1].score, pair[0].id)))


def _ranges(details: ContactDetails) -> Iterator[KeyRange]:
    if details.npi:
        yield KeyRange(f"n{details.npi} ", frozenset({Kind.NPI}))
    name = words(" ".join(part for part in (details.last_name, details.first_name) if part))
    named = tuple(name or words(details.organization_name or ""))
    for email in details.emails[:_LOOKED_UP]:
        yield KeyRange(f"{fold_address(email.address)} ", frozenset({Kind.EMAIL}), named)
    for phone in details.phones[:_LOOKED_UP]:
        yield KeyRange(f"{phone.number} ", frozenset({Kind.PHONE}), named)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two contacts that look like one."""

    one: Contact
    other: Contact
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Sharing:
    """Ids of contacts that have one thing in common, and the position behind them."""

    ids: tuple[str, ...]
    position: str


class SharedThings(Protocol):
    """What contacts of an account have in common, thing by thing."""

    def sharing(self, reason: Reason, *, after: str | None) -> Iterator[Sharing]:
        """Groups that share an NPI, an address, a number or a name, in a fixed order; empty ones tell the position."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where a list of pairs goes on: behind a group of a reason, after so many of the next group's pairs."""

    reason: Reason = Reason.NPI
    after: str | None = None
    skip: int = 0


_STAGES: Final = (Reason.NPI, Reason.EMAIL, Reason.PHONE, Reason.NAME)


def list_duplicates(
    contacts: ContactStore, things: SharedThings, *, account: str, start: Place, limit: int, go_on: Callable[[], bool]
) -> tuple[list[Pair], Place | None]:
    """Up to *limit* pairs that look like one, by what they share, and where the list goes on (None: this was all).

    A pair is listed once, under the first reason that it shares. When *go_on* says that time is up, the page ends.
    """
    pairs: list[Pair] = []
    place = start
    for reason in _STAGES[_STAGES.index(start.reason) :]:
        place = place if place.reason is reason else Place(reason)
        for group in things.sharing(reason, after=place.after):
            found = list(_pairs(contacts, account, group, reason))
            room = limit - len(pairs)
            pairs += found[place.skip : place.skip + room]
            if len(found) - place.skip > room:
                return pairs, Place(reason, place.after, place.skip + room)
            place = Place(reason, group.position)
            if not go_on():
                return pairs, place
    return pairs, None


def _pairs(contacts: ContactStore, account: str, group: Sharing, reason: Reason) -> Iterator[Pair]:
    """The pairs of a group that are not listed under an earlier reason, the likeliest first."""
    members = contacts.find_many(account, list(group.ids[:_SHARING])) if group.ids else []
    found = []
    for one, other in combinations(members, 2):
        common = evidence(one.details, other.details)
        if not common.reasons or common.reasons[0] is not reason:
            continue
        if reason is Reason.NAME and not _same_organization(one.details, other.details):
            continue
        if (
            len(members) >= _SWITCHBOARD
            and reason in {Reason.EMAIL, Reason.PHONE}
            and Reason.NAME not in common.reasons
        ):
            continue
        found.append(Pair(one, other, common))
    yield from sorted(found, key=lambda pair: (-pair.evidence.score, pair.one.id, pair.other.id))


def _same_organization(one: ContactDetails, other: ContactDetails) -> bool:
    return words(one.organization_name or "") == words(other.organization_name or "")
