"""Changing settings: what a patch does not name stays, whoever else is writing."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from carebook.errors import Invalid, StaleVersion, Unavailable
from carebook.settings.model import DEFAULTS, AccountSettings
from carebook.settings.schemas import read_settings
from carebook.settings.service import change_settings
from tests.fakes.examples import ACCOUNT, OTHER_ACCOUNT
from tests.fakes.settings import MemorySettings


class Busy(MemorySettings):
    """A store to which somebody else writes just before we do, and which counts what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Callable[[], object]] = []
        self.writes = 0

    def replace(self, account: str, settings: AccountSettings) -> None:
        rivals, self.meanwhile = self.meanwhile, []
        if rivals:
            rivals[0]()
        self.meanwhile = rivals[1:]
        super().replace(account, settings)
        self.writes += 1


@pytest.fixture
def store() -> Busy:
    return Busy()


def change(store: MemorySettings, /, *, version: int | None = None, **patch: Any) -> AccountSettings:
    return change_settings(store, account=ACCOUNT, patch=patch, validate=read_settings, expected_version=version)


def test_a_first_change_makes_version_1_of_the_defaults(store: Busy) -> None:
    changed = change(store, country="CA")
    assert (changed.version, changed.values) == (1, {**DEFAULTS, "country": "CA"})
    assert store.current(ACCOUNT) == changed
    assert store.current(OTHER_ACCOUNT) == AccountSettings()


def test_a_part_is_changed_within_and_its_other_half_stays(store: Busy) -> None:
    change(store, quiet_hours={"start": "21:30"}, automated_messages={"bill_reminder": {"enabled": False}})
    values = store.current(ACCOUNT).values
    assert values["quiet_hours"] == {"start": "21:30", "end": "09:00"}
    assert values["automated_messages"]["bill_reminder"] == {"enabled": False, "days_before_due": 3}
    assert values["automated_messages"]["late_payment_notice"] == {"enabled": True, "days_after_due": 7}


def test_a_list_is_replaced_whole(store: Busy) -> None:
    change(store, channel_phone_types={"voice": ["work"]})
    assert store.current(ACCOUNT).values["channel_phone_types"] == {"sms": ["cell"], "fax": ["fax"], "voice": ["work"]}


@pytest.mark.parametrize("name", list(DEFAULTS))
def test_a_setting_that_is_cleared_goes_back_to_its_default(store: Busy, name: str) -> None:
    others: dict[str, Any] = {
        "practice_name": "Lakeside",
        "practice_address": "100 Main St\nSpringfield",
        "practice_phone": "(217) 555-0100",
        "practice_fax": "(217) 555-0101",
        "practice_email": "office@example.org",
        "practice_website": "https://example.org",
        "country": "CA",
        "time_zone": "UTC",
        "currency": "CAD",
        "default_messaging_methods": ["fax"],
        "quiet_hours": {"start": "00:00", "end": "00:00"},
        "opt_in_required": True,
        "channel_phone_types": {"sms": [], "fax": [], "voice": []},
        "automated_messages": {"appointment_reminder": {"enabled": False, "lead_minutes": []}},
        "file_categories": ["Lab"],
    }
    changed = change(store, **others)
    assert changed.values[name] != DEFAULTS[name]
    assert change(store, **{name: None}).values == {**changed.values, name: DEFAULTS[name]}


def test_two_changes_of_different_settings_at_once_both_survive(store: Busy) -> None:
    store.meanwhile = [lambda: change(store, country="CA")]
    change(store, currency="CAD")
    settings = store.current(ACCOUNT)
    assert (settings.values["country"], settings.values["currency"], settings.version) == ("CA", "CAD", 2)


def test_a_change_that_changes_nothing_writes_nothing(store: Busy) -> None:
    assert change(store, country="US", quiet_hours={"end": "09:00"}, file_categories=None) == AccountSettings()
    changed = change(store, country="CA")
    store.writes = 0
    assert change(store, country="CA") == change(store) == changed
    assert store.writes == 0


def test_a_change_is_given_up_when_others_write_again_and_again(store: Busy) -> None:
    store.meanwhile = [partial(change, store, practice_name=str(number)) for number in range(50)]
    with pytest.raises(Unavailable):
        change(store, country="CA")
    assert store.current(ACCOUNT).values["country"] == "US"


def test_the_current_version_may_be_expected(store: Busy) -> None:
    assert change(store, version=0, country="CA").version == 1
    assert change(store, version=1, country="DE").version == 2


@pytest.mark.parametrize(
    ("version", "fields"),
    [(0, ["country", "currency", "quiet_hours"]), (1, ["country", "quiet_hours"]), (2, ["country"]), (-1, []), (4, [])],
)
def test_another_version_is_refused_with_the_settings_that_changed_since_as_they_are_now(
    store: Busy, version: int, fields: list[str]
) -> None:
    change(store, currency="CAD", country="CA")
    change(store, quiet_hours={"start": "21:00"})
    current = change(store, country="DE", currency="CAD")
    with pytest.raises(StaleVersion) as refusal:
        change(store, version=version, practice_name="lost", unknown=1)
    assert refusal.value.version == 3
    assert refusal.value.current == {name: current.values[name] for name in fields}
    assert store.current(ACCOUNT) == current


def test_what_others_write_while_a_version_is_expected_makes_it_stale(store: Busy) -> None:
    store.meanwhile = [lambda: change(store, country="CA")]
    with pytest.raises(StaleVersion):
        change(store, version=0, currency="CAD")
    assert store.current(ACCOUNT).values["currency"] == "USD"


@pytest.mark.parametrize(
    "patch",
    [
        {"country": "ZZ"},
        {"country": "AQ"},
        {"time_zone": "Nowhere"},
        {"currency": "XXX"},
        {"currency": "usd"},
        {"quiet_hours": {"start": "24:00"}},
        {"quiet_hours": {"start": "9:00"}},
        {"quiet_hours": {"begin": "20:00"}},
        {"quiet_hours": "20:00"},
        {"opt_in_required": "true"},
        {"opt_in_required": 1},
        {"default_messaging_methods": ["email", "email"]},
        {"default_messaging_methods": ["pigeon"]},
        {"channel_phone_types": {"sms": ["pager"]}},
        {"channel_phone_types": {"email": ["cell"]}},
        {"automated_messages": {"bill_reminder": {"days_before_due": -1}}},
        {"automated_messages": {"bill_reminder": {"days_before_due": 1.0}}},
        {"automated_messages": {"late_payment_notice": {"days_after_due": 366}}},
        {"automated_messages": {"appointment_reminder": {"lead_minutes": [60, 60]}}},
        {"automated_messages": {"appointment_reminder": {"lead_minutes": [0]}}},
        {"automated_messages": {"appointment_reminder": {"lead_minutes": list(range(1, 12))}}},
        {"file_categories": ["Lab", "Lab"]},
        {"file_categories": ["Lab", "LAB"]},
        {"file_categories": [""]},
        {"file_categories": [str(number) for number in range(201)]},
        {"practice_name": "x" * 201},
        {"practise_name": "misspelt"},
    ],
    ids=lambda patch: str(patch)[:70],
)
def test_a_change_whose_outcome_breaks_a_rule_is_refused_and_writes_nothing(store: Busy, patch: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refusal:
        change(store, **({"practice_name": "not even this"} | patch))
    [error] = refusal.value.errors
    assert error.field.split(".")[0].split("[")[0] in patch
    assert error.message
    assert store.writes == 0
    assert store.current(ACCOUNT) == AccountSettings()


@pytest.mark.parametrize(
    "patch",
    [
        {"quiet_hours": {"start": "00:00", "end": "23:59"}},
        {"automated_messages": {"late_payment_notice": {"days_after_due": 0}}},
        {"automated_messages": {"appointment_reminder": {"lead_minutes": [1, 86400]}}},
        {"default_messaging_methods": []},
        {"practice_name": "مركز البحيرة 🏥"},
        {"file_categories": ["Lab", "שונות"]},
    ],
    ids=lambda patch: str(patch)[:70],
)
def test_what_is_at_the_edge_of_a_rule_is_taken(store: Busy, patch: dict[str, Any]) -> None:
    assert change(store, **patch).version == 1


def test_the_defaults_keep_the_rules_themselves() -> None:
    assert read_settings({}) == read_settings(DEFAULTS) == DEFAULTS
