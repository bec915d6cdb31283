"""Items 17, 17a and 17b of the CMS-1500 (02/12), and what the 837P carries in their place.

Each rule says where it is from and how sure that is:

- *payer*: a payer's or contractor's own page (Palmetto GBA "Block 17"; First Coast FAQ 157108, 2025-05-02; NGS
  "Reminder: Submitting Paper Claims", 2023-08-09), or X12's own answers (RFI 2148, RFI 2212).
- *two maps*: the TR3 005010X222 as two programs have it that were written apart: pyx12 4.0.0 (``837.5010.X222.A1.xml``)
  and LinuxForHealth x12 0.57.0 (``x12_837_005010X222A2``). They agree in all that is said here.
- *second-hand*: the NUCC's manual as others quote it.
- *from memory*: read nowhere when this was written. The NUCC's manual itself was not at hand: stored copies of it end
  before item 17. Look it up before relying on such a rule.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, Literal

from carebook.claims.spelling import in_a_number, in_ascii, in_print, is_generation, without_titles
from carebook.contacts.identifiers import is_valid_npi

Severity = Literal["error", "warning"]


class Role(StrEnum):
    """What the provider did for the client."""

    REFERRING = "referring"
    ORDERING = "ordering"
    SUPERVISING = "supervising"

    @property
    def qualifier(self) -> str:
        """The qualifier left of the dotted line in item 17, and NM101: DN, DK or DQ (payer: Palmetto, First Coast)."""
        return {Role.REFERRING: "DN", Role.ORDERING: "DK", Role.SUPERVISING: "DQ"}[self]


class Payer(StrEnum):
    """Whose rules hold: the NUCC's, which most payers follow, or Medicare's."""

    NUCC = "nucc"
    MEDICARE = "medicare"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What a claim needs to know of the referring, ordering or supervising provider."""

    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    name_suffix: str | None = None
    qualifications: str | None = None
    organization_name: str | None = None
    npi: str | None = None
    other_id: str | None = None
    other_id_qualifier: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, or worth a look. An error: the claim would fail."""

    code: str
    severity: Severity
    message: str


@dataclass(frozen=True, slots=True)
class OtherId:
    """Item 17a: the qualifier and the number."""

    qualifier: str
    id: str


@dataclass(slots=True)
class Items:
    """Items 17, 17a and 17b as they are printed; what cannot be said is None."""

    qualifier: str
    name: str | None = None
    other_id: OtherId | None = None
    npi: str | None = None
    findings: list[Finding] = field(default_factory=list)

    def error(self, code: str, message: str) -> None:
        """Note what makes the claim fail."""
        self.findings.append(Finding(code, "error", message))

    def warn(self, code: str, message: str) -> None:
        """Note what is worth a look."""
        self.findings.append(Finding(code, "warning", message))


LONGEST_NAME: Final = 24
LONGEST_OTHER_ID: Final = 17


def tidy(provider: Provider) -> tuple[Provider, list[Finding]]:
    """*provider* as claims name them, and what had to be done for that.

    No "Dr." before the name (payer: Palmetto); the 837P has no use for a prefix, NM106, either (two maps). What stands
    behind a comma in the last name is no last name; it is taken as a suffix.
    """
    found: list[Finding] = []
    first = without_titles(provider.first_name, may_be_one=True)
    last = without_titles(provider.last_name, may_be_one=False)
    if (first or "", last or "") != ((provider.first_name or "").strip(), (provider.last_name or "").strip()):
        found.append(Finding("title_removed", "warning", '"Dr." and the like are no part of the name; left out.'))
    suffix = provider.name_suffix
    before, comma, behind = (last or "").partition(",")
    if comma and in_ascii(before).text and in_ascii(behind).text:
        last, suffix = before.strip(), " ".join(part for part in (behind.strip(" ,"), suffix) if part)
        message = "What stands behind the comma in the last name is taken as a suffix. Put it where it belongs."
        found.append(Finding("last_name_divided", "warning", message))
    return replace(provider, first_name=first, last_name=last, name_suffix=suffix), found


def claim_items(provider: Provider, role: Role, payer: Payer) -> Items:
    """The three items for a provider in a role, by a payer's rules, with all findings."""
    items = Items(role.qualifier)
    provider, items.findings = tidy(provider)
    if _is_person(provider, items):
        _check_name(provider, payer, items)
        items.name = _medicare_name(provider, items) if payer is Payer.MEDICARE else _nucc_name(provider, items)
        items.npi = _npi(provider, items)
        items.other_id = _other_id(provider, role, payer, items)
    return items


def _is_person(provider: Provider, items: Items) -> bool:
    """Only a person can be named: NM102 is 1, a person, and nothing else, in each of the loops (two maps)."""
    if not provider.last_name:
        items.error(
            "organization_only",
            "This contact is an organization. A claim names a person: make a contact of the physician, with last name.",
        )
        return False
    if not any(letter.isalpha() for letter in in_ascii(provider.last_name).text):
        items.error("name_unusable", "Nothing of the last name can be written on a claim. Spell it in Latin letters.")
        return False
    return True


def _check_name(provider: Provider, payer: Payer, items: Items) -> None:
    """A first name goes with the last (837P NM104; both maps let it be missing); Medicare denies what differs (payer).

    Names are sent in the X12 character set without its "select language characters", which need an agreement (payer:
    X12 RFI 2212). No periods or commas stand in a name, but a hyphen may (second-hand: a billing textbook of items 2
    and 17). NM107 is the suffix of a name; credentials do not go there (payer: Palmetto).
    """
    if not in_ascii(provider.first_name).text:
        message = "The first name is missing."
        if payer is Payer.MEDICARE:
            items.error("first_name_missing", f"{message} Medicare compares first and last name with its own file.")
        else:
            items.warn("first_name_missing", message)
    names = [provider.first_name, provider.middle_name, provider.last_name, provider.name_suffix]
    if payer is Payer.MEDICARE:
        names = [provider.first_name, provider.last_name]
    spelled = [in_ascii(name) for name in names]
    if any(spelling.transliterated for spelling in spelled):
        sent = " ".join(spelling.text for spelling in spelled if spelling.text).upper()
        items.warn(
            "name_transliterated",
            f"Not every claim can carry the letters of this name; it is sent as {sent}. Compare that with NPPES.",
        )
    suffix = in_ascii(provider.name_suffix).text
    if suffix and payer is not Payer.MEDICARE and not is_generation(suffix):
        message = f"{suffix} is no suffix of a name, such as Jr or III: it is not sent in the electronic claim."
        items.warn("suffix_not_sent", message)
    if any(spelling.punctuated for spelling in spelled):
        items.warn("punctuation_removed", "Periods, commas and other signs in the name are left out.")


def _nucc_name(provider: Provider, items: Items) -> str:
    """First name, middle initial, last name, then credentials (second-hand: two transcriptions), in 24 characters.

    The length is from memory; OpenEMR prints up to 25 columns. What does not fit goes, the least telling first:
    credentials from the last one on, middle initial, suffix. The place of a suffix, between name and credentials, is
    from memory.
    """
    first, middle, last, suffix = (
        in_print(text).text
        for text in (provider.first_name, provider.middle_name, provider.last_name, provider.name_suffix)
    )
    credentials = [in_print(one).text for one in (provider.qualifications or "").replace(",", " ").split()]
    said = [one for one in credentials if one and one not in suffix.split()]
    shorter_and_shorter = _ever_shorter(first, middle[:1], last, suffix, said)
    for shorter, parts in enumerate(shorter_and_shorter):
        name = " ".join(part for part in parts if part)
        if len(name) <= LONGEST_NAME:
            if shorter:
                items.warn("name_shortened", f"The name is longer than {LONGEST_NAME} characters: {name} is printed.")
            return name
    return _cut(" ".join(part for part in (first, last) if part), items)


def _ever_shorter(first: str, initial: str, last: str, suffix: str, credentials: list[str]) -> Iterator[list[str]]:
    for kept in range(len(credentials), -1, -1):
        yield [first, initial, last, suffix, *credentials[:kept]]
    if initial:
        yield [first, last, suffix]
    if suffix:
        yield [first, last]


def _cut(name: str, items: Items) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    cut = name[:LONGEST_NAME].rstrip()
    items.warn(
        "name_cut", f"Item 17 has room for {LONGEST_NAME} characters: {cut} is printed. See whether that will do."
    )
    return cut


def _medicare_name(provider: Provider, items: Items) -> str:
    """First then last name as in Medicare's ordering and referring file (payer: Palmetto).

    No middle initial, no credentials, no suffix; a hyphen only where the file has one.
    """
    first, last = in_ascii(provider.first_name).text, in_ascii(provider.last_name).text
    if "-" in first + last:
        items.warn("hyphen", "Medicare wants a hyphen only where its ordering and referring file has one.")
    return _cut(" ".join(part for part in (first, last) if part), items)


def _npi(provider: Provider, items: Items) -> str | None:
    """Item 17b is the NPI, ten digits, without qualifier (second-hand); Medicare requires it (payer: First Coast).

    Ten is the NPI's own length (45 CFR 162.406), so it is the field's, too.
    """
    if not provider.npi:
        items.error("npi_missing", "The NPI is missing: item 17b would be empty, and payers refuse the claim.")
        return None
    if not is_valid_npi(provider.npi):
        items.error("npi_not_valid", "This is no NPI: ten digits, first 1 or 2, last a check digit.")
        return None
    return provider.npi


def _other_id(provider: Provider, role: Role, payer: Payer, items: Items) -> OtherId | None:
    """Item 17a: 0B state license, 1G UPIN, G2 commercial, LU location for a supervising provider alone (second-hand).

    The 837P knows the same codes in the same places (two maps). Up to 17 characters (from memory; OpenEMR prints 14 or
    15). For Medicare it stays blank: whatever stands there makes the claim unprocessable (payer: First Coast). Signs
    but hyphens are left out, because scanners do not take them (payer: NGS); a word is said of it.
    """
    if not provider.other_id or not provider.other_id_qualifier:
        return None
    if payer is Payer.MEDICARE:
        items.warn("other_id_left_out", "Item 17a stays blank for Medicare, which rejects what stands there.")
        return None
    if provider.other_id_qualifier == "LU" and role is not Role.SUPERVISING:
        items.warn("location_number_left_out", "A location number (LU) is for a supervising provider; it is left out.")
        return None
    number = in_a_number(provider.other_id)
    if number is None:
        items.warn("other_id_unusable", "The other ID has letters that no claim can carry, or nothing else; left out.")
        return None
    if number != provider.other_id:
        message = f"The other ID is written as {number}, without signs. See whether the payer knows it so."
        items.warn("other_id_changed", message)
    if len(number) > LONGEST_OTHER_ID:
        items.warn(
            "other_id_too_long",
            f"Item 17a has room for {LONGEST_OTHER_ID} characters. A number that is cut is another's: it is left out.",
        )
        return None
    return OtherId(provider.other_id_qualifier, number)
