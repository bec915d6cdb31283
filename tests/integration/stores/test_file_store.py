"""What every file store promises."""

from dataclasses import replace
from datetime import timedelta

import pytest

from carebook.contacts.model import Contact
from carebook.errors import Conflict
from carebook.files.history import entry_of
from carebook.files.model import File, Finding, Place, Reason, Scan, Status, TrueType
from tests.fakes.examples import ACCOUNT, ANA, BEN, NOW, OTHER_ACCOUNT, add, contact, edit
from tests.fakes.files import file_of
from tests.integration.stores.conftest import Stores

pytestmark = pytest.mark.parametrize("stores", ["memory", "dynamo"], indirect=True)
HOUR = timedelta(hours=1)


@pytest.fixture
def owner(stores: Stores) -> Contact:
    return add(stores.contacts, contact())


def keep(stores: Stores, owner: Contact, *files: File, request: str | None = None) -> list[File]:
    entries = [entry_of("file_added", None, file, by=ANA, now=NOW) for file in files]
    return stores.files.add(owner, files, entries, request=request)


def scanned(file: File, place: Place) -> File:
    scan = Scan("ClamAV 1.4.3", "27825", "infected", "Win.Test", NOW)
    return file.judged(
        Finding(Status.INFECTED, scan, Reason.MALWARE, "ab" * 32, TrueType(None, text=True)), place, NOW + HOUR
    )


def test_a_file_comes_back_as_it_was_kept(stores: Stores, owner: Contact) -> None:
    (file,) = keep(stores, owner, file_of(owner, sha256="ab" * 32))
    assert stores.files.find(ACCOUNT, owner.id, file.id) == file
    arrived = file.arrived(Place("quarantine", file.key, "v1"), NOW)
    stores.files.replace(file, arrived, None)
    judged = scanned(arrived, Place("quarantine", file.key, "v1"))
    stores.files.replace(arrived, judged, entry_of("file_scanned", arrived, judged, by=BEN, now=NOW), contact=owner)
    assert stores.files.find(ACCOUNT, owner.id, file.id) == judged
    assert stores.files.locate(ACCOUNT, owner.id, file.id) == judged


def test_a_file_belongs_to_one_contact_of_one_account(stores: Stores, owner: Contact) -> None:
    (file,) = keep(stores, owner, file_of(owner))
    other = add(stores.contacts, contact())
    assert stores.files.find(ACCOUNT, other.id, file.id) is None
    assert stores.files.find(OTHER_ACCOUNT, owner.id, file.id) is None
    assert stores.files.page(OTHER_ACCOUNT, owner.id, before=None, limit=10) == []


def test_several_files_are_found_together_if_this_contact_has_them(stores: Stores, owner: Contact) -> None:
    first, second = keep(stores, owner, file_of(owner), file_of(owner))
    hidden = keep(stores, owner, file_of(owner))[0]
    stores.files.hide(hidden, entry_of("file_deleted", hidden, None, by=ANA, now=NOW), contact=owner, now=NOW)
    other = add(stores.contacts, contact())
    (foreign,) = keep(stores, other, file_of(other))
    asked = [second.id, foreign.id, hidden.id, first.id]
    assert stores.files.find_together(ACCOUNT, owner.id, asked) == {first.id: first, second.id: second}
    assert stores.files.find_together(OTHER_ACCOUNT, owner.id, asked) == {}


def test_files_are_not_added_to_a_contact_that_has_changed(stores: Stores, owner: Contact) -> None:
    edit(stores.contacts, owner, notes="changed")
    with pytest.raises(Conflict):
        keep(stores, owner, file_of(owner))
    assert stores.files.page(ACCOUNT, owner.id, before=None, limit=10) == []


def test_of_two_writes_to_a_version_one_counts(stores: Stores, owner: Contact) -> None:
    (file,) = keep(stores, owner, file_of(owner))
    first = file.edited(replace(file.details, name="first"), NOW)
    stores.files.replace(file, first, None)
    with pytest.raises(Conflict):
        stores.files.replace(file, file.edited(replace(file.details, name="second"), NOW), None)
    assert stores.files.find(ACCOUNT, owner.id, file.id) == first


def test_a_write_holds_only_while_the_contact_is_what_was_read(stores: Stores, owner: Contact) -> None:
    (file,) = keep(stores, owner, file_of(owner))
    edit(stores.contacts, owner, notes="changed")
    with pytest.raises(Conflict):
        stores.files.replace(file, file.edited(replace(file.details, name="x"), NOW), None, contact=owner)
    with pytest.raises(Conflict):
        stores.files.hide(file, entry_of("file_deleted", file, None, by=ANA, now=NOW), contact=owner, now=NOW)
    assert stores.files.find(ACCOUNT, owner.id, file.id) == file


def test_a_repeated_request_finds_what_it_added_first(stores: Stores, owner: Contact) -> None:
    first = keep(stores, owner, file_of(owner), file_of(owner), request="r.same")
    again = keep(stores, owner, file_of(owner, now=NOW + HOUR), request="r.same")
    assert again == first
    assert len(stores.files.all_of(ACCOUNT, owner.id)) == 2
    later = NOW + timedelta(hours=25)
    assert keep(stores, owner, file_of(owner, now=later), request="r.same") != first


def test_pages_are_newest_first_and_meet_without_gap(stores: Stores, owner: Contact) -> None:
    made = [keep(stores, owner, file_of(owner, now=NOW + n * HOUR))[0] for n in range(5)]
    deleted = made.pop(2)
    stores.files.hide(deleted, entry_of("file_deleted", deleted, None, by=ANA, now=NOW), contact=owner, now=NOW)
    first = stores.files.page(ACCOUNT, owner.id, before=None, limit=3)
    rest = stores.files.page(ACCOUNT, owner.id, before=first[-1].id, limit=3)
    assert first + rest == made[::-1]
    assert stores.files.all_of(ACCOUNT, owner.id) == made[::-1]
    assert stores.files.page(ACCOUNT, owner.id, before=rest[-1].id, limit=3) == []


def test_a_file_is_due_while_it_waits(stores: Stores, owner: Contact) -> None:
    (file,) = keep(stores, owner, file_of(owner, due_at=NOW + HOUR))
    place = (ACCOUNT, owner.id, file.id)
    assert stores.files.due(now=NOW, limit=10) == []
    assert stores.files.due(now=NOW + HOUR, limit=10) == [place]
    expired = file.expired(NOW + HOUR)
    stores.files.replace(file, expired, None)
    assert stores.files.due(now=NOW + 99 * HOUR, limit=10) == []


def test_a_hidden_file_is_not_there_and_is_due_until_its_deletion_is_finished(stores: Stores, owner: Contact) -> None:
    (file,) = keep(stores, owner, file_of(owner))
    stores.files.hide(file, entry_of("file_deleted", file, None, by=ANA, now=NOW), contact=owner, now=NOW)
    assert stores.files.find(ACCOUNT, owner.id, file.id) is None
    assert stores.files.locate(ACCOUNT, owner.id, file.id) is None
    assert stores.files.due(now=NOW, limit=10) == [(ACCOUNT, owner.id, file.id)]
    assert stores.files.finish_deletion(ACCOUNT, owner.id, file.id)
    assert not stores.files.finish_deletion(ACCOUNT, owner.id, file.id)
    assert stores.files.due(now=NOW, limit=10) == []
