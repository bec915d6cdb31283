"""Changing contacts: nobody's work is lost, nothing is written without need, and refusals change nothing."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from carebook.contacts.history import HistoryEntry
from carebook.contacts.model import Contact
from carebook.contacts.reading import read_details
from carebook.contacts.service import (
    archive_contact,
    change_contact,
    create_contact,
    restore_contact,
)
from carebook.errors import Conflict, Invalid, StaleVersion, Unavailable
from carebook.ids import is_id
from carebook.settings.model import DEFAULTS, AccountSettings
from tests.fakes.contacts import MemoryContacts
from tests.fakes.examples import ACCOUNT, ANA, BEN, NOW, details
from tests.fakes.settings import MemorySettings

LATER = NOW + timedelta(minutes=1)


class Busy(MemoryContacts):
    """A store to which somebody else writes just before we do, and which counts what was written."""

    def __init__(self, settings: MemorySettings | None = None) -> None:
        super().__init__(settings)
        self.meanwhile: list[Callable[[], object]] = []
        self.writes = 0

    def replace(self, before: Contact, after: Contact, entry: HistoryEntry) -> None:
        rivals, self.meanwhile = self.meanwhile, []
        if rivals:
            rivals[0]()
        self.meanwhile = rivals[1:]
        super().replace(before, after, entry)
        self.writes += 1


@pytest.fixture
def contacts() -> Busy:
    return Busy()


@pytest.fixture
def kept(contacts: Busy) -> Contact:
    return create_contact(contacts, account=ACCOUNT, details=details(), by=ANA, now=NOW)


def change(contacts: MemoryContacts, kept: Contact, *, version: int | None = None, **patch: Any) -> Contact:
    changed, _ = change_contact(
        contacts,
        account=kept.account,
        contact_id=kept.id,
        patch=patch,
        read_details=read_details,
        by=BEN,
        now=LATER,
        expected_version=version,
    )
    return changed


def archive(contacts: MemoryContacts, kept: Contact, *, version: int | None = None) -> Contact:
    return archive_contact(
        contacts, account=kept.account, contact_id=kept.id, by=BEN, now=LATER, expected_version=version
    )


def restore(contacts: MemoryContacts, kept: Contact, *, version: int | None = None) -> Contact:
    restored, _ = restore_contact(
        contacts, account=kept.account, contact_id=kept.id, by=BEN, now=LATER, expected_version=version
    )
    return restored


def current(contacts: MemoryContacts, kept: Contact) -> Contact:
    return contacts.find(kept.account, kept.id)[0]


def actions(contacts: MemoryContacts, kept: Contact) -> list[tuple[int, str]]:
    """Versions and actions of the history, oldest first."""
    entries = contacts.history(kept.account, kept.id, before=None, limit=100)
    return sorted((entry.version, entry.action) for entry in entries)


def test_a_new_contact_has_an_id_a_first_version_and_a_history(contacts: Busy, kept: Contact) -> None:
    assert is_id(kept.id, "con")
    assert (kept.version, kept.created_at, kept.updated_at, kept.archived_at) == (1, NOW, NOW, None)
    [entry] = contacts.history(ACCOUNT, kept.id, before=None, limit=9)
    assert (entry.action, entry.version, entry.by, entry.at) == ("created", 1, ANA, NOW)


def test_a_patch_changes_what_it_names_and_tells_the_history(contacts: Busy, kept: Contact) -> None:
    changed = change(contacts, kept, last_name="Maier", notes="new")
    assert current(contacts, kept) == changed
    assert changed.details == details(last_name="Maier", notes="new")
    assert (changed.version, changed.updated_at) == (2, LATER)
    newest = contacts.history(ACCOUNT, kept.id, before=None, limit=1)[0]
    assert (newest.action, newest.version, newest.by, newest.at) == ("updated", 2, BEN, LATER)
    assert [each.field for each in newest.changes] == ["last_name", "notes"]


def test_null_clears_a_field(contacts: Busy, kept: Contact) -> None:
    assert change(contacts, kept, first_name=None).details.first_name is None


def test_two_patches_of_different_fields_at_once_both_survive(contacts: Busy, kept: Contact) -> None:
    contacts.meanwhile = [lambda: change(contacts, kept, notes="theirs")]
    change(contacts, kept, last_name="Ours")
    both = current(contacts, kept)
    assert (both.details.last_name, both.details.notes, both.version) == ("Ours", "theirs", 3)
    assert actions(contacts, kept) == [(1, "created"), (2, "updated"), (3, "updated")]


def test_of_two_patches_of_one_field_at_once_the_later_one_stands_and_both_are_told(
    contacts: Busy, kept: Contact
) -> None:
    contacts.meanwhile = [lambda: change(contacts, kept, notes="first")]
    change(contacts, kept, notes="second")
    assert current(contacts, kept).details.notes == "second"
    newest = contacts.history(ACCOUNT, kept.id, before=None, limit=9)
    notes = {
        entry.version: (each.before, each.after) for entry in newest for each in entry.changes if each.field == "notes"
    }
    assert notes == {2: ("", "first"), 3: ("first", "second")}


def test_a_patch_is_tried_again_as_long_as_others_write_and_then_given_up(contacts: Busy, kept: Contact) -> None:
    contacts.meanwhile = [partial(change, contacts, kept, notes=str(number)) for number in range(4)]
    assert change(contacts, kept, last_name="Ours").version == 6
    contacts.meanwhile = [partial(change, contacts, kept, notes=f"again {number}") for number in range(50)]
    with pytest.raises(Unavailable):
        change(contacts, kept, last_name="Given up")
    assert current(contacts, kept).details.last_name == "Ours"


def test_a_patch_that_changes_nothing_writes_only_that_the_contact_was_seen(contacts: Busy, kept: Contact) -> None:
    kept = change(
        contacts, kept, phones=[{"number": "310 555 0123", "type": "cell"}], emails=[{"address": "a@b.example"}]
    )
    contacts.writes = 0
    same: list[dict[str, Any]] = [
        {},
        {"last_name": "Müller"},
        {"last_name": "  Müller "},
        {"middle_name": None},
        {"phones": [{"number": "(310) 555-0123", "type": "cell"}]},
        kept.details.to_document(),
    ]
    for patch in same:
        assert change(contacts, kept, **patch) == kept
    assert contacts.writes == 0
    assert actions(contacts, kept) == [(0, "viewed"), (1, "created"), (2, "updated")]


@pytest.mark.parametrize(
    "patch",
    [{"last_name": None}, {"npi": "1234567890"}, {"type": None}, {"colour": "red"}, {"phones": [{"number": "1"}]}],
    ids=str,
)
def test_a_patch_whose_outcome_breaks_a_rule_is_refused_and_writes_nothing(
    contacts: Busy, kept: Contact, patch: dict[str, Any]
) -> None:
    with pytest.raises(Invalid):
        change(contacts, kept, notes="not even this", **patch)
    assert current(contacts, kept) == kept
    assert contacts.writes == 0


def test_a_patch_is_read_with_the_settings_of_the_account() -> None:
    practice = MemorySettings()
    contacts = Busy(practice)
    kept = create_contact(contacts, account=ACCOUNT, details=details(), by=ANA, now=NOW)
    practice.replace(ACCOUNT, AccountSettings(1, {**DEFAULTS, "country": "GB"}))
    changed = change(contacts, kept, phones=[{"number": "020 7946 0958", "type": "work"}])
    assert changed.details.phones[0].number == "+442079460958"


def test_a_patch_for_the_current_version_is_applied(contacts: Busy, kept: Contact) -> None:
    assert change(contacts, kept, version=1, notes="x").version == 2
    assert change(contacts, kept, version=2, notes="y").version == 3


def test_a_stale_version_is_refused_with_the_fields_that_changed_since_as_they_are_now(
    contacts: Busy, kept: Contact
) -> None:
    change(contacts, kept, first_name="Second")
    seen = change(contacts, kept, notes="third")
    change(contacts, kept, notes="fourth")
    archive(contacts, kept)
    contacts.view(ACCOUNT, kept.id, viewer=BEN, now=LATER)
    writes = contacts.writes
    with pytest.raises(StaleVersion) as refusal:
        change(contacts, kept, version=seen.version, last_name="Lost")
    assert refusal.value.version == 5
    assert refusal.value.current == {"notes": "fourth", "archived_at": "2026-11-23T10:16:30.250Z"}
    assert contacts.writes == writes


@pytest.mark.parametrize("version", [-1, 0, 2])
def test_a_version_that_nobody_ever_had_is_refused_and_shows_nothing(
    contacts: Busy, kept: Contact, version: int
) -> None:
    with pytest.raises(StaleVersion) as refusal:
        change(contacts, kept, version=version, notes="lost")
    assert refusal.value.current == {}
    assert current(contacts, kept) == kept
    assert actions(contacts, kept) == [(1, "created")]


def test_what_the_refusal_of_a_stale_version_shows_was_seen_and_is_recorded(contacts: Busy, kept: Contact) -> None:
    change(contacts, kept, notes="new")
    with pytest.raises(StaleVersion):
        change(contacts, kept, version=1, last_name="Lost")
    assert actions(contacts, kept) == [(0, "viewed"), (1, "created"), (2, "updated")]


def test_a_version_too_old_for_the_history_that_is_looked_at_is_refused_with_everything(
    contacts: Busy, kept: Contact
) -> None:
    for number in range(101):
        change(contacts, kept, notes=str(number))
    contacts.view(ACCOUNT, kept.id, viewer=BEN, now=LATER + timedelta(hours=1))  # has no version to tell
    with pytest.raises(StaleVersion) as refusal:
        change(contacts, kept, version=1, first_name="Lost")
    assert refusal.value.current.keys() == kept.details.to_document().keys() | {"archived_at"}
    with pytest.raises(StaleVersion) as refusal:
        change(contacts, kept, version=50, first_name="Lost")
    assert refusal.value.current == {"notes": "100"}


def test_what_others_write_while_a_version_is_expected_makes_it_stale(contacts: Busy, kept: Contact) -> None:
    contacts.meanwhile = [lambda: change(contacts, kept, notes="theirs")]
    with pytest.raises(StaleVersion) as refusal:
        change(contacts, kept, version=1, last_name="Ours")
    assert refusal.value.current.items() >= {"notes": "theirs"}.items()
    assert current(contacts, kept).details.last_name == "Müller"


def test_an_archived_contact_cannot_be_changed_until_it_is_restored(contacts: Busy, kept: Contact) -> None:
    archive(contacts, kept)
    with pytest.raises(Conflict) as refusal:
        change(contacts, kept, notes="new")
    assert refusal.value.code == "archived"
    assert current(contacts, kept).details == kept.details
    restore(contacts, kept)
    assert change(contacts, kept, notes="new").details.notes == "new"


def test_archiving_and_restoring_bring_back_all_of_it(contacts: Busy, kept: Contact) -> None:
    archived = archive(contacts, kept)
    assert (archived.version, archived.archived_at) == (2, LATER)
    restored = restore(contacts, kept)
    assert (restored.version, restored.archived_at, restored.details) == (3, None, kept.details)
    assert actions(contacts, kept) == [(1, "created"), (2, "archived"), (3, "restored")]
    newest = contacts.history(ACCOUNT, kept.id, before=None, limit=9)
    moved = {entry.version: (each.before, each.after) for entry in newest for each in entry.changes}
    assert moved == {2: (None, "2026-11-23T10:16:30.250Z"), 3: ("2026-11-23T10:16:30.250Z", None)}


def test_archiving_or_restoring_a_second_time_writes_nothing(contacts: Busy, kept: Contact) -> None:
    assert restore(contacts, kept) == kept
    archived = archive(contacts, kept)
    contacts.writes = 0
    assert archive(contacts, kept) == archived
    assert contacts.writes == 0
    restored = restore(contacts, kept)
    contacts.writes = 0
    assert restore(contacts, kept) == restored
    assert contacts.writes == 0


def test_a_contact_that_others_archive_at_the_same_moment_is_archived_once(contacts: Busy, kept: Contact) -> None:
    contacts.meanwhile = [lambda: archive(contacts, kept)]
    assert archive(contacts, kept).version == 2
    assert contacts.writes == 1


@pytest.mark.parametrize("act", [archive, restore])
def test_a_stale_version_is_neither_archived_nor_restored(
    contacts: Busy, kept: Contact, act: Callable[..., object]
) -> None:
    change(contacts, kept, notes="new")
    if act is restore:
        archive(contacts, kept)
    before = current(contacts, kept)
    with pytest.raises(StaleVersion):
        act(contacts, kept, version=1)
    assert current(contacts, kept) == before
