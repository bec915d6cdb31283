"""What contacts have in common, read off the index and the list, where equals lie side by side."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from carebook.contacts.protocols import ContactStore
from carebook.duplicates.model import Reason
from carebook.duplicates.service import Sharing
from carebook.folding import name_key
from carebook.search.plan import KeyRange
from carebook.search.service import SearchIndex
from carebook.search.tokens import Kind

_CHUNK: Final = 500
_RANGES: Final = {
    Reason.NPI: (KeyRange("n1", frozenset({Kind.NPI})), KeyRange("n2", frozenset({Kind.NPI}))),
    Reason.EMAIL: (KeyRange("@", frozenset({Kind.DOMAIN})),),
    Reason.PHONE: (KeyRange("+", frozenset({Kind.PHONE})),),
}


class _Seen(NamedTuple):
    """A record on the way: what it has, where that lies, and where people of that name work."""

    thing: str
    record_id: str
    position: str
    place: str = ""


class IndexedThings:
    """What an account's contacts in use have in common."""

    def __init__(self, contacts: ContactStore, entries: SearchIndex, account: str) -> None:
        self._contacts = contacts
        self._entries = entries
        self._account = account

    def sharing(self, reason: Reason, *, after: str | None) -> Iterator[Sharing]:
        """Neighbours with one token, or one name; now and then nobody, to say how far the walk has come."""
        walked = self._names(after) if reason is Reason.NAME else self._tokens(reason, after)
        group: dict[str, str] = {}
        thing, position, walked_since = "", "", 0
        for seen in walked:
            if seen.thing != thing:
                shared = _shared(group)
                if shared or walked_since >= _CHUNK:
                    yield Sharing(shared, position)
                    walked_since = 0
                group, thing = {}, seen.thing
            group[seen.record_id] = seen.place
            position = seen.position
            walked_since += 1
        if _shared(group):
            yield Sharing(_shared(group), position)

    def _tokens(self, reason: Reason, after: str | None) -> Iterator[_Seen]:
        for key_range in _RANGES[reason]:
            position = after if after and after.startswith(key_range.prefix) else None
            if after and position is None and after > key_range.prefix:
                continue  # this range lies behind us
            while True:
                piece = self._entries.read(key_range, record_type=None, after=position, limit=_CHUNK)
                for entry in piece.entries:
                    yield _Seen(entry.token.text, entry.record.id, entry.key)
                if piece.next_after is None:
                    break
                position = piece.next_after

    def _names(self, after: str | None) -> Iterator[_Seen]:
        while True:
            rows = self._contacts.page(self._account, archived=False, contact_type=None, after=after, limit=_CHUNK)
            for position, row in rows:
                last_and_first = position.rpartition(" ")[0].split("!")[:2]
                organization = name_key((row.organization_name,))
                yield _Seen("!".join(last_and_first), row.id, position, organization)
            if len(rows) < _CHUNK:
                return
            after = rows[-1][0]


def _shared(group: Mapping[str, str]) -> tuple[str, ...]:
    """Those of a group who are not alone in their place."""
    places = Counter(group.values())
    return tuple(record_id for record_id, place in group.items() if places[place] > 1)
