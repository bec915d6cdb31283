"""What contacts have in common, read off the index and the list, where equals lie side by side."""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from carebook.contacts.service import ContactStore
from carebook.duplicates.model import Reason
from carebook.duplicates.service import Sharing
from carebook.search.plan import KeyRange
from carebook.search.service import Entries
from carebook.search.tokens import Kind

_CHUNK: Final = 500
_RANGES: Final = {
    Reason.NPI: (KeyRange("n1", frozenset({Kind.NPI})), KeyRange("n2", frozenset({Kind.NPI}))),
    Reason.EMAIL: (KeyRange("@", frozenset({Kind.DOMAIN})),),
    Reason.PHONE: (KeyRange("+", frozenset({Kind.PHONE})),),
}


class IndexedThings:
    """What an account's contacts in use have in common."""

    def __init__(self, contacts: ContactStore, entries: Entries, account: str) -> None:
        self._contacts = contacts
        self._entries = entries
        self._account = account

    def sharing(self, reason: Reason, *, after: str | None) -> Iterator[Sharing]:
        """Neighbours with one token, or one name."""
        keys = self._names(after) if reason is Reason.NAME else self._tokens(reason, after)
        for _, neighbours in groupby(keys, key=lambda item: item[0]):
            members = list(neighbours)
            ids = tuple(dict.fromkeys(record_id for _, record_id, _ in members))
            if len(ids) > 1:
                yield Sharing(ids, members[-1][2])

    def _tokens(self, reason: Reason, after: str | None) -> Iterator[tuple[str, str, str]]:
        for key_range in _RANGES[reason]:
            position = after if after and after.startswith(key_range.prefix) else None
            if after and position is None and after > key_range.prefix:
                continue  # this range lies behind us
            while True:
                piece = self._entries.read(key_range, record_type=None, after=position, limit=_CHUNK)
                for entry in piece.entries:
                    yield entry.token.text, entry.record.id, entry.key
                if piece.next_after is None:
                    break
                position = piece.next_after

    def _names(self, after: str | None) -> Iterator[tuple[str, str, str]]:
        while True:
            rows = self._contacts.page(self._account, archived=False, contact_type=None, after=after, limit=_CHUNK)
            for position, row in rows:
                last_and_first = position.rpartition(" ")[0].split("!")[:2]
                yield "!".join(last_and_first), row.id, position
            if len(rows) < _CHUNK:
                return
            after = rows[-1][0]
