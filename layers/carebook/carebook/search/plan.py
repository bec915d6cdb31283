"""From what somebody typed to the key ranges in which it is found, in order of rank."""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final

from carebook.errors import FieldError, Invalid
from carebook.folding import fold, words
from carebook.search.tokens import NAMES, Kind, cut, cut_word, fold_address, reversed_number

LONGEST_QUERY: Final = 100
_MOST_WORDS: Final = 50  # as many as fit into a query; folding can make four words of one letter
# Words that stand in so many names that they are no way to find one.
STOP_WORDS: Final = frozenset(
    """
    aged and associates care center centre clinic clinics community dental department doctor doctors dr family for
    general group health healthcare home hospital house institute living md medical medicine nursing of office
    partners pediatric pediatrics physician physicians practice primary rehabilitation residential senior service
    services specialists surgery the therapy village wellness
    """.split()  # noqa: SIM905 - a list of words reads best as one
)
# Of a phrase that many organizations have, a first page shows what one read unit block of four kilobytes holds.
_PHRASES_BESIDE: Final = 20
_INTERNATIONAL_FROM: Final = 5  # digits; fewer without a + are at home, or the end of a number
# What is dialed before an international number, and from how many digits on it is taken for that. Where people dial
# 011, few write 00, and fewer digits are the end of a number.
_EXIT_CODES: Final = {"1": (("011", "00"), 8)}
_EXIT_CODE: Final = (("00",), 5)
_DIALED: Final = re.compile(r"[\d\s()+./-]+")
# What stands before and behind a number where people copy it from.
_SCHEME: Final = re.compile(r"^tel:")
_EXTENSION: Final = re.compile(r"(?<=\d)[\s,;]*(?:ext(?:ension|n)?\.?|x|#)\s*[:=]?\s*\d{1,10}$")
_MINUS: Final = "\u2212"
_DOTTED: Final = re.compile(r"[^\s@]+\.[^\s@.]{1,}")


@dataclass(frozen=True, slots=True)
class KeyRange:
    """A run of the index: all tokens whose position begins with *prefix*, if they are of one of *kinds*.

    Attributes:
        words: what else must begin a word of the record's names.
        broad: whether it may hold far more than what is looked for.
        beside: how many of its entries are read beside other ranges, at most.
        is_any_word: whether it holds words of all names.
        is_exact: whether it holds one word of one kind of name, and of those who bear it a run of names.
    """

    prefix: str
    kinds: frozenset[Kind]
    words: tuple[str, ...] = ()
    broad: bool = False
    beside: int | None = None
    is_any_word: bool = field(init=False)
    is_exact: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_any_word", self.kinds >= NAMES)
        object.__setattr__(self, "is_exact", self.kinds < NAMES)

    @property
    def shard(self) -> str:
        """The part of the index that it lies in."""
        is_long = self.prefix[0] == "-" or self.kinds == {Kind.NPI}
        return self.prefix[:2] if is_long else self.prefix[0]


@dataclass(frozen=True, slots=True)
class Plan:
    """Ranges in order of rank. The first *together* are read in one round; the others only when those gave nothing."""

    ranges: tuple[KeyRange, ...]
    together: int = field(default=0)


def plan_search(query: str, *, country: str) -> Plan:
    """How to find *query*.

    Args:
        country: the account's (ISO 3166 alpha-2); national numbers are looked for behind its calling code.

    Raises:
        Invalid: when there is nothing in *query* to look for, or too much.
    """
    typed = _checked(query)
    folded = fold(typed)
    if "@" in folded:
        return _address_plan(fold_address(typed))
    dialed = _dialed(folded)
    digits = _ascii_digits(dialed)
    is_international = dialed.lstrip(" (").startswith("+")
    if (len(digits) >= 3 or (digits and is_international)) and _DIALED.fullmatch(dialed):
        return _international_plan(dialed) if is_international else _number_plan(typed, digits, country)
    found = [cut_word(word) for word in words(typed)]
    if not found:
        raise _refused("nothing_to_search", "Type letters or digits of a name, an e-mail address or a number.")
    if len(found) > _MOST_WORDS:
        raise _refused("too_long", f"Use at most {_MOST_WORDS} words.")
    if len(found) == 1:
        return _together(KeyRange(found[0], NAMES | {Kind.EMAIL}))
    plan = _two_word_plan(found) if len(found) == 2 else Plan((_driven(found),))
    beside = []
    if not any(character.isspace() for character in folded):  # one run of signs and letters may be a part of an address
        beside.append(KeyRange(fold_address(typed), frozenset({Kind.EMAIL})))
        if _DOTTED.fullmatch(folded):
            beside.append(KeyRange(f"@{fold_address(typed)}", frozenset({Kind.DOMAIN})))
    return Plan((*plan.ranges[: plan.together], *beside, *plan.ranges[plan.together :]), plan.together + len(beside))


def _checked(query: str) -> str:
    typed = query.strip()
    if not typed:
        raise _refused("required", "Type what to look for.")
    if len(typed) > LONGEST_QUERY:
        raise _refused("too_long", f"Use at most {LONGEST_QUERY} characters.")
    if any(ord(character) < 32 or 127 <= ord(character) < 160 for character in typed):
        raise _refused("control_character", "Take out the control characters.")
    return typed


def _refused(code: str, message: str) -> Invalid:
    return Invalid([FieldError("q", code, message)])


def _address_plan(folded: str) -> Plan:
    local, _, domain = folded.rpartition("@")
    if not local and not domain:
        raise _refused("nothing_to_search", "Type a part of the address before or behind the @.")
    if local:
        return _together(KeyRange(folded, frozenset({Kind.EMAIL})))
    return _together(KeyRange(folded, frozenset({Kind.DOMAIN})))


def _dialed(folded: str) -> str:
    """What of *folded* would be dialed, if it is a number: its dashes as hyphens, nothing that cannot be seen."""
    seen = "".join(_hyphen(character) for character in folded if unicodedata.category(character) != "Cf")
    return _EXTENSION.sub("", _SCHEME.sub("", seen.strip()))


def _hyphen(character: str) -> str:
    return "-" if character == _MINUS or unicodedata.category(character) == "Pd" else character


def _international_plan(dialed: str) -> Plan:
    digits = _ascii_digits(re.sub(r"\(\s*0\s*\)", "", dialed))  # +49 (0)30: the zero is for callers at home
    if not digits:
        raise _refused("nothing_to_search", "Type the digits behind the +.")
    return _together(_phone(digits))


def _number_plan(typed: str, digits: str, country: str) -> Plan:
    calling_code = _calling_code(country)
    ranges = []
    if len(digits) <= 5:
        found = words(typed)
        ranges.append(KeyRange(found[0], NAMES) if len(found) == 1 else _driven(found))  # "360 Health", "24/7 Care"
    abroad = _behind_exit_code(digits, calling_code)
    if abroad:
        ranges.append(_phone(abroad))
    elif not digits.startswith("0"):
        ranges.append(_phone(calling_code + digits))
        if len(digits) >= _INTERNATIONAL_FROM:
            ranges.append(_phone(digits))
    elif calling_code != "1":  # there nobody dials a zero first
        ranges.append(_phone(calling_code + digits.removeprefix("0")))
    if len(digits) >= 4:
        # As many digits are a whole number, which has no zero in front where it is kept, nor an exit code.
        ending = (abroad or digits.removeprefix("0")) if len(digits) >= 7 else digits
        ranges.append(KeyRange(reversed_number(ending), frozenset({Kind.PHONE_REVERSED})))
    if len(digits) == 10 and digits[0] in "12":
        ranges.append(KeyRange(f"n{digits}", frozenset({Kind.NPI})))
    return _together(*dict.fromkeys(ranges))


def _behind_exit_code(digits: str, calling_code: str) -> str:
    """The international number that *digits* are when it is dialed from there; empty when they are none."""
    codes, least = _EXIT_CODES.get(calling_code, _EXIT_CODE)
    for code in codes:
        number = digits.removeprefix(code)
        if number != digits and len(digits) >= least and not number.startswith("0"):
            return number
    return ""


def _ascii_digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(character)) for character in text if character.isdecimal())


def _calling_code(country: str) -> str:
    import phonenumbers  # 50 ms of import that only numbers need

    return str(phonenumbers.country_code_for_region(country))


def _phone(digits: str) -> KeyRange:
    return KeyRange(f"+{digits}", frozenset({Kind.PHONE}))


def _two_word_plan(typed: list[str]) -> Plan:
    """Exact ranges first: last name and first name either way round, then the phrase of an organization."""
    first, second = typed
    # Name keys are cut: where the query is longer than they are, the words themselves are looked at as well.
    whole = (first, second) if cut(f"{first} {second}") != f"{first} {second}" else ()
    ranges = (
        KeyRange(f"{first} 1{cut(f'{first} {second}')}", frozenset({Kind.LAST_NAME}), whole),
        KeyRange(f"{first} 2{cut(second)}", frozenset({Kind.FIRST_NAME}), whole),
        KeyRange(f"{second} 1{cut(f'{second} {first}')}", frozenset({Kind.LAST_NAME}), whole),
        KeyRange(f"{first} 3{cut(f'{first} {second}')}", frozenset({Kind.ORGANIZATION}), whole, beside=_PHRASES_BESIDE),
    )
    different = tuple(dict.fromkeys(ranges))
    return Plan((*different, _driven(typed)), len(different))


def _driven(typed: list[str]) -> KeyRange:
    """All words in any order: read along the longest that is not in everybody's name, and look at the others."""
    telling = [word for word in typed if word not in STOP_WORDS] or typed
    driver = max(telling, key=len)
    others = list(typed)
    others.remove(driver)
    return KeyRange(driver, NAMES, tuple(others), broad=True)


def _together(*ranges: KeyRange) -> Plan:
    return Plan(ranges, len(ranges))
