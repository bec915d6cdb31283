"""Brute force: what a search must find and in which order, decided from a record's own fields as docs/search.md says.

Plans, entries and the walk have no part in it. Folding has: it is what "the same word" means, and has its own tests.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import phonenumbers

from carebook.folding import fold, umlaut_words, words
from carebook.search.plan import STOP_WORDS
from carebook.search.tokens import MOST_TOKENS, Searchable, tokens_of

type Rank = tuple[str | int, ...]
type Ranks = Callable[["Fields"], list[Rank]]
LAST, FIRST, ORGANIZATION, EMAIL = 1, 2, 3, 4


@dataclass(frozen=True)
class Way:
    """A way in which a query can be meant: where a record then stands, if it is found."""

    ranks: Ranks
    is_part_of_address: bool = False


@dataclass(frozen=True)
class Fields:
    """What a record can be found by, folded.

    Attributes:
        names: each word of its names once: the field that ranks first, and the name by which it stands among equals.
    """

    record: Searchable
    names: dict[str, tuple[int, str]]
    emails: list[str]
    phones: list[str]
    npi: str

    def has_word(self, beginning: str) -> bool:
        return any(word.startswith(beginning) for word in self.names)


def fields_of(record: Searchable) -> Fields:
    """The folded fields of *record*; of one with more tokens than are kept, what is kept."""
    names: dict[str, tuple[int, str]] = {}
    for spell in (words, umlaut_words):
        person = spell(f"{record.last_name} {record.first_name} {record.middle_name}")
        organization = spell(record.organization_name)
        for kind, text, key in (
            (LAST, record.last_name, person),
            (FIRST, f"{record.first_name} {record.middle_name}", person),
            (ORGANIZATION, record.organization_name, organization),
        ):
            for word in cut_words(spell(text)):
                if word not in names or kind < names[word][0]:
                    names[word] = (kind, " ".join(key)[:24].rstrip())
    emails = list(dict.fromkeys(map(address_of, record.emails)))
    phones = [number.removeprefix("+") for number in record.phones]
    if len(names) + bool(record.npi) + 2 * len(emails) + 2 * len(phones) > MOST_TOKENS:
        kept = {token.text for token in tokens_of(record)}
        names = {word: place for word, place in names.items() if word in kept}
        emails = [address for address in emails if address in kept]
        phones = [number for number in phones if f"+{number}" in kept]
        return Fields(record, names, emails, phones, record.npi if f"n{record.npi}" in kept else "")
    return Fields(record, names, emails, phones, record.npi)


def expected(
    records: Iterable[Fields], query: str, *, country: str = "US", record_type: str | None = None
) -> list[str]:
    """The ids of the records that *query* finds, in order."""
    ways = ways_of(query, country)
    found = []
    for fields in records:
        if record_type in {None, fields.record.type}:
            stands = [
                (way.is_part_of_address, (index, min(ranks)))
                for index, way in enumerate(ways)
                if (ranks := way.ranks(fields))
            ]
            if stands:  # who is found by words and by a part of an address stands at the words
                found.append((min(stands)[1], fields.record.id))
    return [record_id for _, record_id in sorted(found)]


def ways_of(query: str, country: str) -> list[Way]:
    """In how many ways *query* can be meant, in the order in which they are shown."""
    folded = fold(query.strip())
    digits = "".join(str(unicodedata.decimal(character)) for character in re.sub(r"\D", "", folded))
    typed = cut_words(words(query))
    if "@" in folded:
        return [Way(_address(address_of(query)))]
    if len(digits) >= 3 and not re.search(r"[^\d\s()+./-]", folded):
        return [Way(ranks) for ranks in _numbers(folded, digits, typed, country)]
    if len(typed) == 1:
        return [Way(_one_word(typed[0]))]
    ways = [Way(ranks) for ranks in _two_words(*typed)] if len(typed) == 2 else []
    if not re.search(r"\s", folded):
        run = address_of(query)
        part: list[Ranks] = [lambda fields: [(email,) for email in fields.emails if email.startswith(run)]]
        if re.fullmatch(r"[^\s@]+\.[^\s@.]+", folded):
            part.append(_address(f"@{run}"))
        ways += [Way(ranks, is_part_of_address=True) for ranks in part]
    return [*ways, Way(_any_order(typed))]


def address_of(text: str) -> str:
    """An address, or the beginning of one, as it is compared."""
    parts = re.sub(r"\s", "", fold(text)).split("@")
    return parts[0][:64] if len(parts) == 1 else f"{'@'.join(parts[:-1])[:64]}@{parts[-1][:80]}"


def cut_words(found: list[str]) -> list[str]:
    """Words at the length to which they are looked at."""
    return [word[:64] for word in found]


def _one_word(word: str) -> Ranks:
    def ranks(fields: Fields) -> list[Rank]:
        names: list[Rank] = [(name, *place) for name, place in fields.names.items() if name.startswith(word)]
        return names or [(email, EMAIL, "") for email in fields.emails if email.startswith(word)]

    return ranks


def _two_words(one: str, two: str) -> list[Ranks]:
    def phrase(word: str, kind: int, beginning: str) -> Ranks:
        def ranks(fields: Fields) -> list[Rank]:
            found = fields.names.get(word)
            if not found or not fields.has_word(one) or not fields.has_word(two):
                return []
            return [found] if found[0] == kind and found[1].startswith(beginning[:24].rstrip()) else []

        return ranks

    return [
        phrase(one, LAST, f"{one} {two}"),
        phrase(one, FIRST, two),
        phrase(two, LAST, f"{two} {one}"),
        phrase(one, ORGANIZATION, f"{one} {two}"),
    ]


def _any_order(typed: list[str]) -> Ranks:
    telling = [word for word in typed if word not in STOP_WORDS] or typed
    along = max(telling, key=len)

    def ranks(fields: Fields) -> list[Rank]:
        if not all(map(fields.has_word, typed)):
            return []
        return [(name, *place) for name, place in fields.names.items() if name.startswith(along)]

    return ranks


def _address(folded: str) -> Ranks:
    local, _, domain = folded.rpartition("@")

    def ranks(fields: Fields) -> list[Rank]:
        if local:
            return [(email,) for email in fields.emails if email.startswith(folded)]
        parts = [email.rpartition("@") for email in fields.emails]
        return [(of, address) for address, _, of in parts if of.startswith(domain)]

    return ranks


def _numbers(folded: str, digits: str, typed: list[str], country: str) -> list[Ranks]:
    def beginning(start: str) -> Ranks:
        return lambda fields: [(number,) for number in fields.phones if number.startswith(start)]

    def ending(end: str) -> Ranks:
        return lambda fields: [(number[::-1],) for number in fields.phones if end and number.endswith(end)]

    if folded.lstrip(" (").startswith("+"):
        return [beginning(digits)]
    code = str(phonenumbers.country_code_for_region(country))
    ways: list[Ranks] = []
    if len(digits) <= 5:
        ways.append(_any_order(typed))
    if digits.startswith("00"):
        ways.append(beginning(digits[2:]))
    elif digits.startswith("0"):
        ways.append(beginning(code + digits[1:]))
    else:
        ways += [beginning(code + digits), beginning(digits)]
    if len(digits) >= 4:
        ways.append(ending(digits.lstrip("0") if len(digits) >= 7 else digits))
    if len(digits) == 10 and digits[0] in "12":
        ways.append(lambda fields: [(0,)] if fields.npi == digits else [])
    return ways
