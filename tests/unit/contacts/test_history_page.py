"""Histories are read newest first, although views lie under the end of their hour: tried on many small histories."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carebook import keys
from carebook.contacts import history_page as under_test
from carebook.contacts.documents import history_document
from carebook.contacts.history import HistoryEntry, made, viewed
from carebook.contacts.history_page import history_page
from carebook.identity import Person
from carebook.table import Row, Table
from tests.fakes.examples import ACCOUNT, ANA, NOW, contact

CONTACT_ID = contact().id
PK = keys.contact_pk(ACCOUNT, CONTACT_ID)


class OneHistory(Table):
    """A table that holds the history of one contact, and counts what it is asked."""

    def __init__(self, entries: Sequence[HistoryEntry]) -> None:
        self.queries = 0
        self._rows = sorted(
            (
                Row(keys.history_key(ACCOUNT, CONTACT_ID, entry.id.removeprefix("his_")), 0, history_document(entry))
                for entry in entries
            ),
            key=lambda row: row.key.sk,
        )

    def query(
        self,
        pk: str,
        *,
        low: str | None = None,
        high: str | None = None,
        limit: int,
        newest_first: bool = False,
        filters: Any = None,
        drops_few: bool = False,
    ) -> list[Row]:
        assert filters is None
        assert pk == PK
        self.queries += 1
        rows = [row for row in self._rows if (low or "") <= row.key.sk <= (high or keys.HIGHEST)]
        return (rows[::-1] if newest_first else rows)[:limit]


MOMENTS = st.builds(
    lambda hour, minute, second, millisecond: NOW.replace(
        hour=hour, minute=minute, second=second, microsecond=millisecond * 1000
    ),
    st.integers(9, 11),
    st.sampled_from([0, 30, 59]),
    st.sampled_from([0, 59]),
    st.sampled_from([0, 1, 998, 999]),
)
HAPPENINGS = st.lists(st.tuples(MOMENTS, st.none() | st.integers(0, 15)), max_size=60)


def entries_of(happenings: list[tuple[datetime, int | None]]) -> list[HistoryEntry]:
    """Edits, and views of numbered people; of the views that share an id the first one counts."""
    found: dict[str, HistoryEntry] = {}
    for now, viewer in happenings:
        if viewer is None:
            entry = made("updated", contact(now=now), by=ANA)
        else:
            entry = viewed(by=Person(f"usr_{viewer}", "x"), now=now)
        found.setdefault(entry.id, entry)
    return list(found.values())


def page_by_page(table: Table, size: int) -> list[HistoryEntry]:
    entries: list[HistoryEntry] = []
    before: tuple[datetime, str] | None = None
    while page := history_page(table, PK, before=before, limit=size):
        assert len(page) <= size
        entries += page
        assert len(entries) < 200, "pages without end"
        before = (page[-1].at, page[-1].id)
    return entries


def newest_first(entries: Sequence[HistoryEntry]) -> list[HistoryEntry]:
    return sorted(entries, key=lambda entry: (entry.at, entry.id), reverse=True)


@pytest.mark.parametrize("read_ahead", [1, 3, 20])
@settings(max_examples=150)
@given(happenings=HAPPENINGS, size=st.integers(1, 15))
def test_pages_of_any_size_make_up_the_history(
    read_ahead: int, happenings: list[tuple[datetime, int | None]], size: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(under_test, "_READ_AHEAD", read_ahead)
        entries = entries_of(happenings)
        assert page_by_page(OneHistory(entries), size) == newest_first(entries)


@settings(max_examples=100)
@given(happenings=HAPPENINGS, at=MOMENTS, cut=st.text("0Z", max_size=3), size=st.integers(1, 15))
def test_a_page_begins_strictly_below_any_point(
    happenings: list[tuple[datetime, int | None]], at: datetime, cut: str, size: int
) -> None:
    entries = entries_of(happenings)
    before = (at, f"his_{cut}")
    expected = [entry for entry in newest_first(entries) if (entry.at, entry.id) < before]
    assert history_page(OneHistory(entries), PK, before=before, limit=size) == expected[:size]


def test_a_page_of_a_quiet_history_is_one_query() -> None:
    changes = [(NOW.replace(hour=hour), None) for hour in range(24)]
    views = [(NOW.replace(hour=hour, minute=50), 1) for hour in range(24)]
    table = OneHistory(entries_of([*changes, *views]))
    history_page(table, PK, before=None, limit=10)
    assert table.queries == 1
    history_page(table, PK, before=None, limit=100)
    assert table.queries == 2


@pytest.mark.parametrize("size", [1, 5, 30])
def test_changes_behind_more_views_of_their_hour_than_one_query_reads_come_in_their_place(size: int) -> None:
    views = [(NOW.replace(minute=viewer), viewer) for viewer in range(50)]
    changes = [(NOW.replace(minute=minute), None) for minute in range(0, 60, 2)]
    entries = entries_of([*views, *changes])
    assert page_by_page(OneHistory(entries), size) == newest_first(entries)
