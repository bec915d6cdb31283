"""What every settings store promises."""

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from carebook.errors import Conflict
from carebook.items import Writes, make_item
from carebook.keys import settings_key
from carebook.settings.model import DEFAULTS, AccountSettings
from carebook.settings.service import SettingsStore
from carebook.settings.store import TableSettings
from carebook.table import Table
from tests.fakes.examples import ACCOUNT, ANY_TEXT, OTHER_ACCOUNT

each_store = pytest.mark.parametrize("settings", ["memory", "dynamo"], indirect=True)


def changed(version: int, **values: object) -> AccountSettings:
    return AccountSettings(version, {**DEFAULTS, **values})


@each_store
def test_an_account_begins_with_the_defaults_at_version_0(settings: SettingsStore) -> None:
    assert settings.current(ACCOUNT) == AccountSettings(0, DEFAULTS)


@each_store
def test_settings_come_back_as_they_were_saved(settings: SettingsStore) -> None:
    first, second = changed(1, country="CA"), changed(2, country="DE", file_categories=["Lab", "שונות"])
    settings.replace(ACCOUNT, first)
    assert settings.current(ACCOUNT) == first
    settings.replace(ACCOUNT, second)
    assert settings.current(ACCOUNT) == second


@each_store
def test_which_version_changed_what_last_is_kept(settings: SettingsStore) -> None:
    first = AccountSettings().with_values({**DEFAULTS, "country": "CA", "currency": "CAD"})
    settings.replace(ACCOUNT, first)
    second = settings.current(ACCOUNT).with_values({**first.values, "country": "DE"})
    settings.replace(ACCOUNT, second)
    kept = settings.current(ACCOUNT)
    assert kept == second
    assert (kept.changed_since(0), kept.changed_since(1)) == ({"country": "DE", "currency": "CAD"}, {"country": "DE"})


@each_store
def test_of_two_first_changes_only_one_is_saved(settings: SettingsStore) -> None:
    settings.replace(ACCOUNT, changed(1, country="CA"))
    with pytest.raises(Conflict):
        settings.replace(ACCOUNT, changed(1, country="DE"))
    assert settings.current(ACCOUNT) == changed(1, country="CA")


@each_store
@pytest.mark.parametrize("version", [1, 2, 4])
def test_only_the_successor_of_what_is_kept_is_saved(settings: SettingsStore, version: int) -> None:
    settings.replace(ACCOUNT, changed(1))
    settings.replace(ACCOUNT, changed(2, country="CA"))
    with pytest.raises(Conflict):
        settings.replace(ACCOUNT, changed(version, country="DE"))
    assert settings.current(ACCOUNT) == changed(2, country="CA")


@each_store
def test_a_second_version_needs_a_first_one(settings: SettingsStore) -> None:
    with pytest.raises(Conflict):
        settings.replace(ACCOUNT, changed(2))
    assert settings.current(ACCOUNT) == AccountSettings()


@each_store
def test_accounts_do_not_see_each_others_settings(settings: SettingsStore) -> None:
    settings.replace(ACCOUNT, changed(1, practice_name="Lakeside"))
    assert settings.current(OTHER_ACCOUNT) == AccountSettings()
    settings.replace(OTHER_ACCOUNT, changed(1, practice_name="Hillside"))
    assert settings.current(ACCOUNT) == changed(1, practice_name="Lakeside")


@each_store
def test_what_is_done_to_the_values_afterwards_is_not_saved(settings: SettingsStore) -> None:
    values = {**DEFAULTS, "file_categories": ["Lab"]}
    settings.replace(ACCOUNT, AccountSettings(1, values))
    values["file_categories"].append("Fax")
    assert settings.current(ACCOUNT).values["file_categories"] == ["Lab"]


@each_store
@hypothesis_settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=ANY_TEXT, categories=st.lists(ANY_TEXT, max_size=3))
def test_names_in_any_script_come_back_unchanged(settings: SettingsStore, name: str, categories: list[str]) -> None:
    saved = changed(settings.current(ACCOUNT).version + 1, practice_name=name, file_categories=categories)
    settings.replace(ACCOUNT, saved)
    assert settings.current(ACCOUNT) == saved


def test_a_setting_that_came_into_being_after_the_save_has_its_default(table: Table) -> None:
    writes = Writes()
    writes.put(make_item(settings_key(ACCOUNT), "settings", {"country": "CA"}, version=7))
    table.write(writes)
    assert TableSettings(table).current(ACCOUNT) == changed(7, country="CA")
