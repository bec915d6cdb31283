"""A claim's items as callers see them."""

from typing import Literal, TypedDict


class Item17(TypedDict):
    """Item 17: the qualifier left of the dotted line, and the name. The name is null when nobody can be named."""

    qualifier: Literal["DN", "DK", "DQ"]
    name: str | None


class Item17a(TypedDict):
    """Item 17a: the other ID."""

    qualifier: str
    id: str


class LoopView(TypedDict):
    """A loop of the 837P."""

    loop: str
    segments: list[str]


class FindingView(TypedDict):
    """What is wrong, or worth a look. An error: the claim would fail."""

    code: str
    severity: Literal["error", "warning"]
    message: str


class ClaimView(TypedDict):
    """Items 17, 17a and 17b of the CMS-1500, the 837P in their place, and what was found."""

    item_17: Item17
    item_17a: Item17a | None
    item_17b: str | None
    x12: list[str]
    x12_loops: list[LoopView]
    findings: list[FindingView]
