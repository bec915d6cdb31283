"""The 837P (005010X222) in place of items 17, 17a and 17b: NM1 and REF segments, each in its loop."""

from dataclasses import dataclass
from typing import Final

from carebook.claims.model import Items, Payer, Provider, Role, tidy
from carebook.claims.spelling import in_a_number, in_ascii, is_generation

# NM103, NM104, NM105, NM107: 60, 35, 25 and 10 characters; REF02: 50 (two maps).
_LAST, _FIRST, _MIDDLE, _SUFFIX, _REFERENCE = 60, 35, 25, 10, 50


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop of the 837P and the segments in it."""

    name: str
    segments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    loop: str
    qualifiers: frozenset[str]


# 2310A and 2310D belong to the claim, 2420E to a service line. One payer's page puts an ordering provider into 2310A
# (First Coast), another into 2420E (Palmetto): the TR3 is followed, which takes DK in 2420E alone. LU goes with a
# supervising provider alone (two maps, for all of it). One REF is sent; 2310A may hold three.
_PLACES: Final = {
    Role.REFERRING: _Place("2310A", frozenset({"0B", "1G", "G2"})),
    Role.SUPERVISING: _Place("2310D", frozenset({"0B", "1G", "G2", "LU"})),
    Role.ORDERING: _Place("2420E", frozenset({"0B", "1G", "G2"})),
}


def loops_of(provider: Provider, role: Role, payer: Payer, items: Items) -> list[Loop]:
    """The loop of a provider whose *items* are known; none when no person can be named."""
    if items.name is None:
        return []
    place = _PLACES[role]
    segments = [_name_segment(role.qualifier, provider, payer, items.npi)]
    reference = (in_a_number(provider.other_id) or "").upper()
    may_stand = payer is not Payer.MEDICARE and provider.other_id_qualifier in place.qualifiers
    if may_stand and 0 < len(reference) <= _REFERENCE:
        segments.append(f"REF*{provider.other_id_qualifier}*{reference}~")
    return [Loop(place.loop, tuple(segments))]


def primary_care_loop(provider: Provider, payer: Payer, items: Items) -> list[Loop]:
    """A primary care provider besides the referring one: P3, the second 2310A, after a DN alone (payer: RFI 2148)."""
    if items.name is None:
        return []
    return [Loop(_PLACES[Role.REFERRING].loop, (_name_segment("P3", provider, payer, items.npi),))]


def _name_segment(qualifier: str, provider: Provider, payer: Payer, npi: str | None) -> str:
    """NM1: last, first, middle name and suffix of a person (NM102 is 1), XX and the NPI (two maps).

    In capitals, which the basic character set has. Credentials are not sent: NM107 is a name's suffix. Medicare wants
    neither middle name nor suffix (payer: Palmetto).
    """
    provider, _ = tidy(provider)
    last, first, middle, suffix = (
        in_ascii(text).text.upper()[:longest].strip()
        for text, longest in (
            (provider.last_name, _LAST),
            (provider.first_name, _FIRST),
            (provider.middle_name, _MIDDLE),
            (provider.name_suffix, _SUFFIX),
        )
    )
    if not is_generation(suffix):
        suffix = ""
    if payer is Payer.MEDICARE:
        middle = suffix = ""
    elements = ["NM1", qualifier, "1", last, first, middle, "", suffix, *(("XX", npi) if npi else ("", ""))]
    return "*".join(elements).rstrip("*") + "~"
