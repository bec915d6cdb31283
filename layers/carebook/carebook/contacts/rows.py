"""The items of which a contact consists: itself, its history, its places in lists."""

from carebook import keys
from carebook.contacts.documents import contact_document, history_document, summary_document
from carebook.contacts.history import HistoryEntry
from carebook.contacts.model import Contact, summary_of
from carebook.contacts.searchable import searchable
from carebook.ids import HISTORY
from carebook.items import Item, make_item
from carebook.search.tokens import Searchable


def note_for_rebuild(before: Contact | None, after: Contact) -> Item:
    """What an index that is being built must know of a change: the record as it was, whose entries may be there."""
    was = before and searchable(before)
    document = {"before": was and {name: getattr(was, name) for name in Searchable.__slots__}}
    return make_item(keys.reindex_key(after.account, after.id, after.version), None, document)


def contact_item(contact: Contact) -> Item:
    """The contact itself; while it is archived, the purge function can find it."""
    key = keys.contact_key(contact.account, contact.id)
    item = make_item(key, "contact", contact_document(contact), version=contact.version)
    if contact.purge_at is not None:
        item.gsi2_pk, item.gsi2_sk = keys.PURGE_PK, keys.purge_sk(contact.purge_at, contact.account, contact.id)
    return item


def history_item_key(account: str, contact_id: str, entry: HistoryEntry) -> keys.Key:
    """Where an entry of a contact's history lies."""
    return keys.history_key(account, contact_id, entry.id.removeprefix(f"{HISTORY}_"))


def history_item(account: str, contact_id: str, entry: HistoryEntry) -> Item:
    """An entry of a contact's history."""
    return make_item(history_item_key(account, contact_id, entry), "history", history_document(entry))


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
