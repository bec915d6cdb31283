"""What a purge takes with a client beyond its partition: links as contacts see them, referrals in lists."""

from collections.abc import Iterable, Mapping

from carebook import keys
from carebook.contacts.documents import history_document
from carebook.contacts.history import Change, noted
from carebook.errors import Unavailable
from carebook.identity import Person
from carebook.ids import HISTORY
from carebook.instants import parse_instant
from carebook.items import ConditionFailed, Writes, at_version, make_item
from carebook.retrying import attempts
from carebook.table import Row, Table


def unlist_referrals(table: Table, account: str, rows: Iterable[Row]) -> None:
    """Take those of a client's items that are referrals out of the account's lists."""
    table.delete_all(
        [
            place
            for row in rows
            if row.key.sk.startswith(keys.REFERRALS_FIRST)
            for place in keys.referral_places(
                account,
                row.doc["details"]["status"],
                row.doc["details"]["received_on"],
                keys.id_of_referral(row.key.sk),
            )
        ]
    )


def unlink_contacts(table: Table, account: str, rows: Iterable[Row], purging: Mapping[str, str]) -> None:
    """Remove those of a client's items that are links, each with an entry in its contact's history."""
    for row in rows:
        if row.key.sk.startswith(keys.LINKS_FIRST):
            _unlink(table, account, row, purging)


def _unlink(table: Table, account: str, link: Row, purging: Mapping[str, str]) -> None:
    """One transaction. A contact that is being purged is told nothing: its history is going, and would come back."""
    by = Person(purging["by"], purging.get("name", purging["by"]))
    gone = Change("link", {"client_id": keys.client_of(link.key.pk)}, None)
    entry = noted("unlinked", by=by, now=parse_instant(purging["at"]), changes=(gone,))
    for _ in attempts():
        writes = Writes()
        writes.delete(link.key, at_version(link.version))
        contact = table.get(keys.contact_key(account, keys.linked_id(link.key.sk)))
        if contact is not None and "purging" not in contact.doc:
            place = keys.Key(contact.key.pk, keys.history_sk(entry.id.removeprefix(f"{HISTORY}_")))
            writes.check(contact.key, at_version(contact.version))
            writes.put(make_item(place, "history", history_document(entry)))
        try:
            table.write(writes)
        except ConditionFailed as failed:
            if failed.key == link.key:  # the contact's own purge was faster
                return
            continue
        return
    raise Unavailable("A contact of the client is being changed by others. Try again in a moment.")
