"""What a claim says of the provider who referred, ordered or supervised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from carebook.claims.model import Finding, Items, Payer, Provider, Role, claim_items
from carebook.claims.x12 import Loop, loops_of, primary_care_loop
from carebook.contacts.model import ContactDetails
from carebook.errors import Conflict


class NotPrintable(Conflict):
    """Nobody can be named in item 17."""

    code = "nothing_to_print"

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("Nobody can be named in item 17. The findings say why.")
        self._findings = findings

    @property
    def extra(self) -> Mapping[str, Any]:
        """Why."""
        return {
            "findings": [
                {"code": finding.code, "severity": finding.severity, "message": finding.message}
                for finding in self._findings
            ]
        }


@dataclass(frozen=True, slots=True)
class Claim:
    """The items, the loops of the 837P, and what was found."""

    items: Items
    loops: tuple[Loop, ...]
    findings: tuple[Finding, ...]

    @property
    def would_fail(self) -> bool:
        """Whether any finding is an error."""
        return any(finding.severity == "error" for finding in self.findings)

    @property
    def printable(self) -> Items:
        """The items, when there is something to print.

        Raises:
            NotPrintable: when nobody can be named.
        """
        if self.items.name is None:
            raise NotPrintable(self.findings)
        return self.items

    def with_findings(self, *more: Finding) -> "Claim":
        """The claim with more to say."""
        return replace(self, findings=(*self.findings, *more))


def provider_of(details: ContactDetails) -> Provider:
    """What a claim needs of a contact."""
    return Provider(**{name: getattr(details, name) for name in Provider.__slots__})


def claim_for(provider: Provider, role: Role, payer: Payer, *, primary_care: Provider | None = None) -> Claim:
    """The claim's items and loops.

    Args:
        primary_care: a primary care provider to be named besides; what is found of them is found of the claim.
    """
    items = claim_items(provider, role, payer)
    loops, findings = loops_of(provider, role, payer, items), list(items.findings)
    if primary_care is not None:
        if role is not Role.REFERRING or not loops:
            message = "A primary care provider (P3) is named only after a referring one (DN); it is left out."
            findings.append(Finding("primary_care_without_referring", "error", message))
        elif primary_care == provider or (provider.npi and primary_care.npi == provider.npi):
            message = "The primary care provider is the referring one: P3 names another (X12 RFI 2148); it is left out."
            findings.append(Finding("primary_care_is_referrer", "warning", message))
        else:
            second = claim_items(primary_care, Role.REFERRING, payer)
            loops += primary_care_loop(primary_care, payer, second)
            findings += [
                Finding(f"primary_care_{finding.code}", finding.severity, f"Primary care provider: {finding.message}")
                for finding in second.findings
                if finding.severity == "error"
            ]
    return Claim(items, tuple(loops), tuple(findings))
