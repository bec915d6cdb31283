"""What who got a link does with it: look whether there is something behind it, and open that with the code."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from carebook.errors import Conflict, NotAllowed, NotFound, TooManyTries, Unavailable
from carebook.retrying import attempts
from carebook.shares.codes import NO_LOCK, fits, hash_of
from carebook.shares.collaborators import Vault
from carebook.shares.model import FETCHED_WITHIN, Share, SharedItem

# One sentence for all that is not there: never was, has run out, was taken back, or its contact is away.
_NOTHING: Final = "There is nothing behind this link, or nothing any more."
_MOVING: Final = "This is being moved at the moment. Try again in a moment."
_BUSY: Final = "Others are opening this at the moment. Try again in a moment."


class WrongCode(NotAllowed):
    """The code is not the one."""

    code = "wrong_code"

    def __init__(self) -> None:
        super().__init__("This is not the code for this link.")


class ShareLocked(TooManyTries):
    """Too many wrong codes: no code is looked at for a while, right or wrong."""

    code = "share_locked"

    def __init__(self, *, seconds: int) -> None:
        super().__init__("There were too many wrong codes. Try again in an hour.", seconds=seconds)


@dataclass(frozen=True, slots=True)
class Place:
    """Where what is shared can be fetched: of which file or document, as it is called now."""

    name: str
    content_type: str
    size: int | None
    url: str


@dataclass(frozen=True, slots=True)
class Found:
    """A share and what there is to know when it is opened.

    Attributes:
        moving: whether a merge is giving what hangs on the contact to another, or back.
        ready: the files and documents that may be fetched at this moment, by their ids.
    """

    share: Share
    practice_name: str
    moving: bool
    ready: Mapping[str, Any]


class OpenShares(Protocol):
    """Where shares are found by what their links hold."""

    def look(self, token_hash: str) -> Found | None:
        """The share with this hash, unless its contact is archived or gone. It asks as much when there is none."""
        ...

    def places(self, found: Found, *, seconds: int) -> Mapping[str, Place]:
        """Where each item that is ready can be fetched for so long, by its id."""
        ...

    def keep(self, before: Share, after: Share) -> None:
        """Keep *after* in place of *before*.

        Raises:
            Conflict: when *before* is not what is kept any more.
        """
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    """What is handed out: each item with its place, or None where there is nothing to fetch any more."""

    share: Share
    practice_name: str
    items: tuple[tuple[SharedItem, Place | None], ...]
    until: datetime


def look_at_share(shares: OpenShares, *, token: str, now: datetime) -> None:
    """See that there is something behind a link. Nothing of it is told without the code.

    Raises:
        NotFound: when there is not.
    """
    found = shares.look(hash_of(token))
    if found is None or not found.share.is_in_use(now):
        raise NotFound(_NOTHING)


def open_share(shares: OpenShares, vault: Vault, *, token: str, code: str, now: datetime) -> Opened:
    """What is behind a link, for who has the code.

    Each guess is written before its outcome is told, under the version that was looked at: of any number at the same
    moment, five are heard.

    Raises:
        NotFound: when there is nothing behind the link; after as long a time as for a wrong code.
        WrongCode: when it is another code.
        ShareLocked: when there were too many of those, whatever this one is.
    """
    fitting: dict[str, bool] = {}
    moving = False
    for _ in attempts():
        found = shares.look(hash_of(token))
        share = found.share if found is not None and found.share.is_in_use(now) else None
        if share is not None:
            _refuse_locked(share, now)
        share_id, lock = (share.id, share.lock) if share is not None else ("", NO_LOCK)
        if share_id not in fitting:  # slow on purpose, so once
            fitting[share_id] = fits(code, lock, share_id=share_id, pepper=vault.pepper)
        if found is None or share is None:
            raise NotFound(_NOTHING)
        moving = found.moving
        if moving:
            continue
        handed_out = [item.id for item in share.items if item.id in found.ready]
        after = share.hit(now, handed_out) if fitting[share_id] else share.missed(now)
        try:
            shares.keep(share, after)
        except Conflict:
            continue
        if fitting[share_id]:
            return _opened(shares, found, after, now)
        _refuse_locked(after, now)
        raise WrongCode
    raise Unavailable(_MOVING if moving else _BUSY)


def _refuse_locked(share: Share, now: datetime) -> None:
    if share.locked_until is not None and share.is_locked(now):
        raise ShareLocked(seconds=int((share.locked_until - now).total_seconds()) + 1)


def _opened(shares: OpenShares, found: Found, share: Share, now: datetime) -> Opened:
    places = shares.places(found, seconds=int(FETCHED_WITHIN.total_seconds()))
    items = tuple((item, places.get(item.id)) for item in share.items)
    return Opened(share, found.practice_name, items, now + FETCHED_WITHIN)
