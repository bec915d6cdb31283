"""What a purge takes with a contact beyond its partition: those who were merged into it."""

from collections.abc import Callable, Mapping
from typing import Final

from carebook import keys
from carebook.errors import Conflict
from carebook.items import at_version, make_item
from carebook.table import Table

_PAGE: Final = 100


def purge_merged(
    table: Table,
    account: str,
    contact_id: str,
    purging: Mapping[str, str],
    finish_purge: Callable[[str, str], bool],
) -> None:
    """What was merged into a contact goes with it: it is the same person's file."""
    pk, low = keys.contact_pk(account, contact_id), keys.MERGES_FIRST
    while rows := table.query(pk, low=low, high=keys.MERGES_LAST, limit=_PAGE):
        for row in rows:
            merged = keys.merged_id(row.key.sk)
            kept = table.get(keys.contact_key(account, merged))
            if kept is None:
                continue
            if kept.doc.get("merged_into") == contact_id:
                item = make_item(kept.key, "contact being purged", {"purging": purging}, version=kept.version + 1)
                if not table.put_if(item, at_version(kept.version)):
                    raise Conflict("The contact was changed in the meantime.")
            finish_purge(account, merged)
        low = f"{rows[-1].key.sk} "  # nothing lies between a key and the key with a space
