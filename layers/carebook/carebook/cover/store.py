"""The sections of the cover page in the table: one round of queries."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Any, Final

from carebook import keys
from carebook.cover.model import COUNTED, Part, part_of
from carebook.cover.sections import Section
from carebook.cover.service import Gathered
from carebook.identity import Principal
from carebook.table import Table

_AT_ONCE: Final = 24


@dataclass(frozen=True, slots=True)
class Gathering:
    """A section that lies with every contact that one has been.

    Attributes:
        read: what lies with a contact, by account and the contact's id: one request.
        combined: the section out of all that was read, for an account and the id that the contact has today.
    """

    read: Callable[[str, str], Sequence[Any]]
    combined: Callable[[str, str, Sequence[Any]], Part]


class TableSections:
    """The sections on DynamoDB."""

    def __init__(self, table: Table, sections: Mapping[str, Section], gatherings: Mapping[str, Gathering]) -> None:
        self._table = table
        self._sections = sections
        self._gatherings = gatherings
        self._pool = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="cover")

    def beside[Other](
        self, contact_id: str, caller: Principal, other: Callable[[], Other], *, gather: Sequence[str]
    ) -> tuple[Other, dict[str, Part], Gathered]:
        """Each section, side by side with whatever *other* asks for: a query each."""
        self._table.connect()
        reading = {
            name: self._pool.submit(self._read, section, contact_id, caller) for name, section in self._sections.items()
        }
        gathering = self._begin(caller.account, gather)
        try:
            given = other()
            return given, {name: part.result() for name, part in reading.items()}, _results(gathering)
        finally:
            # Lambda freezes what still runs when the answer is out; it would go on in somebody else's request.
            wait(reading.values())
            wait(one for sections in gathering.values() for one in sections.values())

    def gather(self, account: str, contact_ids: Sequence[str]) -> Gathered:
        """A query for each contact and section, side by side."""
        self._table.connect()
        return _results(self._begin(account, contact_ids))

    def combined(self, account: str, contact_id: str, gathered: Gathered) -> dict[str, Part]:
        """No request, but where rows do not show their clients."""
        return {
            name: gathering.combined(account, contact_id, [row for rows in gathered.values() for row in rows[name]])
            for name, gathering in self._gatherings.items()
        }

    def _begin(self, account: str, contact_ids: Sequence[str]) -> dict[str, dict[str, Future[Sequence[Any]]]]:
        return {
            contact_id: {
                name: self._pool.submit(gathering.read, account, contact_id)
                for name, gathering in self._gatherings.items()
            }
            for contact_id in contact_ids
        }

    def _read(self, section: Section, contact_id: str, caller: Principal) -> Part:
        """One more than are counted tells whether there are more."""
        pk = keys.contact_pk(caller.account, contact_id)
        wanted: Any = {
            "low": section.low,
            "high": section.high,
            "limit": COUNTED + 1,
            "newest_first": section.newest_first,
            "filters": section.filters(caller),
        }
        if section.linked:
            rows = [row for _, row in self._table.other_way(pk, **wanted)]
        else:
            rows = self._table.query(pk, **wanted)
        part = part_of(rows)
        return replace(part, items=tuple(section.read(caller.account, row) for row in part.items))


def _results(gathering: Mapping[str, Mapping[str, Future[Sequence[Any]]]]) -> Gathered:
    return {
        contact_id: {name: reading.result() for name, reading in sections.items()}
        for contact_id, sections in gathering.items()
    }
