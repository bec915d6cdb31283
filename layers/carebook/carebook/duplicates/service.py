"""Finding contacts that look like one among those that are there."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from carebook.contacts.model import Contact
from carebook.contacts.protocols import ContactStore
from carebook.duplicates.model import Evidence, Reason, Thing, evidence, told_by

_STAGES: Final = (Reason.NPI, Reason.EMAIL, Reason.PHONE, Reason.NAME)
_READ_TOGETHER: Final = 100  # contacts in one request
_LEAST_CANDIDATES: Final = 20


@dataclass(frozen=True, slots=True)
class Pair:
    """Two contacts that look like one."""

    one: Contact
    other: Contact
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Sharing:
    """Contacts that share something, and the position behind them.

    Attributes:
        text: what they share, as it lies there.
        members: by id a text that is the same for those who may be one.
    """

    reason: Reason
    text: str
    position: str
    members: Mapping[str, str] = field(default_factory=dict)

    @property
    def thing(self) -> Thing:
        """What they share."""
        return Thing(self.reason, "" if self.reason is Reason.NAME else self.text)


class SharedThings(Protocol):
    """What contacts of an account have in common, thing by thing."""

    def sharing(self, reason: Reason, *, after: str | None) -> Iterator[Sharing]:
        """Groups that share an NPI, an address, a number or a name, in a fixed order; empty ones tell the position."""
        ...

    def is_switchboard(self, thing: Thing) -> bool:
        """Whether so many share it that it says nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where a list of pairs goes on: behind a position in the index, and of one group behind a pair.

    It holds ids, and no count: who merges a pair does not move the others.
    """

    reason: Reason = Reason.NPI
    after: str | None = None
    text: str = ""
    one: str = ""
    other: str = ""


def list_duplicates(
    contacts: ContactStore, things: SharedThings, *, account: str, start: Place, limit: int, go_on: Callable[[], bool]
) -> tuple[list[Pair], Place | None]:
    """Up to *limit* pairs that look like one, by what they share, and where the list goes on (None: this was all).

    A pair is listed once, under the first thing it shares. When *go_on* says that time is up, the page ends early.
    """
    pairs: list[Pair] = []
    behind_last = start
    walk = _candidates(things, start)
    while True:
        batch, place = _gathered(walk, max(limit + 1 - len(pairs), _LEAST_CANDIDATES), go_on)
        for candidate, pair in _confirmed(contacts, things, account, batch):
            if len(pairs) == limit:
                return pairs, behind_last
            pairs.append(pair)
            behind_last = candidate.place
        if place is None:
            return pairs, None
        if not go_on():
            return pairs, place


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Two who share a thing, and the place behind them."""

    thing: Thing
    place: Place


def _candidates(things: SharedThings, start: Place) -> Iterator[_Candidate | Place]:
    """Everybody who shares a thing with somebody, in order; behind each group its place."""
    place = start
    for reason in _STAGES[_STAGES.index(start.reason) :]:
        place = place if place.reason is reason else Place(reason)
        for group in things.sharing(reason, after=place.after):
            behind = (place.one, place.other) if place.text == group.text else ("", "")
            place = replace(place, text=group.text)
            for one, other in _couples(group, behind):
                yield _Candidate(group.thing, replace(place, one=one, other=other))
            place = Place(reason, group.position)
            yield place


def _couples(group: Sharing, behind: tuple[str, str]) -> Iterator[tuple[str, str]]:
    """Ids of two who may be one, in the order of both, from behind a couple on."""
    together: defaultdict[str, list[str]] = defaultdict(list)
    ids = sorted(group.members)
    for member in ids:
        together[group.members[member]].append(member)
    for one in ids[bisect_right(ids, behind[0]) - (behind[0] in group.members) :]:
        others = together[group.members[one]]
        for other in others[bisect_right(others, max(one, behind[1]) if one == behind[0] else one) :]:
            yield one, other


def _gathered(
    walk: Iterator[_Candidate | Place], wanted: int, go_on: Callable[[], bool]
) -> tuple[list[_Candidate], Place | None]:
    """Candidates of several groups whose contacts one request reads, and the place behind them (None: the end)."""
    batch: list[_Candidate] = []
    ids: set[str] = set()
    for step in walk:
        if isinstance(step, _Candidate):
            batch.append(step)
            ids |= {step.place.one, step.place.other}
            if len(batch) >= wanted or len(ids) >= _READ_TOGETHER - 1:
                return batch, step.place
        elif not go_on():
            return batch, step
    return batch, None


def _confirmed(
    contacts: ContactStore, things: SharedThings, account: str, batch: Sequence[_Candidate]
) -> Iterator[tuple[_Candidate, Pair]]:
    """Those candidates that the contacts themselves bear out, and that no earlier thing has told of."""
    ids = dict.fromkeys(each for candidate in batch for each in (candidate.place.one, candidate.place.other))
    found = {contact.id: contact for contact in contacts.find_many(account, list(ids))} if ids else {}
    for candidate in batch:
        one, other = found.get(candidate.place.one), found.get(candidate.place.other)
        if one is None or other is None:
            continue
        if told_by(one, other, things.is_switchboard) == candidate.thing:
            yield candidate, Pair(one, other, evidence(one.details, other.details))
