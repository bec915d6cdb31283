"""From a record to the tokens by which it is found."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import IntEnum
from itertools import zip_longest
from typing import Final, NamedTuple

from carebook.folding import fold, umlaut_words, words

MOST_TOKENS: Final = 45  # a rename replaces each: 90, and with the record, its lists and history under 100 writes
LARGEST_ENTRY: Final = 1_024  # bytes: a search knows beforehand what a query takes at most, and a write is one unit
# Bytes of what is in a key; folding can make six letters of one.
_NAME_KEY: Final = 24  # characters, and twice as many bytes
_LONGEST_WORD: Final = 64
_LONGEST_LOCAL_PART: Final = 64
_LONGEST_DOMAIN: Final = 80
# Bytes of an entry, as JSON: these for names, then for their words, and for addresses or numbers; 240 for all else.
_NAMES: Final = 264
_LONGEST_NAMES: Final = {"last_name": 80, "first_name": 60, "middle_name": 40, "organization_name": 200}
_CUT: Final = "…"  # the end of a name that was cut
_WORDS: Final = 264
_SIBLINGS: Final = 240


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


class Token(NamedTuple):
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
    return _cut(key[:_NAME_KEY], 2 * _NAME_KEY).rstrip()


def fitting(record: Searchable) -> Searchable:
    """What the index keeps of *record*: an entry has a largest size. Nothing is left out of what people usually write.

    Names are cut where they are longer than 80, 60, 40 (last, first, middle) and 200 bytes (organization), or 264
    together. Of addresses and numbers the first are kept, of addresses that are the same when folded one.
    """
    names, room = {}, _NAMES
    for name, most in _LONGEST_NAMES.items():
        names[name] = _shortened(getattr(record, name), min(most, room))
        room -= _json_size(names[name])
    different: dict[str, str] = {}
    for email in record.emails:
        different.setdefault(fold_address(email), email)
    emails, phones = _first_that_fit(different.values()), _first_that_fit(record.phones)
    return replace(record, emails=emails, phones=phones, **names)


def is_cut(record: Searchable) -> bool:
    """Whether one of the names of a record out of the index may be longer than what the index has of it."""
    return any(getattr(record, name).endswith(_CUT) for name in _LONGEST_NAMES)


def tokens_of(record: Searchable) -> list[Token]:
    """The tokens of *record*, at most 45: names before addresses, first numbers before later ones.

    A word that stands in several fields is one token, of the field that ranks first. Only the first word of an
    organization is one of its own beside that of a person, so that its phrase is found where phrases are.
    """
    record = fitting(record)
    found: dict[tuple[str, str, bool], Token] = {}
    room = _WORDS
    for is_phrase, together in _candidates(record):
        if len(found) + len(together) > MOST_TOKENS:
            break
        for token in together:
            place = (token.shard, token.text, False)
            if is_phrase and (place not in found or found[place].kind < token.kind):
                place = (token.shard, token.text, True)
            if place not in found and token.kind in NAMES:
                if len(token.text.encode()) >= room:
                    continue
                room -= len(token.text.encode()) + 1
            if place not in found or token.kind < found[place].kind:
                found[place] = token
    return list(found.values())


def _candidates(record: Searchable) -> Iterator[tuple[bool, tuple[Token, ...]]]:
    """Tokens in order of weight, in groups of which all or none are kept, and whether they begin a phrase."""
    phrases = []
    for spell in (words, umlaut_words):
        person, organization = name_keys(record, spell)
        for kind, text in _named(record):
            for number, word in enumerate(map(cut_word, spell(text))):
                token = Token(word, kind, organization if kind is Kind.ORGANIZATION else person)
                if kind is Kind.ORGANIZATION and number == 0:
                    phrases.append(token)
                yield False, (token,)
    for token in phrases:
        yield True, (token,)
    for group in _known(record):
        yield False, group


def _known(record: Searchable) -> Iterator[tuple[Token, ...]]:
    """What is not a word."""
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
    return f"{_cut(local, _LONGEST_LOCAL_PART)}{at}{_cut(domain, _LONGEST_DOMAIN)}"


def cut_word(word: str) -> str:
    """A word at the length at which it is kept and looked for."""
    return _cut(word, _LONGEST_WORD)


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


def _cut(text: str, size: int) -> str:
    """The beginning of *text* with so many bytes at most."""
    return text[:size] if text.isascii() else text.encode()[:size].decode(errors="ignore")


def _shortened(name: str, most: int) -> str:
    """A name in so many bytes of JSON at most: whole words of it and three dots when it is longer."""
    if _json_size(name) <= most:
        return name
    beginning = name
    while _json_size(beginning) > most - len(_CUT.encode()):
        beginning = beginning[:-1]
    whole, space, _ = beginning.rpartition(" ")
    return f"{whole if space else beginning}{_CUT}"


def _first_that_fit(texts: Iterable[str]) -> tuple[str, ...]:
    fit, room = [], _SIBLINGS
    for text in texts:
        size = _json_size(text) + len('"",')
        if size <= room:
            fit.append(text)
            room -= size
    return tuple(fit)


def _json_size(text: str) -> int:
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:  # nearly always
        return len(text)
    return len(json.dumps(text, ensure_ascii=False).encode()) - 2
