"""What every contact store promises of claims: nobody of a name is added unseen between a look and an adding."""

from datetime import timedelta

import pytest

from carebook.contacts.claims import AddedMeanwhile, Claim
from carebook.contacts.history import made
from carebook.contacts.model import Contact
from carebook.contacts.protocols import ContactStore
from carebook.errors import NotFound
from tests.fakes.examples import ANA, NOW, OTHER_ACCOUNT, contact

pytestmark = pytest.mark.parametrize("contacts", ["memory", "dynamo"], indirect=True)
SECOND = timedelta(seconds=1)
LOOKED = Claim("muller!ana", since=NOW - 10 * SECOND)


def add(contacts: ContactStore, new: Contact, claim: Claim, request: str | None = None) -> Contact:
    return contacts.add(new, made("created", new, by=ANA), claim=claim, request=request)


def refused(contacts: ContactStore, new: Contact, claim: Claim) -> tuple[tuple[str, object], ...]:
    with pytest.raises(AddedMeanwhile) as meanwhile:
        add(contacts, new, claim)
    with pytest.raises(NotFound):
        contacts.find(new.account, new.id)
    return meanwhile.value.added


def test_of_two_who_have_not_seen_each_other_the_second_is_told_of_the_first(contacts: ContactStore) -> None:
    first = add(contacts, contact(), LOOKED)
    second = contact(now=NOW + SECOND)
    added = refused(contacts, second, LOOKED)
    assert added == ((first.id, NOW),)
    assert add(contacts, second, LOOKED.knowing(((first.id, NOW),))) == second


def test_another_name_and_another_account_are_nobodys_business(contacts: ContactStore) -> None:
    add(contacts, contact(), LOOKED)
    add(contacts, contact(), Claim("meyer!bo", since=LOOKED.since))
    add(contacts, contact(account=OTHER_ACCOUNT), LOOKED)


def test_a_look_that_began_later_has_seen_it(contacts: ContactStore) -> None:
    add(contacts, contact(), LOOKED)
    later = contact(now=NOW + 11 * SECOND)
    assert add(contacts, later, Claim(LOOKED.name, since=NOW + SECOND)) == later


def test_whoever_knows_of_one_is_told_of_the_next(contacts: ContactStore) -> None:
    first = add(contacts, contact(), LOOKED)
    knowing = LOOKED.knowing(((first.id, NOW),))
    second = add(contacts, contact(now=NOW + SECOND), knowing)
    third = contact(now=NOW + SECOND)
    assert refused(contacts, third, knowing) == ((first.id, NOW), (second.id, NOW + SECOND))


def test_those_of_long_ago_are_forgotten_with_the_next_adding(contacts: ContactStore) -> None:
    first = add(contacts, contact(), LOOKED)
    second = add(contacts, contact(now=NOW + SECOND), LOOKED.knowing(((first.id, NOW),)))
    claim = Claim(LOOKED.name, since=NOW + SECOND)  # the first was added before this look, the second perhaps not
    third = contact(now=NOW + 11 * SECOND)
    known = ((first.id, NOW), (second.id, NOW + SECOND))
    assert refused(contacts, third, claim) == known
    add(contacts, third, claim.knowing(known))
    fourth = contact(now=NOW + 12 * SECOND)
    assert refused(contacts, fourth, claim) == (known[1], (third.id, third.created_at))


def test_a_repeated_request_is_given_what_it_has_made(contacts: ContactStore) -> None:
    first = add(contacts, contact(), LOOKED, request="r1")
    assert add(contacts, contact(), LOOKED, request="r1") == first
