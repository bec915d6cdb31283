"""From a record to the tokens by which it is found."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import zip_longest
from typing import Final

from carebook.folding import fold, umlaut_words, words

MOST_TOKENS: Final = 45  # a rename replaces each: 90, and with the record, its lists and history under 100 writes
_NAME_KEY: Final = 24
# Folding can make six letters of one, and a key holds 1,024 bytes.
_LONGEST_WORD: Final = 64
_LONGEST_LOCAL_PART: Final = 64
_LONGEST_DOMAIN: Final = 80


class Kind(IntEnum):
    """What a token is. The order is the rank of what is found by it."""

    LAST_NAME = 1
    FIRST_NAME = 2
    ORGANIZATION = 3
    EMAIL = 4
    DOMAIN = 5
    PHONE = 6
    PHONE_REVERSED = 7
    NPI = 8


NAMES: Final = frozenset({Kind.LAST_NAME, Kind.FIRST_NAME, Kind.ORGANIZATION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Searchable:
    """What can be found: a contact, or any other record with names, addresses and numbers."""

    id: str
    type: str
    last_name: str = ""
    first_name: str = ""
    middle_name: str = ""
    organization_name: str = ""
    emails: tuple[str, ...] = field(default=())
    phones: tuple[str, ...] = field(default=())
    npi: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """A way to find a record: what is typed, what kind it is, and by which name it is ordered among its equals."""

    text: str
    kind: Kind
    name: str = ""

    @property
    def shard(self) -> str:
        """The part of the index that holds it: its first character, and a digit more where one would be too much."""
        return self.text[:2] if self.text[0] == "-" or self.kind is Kind.NPI else self.text[0]

    @property
    def position(self) -> str:
        """Where it stands in its shard, without the record's id."""
        return f"{self.text} {int(self.kind)}{self.name}"


def name_keys(record: Searchable, spell: Callable[[str], list[str]] = words) -> tuple[str, str]:
    """The keys by which people and organizations are ordered: folded words, one space between, cut to one length."""
    organization = cut(" ".join(spell(record.organization_name)))
    person = cut(" ".join(spell(" ".join((record.last_name, record.first_name, record.middle_name)))))
    return person or organization, organization


def cut(key: str) -> str:
    """A name key, or a query for one, at the length at which they are kept."""
    return key[:_NAME_KEY].rstrip()


def tokens_of(record: Searchable) -> list[Token]:
    """The tokens of *record*, at most 45: names before addresses, first numbers before later ones.

    A word that stands in several fields is one token, of the field that ranks first.
    """
    found: dict[tuple[str, str], Token] = {}
    for together in _candidates(record):
        if len(found) + len(together) > MOST_TOKENS:
            break
        for token in together:
            place = (token.shard, token.text)
            if place not in found or token.kind < found[place].kind:
                found[place] = token
    return list(found.values())


def _candidates(record: Searchable) -> Iterator[tuple[Token, ...]]:
    """Tokens in order of weight, in groups of which all or none are kept."""
    for spell in (words, umlaut_words):
        person, organization = name_keys(record, spell)
        for kind, text in _named(record):
            for word in map(cut_word, spell(text)):
                yield (Token(word, kind, organization if kind is Kind.ORGANIZATION else person),)
    if record.npi:
        yield (Token(f"n{record.npi}", Kind.NPI),)
    # In turn, so that a record with hundreds of addresses is still found by its first numbers.
    for address, number in zip_longest(map(fold_address, record.emails), record.phones):
        if address:
            yield Token(address, Kind.EMAIL), Token(domain_token(address), Kind.DOMAIN)
        if number:
            yield Token(number, Kind.PHONE), Token(reversed_number(number), Kind.PHONE_REVERSED)


def fold_address(address: str) -> str:
    """An e-mail address, or a piece of one, as it is compared: folded, without white space, its parts cut for keys."""
    folded = "".join(fold(address).split())
    local, at, domain = folded.rpartition("@") if "@" in folded else (folded, "", "")
    return f"{local[:_LONGEST_LOCAL_PART]}{at}{domain[:_LONGEST_DOMAIN]}"


def cut_word(word: str) -> str:
    """A word at the length at which it is kept and looked for."""
    return word[:_LONGEST_WORD]


def domain_token(address: str) -> str:
    """``@`` and the domain, then the local part, so that equal addresses lie side by side."""
    local, _, domain = address.rpartition("@")
    return f"@{domain} {local}"


def reversed_number(digits: str) -> str:
    """``-`` and the digits from the last to the first."""
    return "-" + digits.removeprefix("+")[::-1]


def _named(record: Searchable) -> Iterator[tuple[Kind, str]]:
    yield Kind.LAST_NAME, record.last_name
    yield Kind.FIRST_NAME, record.first_name
    yield Kind.FIRST_NAME, record.middle_name
    yield Kind.ORGANIZATION, record.organization_name
