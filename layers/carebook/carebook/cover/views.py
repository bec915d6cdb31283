"""The cover page in the shape that callers see."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, cast

from carebook.clients.linked import ClientLink
from carebook.clients.views import client_of_contact, client_view, contact_of_client
from carebook.contacts.views import contact_view
from carebook.cover.model import NOTHING, Cover
from carebook.cover.of_client import ClientCover
from carebook.cover.schemas import ClientCoverView, CoverView
from carebook.documents.views import document_row
from carebook.files.views import file_view
from carebook.instants import day_in
from carebook.referrals.views import referral_row, referral_view
from carebook.tasks.views import task_view

# How an item of each section is shown. A section whose domain is not there has no items.
VIEWS: Final[Mapping[str, Callable[[Any, Cover, datetime], Any]]] = {
    "open_tasks": lambda task, cover, now: task_view(task, cover.settings, now),
    "files": lambda file, _cover, _now: file_view(file),
    "documents": lambda document, _cover, _now: document_row(document),
    "clients": lambda linked, cover, _: client_of_contact(ClientLink(linked[0], cover.contact, linked[1])),
    "referrals": lambda listed, cover, now: referral_row(listed, day_in(cover.settings.time_zone, now)),
}
PARTS: Final = ("open_tasks", "files", "documents", "clients", "referrals")


def cover_view(cover: Cover, now: datetime) -> CoverView:
    """The contact, and each section with its first items and their number."""
    view: dict[str, Any] = {"contact": contact_view(cover.contact, cover.settings)}
    for name in PARTS:
        part = cover.parts.get(name, NOTHING)
        items = [VIEWS[name](item, cover, now) for item in part.items]
        view[name] = {"items": items, "count": part.count, "exact": part.exact}
    return cast("CoverView", view)  # the resolver checks every answer against the schema


def client_cover_view(cover: ClientCover) -> ClientCoverView:
    """The client, and each section with its first items and their number."""
    contacts, referrals = cover.contacts, cover.referrals
    return {
        "client": client_view(cover.client, cover.settings),
        "contacts": {
            "items": [contact_of_client(one, cover.settings) for one in contacts.items],
            "count": contacts.count,
            "exact": contacts.exact,
        },
        "referrals": {
            "items": [referral_view(one) for one in referrals.items],
            "count": referrals.count,
            "exact": referrals.exact,
        },
    }
