"""A share and what is sealed of it as JSON documents, and back."""

from dataclasses import asdict
from typing import Any

from carebook.identity import Person
from carebook.instants import instant, parse_instant
from carebook.keys import contact_of_pk, id_of_share
from carebook.shares.collaborators import Sealed
from carebook.shares.model import Access, Lock, Outcome, Share, SharedItem, Way
from carebook.table import Row

_MOMENTS = ("created_at", "expires_at", "revoked_at", "locked_until")


def share_document(share: Share) -> dict[str, Any]:
    """All of a share but its key and version; what is empty is left out."""
    document: dict[str, Any] = {
        "items": [[item.kind, item.id, item.name] for item in share.items],
        "message": share.message,
        "token_hash": share.token_hash,
        "lock": asdict(share.lock),
        "link_way": asdict(share.link_way),
        "code_way": share.code_way and asdict(share.code_way),
        "created_by": asdict(share.created_by),
        "revoked_by": share.revoked_by and asdict(share.revoked_by),
        "wrong": share.wrong,
        "opened": share.opened,
        "accesses": [[instant(one.at), one.outcome.value, *one.items] for one in share.accesses],
    }
    document |= {name: instant(value) for name in _MOMENTS if (value := getattr(share, name)) is not None}
    return {name: value for name, value in document.items() if value}


def share_from(account: str, row: Row) -> Share:
    """The share out of :func:`share_document`."""
    document = row.doc
    moments = {name: parse_instant(document[name]) for name in _MOMENTS if name in document}
    code_way, revoked_by = document.get("code_way"), document.get("revoked_by")
    return Share(
        **moments,
        id=id_of_share(row.key.sk),
        account=account,
        contact_id=contact_of_pk(row.key.pk),
        version=row.version,
        items=tuple(SharedItem(*item) for item in document["items"]),
        message=document.get("message", ""),
        token_hash=document["token_hash"],
        lock=Lock(**document["lock"]),
        link_way=Way(**document["link_way"]),
        code_way=code_way and Way(**code_way),
        created_by=Person(**document["created_by"]),
        revoked_by=revoked_by and Person(**revoked_by),
        wrong=document.get("wrong", 0),
        opened=document.get("opened", 0),
        accesses=tuple(
            Access(parse_instant(at), Outcome(outcome), tuple(items))
            for at, outcome, *items in document.get("accesses", ())
        ),
        came_from=row.came_from,
    )


def sealed_document(sealed: Sealed) -> dict[str, Any]:
    """What waits under seal."""
    return {"sealed": sealed.text, "until": instant(sealed.until), "ways": dict(sealed.ways)}


def sealed_from(row: Row) -> Sealed:
    """What :func:`sealed_document` wrote."""
    return Sealed(row.doc["sealed"], parse_instant(row.doc["until"]), row.doc["ways"])
