"""The mark of a vocabulary that is to be built: what asks for one need not know what a vocabulary is."""

from datetime import datetime

from carebook import keys
from carebook.items import Item, make_item


def vocabulary_mark(account: str, book: str, at: datetime) -> Item:
    """The mark by which the schedule finds the vocabulary from an instant on."""
    item = make_item(keys.vocabulary_wanted_key(account, book), "vocabulary wanted")
    item.gsi2_pk, item.gsi2_sk = keys.VOCABULARY_PK, keys.vocabulary_sk(at, account, book)
    return item
