"""Pages of lists and histories: full but for the last, and a next one only where there is more."""

from datetime import datetime, timedelta

import pytest

from carebook.contacts.history import Passed
from carebook.contacts.service import contact_history, create_contact, list_contacts, view_contact
from carebook.errors import NotFound
from carebook.identity import Person
from tests.fakes.contacts import MemoryContacts
from tests.fakes.examples import ACCOUNT, ANA, BEN, NOW, contact, details


@pytest.fixture
def contacts() -> MemoryContacts:
    return MemoryContacts()


@pytest.mark.parametrize("count", range(8))
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_list_is_read_in_full_pages_to_its_end(contacts: MemoryContacts, count: int, size: int) -> None:
    for number in range(count):
        create_contact(contacts, account=ACCOUNT, details=details(last_name=f"N{number}"), by=ANA, now=NOW)
    names: list[str | None] = []
    pages: list[int] = []
    after: str | None = None
    while True:
        rows, after = list_contacts(
            contacts, account=ACCOUNT, archived=False, contact_type=None, after=after, limit=size
        )
        names += [row.last_name for row in rows]
        pages.append(len(rows))
        if after is None:
            break
    assert names == [f"N{number}" for number in range(count)]
    assert all(length == size for length in pages[:-1])
    assert pages[-1] > 0 or count == 0


@pytest.mark.parametrize("views", range(5))
@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_history_is_read_in_full_pages_to_its_end(contacts: MemoryContacts, views: int, size: int) -> None:
    kept = create_contact(contacts, account=ACCOUNT, details=details(), by=ANA, now=NOW)
    for hours in range(1, views + 1):
        view_contact(contacts, account=ACCOUNT, contact_id=kept.id, viewer=BEN, now=NOW + timedelta(hours=hours))
    reading = NOW + timedelta(hours=views, minutes=30)
    moments: list[datetime] = []
    pages: list[int] = []
    before: Passed | None = None
    while True:
        entries, before = contact_history(
            contacts, account=ACCOUNT, contact_id=kept.id, viewer=ANA, now=reading, before=before, limit=size
        )
        moments += [entry.at for _, entry in entries]
        pages.append(len(entries))
        if before is None:
            break
    assert moments == [NOW + timedelta(hours=hours) for hours in range(views, -1, -1)]
    assert all(length == size for length in pages[:-1])
    assert pages[-1] > 0


def test_the_history_of_a_contact_that_is_not_there_is_not_found(contacts: MemoryContacts) -> None:
    with pytest.raises(NotFound):
        contact_history(contacts, account=ACCOUNT, contact_id=contact().id, viewer=BEN, now=NOW, before=None, limit=5)


def test_reading_a_history_is_a_view_that_the_page_itself_does_not_show(contacts: MemoryContacts) -> None:
    kept = create_contact(contacts, account=ACCOUNT, details=details(), by=ANA, now=NOW)
    later = NOW + timedelta(minutes=1)
    pages = [
        contact_history(contacts, account=ACCOUNT, contact_id=kept.id, viewer=BEN, now=later, before=None, limit=5)[0]
        for _ in range(2)
    ]
    assert [[entry.action for _, entry in page] for page in pages] == [["created"], ["viewed", "created"]]


def test_a_view_is_answered_with_the_contact_and_told_in_its_history(contacts: MemoryContacts) -> None:
    kept = create_contact(contacts, account=ACCOUNT, details=details(), by=ANA, now=NOW)
    seen, _ = view_contact(contacts, account=ACCOUNT, contact_id=kept.id, viewer=Person("u", "U"), now=NOW)
    assert seen == kept
    entries = contacts.history(ACCOUNT, kept.id, before=None, limit=5)
    assert {(entry.action, entry.by.id) for entry in entries} == {("created", ANA.id), ("viewed", "u")}


def test_a_request_that_is_repeated_makes_one_contact(contacts: MemoryContacts) -> None:
    first, again = (
        create_contact(contacts, account=ACCOUNT, details=details(), by=ANA, now=NOW, request="r") for _ in range(2)
    )
    assert first == again
