"""The contacts to which ids lead that something else has kept, with the settings by which they are shown."""

from collections.abc import Collection
from itertools import batched
from typing import Final

from carebook import keys
from carebook.contacts.documents import contact_from
from carebook.contacts.model import Contact
from carebook.settings.model import AccountSettings
from carebook.table import Table

_AT_ONCE: Final = 100


def contacts_in_use(
    table: Table, account: str, contact_ids: Collection[str]
) -> tuple[dict[str, Contact], AccountSettings]:
    """Each id's contact, if it leads to one in use, and the account's settings.

    One request for the settings and 99 contacts, one more for each hundred, and one for those that were merged. They
    may be a moment old, as the indexes are in which such ids are found.
    """
    found: dict[str, Contact] = {}
    leads_to = {contact_id: contact_id for contact_id in contact_ids}
    settings = AccountSettings()
    asked = [keys.settings_key(account), *(keys.contact_key(account, contact_id) for contact_id in leads_to)]
    while asked:
        rows = [
            row for some in batched(asked, _AT_ONCE, strict=False) for row in table.get_together(*some, latest=False)
        ]
        read = {row.key: row for row in rows if row is not None}
        if row := read.get(keys.settings_key(account)):
            settings = AccountSettings.stored(row.version, row.doc)
        asked = []
        for contact_id, last in list(leads_to.items()):
            row = read.get(keys.contact_key(account, last))
            if row is None:
                continue
            contact = None if "purging" in row.doc else contact_from(account, last, row.version, row.doc)
            if contact is not None and contact.merged_into is not None:
                leads_to[contact_id] = contact.merged_into
                asked.append(keys.contact_key(account, contact.merged_into))
            elif contact is not None and contact.in_use:
                found[contact_id] = contact
        asked = list(dict.fromkeys(asked))
    return found, settings
