"""Asking before a contact is added that looks like one that is there."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from carebook.contacts.claims import AddedMeanwhile, Claim
from carebook.contacts.model import Contact, ContactDetails
from carebook.contacts.protocols import ContactStore
from carebook.contacts.service import create_contact
from carebook.duplicates.model import Evidence, evidence, who
from carebook.errors import Conflict, Unavailable
from carebook.folding import words
from carebook.identity import Person
from carebook.retrying import attempts
from carebook.search.entries import Entry
from carebook.search.plan import KeyRange
from carebook.search.service import SearchIndex, Slice
from carebook.search.tokens import Kind, cut, fold_address, is_cut

_LOOKED_UP: Final = 5  # addresses and numbers of a new contact
_BEGINNING: Final = 100  # entries of each in the first round: nearly always all
_FURTHER: Final = 1_000  # entries of one read of a switchboard's
_FURTHER_READS: Final = 10
# How long the index, which is read eventually consistent, and the clocks of two machines may be behind.
_SEEN_AFTER: Final = timedelta(seconds=10)
_NAMED: Final = 20  # candidates that a refusal names


class PossibleDuplicate(Conflict):
    """A contact that is there already looks like the one to be added."""

    code = "possible_duplicate"

    def __init__(self, candidates: Sequence[tuple[Contact, Evidence]]) -> None:
        super().__init__("A contact like this is there already. Send allow_duplicate=true to add another.")
        self._candidates = [
            {"id": contact.id, "name": contact.details.display_name, "reasons": [str(r) for r in found.reasons]}
            for contact, found in sorted(candidates, key=lambda pair: (-pair[1].score, pair[0].id))[:_NAMED]
        ]

    @property
    def extra(self) -> Mapping[str, Any]:
        """The candidates, the likeliest first, at most 20."""
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

    Of two requests that add one person at the same moment, one is refused.

    Raises:
        PossibleDuplicate: with the candidates, the likeliest first.
    """
    create = partial(create_contact, contacts, account=account, details=details, by=by, now=now, request=request)
    if allow_duplicate:
        return create()
    try:
        refuse_duplicate(contacts, entries, account=account, details=details)
        return _claimed(contacts, create, account, details, now)
    except PossibleDuplicate:
        made = contacts.made_by(account, request, now=now) if request else None
        if made is None:
            raise
        return made  # what looks alike is what this very request has added


def _claimed(
    contacts: ContactStore, create: Callable[..., Contact], account: str, details: ContactDetails, now: datetime
) -> Contact:
    """Create it under the claim that none of its name was added since the look, or after a look at those who were."""
    name = who(details)
    if not name or not any(_ranges(details)):  # no other can be strongly alike
        return create()
    claim = Claim(name, since=now - _SEEN_AFTER)
    for _ in attempts():
        try:
            return create(claim=claim)
        except AddedMeanwhile as meanwhile:
            _refuse_strong(contacts, account, details, [contact_id for contact_id, _ in meanwhile.added])
            claim = claim.knowing(meanwhile.added)
    raise Unavailable("Others are adding contacts of this name. Try again in a moment.")


def refuse_duplicate(contacts: ContactStore, entries: SearchIndex, *, account: str, details: ContactDetails) -> None:
    """Look for contacts that are strongly like *details*: a round in the index, and one for those that share something.

    Where more share an address or number than one read tells, it reads on, through some 10,000 of them.

    Raises:
        PossibleDuplicate: with the candidates, the likeliest first.
    """
    for piece in _alike(entries, list(_ranges(details))):
        ids = sorted({entry.record.id for entry in piece if _may_be(entry, details)})
        _refuse_strong(contacts, account, details, ids)


def _refuse_strong(contacts: ContactStore, account: str, details: ContactDetails, ids: Sequence[str]) -> None:
    candidates = [(contact, evidence(details, contact.details)) for contact in contacts.find_many(account, ids)]
    strong = [(contact, found) for contact, found in candidates if found.is_strong]
    if strong:
        raise PossibleDuplicate(strong)


def _alike(entries: SearchIndex, ranges: Sequence[KeyRange]) -> Iterator[Iterable[Entry]]:
    """Entries of contacts that share something: first the beginnings of all ranges, then what lies behind each."""
    if not ranges:
        return
    beginnings = entries.read_together(ranges, record_type=None, limit=_BEGINNING)
    yield [entry for piece in beginnings for entry in piece.entries]
    for key_range, beginning in zip(ranges, beginnings, strict=True):
        piece: Slice = beginning
        for _ in range(_FURTHER_READS):
            if piece.next_after is None:
                break
            piece = entries.read(key_range, record_type=None, after=piece.next_after, limit=_FURTHER)
            yield piece.entries


def _may_be(entry: Entry, details: ContactDetails) -> bool:
    """Whether a contact can be strongly alike: by its NPI, or with an address or number by its name.

    Of very long names the index has the beginning; then only the contact itself can tell.
    """
    if entry.token.kind is Kind.NPI or is_cut(entry.record):
        return True
    return who(entry.record) == who(details)


def _ranges(details: ContactDetails) -> Iterator[KeyRange]:
    if details.npi:
        yield KeyRange(f"n{details.npi} ", frozenset({Kind.NPI}))
    # One word, and the beginning of it: more of a very long name the index may not have.
    person = words(" ".join(part for part in (details.last_name, details.first_name) if part))
    named = tuple(map(cut, (person or words(details.organization_name or ""))[:1]))
    for email in details.emails[:_LOOKED_UP]:
        yield KeyRange(f"{fold_address(email.address)} ", frozenset({Kind.EMAIL}), named)
    for phone in details.phones[:_LOOKED_UP]:
        yield KeyRange(f"{phone.number} ", frozenset({Kind.PHONE}), named)
