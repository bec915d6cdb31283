"""Shares in the shape that callers see."""

from datetime import datetime
from typing import cast

from carebook.instants import instant
from carebook.shares.codes import written
from carebook.shares.model import Share, SharedItem, Way
from carebook.shares.opening import Opened, Place
from carebook.shares.schemas import FetchView, NewShareView, OpenedView, SharedItemView, ShareView


def share_view(share: Share, now: datetime) -> ShareView:
    """The whole record but what is kept of token and code."""
    view = {
        "id": share.id,
        "contact_id": share.contact_id,
        "version": share.version,
        "status": share.status(now).value,
        "items": [_item(item) for item in share.items],
        "message": share.message,
        "link_sent": _way(share.link_way),
        "code_sent": share.code_way and _way(share.code_way),
        "expires_at": instant(share.expires_at),
        "locked_until": _moment(share.locked_until) if share.is_locked(now) else None,
        "revoked_at": _moment(share.revoked_at),
        "revoked_by": share.revoked_by and {"id": share.revoked_by.id, "name": share.revoked_by.name},
        "opened": share.opened,
        "accesses": [
            {"at": instant(one.at), "outcome": one.outcome.value, "items": list(one.items)} for one in share.accesses
        ],
        "created_at": instant(share.created_at),
        "created_by": {"id": share.created_by.id, "name": share.created_by.name},
    }
    return cast("ShareView", view)  # the resolver checks every answer against the schema


def new_share_view(share: Share, code: str | None, now: datetime) -> NewShareView:
    """A share just made, with the code when somebody must tell it."""
    return {**share_view(share, now), "code": None if code is None else written(code)}


def opened_view(opened: Opened) -> OpenedView:
    """What somebody with link and code is handed."""
    return {
        "practice_name": opened.practice_name,
        "message": opened.share.message,
        "items": [_fetched(item, place) for item, place in opened.items],
        "urls_expire_at": instant(opened.until),
        "expires_at": instant(opened.share.expires_at),
    }


def _fetched(item: SharedItem, place: Place | None) -> FetchView:
    if place is None:
        return {"name": item.name, "content_type": None, "size": None, "available": False, "url": None}
    return {
        "name": place.name,
        "content_type": place.content_type,
        "size": place.size,
        "available": True,
        "url": place.url,
    }


def _item(item: SharedItem) -> SharedItemView:
    return {
        "file_id": item.id if item.kind == "file" else None,
        "document_id": item.id if item.kind == "document" else None,
        "name": item.name,
    }


def _way(way: Way) -> dict[str, str]:
    return {"method": way.method, "message_id": way.message_id}


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else instant(moment)
