"""What a history entry keeps, and how a view's key makes repeats one."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carebook.contacts.documents import history_document, history_from
from carebook.contacts.history import Change, changes_between, end_of_hour, made, viewed
from carebook.contacts.model import Address, Email, Phone
from carebook.identity import Person
from tests.fakes.examples import ANA, BEN, CELL, NOW, contact, details

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)


def test_the_fields_that_differ_are_told_with_before_and_after_in_the_order_of_the_record() -> None:
    before = details(notes="old", phones=(CELL,), address=Address(city="Reno"))
    after = details(notes="new", last_name="Maier", emails=(Email("a@b.example", None),), address=Address(city="Reno"))
    assert changes_between(before, after) == (
        Change("last_name", "Müller", "Maier"),
        Change("emails", [], [{"address": "a@b.example", "label": None}]),
        Change("phones", [{"number": CELL.number, "type": "cell", "extension": None, "display": CELL.display}], []),
        Change("notes", "old", "new"),
    )


def test_the_order_of_phones_is_a_change() -> None:
    fax = Phone("+13105550199", "fax", None, "(310) 555-0199")
    changes = changes_between(details(phones=(CELL, fax)), details(phones=(fax, CELL)))
    assert [change.field for change in changes] == ["phones"]


def test_nothing_changed_is_no_change() -> None:
    assert changes_between(details(), details()) == ()


@pytest.mark.parametrize(("before", "after"), [("x" * 2000, "short"), ("short", "x" * 2000), ("x" * 2000, "y" * 2000)])
def test_a_long_field_is_told_without_what_it_held(before: str, after: str) -> None:
    assert changes_between(details(notes=before), details(notes=after)) == (Change("notes", abridged=True),)


def test_a_field_that_is_not_long_is_told_in_full() -> None:
    assert changes_between(details(notes="x" * 900), details(notes="")) == (Change("notes", "x" * 900, ""),)


def test_an_entry_comes_back_out_of_its_document() -> None:
    entry = made("updated", contact(), by=BEN, changes=(Change("phones", None, ["é"]), Change("notes", abridged=True)))
    assert history_from(entry.id.removeprefix("his_"), history_document(entry)) == entry


@given(MOMENTS, st.integers(0, 3_600_000))
def test_views_of_one_person_share_an_id_within_a_clock_hour_and_no_longer(moment: datetime, later: int) -> None:
    other = moment + timedelta(milliseconds=later)
    same_hour = moment.replace(minute=0, second=0, microsecond=0) == other.replace(minute=0, second=0, microsecond=0)
    assert (viewed(by=ANA, now=moment).id == viewed(by=ANA, now=other).id) == same_hour
    assert viewed(by=ANA, now=moment).id != viewed(by=BEN, now=moment).id


@given(st.lists(st.text(max_size=10), unique=True, min_size=2, max_size=8))
def test_views_of_different_people_never_share_an_id(users: list[str]) -> None:
    assert len({viewed(by=Person(user, "x"), now=NOW).id for user in users}) == len(users)


@given(MOMENTS)
def test_a_views_key_is_never_older_than_its_moment_nor_newer_than_its_hour(moment: datetime) -> None:
    end = end_of_hour(moment)
    assert moment <= end < moment + timedelta(hours=1)
    assert (end + timedelta(milliseconds=1)).minute == 0
    after = made("updated", contact(now=end + timedelta(milliseconds=1)), by=ANA)
    assert viewed(by=ANA, now=moment).id < after.id
    if moment < end:
        assert made("updated", contact(now=moment), by=ANA).id < viewed(by=ANA, now=moment).id
