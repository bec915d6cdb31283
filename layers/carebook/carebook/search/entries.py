"""What the index keeps of a record with each of its tokens, and where a record stands in a plan's ranges."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from carebook.search.plan import KeyRange, Plan
from carebook.search.tokens import (
    NAMES,
    Kind,
    Searchable,
    Token,
    domain_token,
    fitting,
    fold_address,
    reversed_number,
    tokens_of,
)

_ADDRESSES: Final = frozenset({Kind.EMAIL, Kind.DOMAIN})
_NUMBERS: Final = frozenset({Kind.PHONE, Kind.PHONE_REVERSED, Kind.NPI})
_KIND_OF: Final = {str(int(kind)): kind for kind in Kind}
_EMPTY: Final[list[Any]] = ["", "", "", "", (), (), ""]
type Kept = tuple[str, str, str, str]  # an entry's key, words, type and document, as they are in a table


class Entry(NamedTuple):
    """A token of a record with what a search needs to know of the record, so that it reads nothing else.

    Attributes:
        words: every word of the record's names, each with a space before it.
        record: names always; addresses with tokens of addresses, numbers with tokens of numbers.
    """

    token: Token
    words: str
    record: Searchable

    @property
    def key(self) -> str:
        """Its place in its shard: the token's position, two spaces and the record's id.

        A second space sorts below every word: "Smith" stands before "Smith, Ana".
        """
        return f"{self.token.position}  {self.record.id}"


def entries_of(record: Searchable) -> list[Entry]:
    """The entries by which *record* is found, none larger than ``LARGEST_ENTRY``."""
    record = fitting(record)
    tokens = tokens_of(record)
    spaced = "".join(f" {token.text}" for token in tokens if token.kind in NAMES)
    # Only what is in the index may count as standing before something else.
    kept = {token.text for token in tokens}
    emails = tuple(email for email in record.emails if fold_address(email) in kept)
    phones = tuple(phone for phone in record.phones if phone in kept)
    names = replace(record, emails=(), phones=(), npi="")
    with_emails, with_numbers = replace(names, emails=emails), replace(names, phones=phones, npi=record.npi)
    known = dict.fromkeys(NAMES, names) | dict.fromkeys(_ADDRESSES, with_emails) | dict.fromkeys(_NUMBERS, with_numbers)
    return [Entry(token, spaced, known[token.kind]) for token in tokens]


def document_of(entry: Entry) -> list[Any]:
    """What is kept beside key, words and type; empty ends are cut off."""
    record = entry.record
    fields: list[Any] = [record.last_name, record.first_name, record.middle_name, record.organization_name]
    fields += [list(record.emails), list(record.phones), record.npi]
    while fields and not fields[-1]:
        fields.pop()
    return fields


def entries_from(kept: Sequence[Kept], kinds: frozenset[Kind]) -> list[Entry]:
    """The entries of these *kinds* out of what is kept of each."""
    documents = json.loads(f"[{','.join(document for _, _, _, document in kept)}]")  # one call: it is most of the work
    entries = []
    for (key, spaced_words, record_type, _), fields in zip(kept, documents, strict=True):
        position, _, record_id = key.rpartition("  ")
        token = _token_from(position)
        if token.kind not in kinds:
            continue
        last, first, middle, organization, emails, phones, npi = fields + _EMPTY[len(fields) :]
        record = Searchable(
            id=record_id,
            type=record_type,
            last_name=last,
            first_name=first,
            middle_name=middle,
            organization_name=organization,
            emails=tuple(emails),
            phones=tuple(phones),
            npi=npi,
        )
        entries.append(Entry(token, spaced_words, record))
    return entries


def _token_from(position: str) -> Token:
    if position[0] == "@":  # the only token that holds a space of its own
        return Token(position[:-2], Kind.DOMAIN)
    text, _, rest = position.partition(" ")
    return Token(text, _KIND_OF[rest[0]], rest[1:])


def stands_first(entry: Entry, index: int, plan: Plan) -> bool:
    """Whether this is the one entry by which the plan's *index*-th range shows the record.

    A record can be in several ranges and several times in one; each entry can tell for itself whether it is the first,
    because entries know what comes before their kind: words know words, addresses and numbers also know their siblings.
    """
    key_range = plan.ranges[index]
    # An exact range holds a record once: a word is of one kind, or of two of which the range holds one.
    if not key_range.is_exact and (_first(entry, key_range) != _rank(entry.token) or _is_second(entry, key_range)):
        return False
    others = plan.ranges[:index]
    if entry.token.kind in _ADDRESSES:  # found by a word as well, a record stands at the word
        others += tuple(later for later in plan.ranges[index + 1 :] if later.kinds <= NAMES)
    return all(_first(entry, other) is None for other in others)


def _first(entry: Entry, key_range: KeyRange) -> tuple[int, str] | None:
    """The rank of the first of the record's tokens that lie in a range; words come before addresses."""
    spaced, prefix = entry.words, key_range.prefix
    for word in key_range.words:
        if f" {word}" not in spaced:
            return None
    if key_range.is_any_word:
        if f" {prefix}" in spaced:
            return 0, min(word for word in spaced.split() if word.startswith(prefix))
        if Kind.EMAIL not in key_range.kinds:
            return None
        return _least(1, map(fold_address, entry.record.emails), prefix)
    if key_range.is_exact:
        token = _named(entry, prefix.partition(" ")[0], key_range.kinds)
        return _rank(token) if token and token.position.startswith(prefix) else None
    (kind,) = key_range.kinds
    return _least(1 if kind is Kind.EMAIL else 0, _texts(entry.record, kind), prefix)


def _named(entry: Entry, word: str, kinds: frozenset[Kind]) -> Token | None:
    """The record's token of a whole word of its names, if it is of one of *kinds*."""
    if entry.token.text == word:
        if entry.token.kind in kinds:
            return entry.token
        if not _is_twice(entry, word):
            return None
    elif f" {word} " not in f"{entry.words} ":
        return None
    return next((token for token in tokens_of(entry.record) if token.text == word and token.kind in kinds), None)


def _is_second(entry: Entry, key_range: KeyRange) -> bool:
    """Whether it is the word of an organization where the range also holds the same word of a person of the record."""
    is_of_organization = entry.token.kind is Kind.ORGANIZATION
    return is_of_organization and key_range.is_any_word and _is_twice(entry, entry.token.text)


def _is_twice(entry: Entry, word: str) -> bool:
    if entry.words.count(word) < 2:
        return False
    spaced, whole = f"{entry.words} ", f" {word} "
    return spaced.find(whole) != spaced.rfind(whole)


def _texts(record: Searchable, kind: Kind) -> Iterable[str]:
    """The texts of a record's tokens of a kind of address or number."""
    match kind:
        case Kind.EMAIL:
            return map(fold_address, record.emails)
        case Kind.DOMAIN:
            return (domain_token(fold_address(email)) for email in record.emails)
        case Kind.PHONE:
            return record.phones
        case Kind.PHONE_REVERSED:
            return map(reversed_number, record.phones)
    return (f"n{record.npi}",) if record.npi else ()


def _least(rank: int, texts: Iterable[str], prefix: str) -> tuple[int, str] | None:
    found = [text for text in texts if text.startswith(prefix)]
    return (rank, min(found)) if found else None


def _rank(token: Token) -> tuple[int, str]:
    return (1 if token.kind is Kind.EMAIL else 0, token.text)
