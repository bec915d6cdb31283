"""Pairs that look like one, as callers see them."""

from typing import Literal, TypedDict

from carebook.contacts.schemas import ContactRow


class DuplicatePair(TypedDict):
    """Two contacts that look like one. `score` goes from 0 to 1."""

    contacts: list[ContactRow]
    reasons: list[Literal["npi", "email", "phone", "name", "organization"]]
    score: float


class DuplicatePage(TypedDict):
    """A page of pairs. It may be short when much had to be read; `next_cursor` is null only at the end."""

    items: list[DuplicatePair]
    next_cursor: str | None
