"""The sections of the cover page in the table: one round of queries."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from carebook import keys
from carebook.cover.model import COUNTED, Part, part_of
from carebook.cover.sections import Section
from carebook.identity import Principal
from carebook.table import Table

# A section that is more than a range: what the first items of a contact are, for an account and a contact's id.
Gather = Callable[[str, str], Part]


class TableSections:
    """The sections on DynamoDB."""

    def __init__(self, table: Table, sections: Mapping[str, Section], gathered: Mapping[str, Gather]) -> None:
        self._table = table
        self._sections = sections
        self._gathered = gathered
        workers = max(len(sections) + len(gathered), 1)
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="cover")

    def beside[Other](
        self, contact_id: str, caller: Principal, other: Callable[[], Other]
    ) -> tuple[Other, dict[str, Part]]:
        """Each section, side by side with whatever *other* asks for: a query, or what gathers it."""
        self._table.connect()
        reading = {
            name: self._pool.submit(self._read, section, contact_id, caller) for name, section in self._sections.items()
        }
        reading |= {
            name: self._pool.submit(gather, caller.account, contact_id) for name, gather in self._gathered.items()
        }
        given = other()
        return given, {name: part.result() for name, part in reading.items()}

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
