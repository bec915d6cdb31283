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
from carebook.search.tokens import MOST_TOKENS, Searchable, fitting, tokens_of

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
        phrases: the name of its organization by the first word, in each spelling.
    """

    record: Searchable
    names: dict[str, tuple[int, str]]
    phrases: dict[str, str]
    emails: list[str]
    phones: list[str]
    npi: str

    def has_word(self, beginning: str) -> bool:
        return any(word.startswith(beginning) for word in self.names)


def fields_of(record: Searchable) -> Fields:
    """The folded fields of *record*; of one that is larger than what is kept, what is kept."""
    whole, record = record, fitting(record)
    names: dict[str, tuple[int, str]] = {}
    phrases: dict[str, str] = {}
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
                    names[word] = (kind, name_cut(" ".join(key)))
        for word in cut_words(organization[:1]):
            phrases.setdefault(word, name_cut(" ".join(organization)))
    emails = list(dict.fromkeys(map(address_of, record.emails)))
    phones = [number.removeprefix("+") for number in record.phones]
    npi = record.npi
    twice = sum(names[word][0] != ORGANIZATION for word in phrases)
    count = len(names) + twice + bool(npi) + 2 * len(emails) + 2 * len(phones)
    if count > MOST_TOKENS or sum(len(word.encode()) + 1 for word in (*names, *phrases)) > 264:
        kept = {(token.text, token.kind) for token in tokens_of(record)}
        texts = {text for text, _ in kept}
        names = {word: place for word, place in names.items() if (word, place[0]) in kept}
        phrases = {word: name for word, name in phrases.items() if (word, ORGANIZATION) in kept}
        emails = [address for address in emails if address in texts]
        phones = [number for number in phones if f"+{number}" in texts]
        npi = npi if f"n{npi}" in texts else ""
    return Fields(whole, names, phrases, emails, phones, npi)


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
    if "@" not in folded:  # a number as people copy it
        visible = "".join(each for each in folded if unicodedata.category(each) != "Cf")
        dashed = re.sub("[\u2010-\u2015\u2212]", "-", visible)
        plain = re.sub(r"(?<=\d)[\s,;]*(?:ext|extension|x|#)[.:= ]*\d{1,10}$", "", dashed.removeprefix("tel:"))
        folded = plain if re.fullmatch(r"[\d\s()+./-]+", plain) else folded
    digits = "".join(str(unicodedata.decimal(character)) for character in re.sub(r"\D", "", folded))
    typed = cut_words(words(query))
    if "@" in folded:
        return [Way(_address(address_of(query)))]
    is_international = bool(digits) and folded.lstrip(" (").startswith("+")
    if (len(digits) >= 3 or is_international) and not re.search(r"[^\d\s()+./-]", folded):
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
    *local, domain = re.sub(r"\s", "", fold(text)).split("@")
    if not local:
        return beginning_of(domain, 64)
    return f"{beginning_of('@'.join(local), 64)}@{beginning_of(domain, 80)}"


def cut_words(found: list[str]) -> list[str]:
    """Words at the length to which they are looked at."""
    return [beginning_of(word, 64) for word in found]


def name_cut(name: str) -> str:
    """A name as far as it orders equals."""
    return beginning_of(name[:24], 48).rstrip()


def beginning_of(text: str, size: int) -> str:
    """The longest beginning with so many bytes at most."""
    kept = text[:size]
    while len(kept.encode()) > size:
        kept = kept[:-1]
    return kept


def _one_word(word: str) -> Ranks:
    def ranks(fields: Fields) -> list[Rank]:
        names: list[Rank] = [(name, *place) for name, place in fields.names.items() if name.startswith(word)]
        return names or [(email, EMAIL, "") for email in fields.emails if email.startswith(word)]

    return ranks


def _two_words(one: str, two: str) -> list[Ranks]:
    def phrase(word: str, kind: int, beginning: str) -> Ranks:
        def ranks(fields: Fields) -> list[Rank]:
            if not fields.has_word(one) or not fields.has_word(two):
                return []
            places = [fields.names[word]] if word in fields.names else []
            if word in fields.phrases:
                places.append((ORGANIZATION, fields.phrases[word]))
            return [place for place in places if place[0] == kind and place[1].startswith(name_cut(beginning))]

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
        return [beginning(re.sub(r"\D", "", re.sub(r"\(\s*0\s*\)", "", folded)))]
    code = str(phonenumbers.country_code_for_region(country))
    ways: list[Ranks] = []
    if len(digits) <= 5:
        ways.append(_any_order(typed))
    exit_codes = r"(?:011|00)(?=[1-9]\d{4})" if code == "1" else r"00(?=[1-9]\d\d)"
    abroad = re.sub(f"^{exit_codes}", "", digits) if code != "1" or len(digits) >= 8 else digits
    if abroad != digits:
        ways.append(beginning(abroad))
    elif not digits.startswith("0"):
        ways += [beginning(code + digits)] + ([beginning(digits)] if len(digits) > 4 else [])
    elif code != "1":
        ways.append(beginning(code + digits[1:]))
    if len(digits) >= 4:
        whole = abroad if abroad != digits else digits.removeprefix("0")
        ways.append(ending(whole if len(digits) >= 7 else digits))
    if len(digits) == 10 and digits[0] in "12":
        ways.append(lambda fields: [(0,)] if fields.npi == digits else [])
    return ways
