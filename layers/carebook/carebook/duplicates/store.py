"""What contacts have in common, read off the index and the list, where equals lie side by side."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from carebook.contacts.model import ContactSummary
from carebook.contacts.protocols import ContactStore
from carebook.duplicates.model import SWITCHBOARD, Reason, Thing, who
from carebook.duplicates.service import Sharing
from carebook.folding import name_key
from carebook.search.plan import KeyRange
from carebook.search.service import SearchIndex
from carebook.search.tokens import Kind, Searchable

_CHUNK: Final = 500
_MOST_SHARING: Final = 20_000  # of those who share one thing, so many are looked at; their names take some 10 MB
_KINDS: Final = {Reason.NPI: Kind.NPI, Reason.EMAIL: Kind.DOMAIN, Reason.PHONE: Kind.PHONE}
_PREFIXES: Final = {Reason.NPI: ("n1", "n2"), Reason.EMAIL: ("@",), Reason.PHONE: ("+",)}


class _Seen(NamedTuple):
    """A record on the way: what it has, its names, and where that lies."""

    text: str
    record: Searchable | ContactSummary
    position: str


class IndexedThings:
    """What an account's contacts in use have in common."""

    def __init__(self, contacts: ContactStore, entries: SearchIndex, account: str) -> None:
        self._contacts = contacts
        self._entries = entries
        self._account = account
        self._switchboards: dict[Thing, bool] = {}

    def sharing(self, reason: Reason, *, after: str | None) -> Iterator[Sharing]:
        """Neighbours with one token, or one name; now and then nobody, to say how far the walk has come."""
        group: dict[str, Searchable | ContactSummary] = {}
        text, position, walked_since = "", "", 0
        for seen in self._names(after) if reason is Reason.NAME else self._tokens(reason, after):
            if seen.text != text:
                shared = self._shared(reason, text, position, group)
                if shared.members or walked_since >= _CHUNK:
                    yield shared
                    walked_since = 0
                group, text = {}, seen.text
            if len(group) < _MOST_SHARING:
                group[seen.record.id] = seen.record
            position = seen.position
            walked_since += 1
        shared = self._shared(reason, text, position, group)
        if shared.members:
            yield shared

    def is_switchboard(self, thing: Thing) -> bool:
        """One query, unless the walk has just come by."""
        known = self._switchboards.get(thing)
        if known is None:
            key_range = KeyRange(f"{thing.text} ", frozenset({_KINDS[thing.reason]}))
            piece = self._entries.read(key_range, record_type=None, after=None, limit=SWITCHBOARD)
            known = self._switchboards[thing] = len(piece.entries) >= SWITCHBOARD
        return known

    def _shared(
        self, reason: Reason, text: str, position: str, group: Mapping[str, Searchable | ContactSummary]
    ) -> Sharing:
        """Those of a group who may be one: of a name, those in one place; of very many, those of one name."""
        if len(group) < 2:
            return Sharing(reason, "", position)
        if reason is Reason.NAME:
            alike = {each: name_key((record.organization_name,)) for each, record in group.items()}
        else:
            many = self._switchboards[Thing(reason, text)] = len(group) >= SWITCHBOARD
            apart = many and reason is not Reason.NPI
            alike = {each: who(record) if apart else "" for each, record in group.items()}
        count = Counter(alike.values())
        return Sharing(reason, text, position, {each: name for each, name in alike.items() if count[name] > 1})

    def _tokens(self, reason: Reason, after: str | None) -> Iterator[_Seen]:
        kinds = frozenset({_KINDS[reason]})
        for prefix in _PREFIXES[reason]:
            position = after if after and after.startswith(prefix) else None
            if after and position is None and after > prefix:
                continue  # this range lies behind us
            while True:
                piece = self._entries.read(KeyRange(prefix, kinds), record_type=None, after=position, limit=_CHUNK)
                for entry in piece.entries:
                    yield _Seen(entry.token.text, entry.record, entry.key)
                if piece.next_after is None:
                    break
                position = piece.next_after

    def _names(self, after: str | None) -> Iterator[_Seen]:
        while True:
            rows = self._contacts.page(self._account, archived=False, contact_type=None, after=after, limit=_CHUNK)
            for position, row in rows:
                last_and_first = position.rpartition(" ")[0].split("!")[:2]
                yield _Seen("!".join(last_and_first), row, position)
            if len(rows) < _CHUNK:
                return
            after = rows[-1][0]
