"""What messages leave outside of their recipient's partition so that a reply finds back. It goes with the recipient."""

from collections.abc import Iterator, Sequence

from carebook import keys
from carebook.addresses import consent_address
from carebook.items import Item, as_json
from carebook.table import Row, Table


def delete_traces(table: Table, account: str, rows: Sequence[Row]) -> None:
    """Delete what the messages among *rows* have left: reply addresses, and that the account wrote to an address.

    Of an address at which somebody else was written to later, that is left alone.
    """
    messages = [row for row in rows if row.key.sk.startswith(keys.MESSAGES_FIRST)]
    tokens = [row.doc["reply_token"] for row in messages if row.doc.get("reply_token")]
    table.delete_all([keys.reply_key(token) for token in tokens])
    written = {keys.message_id_of(row.key.sk) for row in messages}
    places = list(dict.fromkeys(_writers(account, messages)))
    for start in range(0, len(places), 100):
        for writer in table.get_together(*places[start : start + 100]):
            if writer is not None and writer.doc["message"] in written:
                table.delete_if(writer.key, Item.doc == as_json(writer.doc))


def _writers(account: str, messages: Sequence[Row]) -> Iterator[keys.Key]:
    for row in messages:
        where = consent_address(row.doc["method"], row.doc["to"]) if row.doc.get("to") else None
        if where is not None and row.doc["direction"] == "out":
            yield keys.writer_key(*where, account)
