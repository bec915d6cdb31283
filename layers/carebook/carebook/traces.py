"""What messages leave outside of their recipient's partition so that a reply finds back. It goes with the recipient."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from carebook import keys
from carebook.addresses import consent_address
from carebook.instants import instant, parse_instant
from carebook.items import Item, as_json, make_item
from carebook.table import Row, Table

WRITERS_REMEMBERED: Final = timedelta(days=4 * 365)
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


def delete_traces(table: Table, account: str, rows: Sequence[Row]) -> None:
    """Delete what the messages among *rows* have left: reply addresses, and that the account wrote to an address.

    Of an address at which somebody else was written to later, that is left alone. Of one that gets no messages because
    its owner said so, or it bounced, it stays that the account has written there, and to whom does not: their START
    must still be heard.
    """
    messages = [row for row in rows if row.key.sk.startswith(keys.MESSAGES_FIRST)]
    tokens = [row.doc["reply_token"] for row in messages if row.doc.get("reply_token")]
    table.delete_all([keys.reply_key(token) for token in tokens])
    written = {keys.message_id_of(row.key.sk) for row in messages}
    places = list(dict.fromkeys(_writers(messages)))
    for start in range(0, len(places), 100):
        some = places[start : start + 100]
        for place, writer in zip(
            some, table.get_together(*(keys.writer_key(*one, account) for one in some)), strict=True
        ):
            if writer is None or writer.doc["message"] not in written:
                continue
            unchanged = Item.doc == as_json(writer.doc)
            if _gets_none(table, account, *place):
                table.put_if(_of_nobody(writer), unchanged)
            else:
                table.delete_if(writer.key, unchanged)


def _writers(messages: Sequence[Row]) -> Iterator[tuple[str, str]]:
    for row in messages:
        where = consent_address(row.doc["method"], row.doc["to"]) if row.doc.get("to") else None
        if where is not None and row.doc["direction"] == "out":
            yield where


def _gets_none(table: Table, account: str, channel: str, address: str) -> bool:
    consent = table.get(keys.consent_key(account, channel, address))
    return consent is not None and (consent.doc["agreement"] == "opted_out" or bool(consent.doc["suppressed"]))


def _of_nobody(writer: Row) -> Item:
    """That the account has written to the address, and so long ago that every other one has done so since."""
    item = make_item(writer.key, "writer", {"recipient": "", "message": "", "at": instant(_LONG_AGO)})
    item.expires_at = int((parse_instant(writer.doc["at"]) + WRITERS_REMEMBERED).timestamp())
    return item
