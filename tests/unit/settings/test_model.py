from copy import deepcopy
from typing import Any

from carebook.settings.model import DEFAULTS, AccountSettings
from carebook.settings.schemas import SettingsView, read_settings
from carebook.settings.service import change_settings
from tests.fakes.settings import MemorySettings


def test_settings_say_by_name_what_other_parts_need() -> None:
    settings = AccountSettings(1, {**DEFAULTS, "country": "CA", "default_messaging_methods": ["sms", "email"]})
    assert settings.country == "CA"
    assert settings.default_messaging_methods == ("sms", "email")
    assert settings.channel_phone_types["sms"] == ["cell"]


def test_a_setting_that_came_into_being_after_the_save_has_its_default() -> None:
    assert AccountSettings.stored(7, {"country": "CA"}) == AccountSettings(7, {**DEFAULTS, "country": "CA"})


def test_the_defaults_which_all_accounts_share_are_never_changed() -> None:
    before = deepcopy(DEFAULTS)
    store = MemorySettings()
    patches: list[dict[str, Any]] = [
        {"quiet_hours": {"start": "00:00"}, "automated_messages": {"appointment_reminder": {"lead_minutes": [5]}}},
        {"channel_phone_types": {"sms": ["cell", "work"]}, "file_categories": ["Lab"]},
        {"default_messaging_methods": ["sms"], "quiet_hours": None},
    ]
    for patch in patches:
        for account in ("acc_a", "acc_b"):
            changed = change_settings(store, account=account, patch=patch, validate=read_settings)
            SettingsView.of(changed)
    assert before == DEFAULTS
    assert store.current("acc_c") == AccountSettings(0, before)
