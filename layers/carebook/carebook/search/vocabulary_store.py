"""Vocabularies in the table: one packed item for each book of an account, and marks for those that are wanted."""

import json
import time
from base64 import b64decode
from datetime import datetime, timedelta
from typing import Final

from pynamodb.attributes import BinaryAttribute

from carebook import keys
from carebook.instants import instant, parse_instant
from carebook.items import NOT_THERE, Item
from carebook.observability import logger
from carebook.search.vocabulary import Vocabulary, pack, unpack
from carebook.search.vocabulary_marks import vocabulary_mark
from carebook.search.vocabulary_service import Wanted
from carebook.table import Table

CLAIMED: Final = timedelta(minutes=15)  # longer than a run can last
REMEMBERED_SECONDS: Final = 300.0
_ASKED_AGAIN_SECONDS: Final = 900.0
_WORDS_REMEMBERED: Final = 300_000  # of all accounts; some 30 MB
_REQUESTS_REMEMBERED: Final = 5_000
_KEPT: Final = timedelta(days=7)


class _VocabularyItem(Item):
    packed = BinaryAttribute(attr_name="z", legacy_encoding=False)


class TableVocabularies:
    """The accounts' vocabularies on DynamoDB, for one warm environment."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._known: dict[tuple[str, str], tuple[float, Vocabulary]] = {}
        self._asked: dict[tuple[str, str], float] = {}

    def of(self, account: str, book: str, *, now: datetime) -> Vocabulary | None:
        """The vocabulary, at most five minutes behind; a new one is asked for when there is none or an old one.

        It is advice: what goes wrong here must not cost the caller an answer, so it is logged and nothing more.
        """
        until, known = self._known.get((account, book), (0.0, None))
        if time.monotonic() < until:
            return known
        found = None
        try:
            found = self._read(account, book)
            if found is None or found.is_old(now):
                self._ask(account, book, now)
        except Exception as error:  # noqa: BLE001 - see above
            logger.warning("Vocabulary not to be had", error=type(error).__name__)
        if found is not None:
            self._remember(account, book, found)
        return found

    def wanted(self, *, now: datetime, limit: int) -> list[Wanted]:
        """Up to *limit* vocabularies that are to be built, the longest wanted first: one query of GSI2."""
        marks = self._table.due(keys.VOCABULARY_PK, until=keys.due_until(now), limit=limit)
        return [Wanted(*keys.parse_vocabulary_sk(mark), mark) for mark in marks]

    def claim(self, wanted: Wanted, *, now: datetime) -> Wanted | None:
        """Put its mark behind all others, under the condition that nobody has: what ends half way comes again."""
        mark = vocabulary_mark(wanted.account, wanted.book, now + CLAIMED)
        if not self._table.put_if(mark, Item.gsi2_sk == wanted.mark):
            return None
        return wanted._replace(mark=mark.gsi2_sk)

    def keep(self, account: str, book: str, vocabulary: Vocabulary) -> None:
        """One write, so that a reader sees the old one or the new one. A run that was overtaken writes nothing."""
        key, built_at = keys.vocabulary_key(account, book), vocabulary.built_at
        item = _VocabularyItem(
            key.pk,
            key.sk,
            kind="vocabulary",
            version=int(built_at.timestamp()),
            doc=json.dumps({"records": vocabulary.records, "built_at": instant(built_at)}),
            packed=pack(vocabulary),
            expires_at=int((built_at + _KEPT).timestamp()),
        )
        self._table.put_if(item, NOT_THERE | (Item.version <= item.version))

    def done(self, wanted: Wanted) -> None:
        """Take the mark away, unless the vocabulary is wanted once more: of somebody in it, nothing may be left."""
        self._table.delete_if(keys.vocabulary_wanted_key(wanted.account, wanted.book), Item.gsi2_sk == wanted.mark)

    def _read(self, account: str, book: str) -> Vocabulary | None:
        """Eventually consistent, at half the price."""
        key = keys.vocabulary_key(account, book)
        data = self._table.connection.get_item(self._table.name, key.pk, key.sk, attributes_to_get=["doc", "z"])
        raw = data.get("Item")
        if not raw:
            return None
        doc = json.loads(raw["doc"]["S"])
        return unpack(b64decode(raw["z"]["B"]), records=doc["records"], built_at=parse_instant(doc["built_at"]))

    def _remember(self, account: str, book: str, vocabulary: Vocabulary) -> None:
        if sum(len(known.counts) for _, known in self._known.values()) + len(vocabulary.counts) > _WORDS_REMEMBERED:
            self._known.clear()
        self._known[account, book] = (time.monotonic() + REMEMBERED_SECONDS, vocabulary)

    def _ask(self, account: str, book: str, now: datetime) -> None:
        """Leave a mark for the schedule, once; this environment does not try again for a while."""
        if time.monotonic() < self._asked.get((account, book), 0.0):
            return
        self._table.put_if(vocabulary_mark(account, book, now), NOT_THERE)
        if len(self._asked) >= _REQUESTS_REMEMBERED:
            self._asked.clear()
        self._asked[account, book] = time.monotonic() + _ASKED_AGAIN_SECONDS
