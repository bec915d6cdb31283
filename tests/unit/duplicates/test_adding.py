"""Whether a new contact looks like one that is there, also where very many share its number."""

from collections.abc import Callable
from typing import Any

import pytest

from carebook.contacts.model import Contact, Email, Phone
from carebook.duplicates import adding
from carebook.duplicates.adding import PossibleDuplicate, create_unless_duplicate, refuse_duplicate
from tests.fakes.examples import ACCOUNT, ANA, CELL, NOW, add, contact, details
from tests.fakes.search import IndexedContacts


def refused(contacts: IndexedContacts, **fields: Any) -> list[str]:
    try:
        refuse_duplicate(contacts, contacts.indexes[ACCOUNT], account=ACCOUNT, details=details(**fields))
    except PossibleDuplicate as asked:
        return [candidate["id"] for candidate in asked.extra["candidates"]]
    return []


@pytest.mark.parametrize("there", [0, 99, 100, 250, 1_150])
def test_one_of_the_name_is_found_behind_very_many_who_share_the_number(there: int) -> None:
    contacts = IndexedContacts()
    for number in range(there):
        # They pass the filter of the index, which looks at how words begin, and are somebody else all the same.
        add(contacts, contact(first_name="Anabel", last_name=f"Müllerson{number}", phones=(CELL,)))
    assert refused(contacts, phones=(CELL,)) == []
    known = add(contacts, contact(phones=(CELL,)))
    assert refused(contacts, phones=(CELL,)) == [known.id]


LONG_NAMES: list[dict[str, Any]] = [
    {"last_name": "Παπαδημητρακοπούλου-Παπακωνσταντινοπούλου Γεωργακοπούλου", "first_name": "Ελένη"},
    {"last_name": "श्रीनिवासन वेंकटराघवन सुब्रमण्यम", "first_name": "सीता"},
    {"last_name": "吉田" * 16, "first_name": "結子"},
    {"last_name": "x" * 100, "first_name": "y" * 100},
    {"last_name": "ﷺ" * 100},
    {"last_name": None, "first_name": None, "organization_name": "Городская поликлиника " * 9},
]


@pytest.mark.parametrize("named", LONG_NAMES, ids=range(len(LONG_NAMES)))
@pytest.mark.parametrize("shared", [{"phones": (CELL,)}, {"emails": (Email("ana@example.org", None),)}])
def test_one_of_a_name_that_the_index_cuts_is_found(named: dict[str, Any], shared: dict[str, Any]) -> None:
    contacts = IndexedContacts()
    known = add(contacts, contact(**named, **shared))
    assert refused(contacts, **named, **shared) == [known.id]
    assert refused(contacts, last_name="Other", **shared) == []


def test_the_others_are_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    contacts = IndexedContacts()
    for number in range(150):
        add(contacts, contact(first_name="Anabel", last_name=f"Müllerson{number}", phones=(CELL,)))

    def refuse_to_read(account: str, ids: list[str]) -> list[Contact]:
        assert ids == []
        return []

    monkeypatch.setattr(contacts, "find_many", refuse_to_read)
    assert refused(contacts, phones=(CELL,)) == []


def test_reading_on_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adding, "_BEGINNING", 1)
    monkeypatch.setattr(adding, "_FURTHER", 1)
    contacts = IndexedContacts()
    for number in range(11):
        add(contacts, contact(first_name="Anabel", last_name=f"Müllerson{number}", phones=(CELL,)))
    add(contacts, contact(phones=(CELL,)))
    contacts.indexes[ACCOUNT].reads.clear()
    assert refused(contacts, phones=(CELL,)) == []
    assert len(contacts.indexes[ACCOUNT].reads) == 11


def test_a_refusal_names_the_twenty_likeliest() -> None:
    contacts = IndexedContacts()
    both = add(contacts, contact(npi="1234567893", phones=(CELL,)))
    for _ in range(30):
        add(contacts, contact(npi="1234567893", first_name="Other"))
    candidates = refused(contacts, npi="1234567893", phones=(CELL,))
    assert len(candidates) == 20
    assert candidates[0] == both.id


def test_of_very_many_addresses_and_numbers_the_first_five_are_looked_up() -> None:
    contacts = IndexedContacts()
    known = add(contacts, contact(emails=(Email("sixth@example.org", None),)))
    emails = [Email(f"{number}@example.org", None) for number in range(5)]
    phones = [Phone(f"+1310555{number:04}", "cell", None, "") for number in range(9)]
    sixth = Email("sixth@example.org", None)
    assert refused(contacts, emails=(*emails, sixth), phones=tuple(phones)) == []
    assert refused(contacts, emails=(*emails[1:], sixth), phones=tuple(phones)) == [known.id]


def create(contacts: IndexedContacts, *, request: str | None = None, allow: bool = False, **fields: Any) -> Contact:
    return create_unless_duplicate(
        contacts,
        contacts.indexes[ACCOUNT],
        account=ACCOUNT,
        details=details(**fields),
        by=ANA,
        now=NOW,
        request=request,
        allow_duplicate=allow,
    )


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    """Let *act* happen between the look and the adding of the next contact."""
    look = adding.refuse_duplicate

    def interrupted(*args: Any, **kwargs: Any) -> None:
        look(*args, **kwargs)
        monkeypatch.setattr(adding, "refuse_duplicate", look)
        act()

    monkeypatch.setattr(adding, "refuse_duplicate", interrupted)


def test_of_two_requests_that_add_one_person_at_once_one_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    contacts = IndexedContacts()
    made: list[Contact] = []
    meanwhile(monkeypatch, lambda: made.append(create(contacts, phones=(CELL,))))
    with pytest.raises(PossibleDuplicate) as asked:
        create(contacts, phones=(CELL,), first_name="ANA")
    assert [candidate["id"] for candidate in asked.value.extra["candidates"]] == [made[0].id]
    assert len(contacts.page(ACCOUNT, archived=False, contact_type=None, after=None, limit=9)) == 1


def test_two_of_one_name_who_are_not_one_are_both_added(monkeypatch: pytest.MonkeyPatch) -> None:
    contacts = IndexedContacts()
    other = Phone("+12125550188", "cell", None, "")
    meanwhile(monkeypatch, lambda: create(contacts, phones=(other,)))
    create(contacts, phones=(CELL,))
    assert len(contacts.page(ACCOUNT, archived=False, contact_type=None, after=None, limit=9)) == 2


def test_who_allows_a_duplicate_claims_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    contacts = IndexedContacts()
    meanwhile(monkeypatch, lambda: create(contacts, phones=(CELL,)))
    create(contacts, phones=(CELL,), allow=True)
    assert contacts._added == {}


def test_a_name_alone_claims_nothing() -> None:
    contacts = IndexedContacts()
    create(contacts)
    assert contacts._added == {}


def test_the_same_request_twice_at_once_is_given_one_contact(monkeypatch: pytest.MonkeyPatch) -> None:
    contacts = IndexedContacts()
    made: list[Contact] = []
    meanwhile(monkeypatch, lambda: made.append(create(contacts, phones=(CELL,), request="r1")))
    assert create(contacts, phones=(CELL,), request="r1") == made[0]
