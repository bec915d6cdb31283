"""The items of which a contact consists: itself, its history, its places in lists."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from pynamodb.expressions.condition import Condition

from carebook import keys
from carebook.contacts.claims import Claim
from carebook.contacts.documents import contact_document, summary_document
from carebook.contacts.model import Contact, summary_of
from carebook.instants import instant, parse_instant
from carebook.items import NOT_THERE, Item, make_item
from carebook.table import Row

_REQUESTS_REMEMBERED: Final = timedelta(hours=24)
_CLAIMS_KEPT: Final = timedelta(hours=1)


def contact_item(contact: Contact) -> Item:
    """The contact itself; while it is archived, the purge function can find it."""
    key = keys.contact_key(contact.account, contact.id)
    item = make_item(key, "contact", contact_document(contact), version=contact.version)
    if contact.purge_at is not None:
        item.gsi2_pk, item.gsi2_sk = keys.PURGE_PK, keys.purge_sk(contact.purge_at, contact.account, contact.id)
    return item


def claim_item(contact: Contact, claim: Claim) -> Item:
    """The mark that the contact was added, beside those who were added since the look that the claim speaks of."""
    added = [*claim.known_since, (contact.id, contact.created_at)]
    item = make_item(keys.added_key(contact.account, claim.name), "added last", _added_document(added))
    item.version = _milliseconds(contact.created_at)
    item.expires_at = int((contact.created_at + _CLAIMS_KEPT).timestamp())
    return item


def claim_holds(claim: Claim) -> Condition:
    """Nobody of that name was added since the look, but for those who have been looked at as well."""
    if claim.known:
        seen = make_item(keys.added_key("", claim.name), None, _added_document(claim.known))
        holds: Condition = Item.doc == seen.doc
        return holds
    nobody_since: Condition = NOT_THERE | (Item.version < _milliseconds(claim.since))
    return nobody_since


def added_last(row: Row | None) -> list[tuple[str, datetime]]:
    """Who was added last, and when, out of the mark."""
    return [(contact_id, parse_instant(at)) for contact_id, at in row.doc["added"]] if row else []


def _added_document(added: Sequence[tuple[str, datetime]]) -> dict[str, Any]:
    return {"added": [[contact_id, instant(at)] for contact_id, at in added]}


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def list_items(contact: Contact) -> list[Item]:
    """Its rows in the list of all and in that of its type, in use or archived."""
    if contact.merged_into is not None:
        return []
    document = summary_document(summary_of(contact))
    archived, name_key = contact.archived_at is not None, contact.details.list_name_key
    return [
        make_item(
            keys.list_key(
                keys.contact_list_pk(contact.account, archived=archived, contact_type=contact_type),
                name_key,
                contact.id,
            ),
            "contact in a list",
            document,
        )
        for contact_type in (None, contact.details.type)
    ]
