"""Identifiers of providers: the NPI, and the other ids that item 17a of the CMS-1500 knows."""

import re
from typing import Final

_UPIN: Final = re.compile(r"[A-Z](?:[0-9]{5}|[A-Z]{2}[0-9]{3})")
_NPI: Final = re.compile(r"[12][0-9]{9}", re.ASCII)


def tidy_npi(text: str) -> str:
    """*text* without the spaces and hyphens by which people group digits."""
    return re.sub(r"[\s\u2010-\u2015-]", "", text)


def is_valid_npi(npi: str) -> bool:
    """Whether *npi* is ten digits, the first 1 or 2, with a correct check digit.

    The check digit is Luhn's over the prefix 80840 and the number (45 CFR 162.406; the prefix adds 24 to the sum).
    """
    if not _NPI.fullmatch(npi):
        return False
    doubled = (int(digit) * 2 for digit in npi[-2::-2])
    total = 24 + sum(number // 10 + number % 10 for number in doubled) + sum(int(digit) for digit in npi[-1::-2])
    return total % 10 == 0


def is_valid_upin(text: str) -> bool:
    """Whether *text* has the form of a UPIN: a letter and five digits, or three letters and three digits.

    Medicare's number for physicians before the NPI; the form is the one that clearinghouses enforce (Stedi).
    """
    return _UPIN.fullmatch(text) is not None
